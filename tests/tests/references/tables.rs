//! The documentation and the scenarios hold what the code and its vectors do.

use std::fs;

use nightlatch_core::reference::Flaw;
use nightlatch_core::report::ReferenceStatus;
use nightlatch_tests::source::workspace;
use nightlatch_tests::{scenario, vector};
use serde_json::{Value, json};

/// A page of the documentation, and the tables of the code, in this order, that it must hold.
#[test]
fn the_page_holds_every_status_and_every_flaw() {
    let page = fs::read_to_string(workspace().join("core/REFERENCES.md")).expect("the page");
    let statuses = ReferenceStatus::ALL
        .iter()
        .map(|status| format!("| `{}` | {} |\n", status.name(), status.means()));
    let flaws = Flaw::ALL
        .iter()
        .map(|flaw| format!("| {} | {} |\n", flaw.says(), flaw.step().replace('|', "\\|")));
    for table in [statuses.collect::<String>(), flaws.collect()] {
        assert!(
            page.contains(&format!("|---|---|\n{table}")),
            "core/REFERENCES.md must hold\n{table}"
        );
    }
}

#[test]
fn every_row_of_the_table_is_played_in_every_language() {
    let path = workspace().join("tests/vectors/references.json");
    let rows = fs::read_to_string(path).expect("the vectors");
    let rows: Vec<Value> = serde_json::from_str(&rows).expect("rows");
    let scenario = scenario::load("references/conformance.json");
    let played = |row: &Value| {
        let call = scenario
            .calls
            .iter()
            .find(|call| row["name"] == call.caller.as_str())?;
        let input = &row["input"];
        let value = vector::text(input.get("value").unwrap_or(input));
        let arguments = ["vault_domain", "content_type"]
            .iter()
            .all(|name| call.arguments.get(*name) == input.get(*name));
        let expected = call.expect.as_ref()?;
        let told = expected
            .told
            .as_ref()
            .map(|told| told["references"].clone())
            .unwrap_or_default();
        let is_told = match &row["expect"] {
            Value::Null => told == json!([]),
            refused if refused.get("refused").or(refused.get("refused~")).is_some() => {
                expected.error.is_some()
            }
            invalid if invalid.get("invalid").is_some() => told[0]["status"] == "InvalidSyntax",
            id => {
                let parts = ["vault", "name", "version"].map(|part| id[part].as_str().unwrap_or_default());
                let secret = format!("{}/secrets/{}/{}", parts[0], parts[1], parts[2]);
                told[0]["secret"] == secret.trim_end_matches('/')
            }
        };
        Some(call.value.as_deref() == Some(&*value) && arguments && is_told)
    };
    let missing: Vec<_> = rows
        .iter()
        .filter(|row| played(row) != Some(true))
        .map(|row| &row["name"])
        .collect();
    assert!(
        missing.is_empty() && rows.len() >= 80,
        "{missing:?} of {}",
        rows.len()
    );
}
