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
        "def get_secret(\n        self,\n        name: str",
    ),
    (
        "get_secret.version",
        "_native.pyi",
        "        name: str,\n        version: str | None = None,\n        *,\n        out_content_type",
    ),
    (
        "get_secret.refresh",
        "secrets.py",
        "def refresh(\n        self, name: str",
    ),
    (
        "get_secret.timeout",
        "_native.pyi",
        "        timeout: float | None = None,\n    ) -> KeyVaultSecret",
    ),
    (
        "get_secret.out_content_type",
        "_native.pyi",
        "out_content_type: str | None = None,",
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
    (
        "get_token.authenticate",
        "_requests.py",
        "request[\"authenticate\"] = True",
    ),
    ("cache_info", "_connected.py", "def cache_info(self)"),
];

/// Methods of both resolvers, and what each takes of `resolve_references`.
const RESOLVING: &[(&str, &[&str])] = &[
    ("__init__", &["vault_domain", "max_age"]),
    ("resolve", &["content_type", "max_age", "timeout"]),
    ("resolve_environ", &["max_age", "timeout"]),
    ("resolve_json", &["max_age", "timeout"]),
    ("resolve_dotenv", &["max_age", "timeout"]),
    ("status", &["content_type", "form", "max_age", "timeout"]),
];

/// What `FieldEncryption` calls otherwise than the core, and where it stands; the rest is called alike.
const ENCRYPTING: &[(&str, &str, &str)] = &[
    ("name", "__init__", "key_name"),
    ("vault", "__init__", "vault_url"),
    ("version", "__init__", "key_version"),
    ("data_key_uses", "__init__", "data_key_uses"),
    ("data_key_ttl", "__init__", "data_key_ttl"),
];

/// Operations whose methods have names of their own, blocking and awaited; the others are called like the core's.
const METHODS: &[(&str, &str, &str)] = &[
    ("delete_secret", "begin_delete_secret", "delete_secret"),
    (
        "recover_deleted_secret",
        "begin_recover_deleted_secret",
        "recover_deleted_secret",
    ),
    // Pollers ask it; awaited, deleting and recovering wait.
    ("deletion_finished", "_looking", "delete_secret"),
    ("recovery_finished", "_looking", "recover_deleted_secret"),
];

/// Arguments that a method does not take by itself, and where they stand instead.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("vault", "secrets.py", "def __init__(self, vault_url: str"),
    (
        "continuation",
        "_paging.py",
        "def by_page(self, continuation_token",
    ),
    (
        "continuation",
        "aio/_paging.py",
        "def by_page(self, continuation_token",
    ),
    (
        "handle",
        "_host/driver.py",
        "yield {**operation, \"handle\": number}",
    ),
    ("wait", "_polling.py", "def wait(self, timeout: float | None"),
    ("timeout", "_polling.py", "def wait(self, timeout: float | None"),
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
    names.extend(vault_operations());
    names.extend(resolving());
    names.extend(encrypting());
    let errors = source("errors.py");
    let kinds = errors.lines().filter_map(|line| line.strip_prefix("    KIND = "));
    names.extend(kinds.flat_map(quoted).map(|kind| format!("error {kind}")));
    let kinds: Vec<&str> = FaultKind::ALL.iter().map(|kind| kind.name()).collect();
    let package = workspace().join("bindings-py/python/nightlatch");
    names.extend(faults(&package.join("_host"), ".py", "TransportError", &kinds));
    names
}

/// Arguments that both families of clients take by the core's names.
fn vault_operations() -> Vec<String> {
    let core = super::tables::surface();
    let all = core.iter().filter_map(|name| name.strip_prefix("operation "));
    let table = |op: &str| OPERATIONS.iter().any(|(known, ..)| known.starts_with(op));
    let vaults = all
        .filter_map(|name| name.split_once('.'))
        .filter(|(op, _)| *op != "resolve_references" && !table(&format!("{op}.")));
    let families = [source("secrets.py"), source("aio/_secrets.py")];
    let takes = |family: usize, op: &str, argument: &str| {
        let renamed = METHODS.iter().find(|(known, ..)| *known == op);
        let method = renamed.map_or(op, |(_, here, there)| [*here, *there][family]);
        is_taken(&families[family], method, argument)
    };
    let shown = |argument: &str| {
        let mut places = ELSEWHERE
            .iter()
            .filter(|(known, ..)| *known == argument)
            .peekable();
        places.peek().is_some() && places.all(|(_, file, sign)| source(file).contains(sign))
    };
    vaults
        .filter(|(op, argument)| {
            let argument = match (*op, *argument) {
                ("deletion_finished" | "recovery_finished", "interval") => "interval",
                (_, "interval") => "polling_interval",
                (_, argument) => argument,
            };
            (0..2).all(|family| {
                let awaited = argument == "interval" && family == 1;
                let argument = if awaited { "polling_interval" } else { argument };
                takes(family, op, argument)
            }) || *op != "refresh_due" && shown(argument)
        })
        .map(|(op, argument)| format!("operation {op}.{argument}"))
        .collect()
}

/// Whether a method takes an argument.
fn is_taken(source: &str, method: &str, argument: &str) -> bool {
    let signature = source.split_once(&format!("def {method}("));
    signature
        .and_then(|(_, rest)| rest.split(") ->").next())
        .is_some_and(|signature| words(signature).contains(argument))
}

/// What both resolvers know of references: an argument counts if every method that should take it does, and a report is
/// what `status` asks for.
fn resolving() -> Vec<String> {
    let families = [source("references.py"), source("aio/_references.py")];
    let arguments = RESOLVING.iter().flat_map(|(_, arguments)| *arguments);
    let mut known: Vec<&str> = arguments.copied().collect();
    known.retain(|argument| {
        families.iter().all(|family| {
            let mut takers = RESOLVING.iter().filter(|(_, all)| all.contains(argument));
            takers.all(|(method, _)| is_taken(family, method, argument))
        })
    });
    if source("_references.py").contains("\"report\": True") {
        known.push("report");
    }
    let names = known
        .into_iter()
        .map(|argument| format!("operation resolve_references.{argument}"));
    names.collect()
}

/// What both families of `FieldEncryption` know: of values by themselves, and of fields of documents.
fn encrypting() -> Vec<String> {
    let families = [source("encryption.py"), source("aio/_encryption.py")];
    let everywhere =
        |method: &str, argument: &str| families.iter().all(|family| is_taken(family, method, argument));
    let mut known = Vec::new();
    for op in ["encrypt", "decrypt", "rewrap"] {
        let fields = format!("{op}_fields");
        let mut arguments: Vec<&str> = ENCRYPTING
            .iter()
            .filter(|(_, method, argument)| everywhere(method, argument))
            .map(|(core, ..)| *core)
            .collect();
        let is_one = ["field", "timeout"].map(|argument| everywhere(op, argument));
        arguments.extend(
            ["field", "timeout"]
                .iter()
                .zip(is_one)
                .filter(|(_, is)| *is)
                .map(|(name, _)| *name),
        );
        if everywhere(op, "document") && everywhere(&fields, "name") {
            arguments.push("document");
        }
        if everywhere(&fields, "fields") {
            arguments.push("fields");
        }
        if source("_encryption.py").contains("form=\"json\"") {
            arguments.push("form");
        }
        known.extend(
            arguments
                .iter()
                .map(|argument| format!("operation {op}.{argument}")),
        );
    }
    known
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
