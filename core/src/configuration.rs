//! The secrets of a vault as a configuration: which of them, under which keys.
//!
//! As ASP.NET Core's provider for Key Vault does it (`AddAzureKeyVault`): all secrets that are enabled, with `--` in their names
//! for a separator. A secret whose time is over is left out if the policy on validity refuses it.

use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::operation::LoadCall;
use crate::reference::document::object;
use crate::report::{Fared, Resolution, SECRETS};
use crate::secret::{Secret, SecretId, SecretName, SecretProperties};
use crate::sensitive::Sensitive;
use crate::time::UnixTime;

/// A secret that is meant.
pub(crate) struct Entry {
    key: String,
    pub(crate) id: SecretId,
    /// When it last changed, if the vault listed it; otherwise the caller named it.
    pub(crate) updated_on: Option<UnixTime>,
}

/// The secrets that the caller names, each once.
pub(crate) fn named(call: &LoadCall, names: &[SecretName]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for name in names {
        let id = id(call, name);
        if entries.iter().all(|entry| entry.id != id) {
            let key = call.key(name.as_str()).unwrap_or_else(|| name.to_string());
            entries.push(Entry {
                key,
                id,
                updated_on: None,
            });
        }
    }
    entries
}

/// Of the secrets that the vault lists those that are meant.
pub(crate) fn listed(call: &LoadCall, secrets: &[SecretProperties]) -> Vec<Entry> {
    let meant = secrets.iter().filter(|secret| secret.enabled != Some(false));
    let entry = |secret: &SecretProperties| {
        Some(Entry {
            key: call.key(&secret.name)?,
            id: id(call, &SecretName::parse(&secret.name).ok()?),
            // Of a secret without the attribute nothing tells that it has not changed.
            updated_on: Some(secret.updated_on.unwrap_or_else(|| UnixTime::from_millis(0))),
        })
    };
    meant.filter_map(entry).collect()
}

/// The JSON object of all values by their keys; or the error that names each that is missing.
pub(crate) fn configuration(
    entries: &[Entry],
    got: Vec<Result<(Secret, Duration), Error>>,
) -> Result<(Sensitive, Resolution), Error> {
    // What is gone since it was listed, or is not to be served, is not meant.
    let is_gone = |entry: &Entry, error: &Error| {
        entry.updated_on.is_some() && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::SecretDisabled)
    };
    let mut fared = Vec::with_capacity(entries.len());
    let mut values = Vec::with_capacity(entries.len());
    let mut errors = Vec::new();
    for (entry, got) in entries.iter().zip(&got) {
        match got {
            Ok((secret, _)) => values.push((&*entry.key, secret.value().clone())),
            Err(error) if is_gone(entry, error) => continue,
            Err(error) => errors.push(error.clone()),
        }
        fared.push(Fared::of(&entry.key, &entry.id, got));
    }
    let resolution = Resolution::of(SECRETS, fared);
    if !errors.is_empty() {
        return Err(resolution.error(SECRETS, &errors));
    }
    Ok((object(&values)?, resolution))
}

fn id(call: &LoadCall, name: &SecretName) -> SecretId {
    SecretId {
        vault: call.vault.clone(),
        name: name.clone(),
        version: None,
    }
}
