//! The worlds: every kind of credential, and what is asked of it.

use std::cell::RefCell;
use std::rc::Rc;

use nightlatch_core::config::{Config, Environment};
use nightlatch_core::operation::Output;
use nightlatch_core::sensitive::Sensitive;
use nightlatch_tests::world::{Action, World};
use serde_json::{Value, json};

use crate::hostile::Hostile;
use crate::{ARC, ASSERTION, CLIENT, CODE, HEADER, OTHER, PEM, VALUE, VAULT, prints};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Calls {
    Reads,
    Writes,
    Consultations,
    References,
}

impl Calls {
    pub(crate) const ALL: [Self; 4] = [Self::Reads, Self::Writes, Self::Consultations, Self::References];

    /// The callers with their operations, in the order of time.
    fn list(self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Reads => vec![
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
            ],
            Self::Writes => vec![
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
                    "rotate",
                    json!({"op": "rotate_secret", "vault": VAULT, "name": "db", "handle": 0, "timeout": 20}),
                ),
                (
                    "rotate-slots",
                    json!({"op": "rotate_secret", "vault": VAULT, "name": "db", "handle": 0,
                        "slots": ["blue", "green"], "timeout": 20}),
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
            ],
            Self::Consultations => vec![
                ("db", json!({"op": "diagnose", "vault": VAULT, "name": "db"})),
                (
                    "pinned",
                    json!({"op": "diagnose", "vault": VAULT, "name": "db", "version": "0a1b"}),
                ),
                (
                    "other",
                    json!({"op": "diagnose", "vault": OTHER, "name": "db", "timeout": 20}),
                ),
                ("list", json!({"op": "diagnose", "vault": VAULT})),
                (
                    "check",
                    json!({"op": "check", "vault": VAULT, "names": ["db", "db2"]}),
                ),
                ("check-all", json!({"op": "check", "vault": VAULT})),
                ("explain", json!({"op": "explain"})),
            ],
            Self::References => vec![
                ("text-json", json!({"op": "resolve_references", "form": "json"})),
                (
                    "text-report",
                    json!({"op": "resolve_references", "form": "json", "report": true}),
                ),
                (
                    "text-strict",
                    json!({"op": "resolve_references", "form": "json", "max_age": 1, "timeout": 20}),
                ),
                ("text-env", json!({"op": "resolve_references", "form": "env"})),
                ("text-value", json!({"op": "resolve_references"})),
            ],
        }
    }
}

/// Settings with references, slips, and values that stand there plainly.
fn settings(name: &str) -> Sensitive {
    let reference = |vault: &str| format!("@Microsoft.KeyVault(SecretUri={vault}/secrets/db)");
    let slip = format!("@Microsoft.KeyVault({VALUE})");
    match name {
        "text-env" => format!("A={VALUE}\nB={}\nC='{slip}'\n{VALUE}", reference(VAULT)).into(),
        "text-value" => slip.into(),
        _ => json!({"a": VALUE, "b": reference(VAULT), "c": [reference(OTHER), slip]})
            .to_string()
            .into(),
    }
}

/// A world in which a credential of some kind is used for all that is asked.
pub(crate) fn world(
    kind: usize,
    calls: Calls,
    choices: &[u16],
    told: &Rc<RefCell<Vec<String>>>,
) -> World<Hostile> {
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
    for (nr, (name, json)) in calls.list().into_iter().enumerate() {
        let mut operation = world.engine().operation(&json.to_string()).expect("a sound call");
        if name.starts_with("set") || name == "restore" {
            operation = operation.with_value(VALUE.into()).expect("it takes a value");
        }
        if name.starts_with("text") {
            operation = operation.with_value(settings(name)).expect("it takes a text");
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
