//! No secret, token or credential shows in anything that is printed: errors, events, debug prints. The servers here
//! are hostile or broken: they echo what they were sent, and put it where no reader expects it.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::LazyLock;

use nightlatch_core::config::{Config, Environment};
use nightlatch_core::effect::{Effect, Fault, FaultKind, Outcome, Request, Response};
use nightlatch_core::error::Error;
use nightlatch_core::operation::{Output, Reply};
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::{Now, UnixTime};
use nightlatch_tests::world::{Action, Host, World};
use proptest::prelude::*;
use serde_json::{Value, json};

const VAULT: &str = "https://contoso.vault.azure.net";
const OTHER: &str = "https://contoso.vaults.example";
const ARC: &str = "http://localhost:40342/token";
const ARC_KEY: &str = "/var/opt/azcmagent/tokens/a.key";

/// The secret's value.
const VALUE: &str = "Va1ue7kQ9zX3mB5nR8tY2wE6uI0oP4aS1dF5gH7jKq";
/// The client secret, in the form that Entra gives them.
const CLIENT: &str = "c1I8Q~eNt5sEcReT9kJhM3bVfD7sL2pO6iU0yT4rE.wQ_x";
/// `IDENTITY_HEADER`.
const HEADER: &str = "H3adEr5Gg9fD1sA7qW4eR8tZ2uK6lJ0hB3vC9xN5mT";
/// An access token, and a token of Kubernetes: header, claims, signature.
const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJ0aWQiOiJ0ZW5hbnQiLCJvaWQiOiJvYmplY3QiLCJhcHBpZCI6ImFwcCJ9.T0kEnS1gNaTuRe4mNb6vCx8zLk2jHg0fDs3aPo5iUy7tRe9wQa1";
const ASSERTION: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6YTpiIn0.As5Ert1oNsIgN8qAz2wSx4eDc6rFv0tGb3yHn5uJm7iKo9lP1";
/// A certificate with its key, and a line of the key.
const PEM: &str = include_str!("../data/certificates/app.pem");
const KEY: &str = "t8cZNdmLhwYGw2S+d+aggjoHg3aE7zEZMzuO1wM0NwKBgQDnckDIdbKMqUOZkbDT";
/// The same, encrypted: its password is the client secret above.
const ENCRYPTED: &str = include_str!("../data/certificates/password_of_secrecy.pem");
/// A code that a browser or a device is given, and a refresh token.
const CODE: &str = "0.AXkAc0dE9bV4nM7kL2jH5gF8dS1aQ6wE3rT0yU9iO4pZ";
const REFRESH: &str = "1.AXkAr3fReSh7nB2vC5xZ8lK1jH4gF6dS9aP0oI3uY5tR";
const CANARIES: [&str; 8] = [VALUE, CLIENT, HEADER, TOKEN, ASSERTION, KEY, CODE, REFRESH];

/// How many kinds of credentials there are.
const KINDS: usize = 26;

/// So many characters of a canary are a leak.
const LEAK: usize = 12;

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_printed_holds_a_secret(kind in 0..KINDS, writes: bool, choices in prop::collection::vec(any::<u16>(), 1..40)) {
        let leaks = run(kind, writes, &choices);
        prop_assert!(leaks.is_empty(), "{leaks:#?}");
    }
}

#[test]
fn a_leak_would_be_found() {
    for canary in CANARIES {
        let end = &canary[canary.len() - LEAK..];
        assert_eq!(leaks(&format!("so it says: {end}")).len(), 1, "{canary}");
    }
    assert!(leaks("eyJhbGciOiJSUzI1NiJ9.").is_empty(), "every token begins so");
}

#[test]
fn an_honest_run_gives_the_value_and_prints_it_nowhere() {
    for kind in 0..KINDS {
        let told = Rc::new(RefCell::new(Vec::new()));
        let mut world = world(kind, kind % 2 == 1, &[0], &told);
        world.run();
        let secret = match &world.ended("db").expect("an end").result {
            Some(Ok(Reply::Secret(secret))) => secret.clone(),
            other => panic!("{kind}: {other:?}"),
        };
        assert_eq!(secret.value().expose_str(), Some(VALUE), "{kind}");
        assert!(told.borrow().len() > 10 && told.borrow().iter().all(|text| leaks(text).is_empty()));
    }
}

/// The canaries of which a part stands in the text.
fn leaks(text: &str) -> Vec<String> {
    static PARTS: LazyLock<HashMap<&[u8], &str>> = LazyLock::new(|| {
        let mut parts = HashMap::new();
        for canary in CANARIES {
            // What every token begins with is no secret.
            let secret = canary.strip_prefix("eyJhbGciOiJSUzI1NiJ9.").unwrap_or(canary);
            parts.extend(secret.as_bytes().windows(LEAK).map(|part| (part, canary)));
        }
        parts
    });
    static BEGINNINGS: LazyLock<HashSet<[u8; 2]>> =
        LazyLock::new(|| PARTS.keys().map(|part| [part[0], part[1]]).collect());
    let begins = |part: &&[u8]| BEGINNINGS.contains(&[part[0], part[1]]);
    let found: BTreeSet<&str> = text
        .as_bytes()
        .windows(LEAK)
        .filter(begins)
        .filter_map(|part| PARTS.get(part).copied())
        .collect();
    found
        .into_iter()
        .map(|canary| format!("{} … in {text}", &canary[..6]))
        .collect()
}

fn run(kind: usize, writes: bool, choices: &[u16]) -> Vec<String> {
    let told = Rc::new(RefCell::new(Vec::new()));
    let mut world = world(kind, writes, choices, &told);
    while world.step() {
        let pending = format!("{:?}", world.engine().pending());
        told.borrow_mut().push(pending);
    }
    for ended in world.all_ended().values() {
        if let Some(Err(error)) = &ended.result {
            told.borrow_mut().extend(prints(error));
        }
    }
    told.borrow_mut().push(world.log.to_string());
    let mut found: Vec<String> = told.borrow().iter().flat_map(|text| leaks(text)).collect();
    found.truncate(3);
    found
}

/// Every way to print an error.
fn prints(error: &Error) -> [String; 4] {
    [
        error.to_string(),
        format!("{error:?}"),
        format!("{error:#?}"),
        serde_json::to_string(error.details()).unwrap_or_default(),
    ]
}

fn world(kind: usize, writes: bool, choices: &[u16], told: &Rc<RefCell<Vec<String>>>) -> World<Hostile> {
    let secret = json!({"type": "ClientSecretCredential", "tenant_id": "tenant", "client_id": "app", "client_secret": 0,
        "authority": {"additionally_allowed_tenants": ["*"]}});
    let workload = json!({"type": "WorkloadIdentityCredential", "tenant_id": "tenant", "client_id": "app", "token_file_path": "/token"});
    let cli = json!({"type": "AzureCliCredential"});
    let managed = json!({"type": "ManagedIdentityCredential"});
    let (credential, environment): (Value, Vec<(&str, &str)>) = match kind {
        0 => (secret, vec![]),
        1 => (workload, vec![]),
        2 => (
            managed,
            vec![
                ("IDENTITY_ENDPOINT", "http://127.0.0.1:4/msi"),
                ("IDENTITY_HEADER", HEADER),
            ],
        ),
        3 => (managed, vec![]),
        4 => (
            json!({"type": "DefaultAzureCredential"}),
            vec![
                ("AZURE_TENANT_ID", "tenant"),
                ("AZURE_CLIENT_ID", "app"),
                ("AZURE_CLIENT_SECRET", CLIENT),
            ],
        ),
        5 => (
            managed,
            vec![
                ("IDENTITY_ENDPOINT", ARC),
                ("IMDS_ENDPOINT", "http://localhost:40342"),
            ],
        ),
        6 => (
            managed,
            vec![
                ("IDENTITY_ENDPOINT", "https://10.0.0.4:2377/token"),
                ("IDENTITY_HEADER", HEADER),
                (
                    "IDENTITY_SERVER_THUMBPRINT",
                    "0123456789abcdef0123456789abcdef01234567",
                ),
            ],
        ),
        7 => (
            managed,
            vec![("MSI_ENDPOINT", "http://localhost:50342/oauth2/token")],
        ),
        8 => (
            managed,
            vec![("MSI_ENDPOINT", "http://127.0.0.1:4/msi"), ("MSI_SECRET", HEADER)],
        ),
        9 => (
            json!({"type": "GitHubActionsCredential", "tenant_id": "tenant", "client_id": "app"}),
            vec![
                ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://github.example/token?x=1"),
                ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", HEADER),
            ],
        ),
        10 => (
            json!({"type": "AzurePipelinesCredential", "tenant_id": "tenant", "client_id": "app",
                "service_connection_id": "connection", "system_access_token": 0}),
            vec![("SYSTEM_OIDCREQUESTURI", "https://azure.example/token")],
        ),
        11 => (
            json!({"type": "ClientAssertionCredential", "tenant_id": "tenant", "client_id": "app", "assertion": 0}),
            vec![],
        ),
        12 => (
            json!({"type": "AzureDeveloperCliCredential"}),
            vec![("HOME", "/home/dev")],
        ),
        13 => (
            json!({"type": "AzurePowerShellCredential"}),
            vec![("HOME", "/home/dev")],
        ),
        14 => (
            json!({"type": "VisualStudioCredential"}),
            vec![("HOME", "/home/dev")],
        ),
        15 => (
            json!({"type": "ClientCertificateCredential", "tenant_id": "tenant", "client_id": "app", "certificate": 1,
                "send_certificate_chain": true}),
            vec![],
        ),
        16 => (
            json!({"type": "ClientCertificateCredential", "tenant_id": "tenant", "client_id": "app",
                "certificate_path": "/app.pem", "signing_key": 0}),
            vec![],
        ),
        17 => (json!({"type": "DeviceCodeCredential", "prompt": 0}), vec![]),
        18 => (json!({"type": "InteractiveBrowserCredential"}), vec![]),
        19 => (
            json!({"type": "UsernamePasswordCredential", "client_id": "app", "username": "ada@contoso.example", "password": 0}),
            vec![],
        ),
        20 => (
            json!({"type": "OnBehalfOfCredential", "tenant_id": "tenant", "client_id": "app",
                "certificate_path": "/app.pem", "user_assertion": 2}),
            vec![],
        ),
        21 => (
            json!({"type": "AuthorizationCodeCredential", "tenant_id": "tenant", "client_id": "app",
                "authorization_code": 3, "redirect_uri": "https://app.example/back", "client_secret": 0}),
            vec![],
        ),
        22 => (
            json!({"type": "EnvironmentCredential"}),
            vec![
                ("AZURE_TENANT_ID", "tenant"),
                ("AZURE_CLIENT_ID", "app"),
                ("AZURE_CLIENT_CERTIFICATE_PATH", "/encrypted.pem"),
                ("AZURE_CLIENT_CERTIFICATE_PASSWORD", CLIENT),
            ],
        ),
        23 => (
            json!({"type": "EnvironmentCredential"}),
            vec![
                ("AZURE_CLIENT_ID", "app"),
                ("AZURE_USERNAME", "ada@contoso.example"),
                ("AZURE_PASSWORD", CLIENT),
            ],
        ),
        24 => (
            json!({"type": "HostCredential", "handle": 0, "name": "TheirCredential"}),
            vec![],
        ),
        _ => (
            json!({"type": "ChainedTokenCredential", "sources": [cli, workload, secret]}),
            vec![],
        ),
    };
    let options = json!({
        "credential": credential, "retry": {"tries": 2},
        "host": {"platform": "linux"}, "vault": {"validity": "warn", "allowed_domains": ["vaults.example"]},
    });
    let config = Config::from_json(
        &options.to_string(),
        Environment::from_iter(environment),
        [CLIENT, PEM, ASSERTION, CODE].map(Sensitive::from).into(),
    )
    .expect("a sound configuration");
    told.borrow_mut().push(format!("{config:?}"));
    let host = Hostile {
        choices: choices.to_vec(),
        next: 0,
        told: Rc::clone(told),
    };
    let mut world = World::new(config, 1, host).expect("a sound configuration");
    if matches!(kind, 9 | 10) {
        world.mints_for_each_exchange();
    }
    let reads = [
        ("db", json!({"op": "get_secret", "vault": VAULT, "name": "db"})),
        (
            "again",
            json!({"op": "get_secret", "vault": VAULT, "name": "db", "refresh": true}),
        ),
        (
            "other",
            json!({"op": "get_secret", "vault": OTHER, "name": "db", "timeout": 2}),
        ),
        (
            "token",
            json!({"op": "get_token", "request": {"scopes": ["https://vault.azure.net/.default"]}}),
        ),
        ("later", json!({"op": "get_secret", "vault": VAULT, "name": "db"})),
    ];
    let changes = [
        (
            "set",
            json!({"op": "set_secret", "vault": VAULT, "name": "db", "recover_if_deleted": true, "timeout": 20}),
        ),
        (
            "set-other",
            json!({"op": "set_secret", "vault": OTHER, "name": "db", "timeout": 20}),
        ),
        (
            "update",
            json!({"op": "update_secret_properties", "vault": VAULT, "name": "db", "if_unchanged_since": 1}),
        ),
        (
            "list",
            json!({"op": "list_properties_of_secrets", "vault": VAULT}),
        ),
        (
            "many",
            json!({"op": "get_secrets", "vault": VAULT, "names": ["db", "db2"]}),
        ),
        (
            "delete",
            json!({"op": "delete_secret", "vault": VAULT, "name": "db", "wait": true, "timeout": 20}),
        ),
        (
            "backup",
            json!({"op": "backup_secret", "vault": VAULT, "name": "db"}),
        ),
        ("restore", json!({"op": "restore_secret_backup", "vault": VAULT})),
        ("db", json!({"op": "get_secret", "vault": VAULT, "name": "db"})),
    ];
    let calls = if writes { changes.to_vec() } else { reads.to_vec() };
    for (nr, (name, json)) in calls.into_iter().enumerate() {
        let mut operation = world.engine().operation(&json.to_string()).expect("a sound call");
        if name.starts_with("set") || name == "restore" {
            operation = operation.with_value(VALUE.into()).expect("it takes a value");
        }
        told.borrow_mut().push(format!("{operation:?}"));
        world.at(
            [0, 5_000, 5_000, 10_000, 400_000][nr.min(4)] + 40_000 * (nr as u64).saturating_sub(4),
            Action::Call(name.into(), operation),
        );
    }
    let told = Rc::clone(told);
    world.inspect(Box::new(move |output| {
        told.borrow_mut().push(format!("{output:?} {output:#?}"));
        match output {
            Output::Event(event) => told
                .borrow_mut()
                .push(serde_json::to_string(event).unwrap_or_default()),
            Output::Finished {
                result: Err(error), ..
            } => told.borrow_mut().extend(prints(error)),
            Output::Finished {
                result: Ok(reply), ..
            } => told.borrow_mut().extend(reply.to_json()),
            _ => {}
        }
    }));
    world
}

/// Answers well while the choice is 0 or the choices are used up, else badly.
struct Hostile {
    choices: Vec<u16>,
    next: usize,
    told: Rc<RefCell<Vec<String>>>,
}

impl Hostile {
    fn choose(&mut self) -> u16 {
        self.next += 1;
        self.choices.get(self.next - 1).copied().unwrap_or(0)
    }
}

impl Host for Hostile {
    fn perform(&mut self, effect: &Effect, now: Now) -> (Outcome, u64) {
        let choice = self.choose();
        let good = choice.is_multiple_of(3);
        let outcome = match effect {
            Effect::Http { request, .. } if good && request.url.contains("/secrets/") => {
                let bare = request.headers.iter().all(|(name, _)| name != "authorization");
                if request.url.starts_with(OTHER) && bare {
                    challenge(r#"Bearer authorization="https://login.windows.net/tenant", resource="https://vaults.example""#.into())
                } else {
                    let vault = if request.url.starts_with(OTHER) {
                        OTHER
                    } else {
                        VAULT
                    };
                    answer(200, vec![], bundle(vault))
                }
            }
            Effect::Http { request, .. } if good && wants_key(request) => answer(
                401,
                vec![("WWW-Authenticate", format!("Basic realm={ARC_KEY}"))],
                "{}".into(),
            ),
            Effect::Http { .. } if good => answer(200, vec![], grant(now)),
            Effect::Http { .. } => hostile(choice),
            Effect::Assertion { .. } if good => Outcome::Assertion(ASSERTION.into()),
            Effect::Assertion { .. } => {
                Outcome::Failed(Fault::new(FaultKind::Refused, "the function failed"))
            }
            Effect::Sign { .. } if good => Outcome::Signed(b"signature".to_vec()),
            Effect::Prompt { .. } if good => Outcome::Prompted,
            Effect::Browse { state, .. } if good => Outcome::Returned {
                redirect_uri: "http://localhost:8400".into(),
                answer: format!("code={CODE}&state={state}").into(),
            },
            Effect::Browse { state, .. } if choice.is_multiple_of(2) => Outcome::Returned {
                redirect_uri: "http://localhost:8400".into(),
                answer: format!("error={CODE}&error_description={CODE}&code={CODE}&state={state}").into(),
            },
            Effect::Sign { .. } | Effect::Prompt { .. } | Effect::Browse { .. } => {
                Outcome::Failed(Fault::new(FaultKind::Refused, "nobody is here"))
            }
            Effect::ReadFile { path, .. } if path == "/app.pem" => Outcome::File {
                content: if good { PEM } else { &PEM[..PEM.len() / 2] }.into(),
                shared: true,
            },
            Effect::ReadFile { path, .. } if path == "/encrypted.pem" => Outcome::File {
                content: if good { ENCRYPTED } else { &ENCRYPTED[..ENCRYPTED.len() / 2] }.into(),
                shared: true,
            },
            Effect::HostToken { .. } if good => Outcome::Token {
                token: TOKEN.into(),
                expires_on: UnixTime::from_secs(now.unix.as_secs() + 300),
                refresh_on: None,
            },
            Effect::HostToken { .. } => Outcome::Failed(Fault::new(FaultKind::Refused, "as planned")),
            Effect::ReadFile { limit: 0, .. } => Outcome::Failed(Fault::new(FaultKind::NotFound, "")),
            Effect::ReadFile { path, .. } if path == "/token" || path == ARC_KEY => Outcome::File {
                content: ASSERTION.into(),
                shared: false,
            },
            Effect::ReadFile { path, .. } if path.ends_with("tokenprovider.json") => Outcome::File {
                content: r#"{"TokenProviders":[{"Path":"/opt/vs"}]}"#.into(),
                shared: false,
            },
            // What a profile holds is nobody's business either.
            Effect::ReadFile { path, .. } if path.starts_with("/home/dev/") => Outcome::File {
                content: text(choice).into(),
                shared: false,
            },
            Effect::ReadFile { .. } => Outcome::File {
                content: "7783-7084-3265-9085-8269-3286-77".into(),
                shared: false,
            },
            Effect::Run { .. } => Outcome::Ran {
                status: Some(i32::from(choice % 4)),
                stdout: if good { tool_output(now) } else { text(choice / 3) }.into(),
                stderr: match choice / 2 % 3 {
                    0 => json!({"error": text(choice), "message": text(choice / 5), "suggestion": text(choice / 7)}).to_string(),
                    1 => json!({"type": "consoleMessage", "data": {"message": text(choice)}}).to_string(),
                    _ => text(choice),
                }
                .into(),
            },
            other => panic!("nobody configured {other:?}"),
        };
        self.told
            .borrow_mut()
            .push(format!("{effect:?} {outcome:?} {outcome:#?}"));
        (outcome, 10)
    }
}

/// What every tool understands.
fn tool_output(now: Now) -> String {
    let end = now.unix.as_secs() + 4000;
    json!({"accessToken": TOKEN, "access_token": TOKEN, "token": TOKEN, "expires_on": end, "expiresOn": end})
        .to_string()
}

fn answer(status: u16, headers: Vec<(&str, String)>, body: String) -> Outcome {
    Outcome::Http(Response {
        status,
        headers: headers
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect(),
        body: body.into(),
    })
}

/// Whether this is the first question to the Arc agent.
fn wants_key(request: &Request) -> bool {
    request.url.starts_with(ARC) && request.headers.iter().all(|(name, _)| name != "authorization")
}

fn challenge(header: String) -> Outcome {
    answer(401, vec![("WWW-Authenticate", header)], "{}".into())
}

fn bundle(vault: &str) -> String {
    json!({"value": VALUE, "id": format!("{vault}/secrets/db/0a1b"), "attributes": {"exp": 1}}).to_string()
}

fn grant(now: Now) -> String {
    json!({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300, "expires_on": now.unix.as_secs() + 300,
        "value": ASSERTION, "oidcToken": ASSERTION, "refresh_token": REFRESH, "device_code": CODE, "user_code": "FJC3PQ7B2",
        "verification_uri": "https://microsoft.com/devicelogin", "message": "Go there.", "interval": 5})
    .to_string()
}

/// A sentence that holds a canary.
fn text(choice: u16) -> String {
    let canary = CANARIES[usize::from(choice) % CANARIES.len()];
    match choice % 9 {
        0 => format!("AADSTS7000215: the secret {canary} is wrong."),
        1 => format!("Authorization: Bearer {canary}"),
        2 => format!("client_secret={canary}&grant_type=x"),
        3 => format!("{{\"accessToken\": \"{canary}\"}}"),
        4 => format!("Identity not found {canary}"),
        5 => format!(
            "Caller: appid={canary};oid={canary};iss=x\r\nAction: '{canary}'\r\nClient address: {canary}"
        ),
        6 => format!("<html>{canary}</html>"),
        7 => canary.to_owned(),
        _ => format!("line\r\n\u{1b}[31m{canary}\u{7}"),
    }
}

fn hostile(choice: u16) -> Outcome {
    let (canary, text) = (
        CANARIES[usize::from(choice / 7) % CANARIES.len()],
        text(choice / 5),
    );
    let status = [200, 400, 401, 403, 404, 409, 429, 500, 503, 302][usize::from(choice / 11) % 10];
    let headers = match choice % 8 {
        0 => vec![("x-ms-request-id", canary.to_owned())],
        1 => vec![(
            "WWW-Authenticate",
            format!("Bearer resource=\"https://{canary}/\", claims=\"{canary}\""),
        )],
        2 => vec![(
            "WWW-Authenticate",
            format!(
                "Bearer realm=\"{canary}\", authorization=\"https://login/tenant\", resource=\"https://vault.azure.net\""
            ),
        )],
        3 => vec![("Location", format!("https://evil.example/?{canary}"))],
        4 => vec![("Retry-After", canary.to_owned())],
        5 => vec![("x-ms-keyvault-network-info", format!("addr={canary};{text}"))],
        6 => vec![("Set-Cookie", format!("token={canary}"))],
        _ => vec![],
    };
    let body = match choice / 3 % 14 {
        0 => json!({"error": canary, "error_description": text}),
        1 => json!({"error": {"code": canary, "message": text, "innererror": {"code": canary}}}),
        2 => {
            json!({"error": {"code": "Forbidden", "message": text, "innererror": {"code": "ForbiddenByRbac"}}})
        }
        3 => json!({"statusCode": canary, "message": text, "correlationId": canary}),
        4 => json!({"access_token": canary, "token_type": canary, "expires_in": 3000}),
        5 => json!({"access_token": TOKEN, "expires_in": canary, "expires_on": text}),
        6 => json!({"access_token": TOKEN, "expires_in": 3000, "client_id": canary}),
        // A vault may call a version what it likes, in letters and digits.
        7 => json!({"value": VALUE, "id": format!("{VAULT}/secrets/db/?{canary}")}),
        8 => json!({"value": VALUE, "id": text, "attributes": canary}),
        9 => json!({"error": "x", "error_description": text, "trace_id": canary, "error_codes": [canary]}),
        10 => json!({"value": {"nested": VALUE}, "id": canary}),
        11 => Value::String(text),
        12 => {
            return answer(
                status,
                headers,
                format!("{{\"value\":\"{VALUE}\",\"access_token\":\"{TOKEN}"),
            );
        }
        _ => {
            let kinds = FaultKind::ALL;
            // The host's own words are the host's to keep clean.
            return Outcome::Failed(Fault::new(kinds[usize::from(choice) % kinds.len()], "as planned"));
        }
    };
    answer(status, headers, body.to_string())
}
