//! What the Python package knows.

use nightlatch_core::effect::FaultKind;
use nightlatch_tests::source::{files, workspace};

use super::Surface;
use super::text::{between, faults, python, quoted, words};

/// Where each argument of an operation, and each method of the engine, comes to light.
const OPERATIONS: &[(&str, &str, &str)] = &[
    (
        "get_secret.vault",
        "secrets.py",
        "def __init__(self, vault_url: str",
    ),
    (
        "get_secret.name",
        "_native.pyi",
        "def get_secret(\n        self, name: str",
    ),
    (
        "get_secret.version",
        "_native.pyi",
        "self, name: str, version: str | None = None, *, timeout",
    ),
    (
        "get_secret.refresh",
        "secrets.py",
        "def refresh(\n        self, name: str",
    ),
    (
        "get_secret.timeout",
        "_native.pyi",
        "*, timeout: float | None = None\n    ) -> KeyVaultSecret",
    ),
    ("get_token.scopes", "credentials.py", "*scopes: str,"),
    (
        "get_token.tenant",
        "credentials.py",
        "tenant_id: str | None = None,",
    ),
    ("get_token.claims", "credentials.py", "claims: str | None = None,"),
    (
        "get_token.enable_cae",
        "credentials.py",
        "enable_cae: bool = False,",
    ),
    (
        "get_token.timeout",
        "_requests.py",
        "kwargs.pop(\"timeout\", None)",
    ),
    ("cached", "_native.pyi", "def peek(self, name: str"),
    (
        "invalidate",
        "_client.py",
        "def invalidate(self, name: str | None",
    ),
    (
        "invalidate_all",
        "_client.py",
        "def invalidate(self, name: str | None",
    ),
];

/// All of it, by the core's names.
pub(crate) fn surface() -> Surface {
    let mut names = Surface::new();
    names.extend(options());
    names.extend(credentials());
    let operations = OPERATIONS
        .iter()
        .filter(|(_, file, sign)| source(file).contains(sign));
    names.extend(operations.map(|(operation, ..)| format!("operation {operation}")));
    let errors = source("errors.py");
    let kinds = errors.lines().filter_map(|line| line.strip_prefix("    KIND = "));
    names.extend(kinds.flat_map(quoted).map(|kind| format!("error {kind}")));
    let kinds: Vec<&str> = FaultKind::ALL.iter().map(|kind| kind.name()).collect();
    let package = workspace().join("bindings-py/python/nightlatch");
    names.extend(faults(&package.join("_host"), ".py", "TransportError", &kinds));
    names
}

fn options() -> Vec<String> {
    let text = source("options.py");
    let table = between(&text, "ENGINE_OPTIONS", "\n}");
    let mut paths: Vec<String> = table
        .lines()
        .filter_map(|line| line.split_once(": ("))
        .map(|(_, path)| quoted(path).collect::<Vec<_>>().join("."))
        .collect();
    // Counted from another beginning, so that it is no entry of the table.
    if text.contains("_plant(engine, (\"retry\", \"tries\"), value + 1)") {
        paths.push("retry.tries".into());
    }
    let pin = between(&text, "class IdentityPin(NamedTuple):", "\n\n\n");
    let parts = pin.lines().filter_map(|line| line.trim().split_once(": str"));
    let pinned: Vec<String> = parts.map(|(part, _)| format!("expect.{part}")).collect();
    if paths.iter().any(|path| path == "expect") {
        paths.retain(|path| path != "expect");
        paths.extend(pinned);
    }
    paths.into_iter().map(|path| format!("option {path}")).collect()
}

/// Settings that stand in a credential's documentation as well as in its code.
fn credentials() -> Vec<String> {
    let folder = workspace().join("bindings-py/python/nightlatch/_credentials");
    let text: String = files(&folder, ".py").into_iter().map(|(_, text)| text).collect();
    let (blocking, waiting) = (source("credentials.py"), source("aio/_credentials.py"));
    // Functions that several constructors leave settings to.
    let shared = ["authority_options", "certificate_tree"].map(|function| {
        let body = text
            .split_once(&format!("\ndef {function}("))
            .expect("a function")
            .1;
        (function, words(body.split("\n\n\n").next().unwrap_or_default()))
    });
    let tuples = between(&text, "_DEFAULT_FLAGS = (", "\n\n\n");
    let core = super::tables::surface();
    let mut found = Vec::new();
    for rest in text.split("\nclass ").skip(1) {
        let Some((options, body)) = rest.split_once("Options(") else {
            continue;
        };
        let Some(base) = body.split(')').next().filter(|_| !options.contains('(')) else {
            continue;
        };
        let body = body.split("\n\n\n").next().unwrap_or_default();
        let class = match options {
            "Default" => "DefaultAzureCredential".to_owned(),
            "Chained" => "ChainedTokenCredential".to_owned(),
            other => format!("{other}Credential"),
        };
        for family in [&blocking, &waiting] {
            let declared = family
                .lines()
                .find(|line| line.starts_with(&format!("class {class}(")));
            assert!(
                declared.is_some_and(|line| line.contains(&format!(".{options}Options, "))),
                "{class}"
            );
        }
        // Under its name here, and under the engine's.
        let class = match class.as_str() {
            "CertificateCredential" => "ClientCertificateCredential".to_owned(),
            _ => class,
        };
        let mut parts = body.split("\"\"\"");
        let (_, documentation) = (parts.next(), parts.next().unwrap_or_default());
        let code: String = parts.step_by(2).collect();
        // A class without a constructor of its own has its base's, which stands above it.
        let inherited = between_or_empty(&text, &format!("\nclass {base}("));
        let used = format!(
            "{} {inherited}",
            code.split_once(") -> None:").map_or("", |(_, used)| used)
        );
        let (documented, mut coded) = (words(documentation), words(&used));
        if options == "Default" {
            coded.extend(quoted(tuples));
        }
        for shared in &shared {
            if coded.contains(shared.0) {
                coded.extend(shared.1.iter().copied());
            }
        }
        let prefix = format!("credential {class}.");
        let settings = core.iter().filter_map(|name| name.strip_prefix(&prefix));
        let known = settings.filter(|setting| {
            // The one that is no keyword: its values are the arguments.
            let word = if *setting == "sources" {
                "credentials"
            } else {
                setting
            };
            documented.contains(word) && coded.contains(word)
        });
        found.extend(known.map(|setting| format!("{prefix}{setting}")));
    }
    found
}

/// What follows a class's name, up to the next class.
fn between_or_empty(text: &str, class: &str) -> String {
    let body = text.split_once(class).map_or("", |(_, body)| body);
    body.split("\nclass ").next().unwrap_or_default().to_owned()
}

fn source(file: &str) -> String {
    python(&workspace().join("bindings-py/python/nightlatch").join(file))
}
