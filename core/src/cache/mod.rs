//! What is kept, how long it is good, and how it is read by many threads at once. Knows no secret.
//!
//! # The states of an entry
//!
//! Time moves an entry to the right; an answer of the vault, or a write of ours, puts it into a state anew. Each
//! version that is asked for, and the latest, is an entry of its own.
//!
//! ```text
//!                    ┌──────── the vault gives it (from any state); set ────────┐
//!                    ▼                                                          │
//!              ┌───────────┐ 80 % of the life ┌─────────┐ its end  ┌─────────┐ an hour more ┌────────┐
//!              │   fresh   ├─────────────────▶│   due   ├─────────▶│  stale  ├─────────────▶│ absent │
//!              └───────────┘                  └─────────┘          └─────────┘              └────────┘
//!                    │                             │                    │                     ▲    ▲
//!                    └──────────────┬──────────────┴────────────────────┘                     │    │
//!                                   ├─── 401, 403, disabled; set disabled, update, ───────────┘    │
//!                                   │    recover, restore; invalidate; no room                     │
//!                                   │                                 ┌─────────┐      10 s        │
//!                                   └─── 404; delete (from any) ─────▶│ missing ├──────────────────┘
//!                                                                     └─────────┘
//! ```
//!
//! | state | a read gets | asks the vault | if that fails for now | if the answer makes no sense |
//! |---|---|---|---|---|
//! | absent | the answer | yes | the error | the error |
//! | missing | "not found" | no; `refresh` does | the error | the error |
//! | fresh | the copy | no; `refresh` does, once the copy is a second old | the error | the error |
//! | due | the copy | one reader in 30 s | the copy | the copy |
//! | stale | the answer | yes; for 30 s after it failed for now, no | the copy | the error |
//!
//! The two last columns tell what whoever asked gets, and leave the state as it is; after a `refresh` it is the error
//! in every state. Where an event loop renews detached, who finds an entry due gets the copy whatever the vault says.
//! A write that the vault does not accept changes nothing. The lengths are the defaults of
//! [`CacheOptions`](crate::config::CacheOptions). Random walks through this diagram are a test of the workspace.

mod counter;
mod entry;
pub mod freshness;
mod snapshot;
pub mod store;
