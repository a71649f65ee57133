//! Objects as JSON: bundles and the items of lists.

use serde_json::{Value, json};

use super::object::Content;
use super::store::{Deletion, Object, Version};
use crate::config::SoftDelete;

/// What a vault adds to its objects when it shows them.
pub(super) struct Bundler {
    /// The vault's address as the client knows it.
    pub(super) base: String,
    pub(super) soft_delete: SoftDelete,
}

impl Bundler {
    /// The latest version in a list, where ids have no version.
    pub(super) fn item<C: Content>(&self, object: &Object<C>) -> Value {
        let version = object.latest();
        let id = format!("{}/{}/{}", self.base, C::KIND.collection(), object.name);
        self.complete(version.content.item(&id), version)
    }

    /// One version in a list.
    pub(super) fn version<C: Content>(&self, object: &Object<C>, version: &Version<C>) -> Value {
        self.complete(version.content.item(&self.id(object, version)), version)
    }

    /// One version, as anything but a list shows it; without what is secret in it.
    pub(super) fn bundle<C: Content>(&self, object: &Object<C>, version: &Version<C>) -> Value {
        self.complete(version.content.bundle(&self.id(object, version)), version)
    }

    /// Adds what a deleted object has besides; nothing, if it was deleted for good.
    pub(super) fn deleted<C: Content>(
        &self,
        mut bundle: Value,
        object: &Object<C>,
        deletion: Option<Deletion>,
    ) -> Value {
        if let Some(deletion) = deletion {
            let collection = C::KIND.collection();
            bundle["recoveryId"] = json!(format!("{}/deleted{collection}/{}", self.base, object.name));
            bundle["deletedDate"] = json!(deletion.date);
            bundle["scheduledPurgeDate"] = json!(deletion.purge_date);
        }
        bundle
    }

    /// The identifier of a version.
    pub(super) fn id<C: Content>(&self, object: &Object<C>, version: &Version<C>) -> String {
        let collection = C::KIND.collection();
        format!("{}/{collection}/{}/{}", self.base, object.name, version.version)
    }

    fn complete<C: Content>(&self, mut object: Value, version: &Version<C>) -> Value {
        object["attributes"] = self.attributes(version);
        let tags = &version.content.properties().tags;
        if !tags.is_empty() {
            object["tags"] = json!(tags);
        }
        object
    }

    fn attributes<C: Content>(&self, version: &Version<C>) -> Value {
        let properties = version.content.properties();
        let mut attributes = json!({
            "enabled": properties.enabled,
            "created": version.created,
            "updated": version.updated,
            "recoveryLevel": self.soft_delete.recovery_level(),
        });
        if let Some(days) = self.soft_delete.retention_days {
            attributes["recoverableDays"] = json!(days);
        }
        if let Some(not_before) = properties.not_before {
            attributes["nbf"] = json!(not_before);
        }
        if let Some(expires) = properties.expires {
            attributes["exp"] = json!(expires);
        }
        version.content.more_attributes(&mut attributes);
        attributes
    }
}
