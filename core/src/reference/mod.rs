//! Key Vault references: texts in configuration that stand for a secret, such as
//! `@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/db-password)`.
//!
//! * [`parse`]: App Service's two forms
//! * [`app_configuration`]: App Configuration's form
//! * [`flaw`]: what is wrong with a text that means to be a reference
//! * [`document`]: the references among values, and in JSON
//! * [`yaml`], [`toml`]: those in texts of the two (feature `formats`)
//! * [`dotenv`]: the variables of an `.env` file
//! * [`mask`]: hides resolved secrets in what a program prints
//! * [`resolution`]: from a text with references to the text with the secrets
//!
//! A host that does not resolve references leaves their text as the value, and programs then use
//! `@Microsoft.KeyVault(…)` as a password. So nothing here hands a reference through: what is no valid one, and means to
//! be one, is an error.

pub mod app_configuration;
pub mod document;
pub mod dotenv;
pub mod flaw;
pub mod mask;
pub mod parse;
pub mod resolution;
#[cfg(feature = "formats")]
pub mod toml;
#[cfg(feature = "formats")]
pub mod yaml;

use std::fmt;

use crate::identity::cloud::VaultDomain;
use crate::secret::SecretId;
use crate::sensitive::Sensitive;

pub use flaw::{Flaw, InvalidSyntax};

/// A reference to a secret, perhaps to one version of it. Prints as App Service's form with `SecretUri`, which
/// [`parse`](Self::parse) reads again.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Reference(SecretId);

impl Reference {
    /// Reads a value of a configuration: a reference in one of App Service's forms, nothing if it is a plain value, and an
    /// error if it means to be a reference and is none.
    ///
    /// `domain` is where the vaults lie that are told by their name alone.
    pub fn parse(value: &str, domain: &VaultDomain) -> Result<Option<Self>, InvalidSyntax> {
        let parsed = parse::reference(value, domain);
        parsed
            .map(|id| id.map(Self))
            .map_err(|wrong| InvalidSyntax::new(value, wrong))
    }

    /// As [`parse`](Self::parse), for a value that may be a secret, or no text at all.
    pub fn parse_value(value: &Sensitive, domain: &VaultDomain) -> Result<Option<Self>, InvalidSyntax> {
        let broken = match std::str::from_utf8(value.expose()) {
            Ok(text) => return Self::parse(text, domain),
            Err(broken) => broken,
        };
        let text = std::str::from_utf8(&value.expose()[..broken.valid_up_to()]).unwrap_or_default();
        if parse::is_meant(value.expose()) || parse::reference(text, domain) != Ok(None) {
            return Err(InvalidSyntax::new(text, (Flaw::Character, text.len())));
        }
        Ok(None)
    }

    /// Reads a key-value of App Configuration: one whose content type says that it is a reference, or a value as
    /// [`parse`](Self::parse) reads it.
    pub fn from_app_configuration(
        content_type: &str,
        value: &str,
        domain: &VaultDomain,
    ) -> Result<Option<Self>, InvalidSyntax> {
        if !app_configuration::is_reference(content_type) {
            return Self::parse(value, domain);
        }
        match app_configuration::reference(value) {
            Ok(id) => Ok(Some(Self(id))),
            Err(wrong) => Err(InvalidSyntax::new(value, wrong)),
        }
    }

    /// The reference to a secret.
    pub fn new(id: SecretId) -> Self {
        Self(id)
    }

    /// The secret it stands for.
    pub fn id(&self) -> &SecretId {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The slash stands for the latest version, as in what the portal writes.
        let end = if self.0.version.is_none() { "/" } else { "" };
        write!(f, "{}SecretUri={}{end})", parse::PREFIX, self.0)
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
