//! Placeholder header; rewritten when the engine stands.
pub mod cache;
pub mod effect;
pub mod error;
pub mod event;
pub mod random;
pub mod secret;
pub mod sensitive;
pub mod throttle;
pub mod time;
pub mod token;
pub mod wire;
