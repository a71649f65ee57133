//! The engine's calls as one native module for Node.
//!
//! Everything a user of the package sees is TypeScript: the public classes and the event-loop host are written once,
//! in `wasm/js`, over an interface that this module and the WebAssembly one both satisfy (`wasm/js/engine.ts`).
//!
//! * [`engine`]: the engine, for one JavaScript thread
//! * [`reader`]: the cached read, as a bare Node-API function
//! * [`convert`]: what crosses the border, as plain arrays and objects
//! * [`command`]: what the command line needs besides
//! * [`scan`]: what it needs to search files
//! * [`error`]: errors of the core as plain objects
//! * [`clock`]: the two clocks, real or set by a test
//!
//! No JavaScript object is kept here, so none can leak: what is ready-made for cached secrets lies in JavaScript,
//! under a number that the cache's entry keeps.

mod clock;
pub mod command;
mod convert;
pub mod engine;
mod error;
mod reader;
pub mod scan;
