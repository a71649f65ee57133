//! What is true of nightlatch in every language, held by tests.
//!
//! * [`world`]: a host in memory whose clock is a variable; it watches the engine's contract while it runs
//! * [`scenario`]: the cases of `tests/scenarios/`, read, played and checked; the format is in `tests/README.md`
//! * [`seeds`]: a schedule for many seeds
//! * [`source`]: Rust sources as text, for the tests of the architecture
//! * [`token`]: unsigned JSON Web Tokens
//! * [`vector`]: what a row of the tables of `tests/vectors/` gives

pub mod scenario;
pub mod seeds;
pub mod source;
pub mod token;
pub mod vector;
pub mod world;
