//! Placeholder header; rewritten when the engine stands.
pub mod effect;
pub mod error;
pub mod event;
pub mod random;
pub mod secret;
pub mod sensitive;
pub mod time;
