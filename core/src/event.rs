//! What happened, for logs, audit and metrics. Events hold no secret by construction: no field is
//! [`Sensitive`](crate::sensitive::Sensitive).

use serde::Serialize;

use crate::error::{Attempt, ErrorKind, Identity};

/// One thing worth telling. Serialises to one flat JSON object with its name under `event`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A source gave a token.
    TokenAcquired {
        /// The credential's SDK name.
        source: String,
        /// The resource or scope the token is for.
        scope: String,
        /// Who it stands for.
        identity: Identity,
        /// End of its life, RFC 3339.
        expires_on: String,
        /// The sources that were asked before, and what they said.
        skipped: Vec<Attempt>,
    },
    /// A token could not be renewed; the old one still serves.
    TokenRefreshFailed {
        /// The credential's SDK name.
        source: String,
        /// Why, in one sentence.
        reason: String,
    },
    /// The file of a private key can be read by others than its owner.
    KeyFileShared {
        /// Where it is.
        path: String,
    },
    /// A secret was fetched from its vault.
    SecretFetched {
        /// The vault's URL.
        vault: String,
        /// The secret's name.
        name: String,
        /// The version that was current.
        version: String,
        /// The service's request id.
        request_id: Option<String>,
    },
    /// The latest version of a secret is another one than before.
    SecretRotated {
        /// The vault's URL.
        vault: String,
        /// The secret's name.
        name: String,
        /// The version known so far.
        old_version: String,
        /// The version found now.
        new_version: String,
    },
    /// A secret ends soon: its `exp` is nearer than the option `near_expiry`. Told once for a version, while the
    /// cache remembers it.
    SecretNearExpiry {
        /// The vault's URL.
        vault: String,
        /// The secret's name.
        name: String,
        /// Its version.
        version: String,
        /// When it ends, RFC 3339.
        expires_on: String,
    },
    /// An operation other than getting a secret ended.
    VaultOperation {
        /// Which, such as `set_secret`.
        operation: &'static str,
        /// The vault's URL.
        vault: String,
        /// The secret's name, unless it was about all of them.
        name: Option<String>,
        /// The version that was made, changed, deleted or recovered.
        version: Option<String>,
        /// The service's request id.
        request_id: Option<String>,
        /// What it took, waits included.
        duration_ms: u64,
        /// `ok`, or the name of the error's kind.
        outcome: &'static str,
    },
    /// A rotation of a secret began: a new value is made.
    #[cfg(feature = "manage")]
    RotationStarted {
        /// The vault's URL.
        vault: String,
        /// The secret's name.
        name: String,
        /// The slot that the new value is for, if the secret has two.
        slot: Option<String>,
        /// The latest version so far.
        old_version: Option<String>,
    },
    /// A rotation goes on that ended in the middle: its value is in the vault already.
    #[cfg(feature = "manage")]
    RotationResumed {
        /// The vault's URL.
        vault: String,
        /// The secret's name.
        name: String,
        /// The version before.
        old_version: Option<String>,
        /// The version that is put into effect.
        new_version: Option<String>,
    },
    /// A new value is in use.
    #[cfg(feature = "manage")]
    RotationFinished {
        /// The vault's URL.
        vault: String,
        /// The secret's name.
        name: String,
        /// The slot that is in use now, if the secret has two.
        slot: Option<String>,
        /// The version before.
        old_version: Option<String>,
        /// The version in use.
        new_version: Option<String>,
    },
    /// A new value did not do: the old one is in use again.
    #[cfg(feature = "manage")]
    RotationRolledBack {
        /// The vault's URL.
        vault: String,
        /// The secret's name.
        name: String,
        /// The version whose value is in use again.
        old_version: Option<String>,
        /// The version that did not do.
        new_version: Option<String>,
        /// What went wrong.
        reason: ErrorKind,
    },
    /// A rotation ended otherwise: before anything changed, or in the middle, as its error tells.
    #[cfg(feature = "manage")]
    RotationFailed {
        /// The vault's URL.
        vault: String,
        /// The secret's name.
        name: String,
        /// The slot that the new value was for, if the secret has two.
        slot: Option<String>,
        /// The version before.
        old_version: Option<String>,
        /// The version that was set, if one was.
        new_version: Option<String>,
        /// What went wrong.
        reason: ErrorKind,
    },
    /// The vault could not be asked; a copy past its life was served.
    ServedStale {
        /// The vault's URL.
        vault: String,
        /// The secret's name.
        name: String,
        /// How old the copy is.
        age_ms: u64,
        /// What went wrong.
        reason: ErrorKind,
    },
    /// A secret was served outside its `nbf`/`exp` window.
    SecretOutsideValidity {
        /// The vault's URL.
        vault: String,
        /// The secret's name.
        name: String,
        /// `expired` or `not_yet_valid`.
        state: &'static str,
    },
    /// A request had to wait: for our own limiter, or because the service said so.
    Throttled {
        /// The host concerned.
        host: String,
        /// `limiter` (ours) or `service` (429).
        by: &'static str,
        /// The wait.
        wait_ms: u64,
    },
    /// A request failed and is tried again.
    Retrying {
        /// The host concerned.
        host: String,
        /// Which try failed, from 1.
        attempt: u32,
        /// The wait before the next.
        wait_ms: u64,
        /// What went wrong.
        reason: String,
    },
    /// The vault refused the caller.
    AccessDenied {
        /// The vault's URL.
        vault: String,
        /// The secret's name.
        name: String,
        /// Who was refused.
        identity: Identity,
        /// The service's inner code.
        inner_code: Option<String>,
        /// The service's request id.
        request_id: Option<String>,
    },
}
