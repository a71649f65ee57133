//! Secrets as JSON: bundles and the items of lists.

use serde_json::{Value, json};

use super::store::{Deletion, Secret, Version};
use crate::config::SoftDelete;

/// What a vault adds to its secrets when it shows them.
pub(super) struct Bundler {
    /// The vault's address as the client knows it.
    pub(super) base: String,
    pub(super) soft_delete: SoftDelete,
}

impl Bundler {
    /// The latest version in a list of secrets, whose ids have no version.
    pub(super) fn item(&self, secret: &Secret) -> Value {
        let id = format!("{}/secrets/{}", self.base, secret.name);
        self.properties(id, secret.latest())
    }

    /// One version, without its value.
    pub(super) fn version(&self, secret: &Secret, version: &Version) -> Value {
        let id = format!("{}/secrets/{}/{}", self.base, secret.name, version.version);
        self.properties(id, version)
    }

    /// One version, as anything but a list shows it: a certificate's has the id of its key.
    pub(super) fn bundle(&self, secret: &Secret, version: &Version) -> Value {
        let mut bundle = self.version(secret, version);
        if version.content.certificate {
            let kid = format!("{}/keys/{}/{}", self.base, secret.name, version.version);
            bundle["kid"] = json!(kid);
        }
        bundle
    }

    pub(super) fn with_value(&self, secret: &Secret, version: &Version) -> Value {
        let mut bundle = self.bundle(secret, version);
        bundle["value"] = json!(version.content.value);
        bundle
    }

    /// Adds what a deleted secret has besides; nothing, if it was deleted for good.
    pub(super) fn deleted(&self, mut bundle: Value, secret: &Secret, deletion: Option<Deletion>) -> Value {
        if let Some(deletion) = deletion {
            bundle["recoveryId"] = json!(format!("{}/deletedsecrets/{}", self.base, secret.name));
            bundle["deletedDate"] = json!(deletion.date);
            bundle["scheduledPurgeDate"] = json!(deletion.purge_date);
        }
        bundle
    }

    fn properties(&self, id: String, version: &Version) -> Value {
        let content = &version.content;
        let mut properties = json!({ "id": id, "attributes": self.attributes(version) });
        if let Some(content_type) = &content.content_type {
            properties["contentType"] = json!(content_type);
        }
        if !content.tags.is_empty() {
            properties["tags"] = json!(content.tags);
        }
        if content.certificate {
            properties["managed"] = json!(true);
        }
        properties
    }

    fn attributes(&self, version: &Version) -> Value {
        let mut attributes = json!({
            "enabled": version.content.enabled,
            "created": version.created,
            "updated": version.updated,
            "recoveryLevel": self.soft_delete.recovery_level(),
        });
        if let Some(days) = self.soft_delete.retention_days {
            attributes["recoverableDays"] = json!(days);
        }
        if let Some(not_before) = version.content.not_before {
            attributes["nbf"] = json!(not_before);
        }
        if let Some(expires) = version.content.expires {
            attributes["exp"] = json!(expires);
        }
        attributes
    }
}
