//! What is kept, how long it is good, and how it is read by many threads at once. Knows no secret.

pub mod freshness;
pub mod store;
