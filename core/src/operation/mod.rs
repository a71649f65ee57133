//! What callers ask of an engine, and what comes out of it.
//!
//! * here: tasks and replies as the core has them
//! * [`vault_call`]: the operations of the Secrets API beyond getting a secret
//! * [`consultation`]: what the doctor is asked
//! * [`encryption_call`]: what is asked of values that are stored encrypted
//! * [`load_call`]: which secrets are loaded as a configuration
//! * [`rotate_call`]: how a secret is rotated
//! * [`reference_call`]: what is asked of texts that hold Key Vault references
//! * [`read`]: the JSON in which bindings ask, with all names
//! * [`reply_json`]: the JSON in which they get what holds no secret

#[cfg(feature = "doctor")]
pub mod consultation;
#[cfg(feature = "encryption")]
pub mod encryption_call;
#[cfg(feature = "reference")]
pub mod load_call;
mod read;
#[cfg(feature = "reference")]
pub mod reference_call;
mod reply_json;
#[cfg(feature = "manage")]
pub mod rotate_call;
pub mod vault_call;

use std::time::Duration;

use crate::effect::{Effect, EffectId};
use crate::error::{Error, ErrorKind};
use crate::event::Event;
#[cfg(feature = "reference")]
use crate::report::Resolution;
#[cfg(feature = "doctor")]
use crate::report::{Forecast, Health, Report};
use crate::secret::{DeletedSecret, Secret, SecretId, SecretProperties};
use crate::sensitive::Sensitive;
use crate::time::{Instant, UnixTime};

#[cfg(feature = "doctor")]
pub use self::consultation::Consultation;
#[cfg(feature = "encryption")]
pub use self::encryption_call::{DataKeyLimits, Encrypted, EncryptionCall, Work};
#[cfg(feature = "reference")]
pub use self::load_call::LoadCall;
#[cfg(feature = "reference")]
pub use self::reference_call::{Form, ReferenceCall};
#[cfg(feature = "manage")]
pub use self::rotate_call::{RotateCall, Rotation};
pub use self::vault_call::{Action, Kind, Paging, SecretChanges, Subject, VaultCall, Waiting};

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
    /// Many secrets at once, each as by [`Task::GetSecret`]; one that fails leaves the others alone.
    GetSecrets {
        /// Which.
        ids: Vec<SecretId>,
        /// Ask the vault even so.
        refresh: bool,
    },
    /// Any other operation of the Secrets API.
    Vault(VaultCall),
    /// A new value for a secret, made and put into effect by functions of the caller's.
    #[cfg(feature = "manage")]
    Rotate(RotateCall),
    /// Renews every cached secret whose renewal is due and that somebody read since it was fetched: for hosts of
    /// blocking threads that let a thread of their own do it, before a reader has to.
    RefreshDue,
    /// A bearer token, for clients of other services.
    GetToken(TokenRequest),
    /// What works here, what does not, and why.
    #[cfg(feature = "doctor")]
    Consult(Consultation),
    /// A text with Key Vault references: with the secrets in their place, or not at all.
    #[cfg(feature = "reference")]
    Resolve(ReferenceCall),
    /// Secrets as a configuration: all that are meant, or none.
    #[cfg(feature = "reference")]
    Load(LoadCall),
    /// A value, or fields of a document, that are stored encrypted.
    #[cfg(feature = "encryption")]
    Encryption(EncryptionCall),
}

/// Which token is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TokenRequest {
    /// Scopes such as `https://vault.azure.net/.default`. There may be none where a person is asked to sign in
    /// ([`Interaction::Always`]) in a cloud that is known: then it is the one of Azure's management interface.
    pub scopes: Vec<String>,
    /// Tenant, if not the credential's own.
    pub tenant: Option<String>,
    /// Claims of a challenge (JSON); the token cache is passed by.
    pub claims: Option<String>,
    /// Whether the resource understands continuous access evaluation.
    pub enable_cae: bool,
    /// Whether a person may be asked to sign in for it.
    pub interaction: Interaction,
}

/// Whether a person may be asked to sign in. Matters to credentials of people only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Interaction {
    /// If nothing else gives the token.
    #[default]
    IfNeeded,
    /// In any case, whoever signed in before; `"authenticate": true` in JSON.
    Always,
    /// Not now: the token at hand still serves.
    Never,
}

impl Operation {
    /// Gives the operation the one secret that it takes: the value that `set_secret` sets, the backup that
    /// `restore_secret_backup` restores, the text whose references `resolve_references` resolves, what `encrypt`, `decrypt` and
    /// `rewrap` work on. It never stands in JSON, because a parser leaves copies of what it reads.
    ///
    /// `InvalidArgument` for an operation that takes none.
    pub fn with_value(mut self, value: Sensitive) -> Result<Self, Error> {
        match &mut self.task {
            Task::Vault(VaultCall {
                action: Action::Set { value: slot, .. } | Action::Restore { backup: slot },
                ..
            }) => *slot = Some(value),
            #[cfg(feature = "reference")]
            Task::Resolve(call) => call.text = Some(value),
            #[cfg(feature = "encryption")]
            Task::Encryption(call) => call.text = Some(value),
            _ => {
                let text = "A value was given to an operation that takes none.";
                return Err(Error::new(ErrorKind::InvalidArgument, text));
            }
        }
        Ok(self)
    }
}

/// How an operation ended well.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reply {
    /// To [`Task::GetSecret`], and to setting a secret.
    Secret(Secret),
    /// To [`Task::GetSecrets`]: each in the order of the question, and how it ended.
    Secrets(Vec<(SecretId, Result<Secret, Error>)>),
    /// To updating, recovering and restoring.
    Properties(SecretProperties),
    /// To deleting, and to asking for a deleted secret.
    Deleted {
        /// What was deleted.
        secret: DeletedSecret,
        /// Whether nothing is left to wait for: the vault has no soft delete, or the caller did wait.
        finished: bool,
    },
    /// To listing secrets or their versions.
    Page(Page<SecretProperties>),
    /// To listing deleted secrets.
    DeletedPage(Page<DeletedSecret>),
    /// To backing up: an opaque blob, which only a vault of the same subscription and geography can restore. To encrypting,
    /// decrypting and encrypting anew: the value or document that comes out.
    Value(Sensitive),
    /// To purging, and to asking whether a deletion or recovery has finished.
    Finished(bool),
    /// To [`Task::Rotate`].
    #[cfg(feature = "manage")]
    Rotated(Box<Rotation>),
    /// To [`Task::RefreshDue`]: when to ask again.
    NextRefresh(Duration),
    /// To [`Task::GetToken`].
    Token {
        /// The bearer token.
        token: Sensitive,
        /// When it ends.
        expires_on: UnixTime,
        /// When it should be renewed.
        refresh_on: UnixTime,
    },
    /// To [`Consultation::Diagnose`].
    #[cfg(feature = "doctor")]
    Report(Box<Report>),
    /// To [`Consultation::Check`].
    #[cfg(feature = "doctor")]
    Health(Health),
    /// To [`Consultation::Explain`].
    #[cfg(feature = "doctor")]
    Forecast(Box<Forecast>),
    /// To [`Task::Resolve`] and [`Task::Load`].
    #[cfg(feature = "reference")]
    Resolved {
        /// The text with the secrets, for the latter a JSON object of texts; `None` where only a report was asked for.
        text: Option<Sensitive>,
        /// How each reference or secret fared.
        resolution: Resolution,
    },
}

/// One page of a list. A page may be empty although others follow: only a missing continuation is the end.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// What is on it; the order means nothing.
    pub items: Vec<T>,
    /// What to ask the next page with.
    pub continuation: Option<String>,
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
