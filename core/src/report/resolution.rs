//! How the secrets fared that a configuration asks for, by references in a text or by their names.

use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;

use super::ReferenceStatus;
use crate::error::{Attempt, Error, ErrorKind};
use crate::secret::{Secret, SecretId};
use crate::verdict::Verdict;

/// How the sentences call what was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Words {
    nothing: &'static str,
    done: &'static str,
    missing: &'static str,
    one: &'static str,
}

/// References in a text.
pub(crate) const REFERENCES: Words = Words {
    nothing: "there is no Key Vault reference",
    done: "Key Vault references resolved",
    missing: "Key Vault references that could not be resolved",
    one: "The Key Vault reference",
};

/// Secrets of a vault.
pub(crate) const SECRETS: Words = Words {
    nothing: "there is no secret to load",
    done: "Secrets loaded",
    missing: "Secrets that could not be loaded",
    one: "The secret",
};

/// How all of them fared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Resolution {
    /// Whether each is resolved.
    pub ok: bool,
    /// Each in its order.
    pub references: Vec<Fared>,
    /// The answer for people.
    pub text: String,
}

/// How one fared. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fared {
    /// Where it stands: the value's name, or its JSON Pointer (RFC 6901); empty for a single value. Of a secret that is loaded,
    /// its key.
    pub name: String,
    /// The identifier of the secret that it refers to; `null` if it is not valid.
    pub secret: Option<String>,
    /// App Service's word.
    pub status: ReferenceStatus,
    /// The version that was read.
    pub version: Option<String>,
    /// Seconds since it was read from the vault.
    pub age: Option<f64>,
    /// The verdict on what went wrong, when the facts tell.
    pub verdict: Option<Verdict>,
    /// What went wrong.
    pub message: Option<String>,
    /// The next step.
    pub advice: Option<String>,
}

impl Resolution {
    /// Of how each fared.
    pub(crate) fn of(words: Words, references: Vec<Fared>) -> Self {
        let missing = references.iter().filter(|each| !each.is_resolved()).count();
        let mut text = match (missing, references.len()) {
            (0, 0) => format!("ok: {}.\n", words.nothing),
            (0, all) => format!("ok: {}: {all}.\n", words.done),
            (missing, all) => format!("trouble: {}: {missing} of {all}.\n", words.missing),
        };
        for each in &references {
            text.push_str(&each.lines());
        }
        Self {
            ok: missing == 0,
            references,
            text,
        }
    }

    /// The error that names each that is missing; `errors` are theirs. What does not pass by itself decides what the caller
    /// can do.
    pub(crate) fn error(&self, words: Words, errors: &[Error]) -> Error {
        let missing: Vec<&Fared> = self
            .references
            .iter()
            .filter(|each| !each.is_resolved())
            .collect();
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
        let said = &lasting.details().message;
        let message = match &*missing {
            [one] if one.status == ReferenceStatus::InvalidSyntax => said.clone(),
            [one] => format!(
                "{}{} could not be resolved ({}): {said}",
                words.one,
                one.place(),
                one.status.name()
            ),
            several => {
                let lines: String = several.iter().map(|each| each.lines()).collect();
                let (missing, all) = (several.len(), self.references.len());
                format!("{}: {missing} of {all}.\n{}", words.missing, lines.trim_end())
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

impl Fared {
    /// The one at `name` that is to be read from `secret`.
    pub(crate) fn of(name: &str, secret: &SecretId, got: &Result<(Secret, Duration), Error>) -> Self {
        let mut fared = Self::new(name, Some(secret));
        match got {
            Ok((secret, age)) => {
                fared.status = ReferenceStatus::Resolved;
                fared.version.clone_from(&secret.properties().version);
                fared.age = Some(age.as_secs_f64());
            }
            Err(error) => fared.fail(ReferenceStatus::of(error, secret), error),
        }
        fared
    }

    /// The one at `name` that is no valid reference.
    pub(crate) fn invalid(name: &str, error: &Error) -> Self {
        let mut fared = Self::new(name, None);
        fared.fail(ReferenceStatus::InvalidSyntax, error);
        fared
    }

    fn new(name: &str, secret: Option<&SecretId>) -> Self {
        Self {
            name: name.to_owned(),
            secret: secret.map(ToString::to_string),
            status: ReferenceStatus::Initialized,
            version: None,
            age: None,
            verdict: None,
            message: None,
            advice: None,
        }
    }

    fn fail(&mut self, status: ReferenceStatus, error: &Error) {
        let details = error.details();
        self.status = status;
        self.verdict = details.help;
        self.message = Some(details.message.clone());
        self.advice.clone_from(&details.advice);
    }

    fn is_resolved(&self) -> bool {
        self.status == ReferenceStatus::Resolved
    }

    /// Where it stands, in a sentence.
    fn place(&self) -> String {
        match &*self.name {
            "" => String::new(),
            name => format!(" in {name}"),
        }
    }

    /// All that is told of it.
    fn lines(&self) -> String {
        let name = if self.name.is_empty() { "value" } else { &self.name };
        let secret = self.secret.as_deref().map(|secret| format!(" {secret}"));
        let mut lines = format!("  {name}: {}{}\n", self.status.name(), secret.unwrap_or_default());
        for (head, text) in [("", &self.message), ("To do: ", &self.advice)] {
            if let Some(text) = text {
                // Writing to a string cannot fail.
                let _ = writeln!(lines, "    {head}{}", text.replace('\n', "\n    "));
            }
        }
        lines
    }
}
