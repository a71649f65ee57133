//! What a vault keeps, and what its kinds do not share.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::key::Key;
use crate::config::{Properties, Secret};

/// A kind of objects: how it is addressed and spoken of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Secret,
    Key,
}

impl Kind {
    /// The collection, in paths and in messages.
    pub(super) fn collection(self) -> &'static str {
        match self {
            Kind::Secret => "secrets",
            Kind::Key => "keys",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Kind::Secret => "Secret",
            Kind::Key => "Key",
        }
    }

    /// The code of a refusal of what is not there.
    pub(super) fn not_found(self) -> &'static str {
        match self {
            Kind::Secret => "SecretNotFound",
            Kind::Key => "KeyNotFound",
        }
    }
}

/// The content of a version.
pub(super) trait Content: Clone + Serialize + DeserializeOwned {
    const KIND: Kind;

    fn properties(&self) -> &Properties;

    /// Whether something else owns it, so that it cannot be changed, deleted or backed up.
    fn is_managed(&self) -> bool {
        false
    }

    /// It in a list, but for attributes and tags.
    fn item(&self, id: &str) -> Value;

    /// It anywhere else, likewise; without what is secret in it.
    fn bundle(&self, id: &str) -> Value;

    /// Attributes besides those of every kind.
    fn more_attributes(&self, _attributes: &mut Value) {}
}

impl Content for Secret {
    const KIND: Kind = Kind::Secret;

    fn properties(&self) -> &Properties {
        &self.properties
    }

    fn is_managed(&self) -> bool {
        self.certificate
    }

    fn item(&self, id: &str) -> Value {
        let mut item = json!({ "id": id });
        if let Some(content_type) = &self.content_type {
            item["contentType"] = json!(content_type);
        }
        if self.certificate {
            item["managed"] = json!(true);
        }
        item
    }

    /// A certificate's has the id of its key.
    fn bundle(&self, id: &str) -> Value {
        let mut bundle = self.item(id);
        if self.certificate {
            bundle["kid"] = json!(id.replacen("/secrets/", "/keys/", 1));
        }
        bundle
    }
}

impl Content for Key {
    const KIND: Kind = Kind::Key;

    fn properties(&self) -> &Properties {
        &self.properties
    }

    fn item(&self, id: &str) -> Value {
        json!({ "kid": id })
    }

    fn bundle(&self, id: &str) -> Value {
        json!({ "key": self.public_jwk(id) })
    }

    fn more_attributes(&self, attributes: &mut Value) {
        attributes["exportable"] = json!(false);
        attributes["hsmPlatform"] = json!("0");
    }
}
