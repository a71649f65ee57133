//! Rust sources as text.
