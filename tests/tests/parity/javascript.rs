//! What the front of the JavaScript packages knows.

use nightlatch_core::effect::FaultKind;
use nightlatch_core::error::{Error, ErrorKind};
use nightlatch_tests::source::{files, workspace};

use super::Surface;
use super::text::{self, between, faults, quoted, typescript, words};

/// Settings of credentials whose name is another than the core's in camel case: class (or `*`), here, there.
const RENAMED: &[(&str, &str, &str)] = &[
    ("*", "authorityHost", "authority"),
    ("*", "processTimeoutInMs", "process_timeout"),
    ("*", "signInTimeoutInMs", "timeout"),
    ("*", "requiredEnvVars", "require_envvar"),
    ("*", "certificatePassword", "password"),
    ("*", "getAssertion", "assertion"),
    ("*", "userAssertionToken", "user_assertion"),
    ("*", "userPromptCallback", "prompt"),
    (
        "DefaultAzureCredential",
        "tenantId",
        "workload_identity_tenant_id",
    ),
    ("InteractiveBrowserCredential", "redirectUri", "redirect_port"),
];

/// Where each argument of an operation, and each method of the engine, comes to light: names (`*` for every operation of
/// the client), file, sign.
const OPERATIONS: &[(&str, &str, &str)] = &[
    ("*.vault", "client.ts", "readonly vaultUrl: string;"),
    ("*.timeout", "requests.ts", "  timeout?: number | undefined;"),
    ("get_secret.name", "client.ts", "async getSecret(name: string"),
    ("get_secret.version", "requests.ts", "  version?: string"),
    (
        "get_secret.out_content_type",
        "requests.ts",
        "  outContentType?: string | undefined",
    ),
    ("get_secret.refresh", "client.ts", "async refresh(name: string"),
    ("get_secrets.names", "client.ts", "names: Iterable<string>,"),
    ("get_secrets.refresh", "requests.ts", "  refresh?: boolean"),
    ("load_secrets.names", "requests.ts", "  names?: Iterable<string>"),
    ("load_secrets.prefix", "requests.ts", "  prefix?: string"),
    ("load_secrets.separator", "requests.ts", "  separator?: string"),
    (
        "load_secrets.vault",
        "client.ts",
        "async loadSecrets(options: LoadSecretsOptions",
    ),
    (
        "load_secrets.timeout",
        "requests.ts",
        "LoadSecretsOptions extends OperationOptions",
    ),
    (
        "set_secret.name",
        "client.ts",
        "async setSecret(name: string, value: string",
    ),
    (
        "set_secret.recover_if_deleted",
        "requests.ts",
        "  recoverIfDeleted?: boolean",
    ),
    (
        "set_secret.+",
        "requests.ts",
        "SetSecretOptions extends OperationOptions, SecretChanges {",
    ),
    (
        "update_secret_properties.name",
        "client.ts",
        "async updateSecretProperties(\n    name: string,",
    ),
    (
        "update_secret_properties.version",
        "client.ts",
        "    version: string,\n    options: UpdateSecretPropertiesOptions",
    ),
    (
        "update_secret_properties.if_version",
        "requests.ts",
        "  ifVersion?: string",
    ),
    (
        "update_secret_properties.if_unchanged_since",
        "requests.ts",
        "  ifUnchangedSince?: Date",
    ),
    (
        "update_secret_properties.+",
        "requests.ts",
        "UpdateSecretPropertiesOptions extends OperationOptions, SecretChanges {",
    ),
    (
        "list_properties_of_secrets",
        "client.ts",
        "listPropertiesOfSecrets(options",
    ),
    (
        "list_properties_of_secret_versions",
        "client.ts",
        "listPropertiesOfSecretVersions(\n    name: string,",
    ),
    (
        "list_properties_of_secret_versions.name",
        "client.ts",
        "listPropertiesOfSecretVersions(\n    name: string,",
    ),
    ("list_deleted_secrets", "client.ts", "listDeletedSecrets(options"),
    (
        "delete_secret.name",
        "client.ts",
        "async beginDeleteSecret(\n    name: string,",
    ),
    (
        "delete_secret.~",
        "polling.ts",
        "pollUntilDone(options?: PollOptions)",
    ),
    (
        "deletion_finished.name",
        "client.ts",
        "looking(\"deletion_finished\", name, options)",
    ),
    ("deletion_finished.~", "polling.ts", "poll(options?: PollOptions)"),
    (
        "get_deleted_secret.name",
        "client.ts",
        "async getDeletedSecret(name: string",
    ),
    (
        "recover_deleted_secret.name",
        "client.ts",
        "async beginRecoverDeletedSecret(\n    name: string,",
    ),
    (
        "recover_deleted_secret.~",
        "polling.ts",
        "pollUntilDone(options?: PollOptions)",
    ),
    (
        "recovery_finished.name",
        "client.ts",
        "looking(\"recovery_finished\", name, options)",
    ),
    ("recovery_finished.~", "polling.ts", "poll(options?: PollOptions)"),
    (
        "purge_deleted_secret.name",
        "client.ts",
        "async purgeDeletedSecret(name: string",
    ),
    (
        "purge_deleted_secret.~",
        "requests.ts",
        "  wait?: boolean | undefined;",
    ),
    (
        "backup_secret.name",
        "client.ts",
        "async backupSecret(name: string",
    ),
    (
        "restore_secret_backup",
        "client.ts",
        "async restoreSecretBackup(backup: Uint8Array",
    ),
    (
        "get_token.scopes",
        "credential.ts",
        "async getToken(scopes: string | string[]",
    ),
    ("get_token.tenant", "token.ts", "  tenantId?: string;"),
    ("get_token.claims", "token.ts", "  claims?: string;"),
    ("get_token.enable_cae", "token.ts", "  enableCae?: boolean;"),
    (
        "get_token.authenticate",
        "credentials/people.ts",
        "  async authenticate(",
    ),
    (
        "get_token.timeout",
        "token.ts",
        "  requestOptions?: { timeout?: number };",
    ),
    ("diagnose.name", "client.ts", "async diagnose(name?: string"),
    (
        "diagnose.version",
        "requests.ts",
        "DiagnoseOptions extends OperationOptions {\n  version?: string",
    ),
    (
        "check.names",
        "client.ts",
        "async check(names: Iterable<string> = []",
    ),
    (
        "explain.timeout",
        "client.ts",
        "async explain(options: ExplainOptions",
    ),
    ("explain.secrets", "requests.ts", "  secrets?: number"),
    ("explain.instances", "requests.ts", "  instances?: number"),
    (
        "rotate_secret.name",
        "rotation.ts",
        "async rotateSecret(name: string",
    ),
    ("rotate_secret.handle", "rotation.ts", "handle: 0"),
    (
        "rotate_secret.slots",
        "rotation.ts",
        "  slots?: readonly [string, string]",
    ),
    (
        "rotate_secret.content_type",
        "rotation.ts",
        "Pick<SecretChanges, \"expiresOn\" | \"contentType\" | \"tags\">",
    ),
    (
        "rotate_secret.expires_on",
        "rotation.ts",
        "Pick<SecretChanges, \"expiresOn\" | \"contentType\" | \"tags\">",
    ),
    (
        "rotate_secret.tags",
        "rotation.ts",
        "Pick<SecretChanges, \"expiresOn\" | \"contentType\" | \"tags\">",
    ),
    (
        "encrypt.^",
        "encryption.ts",
        "  constructor(\n    vaultUrl: string,\n    keyName: string,",
    ),
    (
        "encrypt.=",
        "encryption.ts",
        "async encrypt(value: SecretValue, options: EncryptOptions",
    ),
    ("encrypt.%", "encryption.ts", "  encryptFields(document: string, "),
    (
        "decrypt.^",
        "encryption.ts",
        "  constructor(\n    vaultUrl: string,\n    keyName: string,",
    ),
    (
        "decrypt.=",
        "encryption.ts",
        "async decrypt(value: string, options: EncryptOptions",
    ),
    ("decrypt.%", "encryption.ts", "  decryptFields(document: string, "),
    (
        "rewrap.^",
        "encryption.ts",
        "  constructor(\n    vaultUrl: string,\n    keyName: string,",
    ),
    (
        "rewrap.=",
        "encryption.ts",
        "async rewrap(value: string, options: EncryptOptions",
    ),
    ("rewrap.%", "encryption.ts", "  rewrapFields(document: string, "),
    (
        "resolve_references.form",
        "references.ts",
        "  form?: \"value\" | \"json\" | \"yaml\" | \"toml\" | \"env\"",
    ),
    (
        "resolve_references.content_type",
        "references.ts",
        "  contentType?: string",
    ),
    (
        "resolve_references.vault_domain",
        "references.ts",
        "  vaultDomain?: string",
    ),
    (
        "resolve_references.max_age",
        "references.ts",
        "ResolveOptions extends OperationOptions, MaxAge",
    ),
    (
        "resolve_references.report",
        "references.ts",
        "async status(value: unknown, options",
    ),
    (
        "resolve_references.timeout",
        "references.ts",
        "ResolveOptions extends OperationOptions, MaxAge",
    ),
    ("cached", "client.ts", "getCachedSecret(name: string"),
    ("cache_info", "connected.ts", "cacheInfo(): CacheInfo"),
    ("invalidate", "client.ts", "invalidate(name?: string"),
    ("invalidate_all", "client.ts", "invalidate(name?: string"),
    ("pending", "connected.ts", "  pending(): "),
];

/// Where the operations of clients of a vault come to light.
const CLIENTS: &[&str] = &["client.ts", "rotation.ts", "encryption.ts"];

/// What several operations take: the sign of a group, the file and text by which its members are known, and these.
const GROUPS: &[(&str, &str, &str, &[&str])] = &[
    (
        "+",
        "requests.ts",
        "export interface SecretChanges {",
        &["enabled", "not_before", "expires_on", "content_type", "tags"],
    ),
    (
        "~",
        "requests.ts",
        "  intervalInMs?: number",
        &["wait", "interval"],
    ),
    (
        "^",
        "encryption.ts",
        "{ keyVersion, dataKeyUses, dataKeyTtl, ...options }: FieldEncryptionOptions",
        &["name", "version", "data_key_uses", "data_key_ttl"],
    ),
    (
        "=",
        "encryption.ts",
        "const { document, field } = options;",
        &["document", "field"],
    ),
    (
        "%",
        "encryption.ts",
        "const request = { form: \"json\", fields, document: options.name };",
        &["form", "fields"],
    ),
];

/// All of it, by the core's names.
pub(crate) fn surface() -> Surface {
    let mut names = Surface::new();
    names.extend(options());
    names.extend(credentials());
    names.extend(operations());
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

/// Operations and their arguments, as far as their signs are there.
fn operations() -> Vec<String> {
    let known: Vec<_> = OPERATIONS
        .iter()
        .filter(|(_, file, sign)| source(file).contains(sign))
        .collect();
    let client: Vec<&str> = known
        .iter()
        .filter(|(name, file, _)| CLIENTS.contains(file) && name.contains(['_', '.']))
        .map(|(name, ..)| name.split('.').next().unwrap_or_default())
        // An explanation concerns no vault.
        .filter(|name| !matches!(*name, "*" | "cache_info" | "invalidate_all" | "explain"))
        .collect();
    let mut found = Vec::new();
    for (name, ..) in &known {
        let (operation, argument) = name.split_once('.').unwrap_or((name, ""));
        let group = GROUPS.iter().find(|(sign, ..)| *sign == argument);
        match (operation, argument, group) {
            ("*", argument, _) => {
                found.extend(client.iter().map(|one| format!("operation {one}.{argument}")));
            }
            (_, _, Some((_, file, sign, members))) if source(file).contains(sign) => {
                found.extend(members.iter().map(|one| format!("operation {operation}.{one}")));
            }
            // A list takes what its pages take.
            (
                "list_properties_of_secrets" | "list_properties_of_secret_versions" | "list_deleted_secrets",
                "",
                _,
            ) => {
                let pages = source("paging.ts");
                for (here, there) in [
                    ("continuationToken?:", "continuation"),
                    ("maxPageSize?:", "max_page_size"),
                ] {
                    if pages.contains(here) {
                        found.push(format!("operation {operation}.{there}"));
                    }
                }
            }
            ("restore_secret_backup", ..) => {}
            _ => found.push(format!("operation {name}")),
        }
    }
    found
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
    let folder = workspace().join("wasm/js/credentials");
    let text: String = files(&folder, ".ts")
        .iter()
        .map(|(path, _)| typescript(&folder.join(path)))
        .collect();
    let mut found = Vec::new();
    for rest in text.split("\nexport class ").skip(1) {
        let (class, rest) = rest.split_once(" extends ").expect("a class above");
        let (base, body) = rest.split_once(" {").expect("a class above");
        let body = body.split("\n}\n").next().unwrap_or_default();
        if body.contains("into.missing(") {
            continue;
        }
        let mut public = interface(&text, &format!("{class}Options"));
        public.extend(parameters(body));
        let mut coded = words(body).into_iter().map(str::to_owned).collect::<Vec<_>>();
        if base != "Credential" {
            let inherited = between(
                &text,
                &format!("abstract class {base} extends Credential {{"),
                "\n}\n",
            );
            public.extend(parameters(inherited));
            coded.extend(words(inherited).into_iter().map(str::to_owned));
        }
        for shared in ["authorityOf", "certificateTree"] {
            if coded.iter().any(|word| word == shared) {
                let feeding = between(&text, &format!("function {shared}"), "\n}\n");
                coded.extend(words(feeding).into_iter().map(str::to_owned));
            }
        }
        public.sort();
        public.dedup();
        for name in public {
            let setting = setting(class, &name);
            if setting.is_empty() || OTHER_ARGUMENTS.contains(&setting.as_str()) {
                continue;
            }
            assert!(coded.contains(&setting), "{class} does not pass {setting} on");
            found.push(format!("credential {class}.{setting}"));
        }
    }
    found
}

/// The members of an interface and of those that it extends; none if it is not declared here.
fn interface(text: &str, name: &str) -> Vec<String> {
    let start = format!("export interface {name}");
    let declared = text
        .split(&start)
        .skip(1)
        .find(|rest| rest.starts_with(char::is_whitespace));
    let Some(rest) = declared else {
        return Vec::new();
    };
    let (head, body) = rest.split_once('{').expect("an interface");
    let bases = head
        .trim()
        .trim_start_matches("extends")
        .split(',')
        .map(str::trim);
    let mut found: Vec<String> = bases
        .filter(|base| !base.is_empty())
        .flat_map(|base| interface(text, base))
        .collect();
    let body = body.split("\n}\n").next().unwrap_or_default();
    let body = body.split('}').next().unwrap_or_default();
    let declared = body.lines().filter_map(|line| line.split_once(": "));
    found.extend(declared.map(|(name, _)| name.trim().trim_end_matches('?').to_owned()));
    found
}

/// The parameters of a class's constructors, and what a certificate's configuration holds if one is among them.
fn parameters(body: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in body.split("constructor(").skip(1) {
        let all = rest.split(") {").next().unwrap_or_default();
        let all = all.split(");\n").next().unwrap_or_default();
        let names = all.split([',', '\n']).filter(|one| !one.contains('{'));
        let names = names.filter_map(|one| one.split_once(':'));
        found.extend(names.map(|(name, _)| {
            name.trim()
                .trim_start_matches("...")
                .trim_end_matches('?')
                .to_owned()
        }));
        if all.contains("ClientCertificateConfiguration") {
            let text = typescript(&workspace().join("wasm/js/credentials/applications.ts"));
            found.extend(interface(&text, "ClientCertificateConfiguration"));
        }
    }
    found
}

/// Arguments of constructors that hold settings and are none.
const OTHER_ARGUMENTS: &[&str] = &["options", "identity", "more"];

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

/// What reports tell, under the names of their types here, and what is called otherwise there: type, member, field.
const TOLD: &[(&str, &str)] = &[
    ("Diagnosis", "Report"),
    ("Finding", "Finding"),
    ("Failure", "Failure"),
    ("Host", "Host"),
    ("Source", "Asked"),
    ("Bearer", "Bearer"),
    ("Service", "Service"),
    ("Caution", "Warning"),
    ("Health", "Health"),
    ("Trouble", "Trouble"),
    ("Forecast", "Forecast"),
    ("Prospect", "Prospect"),
    ("Requests", "Requests"),
    ("Resolution", "Resolution"),
    ("ReferenceStatus", "Fared"),
];
const TOLD_RENAMED: &[(&str, &str, &str)] = &[
    ("Diagnosis", "vaultUrl", "vault"),
    ("Failure", "code", "kind"),
    ("Failure", "statusCode", "status"),
    ("Failure", "errorCode", "code"),
];

#[test]
fn all_that_is_told_is_typed() {
    let here = ["doctor.ts", "references.ts"].map(source).concat();
    let there =
        ["mod.rs", "resolution.rs"].map(|file| text::read(&workspace().join("core/src/report").join(file)));
    let there = there.concat();
    assert_eq!(there.matches("pub struct ").count(), TOLD.len());
    for (interface, structure) in TOLD {
        let body = between(&there, &format!("pub struct {structure} {{"), "\n}");
        let fields = body.lines().filter_map(|line| line.trim().strip_prefix("pub "));
        let mut fields: Vec<String> = fields
            .filter_map(|field| Some(field.split_once(':')?.0.to_owned()))
            // Its parts stand beside the others.
            .filter(|field| !(*interface == "Bearer" && field == "identity"))
            .collect();
        let (_, body) = here
            .split_once(&format!("export interface {interface} "))
            .expect("it is declared");
        let members = body.split("\n}").next().unwrap_or_default().lines();
        let members = members.filter_map(|line| line.trim().strip_prefix("readonly "));
        let mut members: Vec<String> = members
            .filter_map(|member| Some(member.split_once(':')?.0.trim_end_matches('?')))
            // All of it once more, as the core wrote it.
            .filter(|member| *member != "json")
            .map(|member| {
                let renamed = TOLD_RENAMED
                    .iter()
                    .find(|(who, here, _)| who == interface && *here == member);
                renamed.map_or_else(|| snake(member), |(.., there)| (*there).to_owned())
            })
            .collect();
        fields.sort();
        members.sort();
        assert_eq!(members, fields, "{interface}");
    }
}

#[test]
fn the_command_line_knows_what_may_pass() {
    let text = typescript(&workspace().join("bindings-node/js/cli.ts"));
    let known: Vec<&str> = quoted(between(&text, "const TRANSIENT = [", "]")).collect();
    for kind in ErrorKind::ALL {
        let is_transient = Error::new(*kind, "").is_transient();
        assert_eq!(known.contains(&kind.name()), is_transient, "{}", kind.name());
    }
}

/// The sign-in services that users name by their clouds, as the core writes them.
pub(crate) fn authority_hosts() -> Vec<(String, String)> {
    let text = source("credentials/common.ts");
    let listed = between(&text, "export const AzureAuthorityHosts = Object.freeze({", "})");
    let lines = listed
        .lines()
        .filter_map(|line| line.trim().trim_end_matches(',').split_once(": "));
    lines
        .map(|(name, url)| {
            let name = snake(name).trim_start_matches('_').to_uppercase();
            let host = url.trim_matches('"').trim_start_matches("https://");
            (name, host.to_owned())
        })
        .collect()
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
