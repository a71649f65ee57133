//! The core's pure parsers for JavaScript, which no shipped module exports: built as a Node addon and as a wasm module,
//! by the same compilers and for the same targets, so that a test can compare what both make of the vectors.

#[cfg(not(target_arch = "wasm32"))]
use napi_derive::napi;
use nightlatch_tests::vector;
use serde_json::Value;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen::prelude::wasm_bindgen;

/// What `parser` makes of every input of a table, as the text of a JSON array; nothing if there is no such parser, or if
/// that is no table. The table comes as its file's text, because JavaScript's numbers do not hold all that JSON's do.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen)]
#[cfg_attr(not(target_arch = "wasm32"), napi)]
pub fn evaluate(parser: String, table: String) -> Option<String> {
    let parse = vector::parser(&parser)?;
    let rows: Vec<Value> = serde_json::from_str(&table).ok()?;
    let results = rows.iter().map(|row| parse(&row["input"])).collect();
    Some(Value::Array(results).to_string())
}
