//! What the emulated Azure contains: the JSON schema of `--config`, with the defaults of an empty file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;

mod application;

pub use application::{AppRegistration, Federated, TrustedSubject};

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const SUBSCRIPTION: &str = "00000000-0000-4000-8000-000000000000";

/// Everything that exists in the emulated Azure.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Directories; the first one is meant wherever `tenant` is left out.
    pub tenants: Vec<Tenant>,
    /// Managed identities, served by IMDS and App Service.
    pub identities: Vec<Identity>,
    /// Applications that authenticate to Entra ID by themselves.
    pub app_registrations: Vec<AppRegistration>,
    /// Key vaults; the first one answers on `localhost` and `127.0.0.1`.
    pub vaults: Vec<Vault>,
    /// The value that App Service wants in `X-IDENTITY-HEADER` (or `secret`).
    pub identity_header: String,
    /// Life of every access token; without it 3599 s from Entra ID and 86399 s for managed identities.
    pub token_lifetime_s: Option<u64>,
    /// How IMDS behaves.
    pub imds: Imds,
}

impl Default for Config {
    fn default() -> Config {
        let identity = Identity::default_machine();
        let vault = Vault::default_demo(&identity.object_id);
        Config {
            tenants: vec![Tenant {
                id: TENANT.into(),
                domain: None,
                cloud: Cloud::Public,
            }],
            identities: vec![identity],
            app_registrations: Vec::new(),
            vaults: vec![vault],
            identity_header: "emulator-identity-header".into(),
            token_lifetime_s: None,
            imds: Imds::default(),
        }
    }
}

/// A directory.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// Its GUID.
    pub id: String,
    /// A verified domain that names it as well.
    #[serde(default)]
    pub domain: Option<String>,
    /// The cloud it belongs to.
    #[serde(default)]
    pub cloud: Cloud,
}

/// A managed identity.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// A name, used in the default resource id.
    pub name: String,
    /// Its application id.
    pub client_id: String,
    /// Its object (principal) id, which access lists name.
    pub object_id: String,
    /// Its tenant's GUID.
    #[serde(default)]
    pub tenant: Option<String>,
    /// System-assigned or user-assigned.
    pub kind: IdentityKind,
    /// Its ARM resource id; by default made from the name.
    #[serde(default)]
    pub resource_id: Option<String>,
    /// Whether this machine has it; one that is not attached is "not found".
    #[serde(default = "yes")]
    pub attached: bool,
}

impl Identity {
    pub(crate) fn resource_id(&self) -> String {
        self.resource_id.clone().unwrap_or_else(|| {
            let kind = match self.kind {
                IdentityKind::System => "Microsoft.Compute/virtualMachines",
                IdentityKind::User => "Microsoft.ManagedIdentity/userAssignedIdentities",
            };
            format!(
                "/subscriptions/{SUBSCRIPTION}/resourcegroups/emulator/providers/{kind}/{}",
                self.name
            )
        })
    }

    fn default_machine() -> Identity {
        Identity {
            name: "machine".into(),
            client_id: "22222222-2222-4222-8222-222222222222".into(),
            object_id: "33333333-3333-4333-8333-333333333333".into(),
            tenant: None,
            kind: IdentityKind::System,
            resource_id: None,
            attached: true,
        }
    }
}

/// The two sorts of managed identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    /// Belongs to the machine; used when a request names none.
    System,
    /// Attached to the machine; chosen by client, object or resource id.
    User,
}

/// A key vault.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vault {
    /// The first label of its host name.
    pub name: String,
    /// The GUID of the tenant whose tokens it takes.
    #[serde(default)]
    pub tenant: Option<String>,
    /// Its cloud; by default the tenant's.
    #[serde(default)]
    pub cloud: Option<Cloud>,
    /// The region shown in headers and messages.
    #[serde(default = "west_europe")]
    pub location: String,
    /// Shown as `recoveryLevel` of its secrets.
    #[serde(default)]
    pub purge_protection: bool,
    /// Secrets by name.
    #[serde(default)]
    pub secrets: BTreeMap<String, Secret>,
    /// Who may do what.
    #[serde(default)]
    pub access: Vec<Access>,
    /// Roles (true) or access policies (false): only the text of a refusal differs.
    #[serde(default = "yes")]
    pub rbac: bool,
    /// When it answers 429.
    #[serde(default)]
    pub limits: Limits,
    /// Whether its firewall turns this client away.
    #[serde(default)]
    pub firewall: bool,
}

impl Vault {
    fn default_demo(reader: &str) -> Vault {
        Vault {
            name: "demo".into(),
            tenant: None,
            cloud: None,
            location: west_europe(),
            purge_protection: false,
            secrets: BTreeMap::from([("db-password".into(), Secret::from("correct horse battery staple"))]),
            access: vec![Access {
                principal: reader.into(),
                secrets: vec![Permission::Get, Permission::List],
            }],
            rbac: true,
            limits: Limits::default(),
            firewall: false,
        }
    }
}

/// One version of a secret. In JSON a plain string is a value with defaults.
#[derive(Clone, Deserialize)]
#[serde(from = "SecretForm")]
pub struct Secret {
    /// The value.
    pub value: String,
    /// A disabled secret answers 403.
    pub enabled: bool,
    /// Free text.
    pub content_type: Option<String>,
    /// Free pairs.
    pub tags: BTreeMap<String, String>,
    /// `nbf`, in seconds since 1970; informational.
    pub not_before: Option<u64>,
    /// `exp`, in seconds since 1970; informational.
    pub expires: Option<u64>,
}

impl From<&str> for Secret {
    fn from(value: &str) -> Secret {
        Secret {
            value: value.into(),
            enabled: true,
            content_type: None,
            tags: BTreeMap::new(),
            not_before: None,
            expires: None,
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum SecretForm {
    Value(String),
    Detailed(DetailedSecret),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DetailedSecret {
    value: String,
    #[serde(default = "yes")]
    enabled: bool,
    content_type: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    not_before: Option<u64>,
    expires: Option<u64>,
}

impl From<SecretForm> for Secret {
    fn from(form: SecretForm) -> Secret {
        match form {
            SecretForm::Value(value) => Secret::from(value.as_str()),
            SecretForm::Detailed(DetailedSecret {
                value,
                enabled,
                content_type,
                tags,
                not_before,
                expires,
            }) => Secret {
                value,
                enabled,
                content_type,
                tags,
                not_before,
                expires,
            },
        }
    }
}

/// The rights of one principal on a vault's secrets.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// An object id.
    pub principal: String,
    /// What it may do.
    pub secrets: Vec<Permission>,
}

/// A permission on secrets, under the name that access policies give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Permission {
    Get,
    List,
    Set,
    Delete,
    Backup,
    Restore,
    Recover,
    Purge,
}

/// When a vault answers 429. A refused request does not count.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests to the vault within any ten seconds.
    pub vault_per_10s: Option<u32>,
    /// Requests for one secret within any second.
    pub secret_per_1s: Option<u32>,
    /// Whether the refusal carries `Retry-After`.
    pub retry_after: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            vault_per_10s: Some(4000),
            secret_per_1s: None,
            retry_after: false,
        }
    }
}

/// How IMDS behaves.
#[derive(Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Imds {
    /// Whether a token is handed out again until a tenth of its life is left, as the real one does.
    pub caches: bool,
}

impl Default for Imds {
    fn default() -> Imds {
        Imds { caches: true }
    }
}

fn yes() -> bool {
    true
}

fn west_europe() -> String {
    "westeurope".into()
}
