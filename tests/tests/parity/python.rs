//! What the Python package knows.

use nightlatch_core::effect::FaultKind;
use nightlatch_tests::source::workspace;

use super::Surface;
use super::text::{between, faults, python, quoted, read, words};

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
    let text = read(&workspace().join("bindings-py/python/nightlatch/_credentials.py"));
    let (blocking, waiting) = (source("credentials.py"), source("aio/_credentials.py"));
    let tuples = between(&text, "_DEFAULT_FLAGS = (", "\n\n\n");
    let core = super::tables::surface();
    let mut found = Vec::new();
    for rest in text.split("\nclass ").skip(1) {
        let Some((options, body)) = rest.split_once("Options(BaseCredential):") else {
            continue;
        };
        let body = body.split("\n\n\n").next().unwrap_or_default();
        let class = match options {
            "Default" => "DefaultAzureCredential".to_owned(),
            "Chained" => "ChainedTokenCredential".to_owned(),
            other => format!("{other}Credential"),
        };
        for family in [&blocking, &waiting] {
            assert!(
                family.contains(&format!("\nclass {class}(_options.{options}Options")),
                "{class}"
            );
        }
        let mut parts = body.split("\"\"\"");
        let (_, documentation) = (parts.next(), parts.next().unwrap_or_default());
        let code: String = parts.step_by(2).collect();
        let (_, used) = code.split_once(") -> None:").expect("a constructor");
        let (documented, mut coded) = (words(documentation), words(used));
        if options == "Default" {
            coded.extend(quoted(tuples));
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

fn source(file: &str) -> String {
    python(&workspace().join("bindings-py/python/nightlatch").join(file))
}
