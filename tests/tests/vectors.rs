//! Plays the tables of `tests/vectors/` against the core's pure parsers.
//!
//! A row is `{"name", "input", "expect"}`. What it gives is told by [`vector`]. An expected object is a subset: names it
//! leaves out may be anything, and `"name~"` wants a text that contains this text, or all of these.
//!
//! `bindings-node/test/vectors.test.ts` plays the same tables in both engines of the JavaScript packages.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use nightlatch_tests::vector;
use serde_json::{Value, json};

#[test]
fn every_row_of_every_table_holds() {
    let mut wrong = Vec::new();
    for (file, parser) in index() {
        let parse = parser_of(&parser);
        let rows = read(&file);
        let mut names = BTreeSet::new();
        for row in rows.as_array().expect("a table is an array") {
            let name = row["name"].as_str().expect("a row has a name");
            assert!(names.insert(name), "{file}: {name:?} occurs twice");
            let actual = parse(&row["input"]);
            let expect = row.get("expect").expect("a row expects something");
            if let Err(why) = compare(expect, &actual) {
                wrong.push(format!("{file}: {name}: {why}\n    actual: {actual}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} rows are wrong\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_table_is_in_the_index() {
    let listed: BTreeSet<String> = index().into_iter().map(|(file, _)| file).collect();
    let present: BTreeSet<String> = fs::read_dir(folder())
        .expect("the folder of tables")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name != "index.json")
        .collect();
    assert_eq!(listed, present);
}

/// An answer cut off anywhere must be understood or refused, never break anything.
#[test]
fn no_beginning_of_an_answer_panics() {
    for (file, parser) in index() {
        let parse = parser_of(&parser);
        for row in read(&file).as_array().expect("a table is an array") {
            let texts = match &row["input"] {
                Value::Object(input) => input.values().map(vector::text).collect(),
                input => vec![vector::text(input)],
            };
            for whole in texts.iter().filter(|text| text.len() < 2000) {
                for (at, _) in whole.char_indices() {
                    parse(&json!(whole[..at]));
                    parse(&json!({ "body": whole[..at], "header": whole[..at], "scope": whole[..at] }));
                }
            }
        }
    }
}

fn parser_of(name: &str) -> vector::Parser {
    vector::parser(name).unwrap_or_else(|| panic!("the index names an unknown parser {name:?}"))
}

fn compare(expect: &Value, actual: &Value) -> Result<(), String> {
    match (expect, actual) {
        (Value::Object(fields), Value::Object(_)) => fields.iter().try_for_each(|(name, expect)| {
            let found = |name: &str| actual.get(name).ok_or(format!("there is no {name:?}"));
            match name.strip_suffix('~') {
                None => compare(expect, found(name)?).map_err(|why| format!("{name}: {why}")),
                Some(name) => {
                    let text = found(name)?.as_str().unwrap_or_default();
                    let parts = expect.as_array().map_or(std::slice::from_ref(expect), |all| all);
                    match parts
                        .iter()
                        .find(|part| !text.contains(part.as_str().unwrap_or("?")))
                    {
                        None => Ok(()),
                        Some(part) => Err(format!("{name} does not contain {part}")),
                    }
                }
            }
        }),
        _ if expect == actual => Ok(()),
        _ => Err(format!("expected {expect}, not {actual}")),
    }
}

fn index() -> Vec<(String, String)> {
    let index = read("index.json");
    let entries = index.as_array().expect("the index is an array").iter();
    let field = |entry: &Value, name: &str| entry[name].as_str().expect("a name").to_owned();
    entries
        .map(|entry| (field(entry, "file"), field(entry, "parser")))
        .collect()
}

fn read(file: &str) -> Value {
    let path = folder().join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}
