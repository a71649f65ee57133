//! Hides secrets in what a program prints; see [`nightlatch_core::reference::mask`].

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;
use nightlatch_core::reference::mask;

use crate::engine::{Value, sensitive};

/// Hides secrets in one stream of bytes.
#[napi]
pub struct Masker(mask::Masker);

#[napi]
impl Masker {
    /// Hides these values.
    #[napi(constructor)]
    pub fn new(values: Vec<Value>) -> Self {
        let values: Vec<_> = values.into_iter().map(sensitive).collect();
        Self(mask::Masker::new(&values))
    }

    /// Takes the next bytes of the stream, and gives what can go on.
    #[napi]
    pub fn feed(&mut self, chunk: &[u8]) -> Uint8Array {
        self.0.feed(chunk).into()
    }

    /// Gives what was held back: the stream has ended.
    #[napi]
    pub fn finish(&mut self) -> Uint8Array {
        self.0.finish().into()
    }
}
