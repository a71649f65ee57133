//! From a text with references to the text with the secrets: all of them, or an error that names each that is missing.

use std::collections::HashMap;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::error::{Attempt, Error, ErrorKind};
use crate::identity::cloud::VaultDomain;
use crate::json::push_text;
use crate::operation::{Form, ReferenceCall};
use crate::report::{Fared, ReferenceStatus as Status, Resolution, unresolved};
use crate::secret::{Secret, SecretId};
use crate::sensitive::Sensitive;

use super::document::{Finding, JsonDocument, find};
use super::dotenv::{Variable, variables};
use super::{Reference, app_configuration};

/// A secret that a reference asks for, and how old the copy is.
pub(crate) type Got = Result<(Secret, Duration), Error>;

/// A text whose references have been found.
pub(crate) struct Template<'a> {
    document: Document<'a>,
    found: Vec<Finding>,
}

enum Document<'a> {
    Value(&'a Sensitive),
    Json(JsonDocument<'a>),
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
            Error::new(ErrorKind::InvalidArgument, message)
        })?;
        let whole = || {
            text.expose_str().ok_or_else(|| {
                let message = "The text with references is not UTF-8.";
                Error::new(ErrorKind::InvalidConfiguration, message)
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
            Form::Json => {
                let document = JsonDocument::parse(whole()?, domain)?;
                Self {
                    found: document.found().to_vec(),
                    document: Document::Json(document),
                }
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
        let references: Vec<Fared> = self.found.iter().map(|finding| fared(finding, got)).collect();
        Resolution::of(references)
    }

    /// The text with the secrets in place of their references. If one is missing there is no text, but an error that
    /// names each that is.
    pub(crate) fn fill(&self, got: &HashMap<SecretId, Got>) -> Result<Sensitive, Error> {
        let resolution = self.resolution(got);
        if !resolution.ok {
            return Err(self.error(&resolution, got));
        }
        let value_of = |_: &Finding, reference: &Reference| secret(reference, got);
        match &self.document {
            Document::Value(plain) => match self.found.first() {
                Some(Finding { reference, .. }) => {
                    secret(reference.as_ref().map_err(|wrong| Error::from(*wrong))?, got)
                }
                None => Ok((*plain).clone()),
            },
            Document::Json(document) => document.fill(value_of),
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

    fn error(&self, resolution: &Resolution, got: &HashMap<SecretId, Got>) -> Error {
        let error_of = |finding: &Finding| match &finding.reference {
            Err(wrong) => Some(wrong.error_in(&finding.name)),
            Ok(reference) => got.get(reference.id())?.as_ref().err().cloned(),
        };
        let missing: Vec<&Fared> = resolution
            .references
            .iter()
            .filter(|each| !each.is_resolved())
            .collect();
        let errors: Vec<Error> = self.found.iter().filter_map(error_of).collect();
        // What does not pass by itself decides what the caller can do.
        let lasting = errors
            .iter()
            .find(|error| !error.is_transient())
            .or(errors.first());
        let lasting = lasting
            .cloned()
            .unwrap_or_else(|| Error::new(ErrorKind::Internal, ""));
        let attempts = missing.iter().map(|each| Attempt {
            source: each.name.clone(),
            ending: each.status.name(),
            reason: each.message.clone().unwrap_or_default(),
            duration_ms: 0,
        });
        let attempts = attempts.collect();
        let message = match &*missing {
            [one] if one.status == Status::InvalidSyntax => lasting.details().message.clone(),
            [one] => format!(
                "The Key Vault reference{} could not be resolved ({}): {}",
                one.place(),
                one.status.name(),
                lasting.details().message
            ),
            several => {
                let lines: String = several.iter().map(|each| each.lines()).collect();
                let all = resolution.references.len();
                format!("{}\n{}", unresolved(several.len(), all), lines.trim_end())
            }
        };
        let is_one = missing.len() == 1;
        lasting.with(|d| {
            d.message = message;
            d.attempts = attempts;
            if !is_one {
                // Each line tells its own.
                d.advice = None;
            }
        })
    }
}

fn fared(finding: &Finding, got: &HashMap<SecretId, Got>) -> Fared {
    let mut fared = Fared {
        name: finding.name.clone(),
        secret: None,
        status: Status::Initialized,
        version: None,
        age: None,
        verdict: None,
        message: None,
        advice: None,
    };
    let error = match &finding.reference {
        Err(wrong) => {
            fared.status = Status::InvalidSyntax;
            wrong.error_in(&finding.name)
        }
        Ok(reference) => {
            fared.secret = Some(reference.id().to_string());
            match got.get(reference.id()) {
                None => return fared,
                Some(Ok((secret, age))) => {
                    fared.status = Status::Resolved;
                    fared.version.clone_from(&secret.properties().version);
                    fared.age = Some(age.as_secs_f64());
                    return fared;
                }
                Some(Err(error)) => {
                    fared.status = Status::of(error, reference.id());
                    error.clone()
                }
            }
        }
    };
    let details = error.details();
    fared.verdict = details.help;
    fared.message = Some(details.message.clone());
    fared.advice.clone_from(&details.advice);
    fared
}

fn secret(reference: &Reference, got: &HashMap<SecretId, Got>) -> Result<Sensitive, Error> {
    match got.get(reference.id()) {
        Some(Ok((secret, _))) => Ok(secret.value().clone()),
        Some(Err(error)) => Err(error.clone()),
        None => Err(Error::new(ErrorKind::Internal, "A reference was not asked for.")),
    }
}

/// A JSON object of texts.
fn object(values: &[(&str, Sensitive)]) -> Result<Sensitive, Error> {
    // Large enough from the start: what grows leaves copies behind.
    let most = values
        .iter()
        .map(|(name, value)| (name.len() + value.len()) * 6 + 6);
    let mut out = Zeroizing::new(Vec::with_capacity(most.sum::<usize>() + 2));
    out.push(b'{');
    for (at, (name, value)) in values.iter().enumerate() {
        let value = value.expose_str().ok_or_else(|| {
            let message = format!("The secret for {name} is no text.");
            Error::new(ErrorKind::Unsupported, message)
        })?;
        if at > 0 {
            out.push(b',');
        }
        push_text(&mut out, name);
        out.push(b':');
        push_text(&mut out, value);
    }
    out.push(b'}');
    Ok(Sensitive::from(std::mem::take(&mut *out)))
}
