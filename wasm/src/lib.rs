//! The engine's calls for JavaScript. The public classes and the event-loop host are TypeScript, in `js/`; here is
//! only what must be Rust.
//!
//! * [`engine`]: the class behind the interface `Engine` of `js/engine.ts`
//! * [`convert`]: what crosses the border, as small arrays whose first item says what they are
//! * [`error`]: errors of the core as plain objects
//!
//! Values are built with `js-sys` and not through `serde-wasm-bindgen`: secrets and headers are
//! [`Sensitive`](nightlatch_core::sensitive::Sensitive), which no serializer may see, and what is left is small.

mod convert;
mod engine;
mod error;

use nightlatch_core::config::Environment;
use nightlatch_core::effect::FaultKind;
use nightlatch_core::error::ErrorKind;
use wasm_bindgen::prelude::wasm_bindgen;

/// Half the size of the standard one, which every Worker would have to load.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// The variables that a host passes to `new Engine`, if they are set.
#[wasm_bindgen(js_name = environmentNames)]
pub fn environment_names() -> Vec<String> {
    Environment::NAMES.iter().map(|name| (*name).to_owned()).collect()
}

/// The names of all kinds of errors, in the order of their numbers.
#[wasm_bindgen(js_name = errorKinds)]
pub fn error_kinds() -> Vec<String> {
    ErrorKind::ALL.iter().map(|kind| kind.name().to_owned()).collect()
}

/// The number of each kind of error, in the order of `errorKinds`.
#[wasm_bindgen(js_name = errorNumbers)]
pub fn error_numbers() -> Vec<u16> {
    ErrorKind::ALL.iter().map(|kind| kind.code()).collect()
}

/// The names that `fail` takes.
#[wasm_bindgen(js_name = faultKinds)]
pub fn fault_kinds() -> Vec<String> {
    FaultKind::ALL.iter().map(|kind| kind.name().to_owned()).collect()
}

/// The version of nightlatch.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
