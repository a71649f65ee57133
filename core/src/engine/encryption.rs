//! How values and documents are encrypted, decrypted, and encrypted anew.

use std::sync::Arc;

use crate::crypto::jwe::{self, Header, Jwe};
use crate::encryption::document::Document;
use crate::encryption::{Pattern, Place, admit, altered, key_of, read};
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::json::{literal, valid};
use crate::operation::{Encrypted, EncryptionCall, Work};
use crate::sensitive::Sensitive;
use crate::vault::data_keys::{DataKeys, random};

/// One call under way.
pub(super) struct Encryption<'a> {
    pub(super) context: &'a Context,
    pub(super) keys: &'a Arc<DataKeys>,
    pub(super) call: &'a EncryptionCall,
}

impl Encryption<'_> {
    /// The text that comes out.
    pub(super) async fn perform(&self) -> Result<Sensitive, Error> {
        let call = self.call;
        let text = call.text.as_ref().ok_or_else(|| {
            let message = "Something is to be encrypted or decrypted, but no value was given.";
            Error::new(ErrorKind::InvalidArgument, message).advise("Give it as the operation's value.")
        })?;
        if call.work == Work::Rewrap {
            self.keys.follow(self.context, &call.key).await?;
        }
        match &call.subject {
            Encrypted::Value { field } => {
                let place = self.place(field.clone());
                match call.work {
                    Work::Encrypt => self.seal(&place, text, false).await,
                    work => {
                        let compact = utf8(text, "The encrypted value")?;
                        let jwe = read(compact)?;
                        admit(&jwe.header, &place)?;
                        match work {
                            Work::Rewrap => self.renew(text, &jwe, &place).await,
                            _ => self.open(&jwe).await,
                        }
                    }
                }
            }
            Encrypted::Document { fields } => self.document(text, fields.as_deref()).await,
        }
    }

    /// The document with the fields as they should be.
    async fn document(&self, text: &Sensitive, fields: Option<&[String]>) -> Result<Sensitive, Error> {
        let text = utf8(text, "The document")?;
        let document = match fields {
            Some(fields) => {
                let patterns: Vec<Pattern> = fields
                    .iter()
                    .map(|field| Pattern::parse(field))
                    .collect::<Result<_, _>>()?;
                Document::select(text, &patterns)?
            }
            None => Document::encrypted(text)?,
        };
        let mut values = Vec::with_capacity(document.fields().len());
        for field in document.fields() {
            let place = self.place(Some(field.name.clone()));
            let in_field = |error: Error| in_field(error, &field.name);
            let value = match self.call.work {
                Work::Encrypt => {
                    let raw = document.raw(field);
                    self.seal(&place, &raw.into(), true).await.map(as_literal)
                }
                work => {
                    let compact = document.compact(field).map_err(in_field)?;
                    let jwe = read(compact.expose_str().unwrap_or_default()).map_err(in_field)?;
                    admit(&jwe.header, &place).map_err(in_field)?;
                    match work {
                        Work::Rewrap => self.renew(&compact, &jwe, &place).await.map(as_literal),
                        _ => self
                            .open(&jwe)
                            .await
                            .and_then(|value| as_json(value, &jwe.header)),
                    }
                }
            };
            values.push(value.map_err(in_field)?);
        }
        Ok(document.with(&values))
    }

    fn place(&self, field: Option<String>) -> Place {
        Place {
            document: self.call.document.clone(),
            field,
        }
    }

    async fn seal(&self, place: &Place, value: &Sensitive, is_json: bool) -> Result<Sensitive, Error> {
        let key = self
            .keys
            .take(self.context, &self.call.key, self.call.data_key)
            .await?;
        let nonce = random(self.context, jwe::NONCE).await?;
        let header = place.header(&key.kid(), is_json);
        let sealed = jwe::seal(&header, (&key.plain, &key.encrypted), nonce.expose(), value);
        sealed.map(Sensitive::from).ok_or_else(|| {
            let text = "The value is longer than AES-GCM encrypts with one nonce (64 GiB).";
            Error::new(ErrorKind::InvalidArgument, text).advise("Encrypt it in parts.")
        })
    }

    async fn open(&self, jwe: &Jwe<'_>) -> Result<Sensitive, Error> {
        let key = key_of(&jwe.header, &self.call.key)?;
        let opened = self
            .keys
            .open(self.context, &key, &jwe.encrypted_key, self.call.data_key)
            .await?;
        jwe.open(&opened).ok_or_else(altered)
    }

    /// The value encrypted with the latest version of the key; as it is, if it already was.
    async fn renew(&self, compact: &Sensitive, jwe: &Jwe<'_>, place: &Place) -> Result<Sensitive, Error> {
        let key = self
            .keys
            .take(self.context, &self.call.key, self.call.data_key)
            .await?;
        if key_of(&jwe.header, &self.call.key)? == key.id {
            return Ok(compact.clone());
        }
        let value = self.open(jwe).await?;
        self.seal(place, &value, jwe.header.is_json).await
    }
}

fn utf8<'a>(text: &'a Sensitive, what: &str) -> Result<&'a str, Error> {
    text.expose_str().ok_or_else(|| {
        let message = format!("{what} is not UTF-8.");
        Error::new(ErrorKind::InvalidArgument, message).advise("Give text.")
    })
}

fn as_literal(compact: Sensitive) -> Sensitive {
    literal(compact.expose_str().unwrap_or_default())
}

/// What was in a field. A value that another program encrypted may be a text.
fn as_json(value: Sensitive, header: &Header) -> Result<Sensitive, Error> {
    let text = utf8(&value, "The value")?;
    match header.is_json {
        true if valid(text).is_ok() => Ok(value.clone()),
        true => Err(altered()),
        false => Ok(literal(text)),
    }
}

/// Which of the fields it was.
fn in_field(error: Error, name: &str) -> Error {
    error.with(|details| details.message = format!("Field {name}: {}", details.message))
}
