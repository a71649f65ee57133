//! What the front of the JavaScript packages knows.

use nightlatch_core::effect::FaultKind;
use nightlatch_tests::source::workspace;

use super::Surface;
use super::text::{between, faults, quoted, typescript, words};

/// Settings of credentials whose name is another than the core's in camel case: class (or `*`), here, there.
const RENAMED: &[(&str, &str, &str)] = &[
    ("*", "authorityHost", "authority"),
    ("*", "processTimeoutInMs", "process_timeout"),
    ("*", "requiredEnvVars", "require_envvar"),
    (
        "DefaultAzureCredential",
        "tenantId",
        "workload_identity_tenant_id",
    ),
];

/// Where each argument of an operation, and each method of the engine, comes to light.
const OPERATIONS: &[(&str, &str, &str)] = &[
    ("get_secret.vault", "client.ts", "readonly vaultUrl: string;"),
    ("get_secret.name", "client.ts", "async getSecret(name: string"),
    ("get_secret.version", "client.ts", "  version?: string"),
    ("get_secret.refresh", "client.ts", "async refresh(name: string"),
    ("get_secret.timeout", "client.ts", "  timeout?: number"),
    (
        "get_token.scopes",
        "credential.ts",
        "async getToken(scopes: string | string[]",
    ),
    ("get_token.tenant", "token.ts", "  tenantId?: string;"),
    ("get_token.claims", "token.ts", "  claims?: string;"),
    ("get_token.enable_cae", "token.ts", "  enableCae?: boolean;"),
    (
        "get_token.timeout",
        "token.ts",
        "  requestOptions?: { timeout?: number };",
    ),
    ("cached", "client.ts", "getCachedSecret(name: string"),
    ("invalidate", "client.ts", "invalidate(name?: string"),
    ("invalidate_all", "client.ts", "invalidate(name?: string"),
    ("pending", "client.ts", "  pending(): "),
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
    let errors = source("errors.ts");
    let kinds = quoted(between(&errors, "export type ErrorCode =", ";"));
    names.extend(kinds.map(|kind| format!("error {kind}")));
    let kinds: Vec<&str> = FaultKind::ALL.iter().map(|kind| kind.name()).collect();
    for folder in ["wasm/js", "bindings-node/js"] {
        names.extend(faults(&workspace().join(folder), ".ts", "HostFault", &kinds));
    }
    names.extend(events());
    names
}

/// Options that stand in the table of where each one goes and in the types that users see.
fn options() -> Vec<String> {
    let text = source("options.ts");
    let public = between(&text, "export interface EngineOptions", "type Tree");
    let mut found = Vec::new();
    for entry in between(&text, "const ENGINE:", "\n};").lines() {
        let Some((name, place)) = entry.split_once(": [") else {
            continue;
        };
        let path = quoted(place).next().unwrap_or_default();
        let name = name.trim().trim_matches('"');
        let declared = name.split('.').all(|part| public.contains(&format!("{part}?:")));
        assert!(declared, "the option {name} is in no type");
        if path == "expect" {
            let events = source("events.ts");
            let parts = members(between(&events, "export interface Identity {", "\n}"));
            found.extend(parts.iter().map(|part| format!("option expect.{}", snake(part))));
        } else {
            found.push(format!("option {path}"));
        }
    }
    found
}

/// Settings that stand in a credential's public types and in the tree that it describes itself by.
fn credentials() -> Vec<String> {
    let text = source("credentials.ts");
    let shared = between(&text, "export interface AuthorityOptions {", "\n}");
    let feeding = between(&text, "\nfunction authority(", "\n}\n");
    let mut found = Vec::new();
    for rest in text.split("\nexport class ").skip(1) {
        let (class, body) = rest.split_once(" extends Credential").expect("a credential");
        let body = body.split("\n}\n").next().unwrap_or_default();
        let mut public = Vec::new();
        let interface = format!("export interface {class}Options extends ");
        if text.contains(&interface) {
            let declared = between(&text, &interface, "}");
            public.extend(members(declared));
            if declared.starts_with("AuthorityOptions") {
                public.extend(members(shared));
            }
        }
        let arguments = between(body, "constructor(", ") {")
            .split([',', '\n'])
            .filter(|one| !one.contains('{'));
        public.extend(
            arguments
                .filter_map(|one| one.split_once(':'))
                .map(|(name, _)| name),
        );
        // Below, where the settings have been taken apart, each must be used.
        let known = words(body.split_once("super(").expect("a class above").1);
        let shared = if body.contains("authority(") {
            words(feeding)
        } else {
            words("")
        };
        for name in public {
            let setting = setting(class, name.trim().trim_start_matches("..."));
            if setting.is_empty() || OTHER_ARGUMENTS.contains(&setting.as_str()) {
                continue;
            }
            assert!(
                known.contains(setting.as_str()) || shared.contains(setting.as_str()),
                "{class} does not pass {setting} on"
            );
            found.push(format!("credential {class}.{setting}"));
        }
    }
    found
}

/// Arguments of constructors that hold settings and are none.
const OTHER_ARGUMENTS: &[&str] = &["options", "identity"];

fn setting(class: &str, name: &str) -> String {
    let renamed = RENAMED
        .iter()
        .find(|(who, here, _)| ["*", class].contains(who) && *here == name);
    renamed.map_or_else(|| snake(name), |(.., there)| (*there).to_owned())
}

fn events() -> Vec<String> {
    let text = source("events.ts");
    let all = between(&text, "export interface EventFactsByType {", "\n}");
    let mut found = Vec::new();
    for event in all.split("\n  ").filter(|part| part.contains(": {")) {
        let (event, _) = event.split_once(": {").unwrap_or_default();
        let facts = between(all, &format!("\n  {event}: {{"), "}");
        let facts = facts.split([';', '\n']).filter_map(|one| one.split_once(':'));
        found.extend(facts.map(|(name, _)| format!("event {event}.{}", snake(name.trim()))));
    }
    found
}

fn source(file: &str) -> String {
    typescript(&workspace().join("wasm/js").join(file))
}

/// The names of an interface's members, each on a line of its own.
fn members(body: &str) -> Vec<&str> {
    let declared = body.lines().filter_map(|line| line.split_once("?: "));
    declared.map(|(name, _)| name.trim()).collect()
}

fn snake(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}
