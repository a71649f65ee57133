//! The operations that only keys have.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde_json::json;

use super::body::{self, KeyChanges};
use super::error::VaultError;
use super::key::Key;
use super::objects::{Context, OwnOperations, ok};
use super::operation::KeyVerb;
use crate::config::KeyOperation;
use crate::message::{Reply, Request};

impl OwnOperations<KeyVerb> for Context<'_, Key> {
    fn perform_own(&mut self, name: &str, verb: &KeyVerb, request: &Request) -> Result<Reply, VaultError> {
        match verb {
            KeyVerb::Get(version) => self.get(name, version.as_deref()),
            KeyVerb::Create => self.set(name, body::new_key(&request.body)?),
            KeyVerb::Import => self.set(name, body::imported_key(&request.body)?),
            KeyVerb::Update(version) => {
                let changes = KeyChanges::read(&request.body)?;
                self.update(name, version.as_deref(), |key| changes.apply(key))
            }
            KeyVerb::Rotate => self.rotate(name),
            KeyVerb::Use(operation, version) => {
                self.apply(name, version.as_deref(), *operation, &request.body)
            }
        }
    }
}

impl Context<'_, Key> {
    /// A disabled key can be looked at.
    fn get(&mut self, name: &str, version: Option<&str>) -> Result<Reply, VaultError> {
        let bundler = self.bundler();
        let key = self.store.active(name, self.now)?;
        ok(&bundler.bundle(key, key.version(version)?))
    }

    fn set(&mut self, name: &str, content: Key) -> Result<Reply, VaultError> {
        let bundler = self.bundler();
        let key = self.store.set(name, content, self.now)?;
        ok(&bundler.bundle(key, key.latest()))
    }

    fn rotate(&mut self, name: &str) -> Result<Reply, VaultError> {
        let latest = &self.store.active(name, self.now)?.latest().content;
        let successor = latest.successor().ok_or_else(VaultError::internal)?;
        self.set(name, successor)
    }

    fn apply(
        &mut self,
        name: &str,
        version: Option<&str>,
        operation: KeyOperation,
        body: &[u8],
    ) -> Result<Reply, VaultError> {
        let bundler = self.bundler();
        let key = self.store.active(name, self.now)?;
        let version = key.version(version)?;
        let (algorithm, value) = body::used(body)?;
        let done = version
            .content
            .apply(operation, &algorithm, &value, self.now.unix)?;
        ok(&json!({ "kid": bundler.id(key, version), "value": BASE64URL.encode(done) }))
    }
}
