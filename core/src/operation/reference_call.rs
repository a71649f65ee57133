//! What is asked of texts that hold Key Vault references.

use std::time::Duration;

use crate::config::fields::{Field, Fields, Record, Wrong, one_of};
use crate::sensitive::Sensitive;

/// A text whose references are to be resolved.
#[derive(Clone, Debug, Default)]
pub struct ReferenceCall {
    /// The text, which may hold secrets: [`Operation::with_value`](super::Operation::with_value).
    pub text: Option<Sensitive>,
    /// What the text is.
    pub form: Form,
    /// App Configuration's content type of a single value, which says whether it is a reference in that form.
    pub content_type: Option<String>,
    /// The domain of vaults that are told by their name alone, such as `vault.azure.net`. If it is not given, it is that of
    /// the cloud which `AZURE_AUTHORITY_HOST` names, else of the public one.
    pub vault_domain: Option<String>,
    /// The oldest copy that may serve, also while a vault is away. If it is not given, the cache's own rules hold.
    pub max_age: Option<Duration>,
    /// Only tell how each of them fares: without an error, and without the text.
    pub report: bool,
}

/// What a text with references is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// One value of a configuration.
    #[default]
    Value,
    /// JSON, such as an object of values with their names.
    Json,
    /// YAML 1.2.
    Yaml,
    /// TOML 1.1.
    Toml,
    /// An `.env` file. The answer is a JSON object of its variables.
    Env,
}

impl Record for ReferenceCall {
    fn of(fields: &mut Fields<'_>) -> Self {
        Self {
            text: None,
            form: fields.or_default("form"),
            content_type: fields.or_default("content_type"),
            vault_domain: fields.or_default("vault_domain"),
            max_age: fields.or_default("max_age"),
            report: fields.or_default("report"),
        }
    }
}

impl Field for Form {
    fn read(raw: &str, path: &str) -> Result<Self, Wrong> {
        let names = [
            ("value", Self::Value),
            ("json", Self::Json),
            ("yaml", Self::Yaml),
            ("toml", Self::Toml),
            ("env", Self::Env),
        ];
        one_of(&names, raw, path)
    }
}
