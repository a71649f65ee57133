//! What is kept, how long it is good, and how it is read by many threads at once. Knows no secret.

mod counter;
mod entry;
pub mod freshness;
mod snapshot;
pub mod store;
