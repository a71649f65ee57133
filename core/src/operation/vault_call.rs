//! The operations of the Secrets API beyond getting a secret, with all they can be told.
//!
//! Each is one request, but for those that are said to wait. All pass the limiter and are tried again like a get; a
//! conflict because the name is just being deleted or recovered is tried again every two seconds, five times.
//!
//! *Trying again what is not idempotent*: when the answer to a set was lost, it is sent again like any other request,
//! as the SDKs do. The vault may then hold two new versions with the same value, which harms nobody; a value that
//! was not set would.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::secret::{SecretId, SecretName, SecretVersion, VaultUrl};
use crate::sensitive::Sensitive;
use crate::time::UnixTime;

/// One operation on one vault.
#[derive(Clone, Debug)]
pub struct VaultCall {
    /// Whom it concerns.
    pub subject: Subject,
    /// What is to be done.
    pub action: Action,
}

/// Whom a request to a vault concerns.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The vault.
    pub vault: VaultUrl,
    /// What it is.
    pub kind: Kind,
    /// The secret or key; `None`: all of them.
    pub name: Option<SecretName>,
    /// One version of it; `None`: the latest, or all.
    pub version: Option<SecretVersion>,
}

/// What vaults keep. Names and versions of both obey the same rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A secret.
    Secret,
    /// A key, which never leaves its vault.
    #[cfg(feature = "encryption")]
    Key,
}

impl Kind {
    /// "The *secret* is disabled"; in paths and commands too.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            #[cfg(feature = "encryption")]
            Self::Key => "key",
        }
    }
}

/// What is to be done with a secret, or with all of a vault.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Action {
    /// Gets a secret in another form than the one it is kept in. The answer is not cached.
    GetAs {
        /// The form, as a media type. The service makes PEM (`application/x-pem-file`) of the PKCS #12 behind a
        /// certificate, and refuses the rest.
        out_content_type: String,
    },
    /// Makes a new version.
    Set {
        /// The value: [`Operation::with_value`](super::Operation::with_value).
        value: Option<Sensitive>,
        /// What else the version shall have; a version inherits nothing from the one before.
        properties: SecretChanges,
        /// Whether a deleted secret of that name is recovered first, and the new version then set on top. Without
        /// it, such a name is a `Conflict`.
        recover_if_deleted: bool,
    },
    /// Changes properties of one version (of the latest, if none is named). What is not given stays.
    ///
    /// The service knows no etags. With an `if_` condition the version is read first, compared, and then exactly this
    /// version is changed; a mismatch is a `Conflict`. One race remains: a change made by another between the
    /// reading and the writing is overwritten (in the fields given) without notice, and `updated_on` counts whole
    /// seconds. Reading needs the permission to get secrets.
    Update {
        /// What is to change.
        properties: SecretChanges,
        /// Only if this version is the latest.
        if_version: Option<SecretVersion>,
        /// Only if it was not changed after this moment: the `updated_on` that the caller knows.
        if_unchanged_since: Option<UnixTime>,
    },
    /// One page of the secrets, disabled and expired ones too, without versions.
    List(Paging),
    /// One page of a secret's versions.
    ListVersions(Paging),
    /// One page of the deleted secrets.
    ListDeleted(Paging),
    /// Deletes a secret with all versions. The service finishes some seconds later.
    Delete(Waiting),
    /// Whether a deletion has finished.
    DeletionFinished(Waiting),
    /// A deleted secret.
    GetDeleted,
    /// Recovers a deleted secret. The service finishes some seconds later.
    Recover(Waiting),
    /// Whether a recovery has finished.
    RecoveryFinished(Waiting),
    /// Deletes a deleted secret for good. The name can be used again some seconds later: that is what waiting
    /// waits for.
    Purge(Waiting),
    /// All versions of a secret as one opaque blob.
    Backup,
    /// Brings a backup back under its own name, which must be free.
    Restore {
        /// The blob: [`Operation::with_value`](super::Operation::with_value).
        backup: Option<Sensitive>,
    },
}

/// What a version has besides its value. `None` is the service's default when setting, and *unchanged* when updating.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SecretChanges {
    /// Whether it may be read.
    pub enabled: Option<bool>,
    /// From when on it should be used; informational.
    pub not_before: Option<UnixTime>,
    /// Until when; informational.
    pub expires_on: Option<UnixTime>,
    /// Free text, at most 255 characters.
    pub content_type: Option<String>,
    /// At most 15; they replace all tags there are.
    pub tags: Option<BTreeMap<String, String>>,
}

/// Which page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paging {
    /// The continuation of the page before; `None` is the first page. One of another vault is refused.
    pub continuation: Option<String>,
    /// Most items on a page; the service's most, and default, is 25. Only the first page takes it.
    pub max_page_size: Option<u32>,
}

/// Whether, and how, to wait for something that the service finishes in its own time.
///
/// A 403 while waiting counts as finished, as in the SDKs: without the permission to look, nothing can be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Whether to wait until the end (or the operation's timeout); else once is enough.
    pub wait: bool,
    /// How long to wait between two looks. Default 2 s, at least 0.1 s.
    pub interval: Duration,
}

impl Default for Waiting {
    fn default() -> Self {
        Self {
            wait: false,
            interval: Duration::from_secs(2),
        }
    }
}

/// What every such operation ends with where the feature `manage` is off.
pub(crate) fn left_out() -> Error {
    let text = "This module of nightlatch gets secrets and tokens; operations that list or change secrets are left out.";
    Error::new(ErrorKind::Unsupported, text)
        .advise("Import nightlatch-wasm/full, the module with all operations.")
}

impl Subject {
    /// All secrets of a vault.
    pub fn all(vault: VaultUrl) -> Self {
        Self {
            vault,
            kind: Kind::Secret,
            name: None,
            version: None,
        }
    }

    /// Its name, in a sentence that names the vault already.
    pub(crate) fn short(&self) -> &str {
        self.name.as_ref().map_or("its secrets", SecretName::as_str)
    }
}

impl From<SecretId> for Subject {
    fn from(id: SecretId) -> Self {
        Self {
            vault: id.vault,
            kind: Kind::Secret,
            name: Some(id.name),
            version: id.version,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            None => return write!(f, "The secrets of {}", self.vault),
            Some(name) => write!(f, "{}/{}s/{name}", self.vault, self.kind.noun())?,
        }
        match &self.version {
            None => Ok(()),
            Some(version) => write!(f, "/{}", version.as_str()),
        }
    }
}
