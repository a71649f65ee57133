//! How the references of a text fared.

use std::fmt::Write;

use serde::Serialize;

use super::ReferenceStatus;
use crate::verdict::Verdict;

/// How all references of a text fared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Resolution {
    /// Whether each is resolved.
    pub ok: bool,
    /// Each in its order.
    pub references: Vec<Fared>,
    /// The answer for people.
    pub text: String,
}

/// How a reference fared. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fared {
    /// Where it stands: the value's name, or its JSON Pointer (RFC 6901); empty for a single value.
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
    /// Of how each reference fared.
    pub(crate) fn of(references: Vec<Fared>) -> Self {
        let missing = references.iter().filter(|each| !each.is_resolved()).count();
        let mut text = match (missing, references.len()) {
            (0, 0) => "ok: there is no Key Vault reference.\n".to_owned(),
            (0, all) => format!("ok: Key Vault references resolved: {all}.\n"),
            (missing, all) => format!("trouble: {}\n", unresolved(missing, all)),
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
}

/// The sentence for several that are missing.
pub(crate) fn unresolved(missing: usize, all: usize) -> String {
    format!("Key Vault references that could not be resolved: {missing} of {all}.")
}

impl Fared {
    pub(crate) fn is_resolved(&self) -> bool {
        self.status == ReferenceStatus::Resolved
    }

    /// Where it stands, in a sentence.
    pub(crate) fn place(&self) -> String {
        match &*self.name {
            "" => String::new(),
            name => format!(" in {name}"),
        }
    }

    /// All that is told of it.
    pub(crate) fn lines(&self) -> String {
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
