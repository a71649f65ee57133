//! What vaults keep.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What every version of an object has, whatever it is.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Properties {
    /// What is disabled answers 403.
    pub enabled: bool,
    /// Free pairs.
    pub tags: BTreeMap<String, String>,
    /// `nbf`, in seconds since 1970; informational for secrets.
    pub not_before: Option<u64>,
    /// `exp`, in seconds since 1970; informational for secrets.
    pub expires: Option<u64>,
}

impl Default for Properties {
    fn default() -> Properties {
        Properties {
            enabled: true,
            tags: BTreeMap::new(),
            not_before: None,
            expires: None,
        }
    }
}

/// One version of a secret. In JSON a plain string is a value with defaults.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "SecretForm")]
pub struct Secret {
    /// The value.
    pub value: String,
    /// Free text.
    pub content_type: Option<String>,
    /// Whether a certificate of the same name owns it: it cannot be changed through the secrets API.
    pub certificate: bool,
    /// The rest.
    #[serde(flatten)]
    pub properties: Properties,
}

impl From<&str> for Secret {
    fn from(value: &str) -> Secret {
        Secret {
            value: value.into(),
            content_type: None,
            certificate: false,
            properties: Properties::default(),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum SecretForm {
    Value(String),
    Detailed(DetailedSecret),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DetailedSecret {
    value: String,
    content_type: Option<String>,
    #[serde(default)]
    certificate: bool,
    #[serde(flatten)]
    properties: Properties,
}

impl From<SecretForm> for Secret {
    fn from(form: SecretForm) -> Secret {
        match form {
            SecretForm::Value(value) => Secret::from(value.as_str()),
            SecretForm::Detailed(DetailedSecret {
                value,
                content_type,
                certificate,
                properties,
            }) => Secret {
                value,
                content_type,
                certificate,
                properties,
            },
        }
    }
}

/// One version of an RSA key: a given one, or a new one.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The private key as PEM: PKCS #8 or PKCS #1, without a password.
    #[serde(default)]
    pub pem: Option<String>,
    /// The private key as JWK.
    #[serde(default)]
    pub jwk: Option<Value>,
    /// The bits of a new key.
    #[serde(default = "smallest")]
    pub size: usize,
    /// What it is for.
    #[serde(default = "KeyOperation::usual")]
    pub key_ops: Vec<KeyOperation>,
    /// The rest.
    #[serde(flatten)]
    pub properties: Properties,
}

/// What a key is for, under the names of JWK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum KeyOperation {
    Encrypt,
    Decrypt,
    Sign,
    Verify,
    WrapKey,
    UnwrapKey,
    Import,
}

impl KeyOperation {
    pub(crate) fn usual() -> Vec<KeyOperation> {
        use KeyOperation::{Decrypt, Encrypt, Sign, UnwrapKey, Verify, WrapKey};
        vec![Encrypt, Decrypt, Sign, Verify, WrapKey, UnwrapKey]
    }
}

fn smallest() -> usize {
    2048
}
