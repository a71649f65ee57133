//! From a text with references to the text with the secrets: all of them, or an error that names each that is missing.

use std::collections::HashMap;
use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::identity::cloud::VaultDomain;
use crate::operation::{Form, ReferenceCall};
use crate::report::{Fared, REFERENCES, Resolution};
use crate::secret::{Secret, SecretId};
use crate::sensitive::Sensitive;

use super::document::{self, Finding, find, object};
use super::dotenv::{Variable, variables};
use super::{Reference, app_configuration};
#[cfg(feature = "formats")]
use super::{toml, yaml};

/// A secret that a reference asks for, and how old the copy is.
pub(crate) type Got = Result<(Secret, Duration), Error>;

/// A text whose references have been found.
pub(crate) struct Template<'a> {
    document: Document<'a>,
    found: Vec<Finding>,
}

enum Document<'a> {
    Value(&'a Sensitive),
    Text(document::Document<'a>),
    Env(Vec<Variable>),
}

/// Refuses a secret that is a reference again: App Service does not follow such a chain, and an application would take it
/// for the value.
pub(crate) fn usable(secret: Secret, id: &SecretId, domain: &VaultDomain) -> Result<Secret, Error> {
    if Reference::parse_value(secret.value(), domain) == Ok(None) {
        return Ok(secret);
    }
    let message = format!("The value of {id} is a Key Vault reference itself; these are not followed.");
    let advice = "Set the value that is meant, or refer to the other secret directly.";
    Err(Error::new(ErrorKind::InvalidConfiguration, message).advise(advice))
}

impl<'a> Template<'a> {
    /// Looks through the text of `call`. `domain` is where the vaults lie that are told by their name alone.
    pub(crate) fn of(call: &'a ReferenceCall, domain: &VaultDomain) -> Result<Self, Error> {
        let text = call.text.as_ref().ok_or_else(|| {
            let message = "References are to be resolved, but no text was given.";
            Error::new(ErrorKind::InvalidArgument, message).advise("Give the text as the operation's value.")
        })?;
        let whole = || {
            text.expose_str().ok_or_else(|| {
                let message = "The text with references is not UTF-8.";
                Error::new(ErrorKind::InvalidConfiguration, message).advise("Save it as UTF-8.")
            })
        };
        Ok(match call.form {
            Form::Value => {
                let reference = match call.content_type.as_deref() {
                    Some(kind) if app_configuration::is_reference(kind) => {
                        Reference::from_app_configuration(kind, whole()?, domain)
                    }
                    _ => Reference::parse_value(text, domain),
                };
                let name = String::new();
                let finding = reference.transpose().map(|reference| Finding { name, reference });
                Self {
                    document: Document::Value(text),
                    found: finding.into_iter().collect(),
                }
            }
            Form::Json => Self::of_text(document::Document::json(whole()?, domain)?),
            #[cfg(feature = "formats")]
            Form::Yaml => Self::of_text(yaml::document(whole()?, domain)?),
            #[cfg(feature = "formats")]
            Form::Toml => Self::of_text(toml::document(whole()?, domain)?),
            #[cfg(not(feature = "formats"))]
            Form::Yaml | Form::Toml => {
                let message = "This build of nightlatch reads no YAML and no TOML.";
                return Err(Error::new(ErrorKind::Unsupported, message)
                    .advise("Convert the text to JSON, or resolve the tree that a parser makes of it."));
            }
            Form::Env => {
                let variables = variables(whole()?)?;
                let values = variables.iter().map(|each| (&*each.name, &each.value));
                Self {
                    found: find(values, domain),
                    document: Document::Env(variables),
                }
            }
        })
    }

    fn of_text(document: document::Document<'a>) -> Self {
        Self {
            found: document.found().to_vec(),
            document: Document::Text(document),
        }
    }

    /// The secrets that are asked for, each once.
    pub(crate) fn secrets(&self) -> Vec<SecretId> {
        let mut secrets: Vec<SecretId> = Vec::new();
        for reference in self.found.iter().flat_map(|finding| &finding.reference) {
            if !secrets.contains(reference.id()) {
                secrets.push(reference.id().clone());
            }
        }
        secrets
    }

    /// How each reference fared.
    pub(crate) fn resolution(&self, got: &HashMap<SecretId, Got>) -> Resolution {
        let fared = |Finding { name, reference }: &Finding| match reference {
            Err(wrong) => Fared::invalid(name, &wrong.error_in(name)),
            Ok(reference) => match got.get(reference.id()) {
                Some(got) => Fared::of(name, reference.id(), got),
                None => Fared::of(name, reference.id(), &Err(not_asked())),
            },
        };
        Resolution::of(REFERENCES, self.found.iter().map(fared).collect())
    }

    /// The text with the secrets in place of their references. If one is missing there is no text, but an error that
    /// names each that is.
    pub(crate) fn fill(&self, got: &HashMap<SecretId, Got>) -> Result<Sensitive, Error> {
        let resolution = self.resolution(got);
        if !resolution.ok {
            return Err(resolution.error(REFERENCES, &self.errors(got)));
        }
        let value_of = |_: &Finding, reference: &Reference| secret(reference, got);
        match &self.document {
            Document::Value(plain) => match self.found.first() {
                Some(Finding { reference, .. }) => {
                    secret(reference.as_ref().map_err(|wrong| Error::from(*wrong))?, got)
                }
                None => Ok((*plain).clone()),
            },
            Document::Text(document) => document.fill(value_of),
            Document::Env(variables) => {
                let mut found = self.found.iter().peekable();
                let mut values = Vec::with_capacity(variables.len());
                for variable in variables {
                    let value = match found.next_if(|finding| finding.name == variable.name) {
                        Some(Finding { reference, name }) => {
                            let reference = reference.as_ref().map_err(|wrong| wrong.error_in(name))?;
                            secret(reference, got)?
                        }
                        None => variable.value.clone(),
                    };
                    values.push((&*variable.name, value));
                }
                object(&values)
            }
        }
    }

    /// What went wrong with each that is missing, in their order.
    fn errors(&self, got: &HashMap<SecretId, Got>) -> Vec<Error> {
        let error_of = |finding: &Finding| match &finding.reference {
            Err(wrong) => Some(wrong.error_in(&finding.name)),
            Ok(reference) => got.get(reference.id())?.as_ref().err().cloned(),
        };
        self.found.iter().filter_map(error_of).collect()
    }
}

fn secret(reference: &Reference, got: &HashMap<SecretId, Got>) -> Result<Sensitive, Error> {
    match got.get(reference.id()) {
        Some(Ok((secret, _))) => Ok(secret.value().clone()),
        Some(Err(error)) => Err(error.clone()),
        None => Err(not_asked()),
    }
}

fn not_asked() -> Error {
    Error::new(ErrorKind::Internal, "A reference was not asked for.")
}
