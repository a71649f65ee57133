//! What callers ask of an engine, and what comes out of it.

use std::time::Duration;

use crate::config::VaultOptions;
use crate::config::fields::{self, Fields, Record, unknown};
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TokenRequest {
    /// Scopes such as `https://vault.azure.net/.default`.
    pub scopes: Vec<String>,
    /// Tenant, if not the credential's own.
    pub tenant: Option<String>,
    /// Claims of a challenge (JSON); the token cache is passed by.
    pub claims: Option<String>,
    /// Whether the resource understands continuous access evaluation.
    pub enable_cae: bool,
}

impl Operation {
    /// Reads an operation from the JSON that bindings pass, such as
    /// `{"op":"get_secret","vault":"https://contoso.vault.azure.net","name":"db","timeout":5}`.
    pub fn from_json(text: &str, vaults: &VaultOptions) -> Result<Self, Error> {
        let raw: Raw = fields::read(text).map_err(|why| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("The call cannot be made: {why}."),
            )
        })?;
        let task = match raw.task {
            RawTask::GetSecret {
                vault,
                name,
                version,
                refresh,
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
                Task::GetSecret { id, refresh }
            }
            RawTask::GetToken(request) => Task::GetToken(request),
        };
        Ok(Self {
            task,
            timeout: raw.timeout,
        })
    }
}

/// An operation whose names have not been checked.
struct Raw {
    task: RawTask,
    timeout: Option<Duration>,
}

enum RawTask {
    GetSecret {
        vault: String,
        name: String,
        version: Option<String>,
        refresh: bool,
    },
    GetToken(TokenRequest),
}

impl Record for Raw {
    fn of(fields: &mut Fields<'_>) -> Self {
        let op: String = fields.required("op");
        let task = match &*op {
            "get_secret" => RawTask::GetSecret {
                vault: fields.required("vault"),
                name: fields.required("name"),
                version: fields.or_default("version"),
                refresh: fields.or_default("refresh"),
            },
            "get_token" => RawTask::GetToken(fields.required("request")),
            _ => {
                fields.refuse(unknown(&op, &["get_secret", "get_token"]));
                RawTask::GetToken(TokenRequest::default())
            }
        };
        Self {
            task,
            timeout: fields.or_default("timeout"),
        }
    }
}

impl Record for TokenRequest {
    fn of(fields: &mut Fields<'_>) -> Self {
        Self {
            scopes: fields.required("scopes"),
            tenant: fields.or_default("tenant"),
            claims: fields.or_default("claims"),
            enable_cae: fields.or_default("enable_cae"),
        }
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
