//! Where tokens come from. Each source is one file with one conversation; all end in a token or in one of the
//! closed set of [`Ending`]s, on which the [`chain`] decides.
//!
//! [`provider`] stands above them: it keeps tokens, renews them in time, and lets any number of callers share
//! one conversation.

pub(crate) mod application;
pub(crate) mod build;
pub(crate) mod chain;
pub(crate) mod client_certificate;
pub(crate) mod default_chain;
pub(crate) mod entra;
pub(crate) mod environment;
pub(crate) mod host_token;
pub(crate) mod proof;
#[cfg(feature = "doctor")]
pub(crate) mod prospect;
pub(crate) mod provider;
pub(crate) mod tenants;
pub(crate) mod user;
pub(crate) mod workload_identity;

// Sources that are part of a host. Without the feature `local` others of the same names stand here, which do not exist.
#[cfg(feature = "local")]
pub(crate) mod azure_pipelines;
#[cfg(feature = "local")]
pub(crate) mod developer_tool;
#[cfg(feature = "local")]
pub(crate) mod device_code;
#[cfg(not(feature = "local"))]
mod elsewhere;
#[cfg(feature = "local")]
pub(crate) mod github_actions;
#[cfg(feature = "local")]
pub(crate) mod interactive_browser;
#[cfg(feature = "local")]
pub(crate) mod managed_identity;
#[cfg(feature = "local")]
mod oidc;
#[cfg(feature = "local")]
mod token_proxy;

#[cfg(not(feature = "local"))]
use elsewhere::{
    azure_pipelines, developer_tool, device_code, github_actions, interactive_browser, managed_identity,
    token_proxy,
};

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Attempt, Error, ErrorKind};
use crate::exec::Context;
use crate::json::quoted;
use crate::operation::TokenRequest;
use crate::token::access_token::AccessToken;
use crate::verdict::Verdict;

/// One source of tokens, or several in order.
pub(crate) enum Credential {
    Application(application::ApplicationCredential),
    User(Arc<user::User>),
    WorkloadIdentity(workload_identity::WorkloadIdentity),
    GitHubActions(github_actions::GitHubActions),
    AzurePipelines(azure_pipelines::AzurePipelines),
    ManagedIdentity(managed_identity::ManagedIdentity),
    DeveloperTool(developer_tool::DeveloperTool),
    Host(host_token::HostToken),
    Chain(chain::Chain),
    /// A source that cannot be asked here, and why.
    Absent {
        name: &'static str,
        miss: Miss,
    },
}

/// A token, and what was asked before it was found.
pub(crate) struct Grant {
    pub(crate) token: AccessToken,
    pub(crate) skipped: Vec<Attempt>,
    /// Whose token it is, where that can change behind our back.
    pub(crate) profile: Option<developer_tool::Profile>,
}

impl From<AccessToken> for Grant {
    fn from(token: AccessToken) -> Self {
        Self {
            token,
            skipped: Vec::new(),
            profile: None,
        }
    }
}

/// How a source ends that gives no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It does not exist here, or is not configured.
    Unavailable,
    /// It exists, it answered, and the answer was no.
    Refused,
    /// It exists and could not answer, even after the tries that its policy allows.
    Transient,
}

/// No token: how the source ended, and the error that a caller sees.
#[derive(Clone, Debug)]
pub(crate) struct Miss {
    pub(crate) ending: Ending,
    pub(crate) error: Error,
}

impl Miss {
    /// The source does not exist here.
    pub(crate) fn unavailable(reason: impl Into<String>) -> Self {
        Self {
            ending: Ending::Unavailable,
            error: Error::new(ErrorKind::CredentialUnavailable, reason),
        }
    }

    /// The source said no.
    pub(crate) fn refused(error: Error) -> Self {
        Self {
            ending: Ending::Refused,
            error,
        }
    }

    /// Not there, refused, or only failing for now, as the error's kind tells.
    pub(crate) fn of(error: Error) -> Self {
        let ending = match error.kind() {
            ErrorKind::CredentialUnavailable => Ending::Unavailable,
            _ if error.is_transient() => Ending::Transient,
            _ => Ending::Refused,
        };
        Self { ending, error }
    }

    /// Adds the next step.
    pub(crate) fn advise(self, advice: impl Into<String>) -> Self {
        Self {
            ending: self.ending,
            error: self.error.advise(advice),
        }
    }

    /// Adds what the trouble is.
    pub(crate) fn diagnose(self, verdict: Verdict) -> Self {
        Self {
            ending: self.ending,
            error: self.error.diagnose(verdict),
        }
    }

    /// Whether these are its words.
    pub(crate) fn says(&self, text: &str) -> bool {
        self.error.details().message == text
    }

    /// For a chain's report.
    pub(crate) fn attempt(&self, source: &str) -> Attempt {
        let ending = match self.ending {
            Ending::Unavailable => "unavailable",
            Ending::Refused => "refused",
            Ending::Transient => "transient",
        };
        let details = self.error.details();
        let reason = match &details.advice {
            Some(advice) => format!("{} {advice}", details.message),
            None => details.message.clone(),
        };
        Attempt {
            source: source.into(),
            ending,
            reason,
            duration_ms: 0,
        }
    }
}

impl Credential {
    /// The SDK's name of it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Credential::Application(application) => application.name(),
            Credential::User(user) => user.name(),
            Credential::WorkloadIdentity(_) => "WorkloadIdentityCredential",
            Credential::GitHubActions(_) => "GitHubActionsCredential",
            Credential::AzurePipelines(_) => "AzurePipelinesCredential",
            Credential::ManagedIdentity(_) => "ManagedIdentityCredential",
            Credential::DeveloperTool(tool) => tool.name(),
            Credential::Host(host) => host.name(),
            Credential::Chain(chain) => chain.name(),
            Credential::Absent { name, .. } => name,
        }
    }

    /// Whether it is a tool on a developer's machine, whose "no" lets a default chain go on.
    pub(crate) fn is_developer_tool(&self) -> bool {
        matches!(self, Credential::DeveloperTool(_))
    }

    /// What of a request makes a difference here. Requests that differ in nothing else have one conversation and one
    /// token.
    pub(crate) fn essence<'a>(&self, request: &'a TokenRequest) -> Cow<'a, TokenRequest> {
        match self {
            Credential::ManagedIdentity(identity) => identity.essence(request),
            Credential::User(user) => user.essence(request),
            Credential::Chain(chain) => chain.essence(request),
            _ => Cow::Borrowed(request),
        }
    }

    /// How long a person may need whom it asks to sign in; `None`: it asks none.
    pub(crate) fn patience(&self) -> Option<Duration> {
        match self {
            Credential::User(user) => user.patience(),
            Credential::Chain(chain) => chain.patience(),
            _ => None,
        }
    }

    /// Asks for a token.
    pub(crate) fn token<'a>(
        &'a self,
        context: &'a Context,
        request: &'a TokenRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Grant, Miss>> + Send + 'a>> {
        Box::pin(async move {
            let token = match self {
                Credential::Application(source) => source.token(context, request).await?,
                Credential::User(source) => source.token(context, request).await?,
                Credential::WorkloadIdentity(source) => source.token(context, request).await?,
                Credential::GitHubActions(source) => source.token(context, request).await?,
                Credential::AzurePipelines(source) => source.token(context, request).await?,
                Credential::ManagedIdentity(source) => source.token(context, request).await?,
                Credential::Host(source) => source.token(context, request).await?,
                Credential::DeveloperTool(tool) => return tool.token(context, request).await,
                Credential::Chain(chain) => return chain.token(context, request).await,
                Credential::Absent { miss, .. } => return Err(miss.clone()),
            };
            Ok(token.into())
        })
    }
}

/// The one scope that a source accepts.
fn single_scope(request: &TokenRequest) -> Result<&str, Miss> {
    match scopes(request)? {
        [scope] => Ok(scope),
        many => Err(Miss::refused(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "This credential takes exactly one scope per call; {} were given.",
                many.len()
            ),
        ))),
    }
}

/// The scopes, all of harmless characters: they may come onto a command line.
fn scopes(request: &TokenRequest) -> Result<&[String], Miss> {
    match request.scopes.iter().find(|scope| !is_scope(scope)) {
        Some(bad) => Err(Miss::refused(Error::new(
            ErrorKind::InvalidArgument,
            format!("{} is not a scope.", quoted(bad)),
        ))),
        None => Ok(&request.scopes),
    }
}

fn is_scope(scope: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'/' | b'-');
    scope.starts_with(|c: char| c.is_ascii_alphanumeric()) && scope.bytes().all(plain)
}
