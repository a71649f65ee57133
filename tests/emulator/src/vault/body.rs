//! The bodies of requests, and what a secret may be like. Members that are unknown here are not refused, as newer
//! clients may know more.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::VaultError;
use crate::config;

const LONGEST_VALUE: usize = 25_600;
const LONGEST_CONTENT_TYPE: usize = 255;
const MOST_TAGS: usize = 15;
const LONGEST_TAG: usize = 512;

/// The body of a set.
#[derive(Deserialize)]
struct NewSecret {
    value: Option<String>,
    #[serde(flatten)]
    properties: Properties,
}

/// The body of an update, and a part of that of a set.
#[derive(Deserialize)]
pub(super) struct Properties {
    #[serde(rename = "contentType")]
    content_type: Option<String>,
    tags: Option<BTreeMap<String, String>>,
    attributes: Option<Attributes>,
}

#[derive(Default, Deserialize)]
struct Attributes {
    enabled: Option<bool>,
    nbf: Option<u64>,
    exp: Option<u64>,
}

#[derive(Deserialize)]
struct Backup {
    value: String,
}

/// Reads the body of a set.
pub(super) fn new_secret(body: &[u8]) -> Result<config::Secret, VaultError> {
    let NewSecret { value, properties } = read(body)?;
    let value = value.ok_or_else(|| VaultError::bad_parameter("The request body has no 'value'"))?;
    if value.len() > LONGEST_VALUE {
        return Err(VaultError::bad_parameter(
            "The secret value is longer than 25600 bytes",
        ));
    }
    let mut secret = config::Secret::from(value.as_str());
    properties.checked()?.apply(&mut secret);
    Ok(secret)
}

/// Reads the body of a restore.
pub(super) fn backup(body: &[u8]) -> Result<Vec<u8>, VaultError> {
    let backup: Backup = read(body)?;
    BASE64URL
        .decode(backup.value)
        .map_err(|_| VaultError::no_backup())
}

impl Properties {
    /// Reads the body of an update.
    pub(super) fn read(body: &[u8]) -> Result<Properties, VaultError> {
        read::<Properties>(body)?.checked()
    }

    /// Changes what is given and leaves the rest; tags are replaced as a whole.
    pub(super) fn apply(self, secret: &mut config::Secret) {
        let Attributes { enabled, nbf, exp } = self.attributes.unwrap_or_default();
        secret.enabled = enabled.unwrap_or(secret.enabled);
        secret.not_before = nbf.or(secret.not_before);
        secret.expires = exp.or(secret.expires);
        secret.content_type = self.content_type.or_else(|| secret.content_type.take());
        if let Some(tags) = self.tags {
            secret.tags = tags;
        }
    }

    fn checked(self) -> Result<Properties, VaultError> {
        let long = |text: &str, most| text.chars().count() > most;
        if self
            .content_type
            .as_ref()
            .is_some_and(|text| long(text, LONGEST_CONTENT_TYPE))
        {
            return Err(VaultError::bad_parameter(
                "contentType is longer than 255 characters",
            ));
        }
        if self.tags.as_ref().is_some_and(|tags| tags.len() > MOST_TAGS) {
            return Err(VaultError::bad_parameter("There are more than 15 tags"));
        }
        let mut tags = self.tags.iter().flatten();
        if tags.any(|(name, value)| long(name, LONGEST_TAG) || long(value, LONGEST_TAG)) {
            return Err(VaultError::bad_parameter(
                "A tag's name or value is longer than 512 characters",
            ));
        }
        Ok(self)
    }
}

/// Says nothing of what was wrong where: that could be a part of a value.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, VaultError> {
    serde_json::from_slice(body)
        .map_err(|_| VaultError::bad_parameter("The request body is not valid JSON for this operation"))
}
