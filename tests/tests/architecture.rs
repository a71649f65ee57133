//! The architecture that `core/src/lib.rs` draws, held by searching the sources and the dependency graph.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use nightlatch_tests::source::{Source, files, rust, without_comments, workspace};
use serde_json::Value;

/// The dependency tree of the core may hold so many crates, itself left out.
const MOST_CRATES: usize = 35;

fn core() -> Vec<Source> {
    rust(&workspace().join("core/src"))
}

#[test]
fn the_core_does_nothing_by_itself() {
    let words = [
        "std::fs",
        "std::net",
        "std::process",
        "std::thread",
        "std::env",
        "std::io",
        "std::os",
        "Instant::now",
        "SystemTime",
        "env!(\"HOME",
        "println!",
        "thread_local!",
    ];
    let mut found: Vec<String> = Vec::new();
    for source in core() {
        found.extend(words.iter().flat_map(|word| source.lines_with(word)));
        // `use std::{fs, …}` would hide the names above.
        found.extend(source.lines_with("use std::{"));
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn only_conversations_wait() {
    let allowed = [
        "exec/",
        "credential/",
        "vault/",
        "reference/",
        "doctor/",
        "engine/",
    ];
    let found: Vec<String> = core()
        .iter()
        .filter(|source| !allowed.iter().any(|place| source.path.starts_with(place)))
        .flat_map(|source| [source.lines_with("async"), source.lines_with(".await")].concat())
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_lock_is_held_over_a_wait() {
    // What clippy's `await_holding_lock` finds is denied by the workspace; this holds the setting.
    let text = std::fs::read_to_string(workspace().join("Cargo.toml")).expect("the workspace's manifest");
    assert!(text.contains("await_holding_lock = \"deny\""));
    let text = std::fs::read_to_string(workspace().join("core/Cargo.toml")).expect("the core's manifest");
    assert!(text.contains("[lints]\nworkspace = true"));
}

#[test]
fn unsafe_code_is_forbidden() {
    let text = std::fs::read_to_string(workspace().join("core/src/lib.rs")).expect("the core");
    assert!(text.contains("#![forbid(unsafe_code)]"));
}

/// The storeys as the front page of the core draws them: module, and how high it stands.
fn storeys() -> BTreeMap<String, u32> {
    let text = std::fs::read_to_string(workspace().join("core/src/lib.rs")).expect("the core");
    let mut storeys = BTreeMap::new();
    for line in text.lines() {
        let Some(row) = line.strip_prefix("//!  ") else {
            continue;
        };
        let mut words = row.split_whitespace();
        let (Some(number), Some(_name)) = (words.next(), words.next()) else {
            continue;
        };
        let Ok(number) = number.parse() else { continue };
        storeys.extend(words.map(|module| (module.to_owned(), number)));
    }
    storeys
}

/// Which modules of the crate each module names.
fn imports() -> BTreeMap<String, BTreeSet<String>> {
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in core() {
        if source.path == "lib.rs" {
            continue;
        }
        let module = source
            .path
            .split(['/', '.'])
            .next()
            .unwrap_or_default()
            .to_owned();
        let named = source.code.match_indices("crate::").flat_map(|(at, found)| {
            let rest = &source.code[at + found.len()..];
            let end = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            assert!(
                end > 0,
                "{}: name the module itself: crate::{{ hides it",
                source.path
            );
            Some(rest[..end].to_owned())
        });
        imports.entry(module).or_default().extend(named);
    }
    imports
}

#[test]
fn every_module_stands_on_a_storey() {
    let drawn: BTreeSet<String> = storeys().into_keys().collect();
    let present: BTreeSet<String> = imports().into_keys().collect();
    assert_eq!(
        drawn, present,
        "the drawing in core/src/lib.rs and the folders differ"
    );
}

#[test]
fn imports_point_downwards() {
    let storeys = storeys();
    let mut found = Vec::new();
    for (module, named) in imports() {
        for other in named.iter().filter(|other| storeys.contains_key(*other)) {
            if storeys[other] > storeys[&module] {
                found.push(format!(
                    "{module} ({}) names {other} ({})",
                    storeys[&module], storeys[other]
                ));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_modules_go_in_a_circle() {
    let mut imports = imports();
    for (module, named) in &mut imports {
        named.remove(module);
    }
    // Whatever names nothing that is left may go; a circle never may.
    while !imports.is_empty() {
        let free: Vec<String> = imports
            .iter()
            .filter(|(_, named)| named.iter().all(|other| !imports.contains_key(other)))
            .map(|(module, _)| module.clone())
            .collect();
        assert!(!free.is_empty(), "a circle among {:?}", imports.keys());
        free.iter().for_each(|module| drop(imports.remove(module)));
    }
}

#[test]
fn the_core_depends_on_little() {
    let metadata = metadata();
    let closure = closure(&metadata, "nightlatch-core");
    assert!(
        (20..=MOST_CRATES).contains(&closure.len()),
        "{} crates: {:#?}",
        closure.len(),
        closure.keys()
    );
    let runtimes = [
        "tokio",
        "async-std",
        "smol",
        "async-executor",
        "mio",
        "glommio",
        "embassy-executor",
    ];
    let compilers = ["cc", "cmake", "bindgen", "pkg-config", "nasm-rs"];
    for package in closure.values() {
        let name = package["name"].as_str().unwrap_or_default();
        assert!(!runtimes.contains(&name), "{name} is an async runtime");
        assert!(!compilers.contains(&name), "{name} builds C code");
        assert!(package["links"].is_null(), "{name} links a native library");
    }
}

/// The workspace's packages and how they hang together, for this machine.
fn metadata() -> Value {
    let host = Command::new(env!("CARGO")).args(["-vV"]).output().expect("cargo");
    let host = String::from_utf8_lossy(&host.stdout).into_owned();
    let host = host
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("a host");
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--offline",
            "--filter-platform",
            host,
        ])
        .current_dir(workspace())
        .output()
        .expect("cargo");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo speaks JSON")
}

/// Everything that is compiled for a package without its features, build scripts and macros included, tests left out.
fn closure(metadata: &Value, of: &str) -> BTreeMap<String, Value> {
    // Not by the metadata's own graph, which adds up what every member of the workspace switches on.
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--package", of, "--no-default-features"])
        .args(["--edges", "normal,build", "--prefix", "none", "--format", "{p}"])
        .current_dir(workspace())
        .output()
        .expect("cargo");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let names: BTreeSet<String> = text
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some(format!("{} {}", words.next()?, words.next()?.strip_prefix('v')?))
        })
        .collect();
    metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .filter_map(|package| {
            let [name, version] = ["name", "version"].map(|part| package[part].as_str().unwrap_or_default());
            let full = format!("{name} {version}");
            (name != of && names.contains(&full)).then(|| (full, package.clone()))
        })
        .collect()
}

/// What a binding must not know: it is the core's business. What is written small here is found however it is written.
const AZURE: [&str; 17] = [
    "azure.net",
    "azure.cn",
    "usgovcloudapi",
    "login.microsoft",
    "169.254",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "MSI_",
    "AZURE_",
    "x-ms-",
    "www-authenticate",
    "retry-after",
    "api-version",
    "oauth2",
    "grant_type",
    "AADSTS",
    "AKV1",
];

/// Where it is known all the same, and by which word: OpenTelemetry's conventions want the numbers that these headers bring;
/// and users of the SDKs import constants and name variables in code.
const KNOWN: [(&str, &str); 4] = [
    ("bindings-py/python/nightlatch/_host/telemetry.py", "x-ms-"),
    ("bindings-node/js/host/telemetry.ts", "x-ms-"),
    ("wasm/js/credentials/common.ts", "login.microsoft"),
    ("wasm/js/credentials/chains.ts", "AZURE_"),
];

#[test]
fn bindings_know_nothing_of_azure() {
    let mut found = Vec::new();
    for (folder, ending, strip) in [
        ("bindings-py/src", ".rs", without_comments as fn(&str) -> String),
        ("bindings-py/python", ".py", python_prose),
        ("bindings-c/src", ".rs", without_comments),
        ("bindings-c/include", ".h", without_comments),
        ("bindings-c/include", ".hpp", without_comments),
        ("bindings-c/transport", ".h", without_comments),
        ("bindings-c/transport", ".c", without_comments),
        ("bindings-node/src", ".rs", without_comments),
        ("wasm/src", ".rs", without_comments),
        ("wasm/js", ".ts", without_comments),
        ("bindings-node/js", ".ts", without_comments),
    ] {
        let mut sources = files(&workspace().join(folder), ending);
        assert!(!sources.is_empty(), "{folder} holds no file *{ending}");
        sources.retain(|(path, _)| !path.starts_with("tests/"));
        for (path, text) in sources {
            let path = format!("{folder}/{path}");
            let is_told = |line: &str, word: &str| line.contains(word) || line.to_lowercase().contains(word);
            for (nr, line) in strip(&text).lines().enumerate() {
                let mut told = AZURE.iter().filter(|word| is_told(line, word));
                if told.any(|word| !KNOWN.contains(&(path.as_str(), *word))) {
                    found.push(format!("{path}:{}: {}", nr + 1, line.trim()));
                }
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Python without comments and docstrings.
fn python_prose(text: &str) -> String {
    let mut inside: Option<&str> = None;
    let mut out = String::new();
    for line in text.lines() {
        let trimmed = line.trim_start();
        let kept = match inside {
            Some(quote) => {
                if trimmed.contains(quote) {
                    inside = None;
                }
                ""
            }
            None => {
                let bare = trimmed.trim_start_matches(['r', 'f']);
                let quote = ["\"\"\"", "'''"]
                    .into_iter()
                    .find(|quote| bare.starts_with(quote));
                match quote {
                    Some(quote) => {
                        if !bare[quote.len()..].contains(quote) {
                            inside = Some(quote);
                        }
                        ""
                    }
                    None if trimmed.starts_with('#') => "",
                    None => line.split("  # ").next().unwrap_or_default(),
                }
            }
        };
        out.push_str(kept);
        out.push('\n');
    }
    out
}

#[test]
fn prose_is_told_from_code() {
    let python = "\"\"\"AZURE_X\n\nAZURE_Y\"\"\"\nx = 1  # AZURE_Z\n# AZURE_A\ny = 'AZURE_B'\ndef f():\n    \"\"\"AZURE_C\"\"\"\n";
    let left: Vec<String> = python_prose(python)
        .split("AZURE_")
        .skip(1)
        .map(str::to_owned)
        .collect();
    assert_eq!(left, ["B'\ndef f():\n\n"]);
    let rust = "// AZURE_A\nlet x = \"https://AZURE_B\"; // AZURE_C\n";
    let left: Vec<String> = without_comments(rust)
        .split("AZURE_")
        .skip(1)
        .map(str::to_owned)
        .collect();
    assert_eq!(left.iter().map(|l| l.trim_end()).collect::<Vec<_>>(), ["B\";"]);
}
