//! The operations that only secrets have.

use serde_json::{Value, json};

use super::body::{self, SecretChanges};
use super::bundle::Bundler;
use super::error::VaultError;
use super::objects::{Context, OwnOperations, ok};
use super::operation::SecretVerb;
use super::store::{Object, Version};
use crate::config::Secret;
use crate::message::{Reply, Request};

impl OwnOperations<SecretVerb> for Context<'_, Secret> {
    fn perform_own(&mut self, name: &str, verb: &SecretVerb, request: &Request) -> Result<Reply, VaultError> {
        match verb {
            SecretVerb::Get(version) => self.get(name, version.as_deref(), request),
            SecretVerb::Set => self.set(name, &request.body),
            SecretVerb::Update(version) => {
                let changes = SecretChanges::read(&request.body)?;
                self.update(name, version.as_deref(), |secret| changes.apply(secret))
            }
        }
    }
}

impl Context<'_, Secret> {
    fn get(&mut self, name: &str, version: Option<&str>, request: &Request) -> Result<Reply, VaultError> {
        if request.parameter("outContentType").is_some() {
            return Err(VaultError::not_emulated("outContentType"));
        }
        let bundler = self.bundler();
        let secret = self.store.active(name, self.now)?;
        let version = secret.version(version)?;
        if !version.content.properties.enabled {
            return Err(VaultError::secret_disabled());
        }
        ok(&with_value(&bundler, secret, version))
    }

    fn set(&mut self, name: &str, body: &[u8]) -> Result<Reply, VaultError> {
        let content = body::new_secret(body)?;
        let bundler = self.bundler();
        let secret = self.store.set(name, content, self.now)?;
        ok(&with_value(&bundler, secret, secret.latest()))
    }
}

fn with_value(bundler: &Bundler, secret: &Object<Secret>, version: &Version<Secret>) -> Value {
    let mut bundle = bundler.bundle(secret, version);
    bundle["value"] = json!(version.content.value);
    bundle
}
