//! What was found out, as plain data without a secret: it can be pasted into a ticket.
//!
//! * here: the doctor's reports, as bindings get them in JSON, by the names of the fields
//! * [`text`]: the same for people, line by line
//! * [`resolution`]: how the secrets fared that a configuration asks for
//! * [`reference_status`]: in App Service's words

#[cfg(feature = "reference")]
mod reference_status;
#[cfg(feature = "reference")]
mod resolution;
mod text;

use serde::Serialize;

use crate::error::{Attempt, ErrorKind, Identity};
use crate::secret::SecretProperties;
use crate::time::UnixTime;
use crate::verdict::Verdict;

#[cfg(feature = "reference")]
pub use self::reference_status::ReferenceStatus;
#[cfg(feature = "reference")]
pub use self::resolution::{Fared, Resolution};
#[cfg(feature = "reference")]
pub(crate) use self::resolution::{REFERENCES, SECRETS};

/// What one whole run showed: from the host's identity to the secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Whether the secret (or, without a name, the list of secrets) could be read.
    pub ok: bool,
    /// Whether the error may pass by itself: trying again later may help.
    pub transient: bool,
    /// The vault's URL.
    pub vault: String,
    /// The secret's name, if one was named.
    pub name: Option<String>,
    /// The version, if one was named.
    pub version: Option<String>,
    /// What the trouble is; `null` when all is well, or when the facts tell nothing.
    pub verdict: Option<Finding>,
    /// What fits the same facts, each with what would tell it apart.
    pub candidates: Vec<Finding>,
    /// The error that a program gets.
    pub error: Option<Failure>,
    /// What this host is.
    pub host: Host,
    /// What each source of the credential said, in order; the one that gave the token comes last.
    pub sources: Vec<Asked>,
    /// Whom the token stands for.
    pub identity: Option<Bearer>,
    /// What the vault told of itself.
    pub service: Service,
    /// The secret's properties, never its value.
    pub secret: Option<SecretProperties>,
    /// The latest version, where another one was named and the vault told.
    pub latest_version: Option<String>,
    /// What works today and may not tomorrow.
    pub warnings: Vec<Warning>,
    /// Milliseconds that everything took.
    pub duration_ms: u64,
    /// The report for people.
    pub text: String,
}

/// A verdict with what is to be done on this host.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The verdict.
    pub code: Verdict,
    /// What was seen.
    pub seen: String,
    /// What that means.
    pub means: String,
    /// The one missing step.
    pub step: String,
    /// Commands to copy, with the real names as far as they are known; what is not known stands in angle brackets.
    pub commands: Vec<String>,
    /// The way through the portal.
    pub portal: Option<String>,
    /// Of a candidate: what would tell whether it is the one.
    pub tell_apart: Option<String>,
}

/// The facts of an error that a report repeats.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Failure {
    /// What a program can do: the name of the kind.
    pub kind: ErrorKind,
    /// A human sentence.
    pub message: String,
    /// HTTP status.
    pub status: Option<u16>,
    /// The service's code.
    pub code: Option<String>,
    /// The service's inner code.
    pub inner_code: Option<String>,
    /// The service's request id, for a support ticket.
    pub request_id: Option<String>,
    /// Whether trying again later may help.
    pub transient: bool,
}

/// What kind of host this is, and how that is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Host {
    /// The kind.
    pub kind: HostKind,
    /// The name of the resource, where it is known.
    pub name: Option<String>,
    /// Its resource group, where it is known.
    pub resource_group: Option<String>,
    /// What tells.
    pub evidence: Vec<String>,
}

/// The kinds of hosts whose remedies differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostKind {
    /// Azure App Service.
    AppService,
    /// Azure Functions.
    Functions,
    /// Azure Container Apps.
    ContainerApps,
    /// A pod with workload identity.
    Kubernetes,
    /// A virtual machine of Azure.
    VirtualMachine,
    /// One of a scale set.
    ScaleSet,
    /// A machine elsewhere with the agent of Azure Arc.
    Arc,
    /// Azure Service Fabric.
    ServiceFabric,
    /// Azure Machine Learning.
    MachineLearning,
    /// Azure Cloud Shell.
    CloudShell,
    /// A job of GitHub Actions.
    GithubActions,
    /// A job of Azure Pipelines.
    AzurePipelines,
    /// A laptop, a machine on-premises, another cloud: nothing of Azure is known of it.
    #[default]
    Elsewhere,
}

/// What one source of the credential said.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Asked {
    /// The credential's SDK name.
    pub source: String,
    /// `token`, `unavailable`, `refused` or `transient`.
    pub ending: &'static str,
    /// Why there was no token.
    pub reason: Option<String>,
    /// Milliseconds that it took.
    pub duration_ms: u64,
}

/// Whom the token stands for, as its claims say.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Bearer {
    /// The credential that gave it.
    pub source: String,
    /// `app` or `user`, where the token says.
    pub kind: Option<String>,
    /// Tenant, client, object and resource id.
    #[serde(flatten)]
    pub identity: Identity,
    /// When the token was issued.
    pub issued_on: Option<UnixTime>,
    /// When it ends.
    pub expires_on: Option<UnixTime>,
}

/// What the vault's answer told besides.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Service {
    /// The region, such as `westeurope`.
    pub region: Option<String>,
    /// The version of the service.
    pub version: Option<String>,
    /// The address from which it saw the request come.
    pub address: Option<String>,
    /// Seconds that this host's clock is ahead of the service's.
    pub clock_ahead: Option<i64>,
}

/// What works today and may not tomorrow.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Warning {
    /// A stable word, such as `no-purge-protection`.
    pub code: &'static str,
    /// A sentence.
    pub message: String,
    /// A command that mends it, where there is one.
    pub command: Option<String>,
}

/// The answer to a health check.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// Whether everything asked for is at hand.
    pub ok: bool,
    /// Whether all that is wrong may pass by itself: trying again later may help.
    pub transient: bool,
    /// Where it is not.
    pub troubles: Vec<Trouble>,
    /// The answer for people.
    pub text: String,
}

/// One thing that is not at hand.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Trouble {
    /// The secret; `null`: the vault as a whole.
    pub name: Option<String>,
    /// The verdict, when the facts tell.
    pub verdict: Option<Verdict>,
    /// The next step.
    pub advice: Option<String>,
    /// The error.
    pub error: Failure,
}

/// What would be done, and what it would cost, told without the network.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Forecast {
    /// What this host is.
    pub host: Host,
    /// The sources in order.
    pub sources: Vec<Prospect>,
    /// What reading the secrets costs.
    pub requests: Requests,
    /// The forecast for people.
    pub text: String,
}

/// What a source would do.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Prospect {
    /// The credential's SDK name.
    pub source: String,
    /// `asked`, `skipped` (it does not exist here) or `behind` (only if those before it give nothing).
    pub turn: &'static str,
    /// Why.
    pub reason: String,
}

/// What reading some secrets costs, at most: every secret is read all the time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Requests {
    /// How many secrets.
    pub secrets: u32,
    /// How many processes.
    pub instances: u32,
    /// Requests to the vault in an hour, by one process.
    pub per_instance_hour: f64,
    /// By all.
    pub per_hour: f64,
    /// Share of the vault's limit, as a part of 1.
    pub share_of_vault: f64,
    /// Share of the limit that all vaults of a subscription have together.
    pub share_of_subscription: f64,
    /// Requests when all processes start at once.
    pub at_start: u64,
    /// How long the vault's limit makes that take, in seconds.
    pub start_seconds: f64,
}

impl From<&Attempt> for Asked {
    fn from(attempt: &Attempt) -> Self {
        Self {
            source: attempt.source.clone(),
            ending: attempt.ending,
            reason: Some(attempt.reason.clone()),
            duration_ms: attempt.duration_ms,
        }
    }
}
