//! Values and fields of documents that are stored encrypted: what is bound to what, and what is wrong with those that do
//! not open. The envelope itself is [`jwe`](crate::crypto::jwe), the keys are [`data_keys`](crate::vault::data_keys).
//!
//! A value carries its document and field in its header, where nobody can alter them, so that it opens in its own place
//! only. What this does not tell is *who* encrypted it: whoever may use the public key can make a value of their own.

pub(crate) mod document;
mod pattern;

use crate::crypto::jwe::{Header, Jwe};
use crate::error::{Error, ErrorKind};
use crate::secret::SecretId;
use crate::verdict::Verdict;
use crate::wire::keys::parse_id;

pub(crate) use self::pattern::Pattern;

/// What a value belongs to. Stands in the open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The document, by a name that never changes, such as the record's id.
    pub(crate) document: Option<String>,
    /// Where in it.
    pub(crate) field: Option<String>,
}

impl Place {
    pub(crate) fn header(&self, kid: &str, is_json: bool) -> Header {
        Header {
            kid: Some(kid.to_owned()),
            is_json,
            document: self.document.clone(),
            field: self.field.clone(),
        }
    }
}

/// Refuses a value that was encrypted for another place.
pub(crate) fn admit(header: &Header, place: &Place) -> Result<(), Error> {
    if place.document != header.document {
        return Err(elsewhere(
            "document",
            "the name of the document that it was encrypted for",
        ));
    }
    if place.field != header.field {
        return Err(elsewhere("field", "the field that it was encrypted for"));
    }
    Ok(())
}

/// Reads an encrypted value.
pub(crate) fn read(compact: &str) -> Result<Jwe<'_>, Error> {
    Jwe::parse(compact).ok_or_else(|| {
        let text = "The value is not encrypted as nightlatch does it: it is no whole JWE with RSA-OAEP-256 and A256GCM.";
        failed(text, Verdict::NotAuthentic).advise(WHOLE)
    })
}

/// The version of `key` that an encrypted value names. One without a name, of another program, is for the version that
/// `key` has, or the latest.
pub(crate) fn key_of(header: &Header, key: &SecretId) -> Result<SecretId, Error> {
    let Some(kid) = &header.kid else {
        return Ok(key.clone());
    };
    match parse_id(kid) {
        Ok(named) if named.name_eq(key) && named.version.is_some() => Ok(named),
        _ => {
            let text = format!(
                "The value was encrypted for another key than {} of {}.",
                key.name, key.vault
            );
            Err(failed(text, Verdict::WrongKey)
                .advise("Decrypt it with the key that its header names (kid), if you trust where the value comes from."))
        }
    }
}

/// The error for a data key that does not open what it should.
pub(crate) fn altered() -> Error {
    let text = "The encrypted value was altered, or its data key is another one.";
    failed(text, Verdict::NotAuthentic).advise(WHOLE)
}

/// The error for a data key that the key does not open.
pub(crate) fn not_for(key: &SecretId) -> Error {
    let text = format!(
        "The data key of the value does not open with the key {} of {}.",
        key.name, key.vault
    );
    failed(text, Verdict::WrongKey)
        .advise("The value was encrypted for another key, or altered: take it from where it is whole, or use its key.")
}

const WHOLE: &str = "Take the value from where it is whole, such as a backup.";

fn elsewhere(what: &str, step: &str) -> Error {
    let text = format!("The encrypted value belongs to another {what}: it was moved or copied here.");
    failed(text, Verdict::BelongsElsewhere)
        .advise(format!("Give {step}, or put the value back where it was."))
}

fn failed(text: impl Into<String>, verdict: Verdict) -> Error {
    Error::new(ErrorKind::DecryptionFailed, text).diagnose(verdict)
}
