//! What can be done to secrets, and to the keys that encrypt, as one table: where the request goes, and what a refusal of it is called.
//!
//! Sources: the *Secrets* and *Keys* operations of the Azure Key Vault REST API reference; *Azure built-in roles for Key
//! Vault data plane operations*; the secret and key permissions of *Assign a Key Vault access policy*.

use crate::effect::{Method, Request};
use crate::operation::{Action, Subject};
use crate::secret::SecretVersion;
use crate::wire::query;

/// One kind of request to a vault.
#[derive(Debug, PartialEq, Eq)]
pub struct Deed {
    /// Its name among the operations, for events.
    pub op: &'static str,
    pub(super) method: Method,
    /// Where the path begins.
    collection: &'static str,
    /// What follows the name; after a slash comes the version, which may be empty.
    tail: &'static str,
    /// What follows the version.
    end: &'static str,
    /// "… may not be *read*".
    pub participle: &'static str,
    /// The permission in access policies.
    pub permission: &'static str,
    /// The smallest built-in role that allows it.
    pub role: &'static str,
}

/// Lets its holder read values and the lists of properties.
const USER: &str = "Key Vault Secrets User";

/// Lets its holder do everything with secrets.
const OFFICER: &str = "Key Vault Secrets Officer";

/// Getting a secret.
pub const GET: Deed = Deed {
    op: "get_secret",
    method: Method::Get,
    collection: "/secrets",
    tail: "/",
    end: "",
    participle: "read",
    permission: "get",
    role: USER,
};

const SET: Deed = Deed {
    op: "set_secret",
    method: Method::Put,
    collection: "/secrets",
    tail: "",
    end: "",
    participle: "set",
    permission: "set",
    role: OFFICER,
};

const UPDATE: Deed = Deed {
    op: "update_secret_properties",
    method: Method::Patch,
    tail: "/",
    participle: "changed",
    ..SET
};

/// Listing the secrets of a vault.
pub const LIST: Deed = Deed {
    op: "list_properties_of_secrets",
    tail: "",
    participle: "listed",
    permission: "list",
    ..GET
};

const LIST_VERSIONS: Deed = Deed {
    op: "list_properties_of_secret_versions",
    tail: "/versions",
    ..LIST
};

const LIST_DELETED: Deed = Deed {
    op: "list_deleted_secrets",
    collection: "/deletedsecrets",
    ..LIST
};

const DELETE: Deed = Deed {
    op: "delete_secret",
    method: Method::Delete,
    participle: "deleted",
    permission: "delete",
    ..SET
};

/// Getting a deleted secret; also the way to see that a deletion has finished.
pub const GET_DELETED: Deed = Deed {
    op: "get_deleted_secret",
    collection: "/deletedsecrets",
    tail: "",
    ..GET
};

/// Recovering a deleted secret.
pub const RECOVER: Deed = Deed {
    op: "recover_deleted_secret",
    method: Method::Post,
    collection: "/deletedsecrets",
    tail: "/recover",
    end: "",
    participle: "recovered",
    permission: "recover",
    role: OFFICER,
};

pub(crate) const PURGE: Deed = Deed {
    op: "purge_deleted_secret",
    method: Method::Delete,
    tail: "",
    participle: "purged",
    permission: "purge",
    ..RECOVER
};

const BACKUP: Deed = Deed {
    op: "backup_secret",
    method: Method::Post,
    collection: "/secrets",
    tail: "/backup",
    end: "",
    participle: "backed up",
    permission: "backup",
    role: OFFICER,
};

const RESTORE: Deed = Deed {
    op: "restore_secret_backup",
    tail: "/restore",
    participle: "restored",
    permission: "restore",
    ..BACKUP
};

/// Getting what is public of a key.
#[cfg(feature = "encryption")]
pub const GET_KEY: Deed = Deed {
    op: "get_key",
    collection: "/keys",
    role: "Key Vault Crypto Service Encryption User",
    ..GET
};

/// Encrypting a data key for a key.
#[cfg(feature = "encryption")]
pub const WRAP_KEY: Deed = Deed {
    op: "wrap_key",
    method: Method::Post,
    end: "/wrapkey",
    participle: "used to encrypt",
    permission: "wrapKey",
    ..GET_KEY
};

/// Decrypting a data key with a key.
#[cfg(feature = "encryption")]
pub const UNWRAP_KEY: Deed = Deed {
    op: "unwrap_key",
    end: "/unwrapkey",
    participle: "used to decrypt",
    permission: "unwrapKey",
    ..WRAP_KEY
};

impl Deed {
    /// The deed that an operation begins with.
    pub fn of(action: &Action) -> &'static Deed {
        match action {
            Action::Set { .. } => &SET,
            Action::Update { .. } => &UPDATE,
            Action::List(_) => &LIST,
            Action::ListVersions(_) => &LIST_VERSIONS,
            Action::ListDeleted(_) => &LIST_DELETED,
            Action::Delete(_) => &DELETE,
            Action::DeletionFinished(_) | Action::GetDeleted => &GET_DELETED,
            Action::Recover(_) => &RECOVER,
            Action::RecoveryFinished(_) | Action::GetAs { .. } => &GET,
            Action::Purge(_) => &PURGE,
            Action::Backup => &BACKUP,
            Action::Restore { .. } => &RESTORE,
        }
    }

    /// Whether it makes a version, or a secret with many.
    pub fn creates(&self) -> bool {
        matches!(self.permission, "set" | "restore") && self.method != Method::Patch
    }

    /// Whether it changes nothing.
    pub fn only_looks(&self) -> bool {
        self.method == Method::Get
    }

    /// Whether its subject is a deleted secret, or all of them.
    pub fn is_of_deleted(&self) -> bool {
        self.collection == "/deletedsecrets"
    }

    /// The request, without a token and a body yet. The latest version is asked for by an empty one, so that the path
    /// then ends in a slash, as the SDKs send it.
    pub fn request(&self, subject: &Subject, api_version: &str) -> Request {
        let Subject {
            vault,
            name,
            version,
            kind: _,
        } = subject;
        let (slash, name) = match name {
            Some(name) => ("/", name.as_str()),
            None => ("", ""),
        };
        let version = version.as_ref().map_or("", SecretVersion::as_str);
        let path = format!(
            "{vault}{}{slash}{name}{}{version}{}",
            self.collection, self.tail, self.end
        );
        Request::new(self.method, query(&path, &[("api-version", api_version)]))
            .header("accept", "application/json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::{SecretId, VaultUrl};
    use crate::wire::secrets::parse_id;

    #[test]
    fn every_deed_has_its_address() {
        let vault = VaultUrl::parse("https://contoso.vault.azure.net", false).unwrap();
        let id = |version: &str| {
            parse_id(&format!(
                "https://contoso.vault.azure.net:443//secrets/Db{version}"
            ))
        };
        let one = |version| Subject::from(id(version).unwrap() as SecretId);
        let all = || Subject::all(vault.clone());
        for (deed, subject, sent) in [
            (&GET, one(""), "GET /secrets/Db/"),
            (&GET, one("/0af1"), "GET /secrets/Db/0af1"),
            (&SET, one(""), "PUT /secrets/Db"),
            (&UPDATE, one(""), "PATCH /secrets/Db/"),
            (&UPDATE, one("/0af1"), "PATCH /secrets/Db/0af1"),
            (&LIST, all(), "GET /secrets"),
            (&LIST_VERSIONS, one(""), "GET /secrets/Db/versions"),
            (&DELETE, one(""), "DELETE /secrets/Db"),
            (&GET_DELETED, one(""), "GET /deletedsecrets/Db"),
            (&LIST_DELETED, all(), "GET /deletedsecrets"),
            (&RECOVER, one(""), "POST /deletedsecrets/Db/recover"),
            (&PURGE, one(""), "DELETE /deletedsecrets/Db"),
            (&BACKUP, one(""), "POST /secrets/Db/backup"),
            (&RESTORE, all(), "POST /secrets/restore"),
        ] {
            let request = deed.request(&subject, "7.6");
            let (method, path) = sent.split_once(' ').unwrap();
            let url = format!("https://contoso.vault.azure.net{path}?api-version=7.6");
            assert_eq!((request.method.as_str(), request.url), (method, url));
        }
        #[cfg(feature = "encryption")]
        for (deed, version, sent) in [
            (&GET_KEY, "", "GET /keys/Db/"),
            (&GET_KEY, "/0af1", "GET /keys/Db/0af1"),
            (&WRAP_KEY, "/0af1", "POST /keys/Db/0af1/wrapkey"),
            (&UNWRAP_KEY, "/0af1", "POST /keys/Db/0af1/unwrapkey"),
        ] {
            let request = deed.request(&one(version), "7.6");
            let (method, path) = sent.split_once(' ').unwrap();
            let url = format!("https://contoso.vault.azure.net{path}?api-version=7.6");
            assert_eq!((request.method.as_str(), request.url), (method, url));
        }
        let makers = [&GET, &SET, &UPDATE, &DELETE, &BACKUP, &RESTORE].map(Deed::creates);
        assert_eq!(makers, [false, true, false, false, false, true]);
    }
}
