//! The committed header says what the library does: it is generated from the sources, and complete.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use nightlatch::outcome::{FAULTS, nightlatch_fault};
use nightlatch::status::nightlatch_status;
use nightlatch_core::config::{Config, Environment};
use nightlatch_core::effect::{FaultKind, Response};
use nightlatch_core::error::ErrorKind;
use nightlatch_core::operation::Operation;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(here(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

/// What stands before the declarations: the conventions, the version, the macros.
fn preamble() -> String {
    let (major, minor, patch) = (
        env!("CARGO_PKG_VERSION_MAJOR"),
        env!("CARGO_PKG_VERSION_MINOR"),
        env!("CARGO_PKG_VERSION_PATCH"),
    );
    read("include/preamble.h")
        .replace("@MAJOR@", major)
        .replace("@MINOR@", minor)
        .replace("@PATCH@", patch)
        .replace("@VERSION@", env!("CARGO_PKG_VERSION"))
}

fn generate() -> String {
    let mut config = cbindgen::Config::from_file(here("cbindgen.toml")).expect("cbindgen.toml");
    config.after_includes = Some(preamble());
    // In the order in which a reader wants them.
    let modules = [
        "version",
        "status",
        "error",
        "config",
        "credential",
        "host",
        "client",
        "reads",
        "properties",
        "secret",
        "list",
        "value",
        "changes",
        "vault",
        "report",
        "resolved",
        "configuration",
        "rotation",
        "encryption",
        "doctor",
        "operation",
        "reply",
        "effect",
        "outcome",
        "engine",
        "output",
    ];
    let mut builder = cbindgen::Builder::new().with_config(config);
    for module in modules {
        builder = builder.with_src(here(&format!("src/{module}.rs")));
    }
    let mut header = Vec::new();
    builder.generate().expect("the sources").write(&mut header);
    String::from_utf8(header).expect("text")
}

#[test]
fn the_header_is_the_one_that_the_sources_give() {
    let (generated, path) = (generate(), here("include/nightlatch.h"));
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &generated).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "run with UPDATE=1 and look at what changed"
    );
}

#[test]
fn every_error_kind_is_a_status_of_the_same_number_and_name() {
    assert_eq!(ErrorKind::ALL.len() + 1, nightlatch_status::ALL.len());
    let header = read("include/nightlatch.h");
    for kind in ErrorKind::ALL {
        let status = nightlatch_status::of(*kind);
        assert_eq!(status as u32, u32::from(kind.code()));
        assert_eq!(format!("{status:?}"), format!("NIGHTLATCH_{}", kind.name()));
        assert!(header.contains(&format!("NIGHTLATCH_{} = {},", kind.name(), kind.code())));
    }
}

#[test]
fn every_fault_has_a_number() {
    let names = |faults: &[FaultKind]| faults.iter().map(|fault| fault.name()).collect::<BTreeSet<_>>();
    assert_eq!(names(&FAULTS), names(FaultKind::ALL), "in whatever order");
    let header = read("include/nightlatch.h");
    for (index, fault) in FAULTS.iter().enumerate() {
        let name = format!(
            "NIGHTLATCH_FAULT_{} = {},",
            fault.name().to_uppercase(),
            index + 1
        );
        assert!(header.contains(&name), "{name}");
    }
    assert_eq!(
        nightlatch_fault::NIGHTLATCH_FAULT_NOT_PLAIN as usize,
        FAULTS.len()
    );
    assert_eq!(FAULTS.len(), FaultKind::ALL.len());
    assert_eq!(nightlatch::outcome::NIGHTLATCH_BODY_LIMIT, Response::BODY_LIMIT);
}

/// The names that the core takes in a place, as its own refusal of a wrong one lists them. Those by which objects tell
/// what they are count for nothing.
fn names_in(refusal: &str) -> BTreeSet<String> {
    let list = refusal.split("known are").nth(1).unwrap_or_default();
    let names = list.split('`').skip(1).step_by(2);
    let names = names.filter(|name| !matches!(*name, "type" | "op"));
    names.map(String::from).collect()
}

fn option_names(path: &[&str]) -> BTreeSet<String> {
    let inner = path.iter().rev().fold(String::from("{\"?\":1}"), |inner, part| {
        format!("{{\"{part}\":{inner}}}")
    });
    let error = Config::from_json(&inner, Environment::default(), Vec::new()).expect_err("a wrong name");
    names_in(&error.details().message)
}

fn credential_names() -> BTreeSet<String> {
    let json = r#"{"credential":{"type":"?"}}"#;
    let error = Config::from_json(json, Environment::default(), Vec::new()).expect_err("a wrong name");
    names_in(&error.details().message)
}

fn fields_of(credential: &str) -> BTreeSet<String> {
    let json = format!(r#"{{"credential":{{"type":"{credential}","?":1}}}}"#);
    let error = Config::from_json(&json, Environment::default(), Vec::new()).expect_err("a wrong name");
    names_in(&error.details().message)
}

#[test]
fn every_option_and_operation_of_the_core_is_documented() {
    let (header, readme) = (read("include/nightlatch.h"), read("README.md"));
    let mut missing = Vec::new();
    let mut need = |name: String| {
        for (place, text) in [("the header", &header), ("the README", &readme)] {
            if !text.contains(&format!("`{name}`")) {
                missing.push(format!("{place}: {name}"));
            }
        }
    };
    for subject in option_names(&[]) {
        let names = option_names(&[&subject]);
        if names.is_empty() || subject == "credential" {
            need(subject);
            continue;
        }
        names
            .into_iter()
            .for_each(|name| need(format!("{subject}.{name}")));
    }
    for credential in credential_names() {
        fields_of(&credential)
            .into_iter()
            .for_each(|name| need(name.to_owned()));
        need(credential);
    }
    let refusal = Operation::from_json(r#"{"op":"?"}"#, &Default::default()).expect_err("a wrong name");
    for operation in names_in(&refusal.details().message) {
        assert!(
            header.contains(&format!("`{operation}`")),
            "{operation} is not in the header"
        );
        let json = format!(r#"{{"op":"{operation}","?":1}}"#);
        let refusal = Operation::from_json(&json, &Default::default()).expect_err("a wrong name");
        for argument in names_in(&refusal.details().message) {
            assert!(
                header.contains(&argument),
                "{argument} of {operation} is not in the header"
            );
            assert!(
                readme.contains(&format!("`{argument}`")),
                "{argument} of {operation} is not in the README"
            );
        }
        need(operation);
    }
    assert!(missing.is_empty(), "not documented: {missing:?}");
    assert!(
        option_names(&[]).len() >= 8 && credential_names().len() >= 8,
        "the core lists its names no more"
    );
}

#[test]
fn the_readme_has_every_status_with_its_number() {
    let readme = read("README.md");
    for kind in ErrorKind::ALL {
        let row = format!("| {} | `NIGHTLATCH_{}` |", kind.code(), kind.name());
        assert!(readme.contains(&row), "{row}");
    }
}

fn functions(header: &str) -> BTreeSet<&str> {
    header
        .match_indices("nightlatch_")
        .filter_map(|(at, _)| header[at..].split_once('(').map(|(name, _)| name))
        .filter(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        .collect()
}

/// Those that take nothing cannot be given anything wrong.
#[test]
fn every_function_is_called_with_what_cannot_be() {
    let (header, hostile) = (read("include/nightlatch.h"), read("tests/c/hostile.c"));
    let harmless = ["nightlatch_config_new", "nightlatch_version"];
    let missing: Vec<_> = functions(&header)
        .into_iter()
        .filter(|name| !harmless.contains(name) && !hostile.contains(&format!("{name}(")))
        .collect();
    assert!(missing.is_empty(), "hostile.c does not call {missing:?}");
}

#[test]
fn every_declared_function_is_in_the_ownership_table_if_it_hands_something_over() {
    let (header, readme) = (read("include/nightlatch.h"), read("README.md"));
    let functions = functions(&header);
    assert!(functions.len() > 60, "{}", functions.len());
    for name in functions {
        if name.ends_with("_new") || name.ends_with("_free") {
            assert!(readme.contains(&format!("`{name}`")), "{name}");
        }
    }
}
