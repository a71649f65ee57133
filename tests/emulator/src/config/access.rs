//! Who may do what in a vault.

use serde::{Deserialize, Serialize};

use super::vault::Completion;

/// The rights of one principal on a vault's secrets and keys.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// An object id.
    pub principal: String,
    /// What it may do with secrets, one by one.
    #[serde(default)]
    pub secrets: Vec<SecretPermission>,
    /// What it may do with keys, one by one.
    #[serde(default)]
    pub keys: Vec<KeyPermission>,
    /// Roles it has besides; without meaning in a vault with access policies.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// The condition of the assignment: of secrets it holds for these names only. Without it, for all.
    #[serde(default)]
    pub only_secrets: Option<Vec<String>>,
    /// When the assignment comes into force: what is true of it in Azure for some minutes.
    #[serde(default)]
    pub takes_effect: Completion,
}

/// A permission on secrets, under the name that access policies give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum SecretPermission {
    Get,
    List,
    Set,
    Delete,
    Backup,
    Restore,
    Recover,
    Purge,
}

/// A permission on keys, likewise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum KeyPermission {
    Get,
    List,
    Create,
    Import,
    Update,
    Rotate,
    Encrypt,
    Decrypt,
    Sign,
    Verify,
    WrapKey,
    UnwrapKey,
    Delete,
    Backup,
    Restore,
    Recover,
    Purge,
}

/// A built-in role with rights on secrets or keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Everything.
    #[serde(rename = "Key Vault Administrator")]
    Administrator,
    /// Everything on secrets.
    #[serde(rename = "Key Vault Secrets Officer")]
    SecretsOfficer,
    /// Values and metadata.
    #[serde(rename = "Key Vault Secrets User")]
    SecretsUser,
    /// Everything on keys.
    #[serde(rename = "Key Vault Crypto Officer")]
    CryptoOfficer,
    /// All use of keys, but not their making and their end.
    #[serde(rename = "Key Vault Crypto User")]
    CryptoUser,
    /// Public keys, wrapping and unwrapping.
    #[serde(rename = "Key Vault Crypto Service Encryption User")]
    CryptoServiceEncryptionUser,
    /// Metadata only, which of keys are the public ones.
    #[serde(rename = "Key Vault Reader")]
    Reader,
    /// The vault itself, and nothing in it.
    #[serde(rename = "Key Vault Contributor")]
    Contributor,
}

/// The inner code that access policies refuse with; vaults are seen with either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum PolicyRefusal {
    #[default]
    ForbiddenByPolicy,
    AccessDenied,
}
