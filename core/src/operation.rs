//! What callers ask of an engine, and what comes out of it.

use std::time::Duration;

use serde::Deserialize;

use crate::config::{VaultOptions, optional_seconds};
use crate::effect::{Effect, EffectId};
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::secret::{Secret, SecretId, SecretName, SecretVersion, VaultUrl};
use crate::sensitive::Sensitive;
use crate::time::{Instant, UnixTime};

/// Names one operation for as long as its engine lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId(pub u64);

/// What a caller asks for.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The task.
    pub task: Task,
    /// What it may take; `None` is the configured default.
    pub timeout: Option<Duration>,
}

/// The tasks of an engine.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Task {
    /// A secret, from the cache if a fresh copy is there.
    GetSecret {
        /// Which.
        id: SecretId,
        /// Ask the vault even so.
        refresh: bool,
    },
    /// A bearer token, for clients of other services.
    GetToken(TokenRequest),
}

/// Which token is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// Scopes such as `https://vault.azure.net/.default`.
    pub scopes: Vec<String>,
    /// Tenant, if not the credential's own.
    #[serde(default)]
    pub tenant: Option<String>,
    /// Claims of a challenge (JSON); the token cache is passed by.
    #[serde(default)]
    pub claims: Option<String>,
    /// Whether the resource understands continuous access evaluation.
    #[serde(default)]
    pub enable_cae: bool,
}

impl Operation {
    /// Reads an operation from the JSON that bindings pass, such as
    /// `{"op":"get_secret","vault":"https://contoso.vault.azure.net","name":"db","timeout":5}`.
    pub fn from_json(text: &str, vaults: &VaultOptions) -> Result<Self, Error> {
        #[derive(Deserialize)]
        #[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
        enum Raw {
            GetSecret {
                vault: String,
                name: String,
                #[serde(default)]
                version: Option<String>,
                #[serde(default)]
                refresh: bool,
                #[serde(default, deserialize_with = "optional_seconds")]
                timeout: Option<Duration>,
            },
            GetToken {
                request: TokenRequest,
                #[serde(default, deserialize_with = "optional_seconds")]
                timeout: Option<Duration>,
            },
        }
        let raw = serde_json::from_str(text).map_err(|why| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("The call cannot be made: {why}."),
            )
        })?;
        Ok(match raw {
            Raw::GetSecret {
                vault,
                name,
                version,
                refresh,
                timeout,
            } => {
                let id = SecretId {
                    vault: VaultUrl::parse(&vault, vaults.allow_http_loopback)?,
                    name: SecretName::parse(&name)?,
                    // The SDKs pass an empty version for the latest.
                    version: version
                        .filter(|v| !v.is_empty())
                        .map(|v| SecretVersion::parse(&v))
                        .transpose()?,
                };
                Self {
                    task: Task::GetSecret { id, refresh },
                    timeout,
                }
            }
            Raw::GetToken { request, timeout } => Self {
                task: Task::GetToken(request),
                timeout,
            },
        })
    }
}

/// How an operation ended well.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reply {
    /// To [`Task::GetSecret`].
    Secret(Secret),
    /// To [`Task::GetToken`].
    Token {
        /// The bearer token.
        token: Sensitive,
        /// When it ends.
        expires_on: UnixTime,
        /// When it should be renewed.
        refresh_on: UnixTime,
    },
}

/// What the engine hands its host.
#[derive(Debug)]
#[must_use = "an effect that nobody performs keeps its callers waiting"]
#[non_exhaustive]
pub enum Output {
    /// Do it, then `complete` it, once.
    Perform {
        /// Its name.
        id: EffectId,
        /// The operation that began it; others may wait for it too. `None`: nobody in particular.
        op: Option<OpId>,
        /// What to do.
        effect: Effect,
    },
    /// Nobody waits for it any more; an answer is ignored.
    Abort(EffectId),
    /// The operation ended.
    Finished {
        /// Which.
        op: OpId,
        /// How.
        result: Result<Reply, Error>,
    },
    /// Something worth telling.
    Event(Event),
}

/// What an operation waits for, for people who wonder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Which operation.
    pub op: OpId,
    /// Since when it runs.
    pub since: Instant,
    /// What it waits for, in a few words.
    pub waits_for: String,
}
