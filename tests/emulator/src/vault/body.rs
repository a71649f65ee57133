//! The bodies of requests, and what objects may be like. Members that are unknown here are not refused, as newer
//! clients may know more.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::VaultError;
use super::key::Key;
use crate::config::{KeyOperation, Properties, Secret};
use crate::rsa::RsaKey;

const LONGEST_VALUE: usize = 25_600;
const LONGEST_CONTENT_TYPE: usize = 255;
const MOST_TAGS: usize = 15;
const LONGEST_TAG_OF_SECRET: usize = 512;
const LONGEST_TAG_OF_KEY: usize = 256;
const USUAL_KEY_SIZE: usize = 2048;

/// What the bodies of all kinds can say.
#[derive(Deserialize)]
struct Changes {
    tags: Option<BTreeMap<String, String>>,
    attributes: Option<Attributes>,
}

#[derive(Default, Deserialize)]
struct Attributes {
    enabled: Option<bool>,
    nbf: Option<u64>,
    exp: Option<u64>,
}

/// The body of a set.
#[derive(Deserialize)]
struct NewSecret {
    value: Option<String>,
    #[serde(flatten)]
    changes: SecretChanges,
}

/// The body of an update, and a part of that of a set.
#[derive(Deserialize)]
pub(super) struct SecretChanges {
    #[serde(rename = "contentType")]
    content_type: Option<String>,
    #[serde(flatten)]
    changes: Changes,
}

/// The body of a create.
#[derive(Deserialize)]
struct NewKey {
    kty: Option<String>,
    key_size: Option<usize>,
    #[serde(flatten)]
    changes: KeyChanges,
}

/// The body of an import: in `key` a JWK with its `key_ops`.
#[derive(Deserialize)]
struct ImportedKey {
    key: Value,
    #[serde(flatten)]
    changes: Changes,
}

/// The body of an update, and a part of that of a create.
#[derive(Deserialize)]
pub(super) struct KeyChanges {
    key_ops: Option<Vec<KeyOperation>>,
    #[serde(flatten)]
    changes: Changes,
}

/// The body of what is done with a key.
#[derive(Deserialize)]
struct Used {
    alg: String,
    value: String,
}

#[derive(Deserialize)]
struct Backup {
    value: String,
}

/// Reads the body of a set.
pub(super) fn new_secret(body: &[u8]) -> Result<Secret, VaultError> {
    let NewSecret { value, changes } = read(body)?;
    let value = value.ok_or_else(|| VaultError::bad_parameter("The request body has no 'value'"))?;
    if value.len() > LONGEST_VALUE {
        return Err(VaultError::bad_parameter(
            "The secret value is longer than 25600 bytes",
        ));
    }
    let mut secret = Secret::from(value.as_str());
    changes.checked()?.apply(&mut secret);
    Ok(secret)
}

/// Reads the body of a create, and makes the key.
pub(super) fn new_key(body: &[u8]) -> Result<Key, VaultError> {
    let NewKey {
        kty,
        key_size,
        changes,
    } = read(body)?;
    require_rsa(kty.as_deref())?;
    let changes = changes.checked()?;
    let rsa = RsaKey::generate(key_size.unwrap_or(USUAL_KEY_SIZE))
        .ok_or_else(|| VaultError::bad_parameter("key_size must be 2048, 3072 or 4096"))?;
    Ok(changes.applied_to(rsa))
}

/// Reads the body of an import.
pub(super) fn imported_key(body: &[u8]) -> Result<Key, VaultError> {
    let ImportedKey { key, changes } = read(body)?;
    require_rsa(key["kty"].as_str())?;
    let rsa = RsaKey::from_jwk(&key)
        .ok_or_else(|| VaultError::bad_parameter("The key is not a whole private RSA key"))?;
    let key_ops = serde_json::from_value(key["key_ops"].clone()).map_err(|_| malformed())?;
    let changes = KeyChanges { key_ops, changes };
    Ok(changes.checked()?.applied_to(rsa))
}

/// Reads the body of what is done with a key: the algorithm, and the value to do it with.
pub(super) fn used(body: &[u8]) -> Result<(String, Vec<u8>), VaultError> {
    let Used { alg, value } = read(body)?;
    let value = BASE64URL
        .decode(value.trim_end_matches('='))
        .map_err(|_| VaultError::bad_parameter("The value is not base64url"))?;
    Ok((alg, value))
}

/// Reads the body of a restore.
pub(super) fn backup(body: &[u8]) -> Result<Vec<u8>, VaultError> {
    let backup: Backup = read(body)?;
    BASE64URL
        .decode(backup.value)
        .map_err(|_| VaultError::no_backup())
}

impl SecretChanges {
    /// Reads the body of an update.
    pub(super) fn read(body: &[u8]) -> Result<SecretChanges, VaultError> {
        read::<SecretChanges>(body)?.checked()
    }

    pub(super) fn apply(self, secret: &mut Secret) {
        self.changes.apply(&mut secret.properties);
        secret.content_type = self.content_type.or_else(|| secret.content_type.take());
    }

    fn checked(self) -> Result<SecretChanges, VaultError> {
        let content_type = self.content_type.as_ref();
        if content_type.is_some_and(|text| is_longer(text, LONGEST_CONTENT_TYPE)) {
            return Err(VaultError::bad_parameter(
                "contentType is longer than 255 characters",
            ));
        }
        self.changes.check(LONGEST_TAG_OF_SECRET)?;
        Ok(self)
    }
}

impl KeyChanges {
    /// Reads the body of an update.
    pub(super) fn read(body: &[u8]) -> Result<KeyChanges, VaultError> {
        read::<KeyChanges>(body)?.checked()
    }

    pub(super) fn apply(self, key: &mut Key) {
        self.changes.apply(&mut key.properties);
        key.key_ops = self.key_ops.unwrap_or_else(|| std::mem::take(&mut key.key_ops));
    }

    fn applied_to(self, rsa: RsaKey) -> Key {
        let mut key = Key {
            rsa,
            key_ops: KeyOperation::usual(),
            properties: Properties::default(),
        };
        self.apply(&mut key);
        key
    }

    fn checked(self) -> Result<KeyChanges, VaultError> {
        self.changes.check(LONGEST_TAG_OF_KEY)?;
        Ok(self)
    }
}

impl Changes {
    /// Changes what is given and leaves the rest; tags are replaced as a whole.
    fn apply(self, properties: &mut Properties) {
        let Attributes { enabled, nbf, exp } = self.attributes.unwrap_or_default();
        properties.enabled = enabled.unwrap_or(properties.enabled);
        properties.not_before = nbf.or(properties.not_before);
        properties.expires = exp.or(properties.expires);
        if let Some(tags) = self.tags {
            properties.tags = tags;
        }
    }

    fn check(&self, longest_tag: usize) -> Result<(), VaultError> {
        if self.tags.as_ref().is_some_and(|tags| tags.len() > MOST_TAGS) {
            return Err(VaultError::bad_parameter("There are more than 15 tags"));
        }
        let mut tags = self.tags.iter().flatten();
        if tags.any(|(name, value)| is_longer(name, longest_tag) || is_longer(value, longest_tag)) {
            return Err(VaultError::bad_parameter(format!(
                "A tag's name or value is longer than {longest_tag} characters"
            )));
        }
        Ok(())
    }
}

fn require_rsa(kty: Option<&str>) -> Result<(), VaultError> {
    match kty {
        Some("RSA") => Ok(()),
        Some(kty @ ("RSA-HSM" | "EC" | "EC-HSM" | "oct" | "oct-HSM")) => {
            Err(VaultError::not_emulated(&format!("keys of type {kty}")))
        }
        _ => Err(VaultError::bad_parameter("kty is not the type of a key")),
    }
}

fn is_longer(text: &str, most: usize) -> bool {
    text.chars().count() > most
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, VaultError> {
    serde_json::from_slice(body).map_err(|_| malformed())
}

/// Says nothing of what was wrong where: that could be a part of a value.
fn malformed() -> VaultError {
    VaultError::bad_parameter("The request body is not valid JSON for this operation")
}
