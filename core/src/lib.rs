//! The engine behind nightlatch: it finds the identity that a host already has, fetches secrets from Azure Key
//! Vault with it, keeps them for a while, stays inside the service's limits, and says why when it cannot.
//!
//! It does no IO. A host (a language binding, a test, a simulation) calls an [`Engine`](engine::Engine), performs the
//! [`Effect`](effect::Effect)s it asks for, and tells it the time. The host contract stands in [`engine`].
//!
//! # Storeys
//!
//! Nouns are plain state that takes `now` as an argument; verbs are `async fn`s that await three things only: an
//! effect, a deadline, a shared flight. Imports point downwards.
//!
//! ```text
//!  7  top              engine
//!  6  conversations    credential   vault   doctor   reference   configuration   scan   encryption
//!  5  machinery        exec
//!  4  quantities       token   throttle   cache   identity
//!  3  wire             wire   crypto
//!  2  vocabulary       operation   report   secret   config   error   verdict   effect   event
//!  1  ground           time   sensitive   random   json   base64   url
//! ```
//!
//! # Invariants
//!
//! Tests of the workspace hold these:
//!
//! * nothing here reads a clock, the environment, a file or a random source, opens a socket or starts a thread;
//! * `async` occurs in `exec`, `credential`, `vault`, `doctor` and `engine` only;
//! * no lock is held across an await, nor while the host's code runs;
//! * no secret or token can be printed: they are [`Sensitive`](sensitive::Sensitive), wiped when dropped, and
//!   errors and events have no such field;
//! * the crate builds for `wasm32-unknown-unknown` with the same features. The edge has none of them: there are no commands
//!   and no endpoints of a platform (`local`), and secrets are only got (`manage` and what rests on it).
//!
//! # Deliberately absent
//!
//! An async runtime, an HTTP client, TLS: the host has them. The `url` crate: [`url`] reads what occurs here.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(feature = "local"),
    allow(dead_code, reason = "what only the sources of a host use is still checked")
)]

mod base64;
pub mod cache;
pub mod config;
#[cfg(feature = "reference")]
mod configuration;
mod credential;
mod crypto;
#[cfg(feature = "doctor")]
mod doctor;
pub mod effect;
#[cfg(feature = "encryption")]
mod encryption;
pub mod engine;
pub mod error;
pub mod event;
mod exec;
pub mod identity;
mod json;
pub mod operation;
pub mod random;
#[cfg(feature = "reference")]
pub mod reference;
#[cfg(feature = "doctor")]
pub mod report;
#[cfg(feature = "scan")]
pub mod scan;
pub mod secret;
pub mod sensitive;
pub mod throttle;
pub mod time;
pub mod token;
mod url;
mod vault;
pub mod verdict;
pub mod wire;
