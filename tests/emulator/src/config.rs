//! What the emulated Azure contains: the JSON schema of `--config`, with the defaults of an empty file.

use serde::Deserialize;

use crate::cloud::Cloud;

mod access;
mod application;
mod host;
mod object;
mod oidc;
mod sign_in;
mod user;
mod vault;

pub use access::{Access, KeyPermission, PolicyRefusal, Role, SecretPermission};
pub(crate) use application::TOKEN_EXCHANGE;
pub use application::{AppRegistration, Federated, TrustedSubject};
pub use host::{AppService, Arc, ArcChallenge, ArcUserAssigned, AzureMl, CloudShell, DateText, Expiry, Imds};
pub use object::{Key, KeyOperation, Properties, Secret};
pub use oidc::{AzurePipelines, GithubActions};
pub use sign_in::{Device, Outcome, ResponseMode, SignIn};
pub use user::User;
pub use vault::{AddressRange, Completion, Limits, Network, SoftDelete, TokenRefusal, Vault};

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const SUBSCRIPTION: &str = "00000000-0000-4000-8000-000000000000";

/// Everything that exists in the emulated Azure.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Directories; the first one is meant wherever `tenant` is left out.
    pub tenants: Vec<Tenant>,
    /// Managed identities, served by every host that has them.
    pub identities: Vec<Identity>,
    /// Applications that authenticate to Entra ID by themselves.
    pub app_registrations: Vec<AppRegistration>,
    /// People.
    pub users: Vec<User>,
    /// Key vaults; the first one answers on `localhost` and `127.0.0.1`.
    pub vaults: Vec<Vault>,
    /// The value that hosts want in their header: App Service (`X-IDENTITY-HEADER`, `secret`), Azure Machine Learning
    /// (`secret`), Service Fabric (`Secret`).
    pub identity_header: String,
    /// Life of every access token; without it 3599 s from Entra ID and 86399 s for managed identities.
    pub token_lifetime_s: Option<u64>,
    /// How IMDS behaves.
    pub imds: Imds,
    /// How App Service behaves.
    pub app_service: AppService,
    /// How Azure Machine Learning behaves.
    pub azure_ml: AzureMl,
    /// How Cloud Shell behaves.
    pub cloud_shell: CloudShell,
    /// How the Azure Arc agent behaves.
    pub arc: Arc,
    /// The job in Azure Pipelines.
    pub azure_pipelines: AzurePipelines,
    /// The job in GitHub Actions.
    pub github_actions: GithubActions,
    /// How people sign in.
    pub sign_in: SignIn,
    /// How many seconds the `Date` header of every answer is ahead; below zero, behind.
    pub date_ahead_s: i64,
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
            users: vec![User::default_ada()],
            vaults: vec![vault],
            identity_header: "emulator-identity-header".into(),
            token_lifetime_s: None,
            imds: Imds::default(),
            app_service: AppService::default(),
            azure_ml: AzureMl::default(),
            cloud_shell: CloudShell::default(),
            arc: Arc::default(),
            azure_pipelines: AzurePipelines::default(),
            github_actions: GithubActions::default(),
            sign_in: SignIn::default(),
            date_ahead_s: 0,
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

fn yes() -> bool {
    true
}
