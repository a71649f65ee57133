//! nightlatch for C: what `include/nightlatch.h` declares is defined here.
//!
//! * [`version`], [`status`], [`error`]: how calls end
//! * [`config`] with [`credential`], [`operation`]: what users say, as trees that the core reads; [`tree`] plants values
//!   into them
//! * [`effect`], [`outcome`]: what a host is asked, and what it answers
//! * [`secret`], [`properties`], [`list`], [`value`], [`reply`]: what users get; [`changes`]: what they want a secret to have
//! * [`host`]: the table of callbacks, with [`clock`], [`files`], [`commands`] and [`people`] for what is not given
//! * [`client`], [`reads`], [`vault`], [`rotation`], [`encryption`], [`configuration`] (which gives what is [`resolved`]) and
//!   [`doctor`] (with its [`report`]s) over [`asked`], [`blocking`] and [`cancel`]: the first door, calls that block
//! * [`engine`], [`output`]: the second door, the core's own calls for event loops
//! * [`fork`]: the locks of both doors, which a forked child finds whole
//!
//! Nothing here knows Azure: names of credentials and options pass through to the core.
//!
//! # One door
//!
//! Every extern function consists of one `door!`. It turns pointers into references, answers NULL with a status,
//! and stops panics: none may unwind into C. What C promises in return, and all `SAFETY` lines build on, is said at
//! the top of the header: a handle is NULL or came from its `_new` and was not freed; a pointer to text is
//! readable for its length; outputs are writable.

#![allow(non_camel_case_types, reason = "the names are C's")]
#![allow(clippy::missing_safety_doc, reason = "the header's conventions hold for all")]

pub mod changes;
pub mod client;
pub mod config;
pub mod configuration;
pub mod credential;
pub mod doctor;
pub mod effect;
pub mod encryption;
pub mod engine;
pub mod error;
pub mod host;
pub mod list;
pub mod operation;
pub mod outcome;
pub mod output;
pub mod properties;
pub mod reads;
pub mod reply;
pub mod report;
pub mod resolved;
pub mod rotation;
pub mod secret;
pub mod status;
pub mod value;
pub mod vault;
pub mod version;

mod asked;
mod blocking;
mod cancel;
mod clock;
mod commands;
mod door;
mod files;
mod fork;
mod growing;
mod people;
mod slice;
mod table;
#[cfg(test)]
mod tests;
mod tree;
