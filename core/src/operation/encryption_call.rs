//! What is asked of values that are stored encrypted.

use std::time::Duration;

use crate::config::fields::{Field, Fields, Wrong, one_of};
use crate::error::{Error, ErrorKind};
use crate::secret::{SecretId, SecretName, SecretVersion, VaultUrl};
use crate::sensitive::Sensitive;

/// A value, or fields of a document, to be encrypted with a key of a vault, decrypted, or encrypted anew.
#[derive(Clone, Debug)]
pub struct EncryptionCall {
    /// What is to be done.
    pub work: Work,
    /// The RSA key. Its version encrypts, without one the latest; what decrypts is the version that a value names.
    pub key: SecretId,
    /// The value or document: [`Operation::with_value`](super::Operation::with_value).
    pub text: Option<Sensitive>,
    /// What it is.
    pub subject: Encrypted,
    /// The document that it is or belongs to, by a name that never changes. Stands in the open.
    pub document: Option<String>,
    /// How long a data key serves.
    pub data_key: DataKeyLimits,
}

/// What is to be done with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Encrypt it.
    Encrypt,
    /// Decrypt it.
    Decrypt,
    /// Encrypt it anew with the latest version of the key, unless it already is.
    Rewrap,
}

/// What is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encrypted {
    /// One value: any bytes.
    Value {
        /// Where in the document it belongs, if it does. Stands in the open.
        field: Option<String>,
    },
    /// Fields of a JSON document, each by itself; the rest of it stays as it is.
    Document {
        /// Which: JSON Pointers (RFC 6901), in which `*` stands for every item or member. If none are named, it is those that
        /// are encrypted; `encrypt` must be told.
        fields: Option<Vec<String>>,
    },
}

/// How long one data key encrypts, so that the vault is asked seldom, and little hangs on one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataKeyLimits {
    /// How many values, at most 2³² - 1: with random nonces no key may serve more (NIST SP 800-38D section 8.3).
    pub uses: u32,
    /// For how long; so long, too, a key that was decrypted is kept.
    pub ttl: Duration,
}

impl Default for DataKeyLimits {
    /// About a million values, and five minutes.
    fn default() -> Self {
        Self {
            uses: 1 << 20,
            ttl: Duration::from_secs(300),
        }
    }
}

/// The same with names that have not been checked.
pub(super) struct RawEncryption {
    work: Work,
    name: String,
    form: Form,
    fields: Option<Vec<String>>,
    field: Option<String>,
    document: Option<String>,
    data_key_uses: Option<u32>,
    data_key_ttl: Option<Duration>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Form {
    #[default]
    Value,
    Json,
}

impl RawEncryption {
    pub(super) fn of(work: Work, fields: &mut Fields<'_>) -> Self {
        Self {
            work,
            name: fields.required("name"),
            form: fields.or_default("form"),
            fields: fields.or_default("fields"),
            field: fields.or_default("field"),
            document: fields.or_default("document"),
            data_key_uses: fields.or_default("data_key_uses"),
            data_key_ttl: fields.or_default("data_key_ttl"),
        }
    }

    pub(super) fn checked(
        self,
        vault: VaultUrl,
        version: Option<SecretVersion>,
    ) -> Result<EncryptionCall, Error> {
        let subject = match self.form {
            Form::Value if self.fields.is_some() => {
                return Err(invalid(
                    "A single value has no fields.",
                    "Leave fields out, or set form to \"json\".",
                ));
            }
            Form::Json if self.field.is_some() => {
                return Err(invalid(
                    "The fields of a document are named by fields.",
                    "Leave field out.",
                ));
            }
            Form::Json if self.work == Work::Encrypt && self.fields.is_none() => {
                return Err(invalid(
                    "No field is named that is to be encrypted.",
                    "Name them by fields.",
                ));
            }
            Form::Value => Encrypted::Value { field: self.field },
            Form::Json => Encrypted::Document { fields: self.fields },
        };
        let usual = DataKeyLimits::default();
        let data_key = DataKeyLimits {
            uses: self.data_key_uses.unwrap_or(usual.uses),
            ttl: self.data_key_ttl.unwrap_or(usual.ttl),
        };
        if data_key.uses == 0 {
            return Err(invalid(
                "A data key that serves no value is none.",
                "Let data_key_uses be 1 or more.",
            ));
        }
        Ok(EncryptionCall {
            work: self.work,
            key: SecretId {
                vault,
                name: SecretName::parse(&self.name)?,
                version,
            },
            text: None,
            subject,
            document: self.document,
            data_key,
        })
    }
}

fn invalid(text: &str, advice: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, text).advise(advice)
}

impl Field for Form {
    fn read(raw: &str, path: &str) -> Result<Self, Wrong> {
        one_of(&[("value", Self::Value), ("json", Self::Json)], raw, path)
    }
}
