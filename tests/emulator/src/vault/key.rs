//! One version of a key, and what may be done with it when.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::VaultError;
use crate::config::{self, KeyOperation, Properties};
use crate::rsa::{Padding, RsaKey};

/// How far outside its dates a key can still be used, in seconds. Of Azure "a few minutes" is known.
const LEEWAY: u64 = 300;

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) rsa: RsaKey,
    pub(super) key_ops: Vec<KeyOperation>,
    pub(super) properties: Properties,
}

impl Key {
    /// Reads or makes a configured key; says why there cannot be one.
    pub(super) fn new(config: config::Key) -> Result<Key, &'static str> {
        let rsa = match (&config.pem, &config.jwk) {
            (Some(_), Some(_)) => return Err("either pem or jwk can be given"),
            (Some(pem), None) => RsaKey::from_pem(pem).ok_or("pem is not an unencrypted private RSA key"),
            (None, Some(jwk)) => RsaKey::from_jwk(jwk).ok_or("jwk is not a whole private RSA key"),
            (None, None) => RsaKey::generate(config.size).ok_or("size must be 2048, 3072 or 4096"),
        };
        Ok(Key {
            rsa: rsa?,
            key_ops: config.key_ops,
            properties: config.properties,
        })
    }

    /// Another key of the same sort; nothing if there is no such size. Dates are not handed on.
    pub(super) fn successor(&self) -> Option<Key> {
        Some(Key {
            rsa: RsaKey::generate(self.rsa.bits())?,
            key_ops: self.key_ops.clone(),
            properties: Properties {
                tags: self.properties.tags.clone(),
                ..Properties::default()
            },
        })
    }

    pub(super) fn public_jwk(&self, id: &str) -> Value {
        json!({
            "kid": id, "kty": "RSA", "key_ops": self.key_ops,
            "n": BASE64URL.encode(&self.rsa.n), "e": BASE64URL.encode(&self.rsa.e),
        })
    }

    /// Does an operation on a value, if the key's state allows it. What was encrypted can always be had back, unless
    /// the key is disabled, which again does not hinder what anybody can do with the public key.
    pub(super) fn apply(
        &self,
        operation: KeyOperation,
        algorithm: &str,
        value: &[u8],
        now: u64,
    ) -> Result<Vec<u8>, VaultError> {
        use KeyOperation::{Decrypt, Encrypt, UnwrapKey, WrapKey};
        let gives_back = match operation {
            Decrypt | UnwrapKey => true,
            Encrypt | WrapKey => false,
            _ => return Err(VaultError::not_emulated("keys that sign, verify or are imported")),
        };
        let Properties {
            enabled,
            not_before,
            expires,
            ..
        } = self.properties;
        if gives_back && !enabled {
            return Err(VaultError::key_disabled(operation));
        }
        if !gives_back && not_before.is_some_and(|date| now.saturating_add(LEEWAY) < date) {
            return Err(VaultError::key_not_yet_valid(operation));
        }
        if !gives_back && expires.is_some_and(|date| now >= date.saturating_add(LEEWAY)) {
            return Err(VaultError::key_expired(operation));
        }
        if !self.key_ops.contains(&operation) {
            return Err(VaultError::key_operation(operation));
        }
        let padding = Padding::of(algorithm).ok_or_else(|| VaultError::algorithm(algorithm))?;
        let done = if gives_back {
            self.rsa.decrypt(padding, value)
        } else {
            self.rsa.encrypt(padding, value)
        };
        done.ok_or_else(|| VaultError::bad_parameter("The parameter is incorrect."))
    }
}
