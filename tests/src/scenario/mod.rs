//! Scenarios: small worlds written as JSON, which every language plays through its own public calls. This is the
//! player of the core.
//!
//! * [`format`]: what a file may say
//! * [`script`]: the world of a file, answering the engine
//! * [`play`]: the calls of a file
//! * [`check`]: what the file expects, against what happened

pub mod check;
pub mod format;
pub mod play;
pub mod script;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

pub use format::Scenario;

/// The folder of the scenarios.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// The paths of all scenarios, relative to the folder, as the index lists them.
pub fn index() -> Vec<String> {
    let text = read("index.json");
    serde_json::from_str(&text).unwrap_or_else(|why| panic!("index.json: {why}"))
}

/// Reads one scenario. Tokens are put in place: see [`format`].
pub fn load(path: &str) -> Scenario {
    let value: Value = serde_json::from_str(&read(path)).unwrap_or_else(|why| panic!("{path}: {why}"));
    Scenario::read(value).unwrap_or_else(|why| panic!("{path}: {why}"))
}

fn read(path: &str) -> String {
    fs::read_to_string(folder().join(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}
