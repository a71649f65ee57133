//! A local Azure: key vaults, Entra ID, and every host that gives a program an identity, in one process, for tests.
//!
//! ```text
//!          HTTP port                                HTTPS port                   ports of their own
//!   IMDS and its kin, admin, CONNECT ──TLS──▶  vaults and Entra ID, by name      Service Fabric, token proxy
//!                 └──────────────┬─────────────────────┴───────────────────────────────┘
//!                           connection          HTTP machinery, TLS, breakage on the wire
//!                              scene            the world as configured, or changed by a situation
//!                                │
//!                              world            one request: route → fault → service → journal
//!              ┌─────────────────┼───────────┬───────────┐
//!    managed_identity, oidc    entra       vault       admin
//!              └───── token, directory ──────┘
//! ```
//!
//! Services are plain functions from a request to an answer; only `connection` and `world`
//! wait for anything. What may change while it runs (secrets, keys, access, limits, faults, the journal, the validity of
//! tokens) is locked inside the part that owns it.
//!
//! Start it with [`Emulator::start`] or as the program of the same name; the README lists the configuration and the
//! admin interface.

mod admin;
mod certificate;
mod certificates;
mod clock;
mod cloud;
pub mod config;
mod connection;
mod directory;
mod emulator;
mod entra;
mod fault;
mod journal;
mod jwt;
mod managed_identity;
mod message;
mod mint;
mod oidc;
mod route;
mod rsa;
mod scene;
mod situation;
mod token;
mod token_proxy;
mod vault;
mod wire;
mod world;

pub use crate::cloud::Cloud;
pub use crate::config::Config;
pub use crate::emulator::{Emulator, Ports};
