//! The secrets of a vault with all their versions.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock;
use crate::config;

/// Secrets by lower-cased name: names are compared without case, and shown as they were first written.
pub(super) struct Store {
    purge_protection: bool,
    secrets: BTreeMap<String, Secret>,
}

pub(super) struct Secret {
    pub(super) name: String,
    /// Oldest first; never empty.
    versions: Vec<Version>,
}

pub(super) struct Version {
    pub(super) version: String,
    pub(super) content: config::Secret,
    created: u64,
    updated: u64,
}

impl Store {
    pub(super) fn new(purge_protection: bool) -> Store {
        Store {
            purge_protection,
            secrets: BTreeMap::new(),
        }
    }

    /// Adds a version, and the secret if it is new.
    pub(super) fn set(&mut self, name: &str, content: config::Secret) -> &Version {
        let secret = self
            .secrets
            .entry(name.to_ascii_lowercase())
            .or_insert_with(|| Secret {
                name: name.into(),
                versions: Vec::new(),
            });
        let now = clock::now();
        secret.versions.push(Version {
            version: Uuid::new_v4().simple().to_string(),
            content,
            created: now,
            updated: now,
        });
        secret.latest()
    }

    pub(super) fn secret(&self, name: &str) -> Option<&Secret> {
        self.secrets.get(&name.to_ascii_lowercase())
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.secrets.values()
    }

    /// A bundle, or an item of a list: the same members, but never the value.
    pub(super) fn item(&self, id: String, version: &Version) -> Value {
        let content = &version.content;
        let mut item = json!({ "id": id, "attributes": self.attributes(version) });
        if let Some(content_type) = &content.content_type {
            item["contentType"] = json!(content_type);
        }
        if !content.tags.is_empty() {
            item["tags"] = json!(content.tags);
        }
        item
    }

    fn attributes(&self, version: &Version) -> Value {
        let mut attributes = json!({
            "enabled": version.content.enabled,
            "created": version.created,
            "updated": version.updated,
            "recoveryLevel": if self.purge_protection { "Recoverable" } else { "Recoverable+Purgeable" },
            "recoverableDays": 90,
        });
        if let Some(not_before) = version.content.not_before {
            attributes["nbf"] = json!(not_before);
        }
        if let Some(expires) = version.content.expires {
            attributes["exp"] = json!(expires);
        }
        attributes
    }
}

impl Secret {
    pub(super) fn latest(&self) -> &Version {
        self.versions
            .last()
            .expect("a secret has a version from its first moment")
    }

    pub(super) fn version(&self, version: &str) -> Option<&Version> {
        self.versions
            .iter()
            .find(|known| known.version.eq_ignore_ascii_case(version))
    }

    pub(super) fn versions(&self) -> impl Iterator<Item = &Version> {
        self.versions.iter()
    }
}
