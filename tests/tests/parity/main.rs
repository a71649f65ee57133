//! Every binding knows what the core knows, by text: options, settings of credentials, operations with their
//! arguments, kinds of errors and faults, events. What is new in the core fails here until each binding has it, or
//! until [`LEFT_OUT`] says why not.

mod javascript;
mod python;
mod tables;
mod text;

use std::collections::BTreeSet;

use nightlatch_core::error::ErrorKind;
use nightlatch_core::identity::cloud::AUTHORITY_HOSTS;
use nightlatch_tests::source::{files, workspace};
use serde_json::Value;

/// What can be known, as `subject path`, such as `option cache.ttl`, always by the core's names.
type Surface = BTreeSet<String>;

/// What a binding does not have, on purpose: binding (or `*`), the beginning of the names, and why.
const LEFT_OUT: &[(&str, &str, &str)] = &[
    (
        "*",
        "option host.",
        "the binding says it of itself; it is no choice of its users",
    ),
    (
        "*",
        "credential HostCredential.",
        "how a binding passes objects of other libraries, without a class of ours",
    ),
    (
        "javascript",
        "operation refresh_due.",
        "for hosts of blocking threads; an event loop renews by itself",
    ),
    (
        "python",
        "event ",
        "the engine's JSON reaches listeners as a dict, so new fields arrive by themselves",
    ),
    (
        "python",
        "operation refresh_due.timeout",
        "a thread in the background asks it, and is in no hurry",
    ),
    (
        "python",
        "operation pending",
        "the private engine has it, for tests; no client shows it yet",
    ),
];

#[test]
fn javascript_knows_what_the_core_knows() {
    compare("javascript", &javascript::surface());
}

#[test]
fn python_knows_what_the_core_knows() {
    compare("python", &python::surface());
}

#[test]
fn the_tables_are_whole() {
    // A message of the core's that is worded anew must not empty the tables, and so this test.
    let core = tables::surface();
    let some = [
        "option cache.ttl",
        "option expect.tenant_id",
        "option user_agent",
        "credential DefaultAzureCredential.require_envvar",
        "credential ClientSecretCredential.authority",
        "credential ManagedIdentityCredential.client_id",
        "operation get_secret.version",
        "operation get_token.enable_cae",
        "operation invalidate",
        "error NOT_FOUND",
        "fault dns",
        "event tokenacquired.expires_on",
    ];
    for name in some {
        assert!(core.contains(name), "{name} is not in {core:#?}");
    }
    assert!(core.len() > 120, "{core:#?}");
}

#[test]
fn the_numbers_of_errors_are_the_cores() {
    let mut seen = 0;
    for (path, source) in files(&workspace().join("wasm/js"), ".ts") {
        for (at, _) in source.match_indices("kind: \"") {
            let line = source[at..].lines().next().unwrap_or_default();
            let (Some(name), Some(number)) = (text::quoted(line).next(), line.split("number: ").nth(1))
            else {
                continue;
            };
            let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
            let core = ErrorKind::ALL.iter().find(|kind| kind.name() == name);
            let core = core.map(|kind| kind.code().to_string());
            assert_eq!(core, Some(digits), "{path}: {line}");
            seen += 1;
        }
    }
    assert!(seen >= 4, "only {seen} errors are made in wasm/js");
}

#[test]
fn the_sign_in_services_are_the_cores() {
    // Python asks its engine for them.
    let core = AUTHORITY_HOSTS.map(|(name, host)| (name.to_owned(), host.to_owned()));
    assert_eq!(javascript::authority_hosts(), core);
}

#[test]
fn there_is_one_version() {
    let version = env!("CARGO_PKG_VERSION");
    let root = workspace();
    let read = |path: &str| text::read(&root.join(path));
    let mut manifests = vec![
        "wasm/package.json".to_owned(),
        "bindings-node/package.json".to_owned(),
    ];
    let natives = files(&root.join("bindings-node/npm"), "package.json");
    assert!(!natives.is_empty());
    manifests.extend(
        natives
            .iter()
            .map(|(path, _)| format!("bindings-node/npm/{path}")),
    );
    for path in &manifests {
        let manifest: Value = serde_json::from_str(&read(path)).expect("JSON");
        assert_eq!(manifest["version"], version, "{path}");
    }
    for member in ["core", "bindings-c", "bindings-node", "bindings-py", "wasm"] {
        let manifest = read(&format!("{member}/Cargo.toml"));
        assert!(manifest.contains("\nversion.workspace = true\n"), "{member}");
    }
    // maturin takes the crate's.
    assert!(read("bindings-py/pyproject.toml").contains("dynamic = [\"version\"]"));
    let header = read("bindings-c/include/nightlatch.h");
    assert!(header.contains(&format!("#define NIGHTLATCH_VERSION \"{version}\"\n")));
}

/// Both ways: what the core knows and the binding does not, and what only the binding believes in.
fn compare(binding: &str, known: &Surface) {
    let core = tables::surface();
    let exceptions: Vec<_> = LEFT_OUT
        .iter()
        .filter(|(who, ..)| ["*", binding].contains(who))
        .collect();
    let missing: Vec<&String> = core.difference(known).collect();
    let unexplained: Vec<_> = missing
        .iter()
        .filter(|name| !exceptions.iter().any(|(_, prefix, _)| name.starts_with(prefix)))
        .collect();
    assert!(unexplained.is_empty(), "{binding} does not know {unexplained:#?}");
    let unneeded: Vec<_> = exceptions
        .iter()
        .filter(|(_, prefix, _)| !missing.iter().any(|name| name.starts_with(prefix)))
        .collect();
    assert!(
        unneeded.is_empty(),
        "{binding} has what it is said to lack: {unneeded:#?}"
    );
    let unknown: Vec<_> = known.difference(&core).collect();
    assert!(
        unknown.is_empty(),
        "the core does not know {unknown:#?}, but {binding} does"
    );
}
