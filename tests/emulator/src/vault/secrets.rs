//! The operations on secrets.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};

use super::backup::{BackupKey, Origin};
use super::body::{self, Properties};
use super::bundle::Bundler;
use super::clock::Now;
use super::error::VaultError;
use super::operation::Operation;
use super::page::page;
use super::store::Store;
use crate::message::{Reply, Request};

/// A backup fails above so many versions.
const MOST_VERSIONS_BACKED_UP: usize = 500;

/// What a permitted operation works with.
pub(super) struct Context<'a> {
    pub(super) store: &'a mut Store,
    pub(super) backup_key: &'a BackupKey,
    pub(super) origin: Origin<'a>,
    pub(super) empty_pages: &'a [usize],
    pub(super) vault_line: String,
    pub(super) base: String,
    pub(super) now: Now,
}

impl Context<'_> {
    pub(super) fn perform(&mut self, operation: &Operation, request: &Request) -> Result<Reply, VaultError> {
        match operation {
            Operation::Get { name, version } => self.get(name, version.as_deref(), request),
            Operation::Set { name } => self.set(name, &request.body),
            Operation::Update { name, version } => self.update(name, version.as_deref(), &request.body),
            Operation::List => self.list(request),
            Operation::ListVersions { name } => self.list_versions(name, request),
            Operation::Delete { name } => self.delete(name),
            Operation::GetDeleted { name } => self.get_deleted(name),
            Operation::ListDeleted => self.list_deleted(request),
            Operation::Recover { name } => self.recover(name),
            Operation::Purge { name } => self.purge(name),
            Operation::Backup { name } => self.backup(name),
            Operation::Restore => self.restore(&request.body),
        }
    }

    fn get(&mut self, name: &str, version: Option<&str>, request: &Request) -> Result<Reply, VaultError> {
        if request.parameter("outContentType").is_some() {
            return Err(VaultError::not_emulated("outContentType"));
        }
        let bundler = self.bundler();
        let secret = self.store.active(name, self.now)?;
        let version = secret.version(version)?;
        if !version.content.enabled {
            return Err(VaultError::secret_disabled());
        }
        ok(&bundler.with_value(secret, version))
    }

    fn set(&mut self, name: &str, body: &[u8]) -> Result<Reply, VaultError> {
        let content = body::new_secret(body)?;
        let bundler = self.bundler();
        let secret = self.store.set(name, content, self.now)?;
        ok(&bundler.with_value(secret, secret.latest()))
    }

    fn update(&mut self, name: &str, version: Option<&str>, body: &[u8]) -> Result<Reply, VaultError> {
        let properties = Properties::read(body)?;
        let bundler = self.bundler();
        let secret = self.store.active(name, self.now)?;
        let updated = secret.version_mut(version)?;
        if updated.content.certificate {
            return Err(VaultError::managed("update"));
        }
        properties.apply(&mut updated.content);
        updated.updated = self.now.unix;
        ok(&bundler.bundle(secret, secret.version(version)?))
    }

    fn list(&mut self, request: &Request) -> Result<Reply, VaultError> {
        let bundler = self.bundler();
        let secrets = self.store.all_active(self.now);
        let items = secrets.map(|secret| (secret.name.to_ascii_lowercase(), bundler.item(secret)));
        page(items.collect(), request, &self.base, self.empty_pages)
    }

    /// An unknown name has no versions, which is no error.
    fn list_versions(&mut self, name: &str, request: &Request) -> Result<Reply, VaultError> {
        let bundler = self.bundler();
        let mut items: Vec<(String, Value)> = Vec::new();
        if let Ok(secret) = self.store.active(name, self.now) {
            for (index, version) in secret.versions().iter().enumerate() {
                items.push((format!("{index:08}"), bundler.version(secret, version)));
            }
        }
        page(items, request, &self.base, self.empty_pages)
    }

    fn delete(&mut self, name: &str) -> Result<Reply, VaultError> {
        let bundler = self.bundler();
        let (secret, deletion) = self.store.delete(name, self.now)?;
        let bundle = bundler.bundle(&secret, secret.latest());
        ok(&bundler.deleted(bundle, &secret, deletion))
    }

    fn get_deleted(&mut self, name: &str) -> Result<Reply, VaultError> {
        self.require_soft_delete("get")?;
        let bundler = self.bundler();
        let (secret, deletion) = self.store.deleted(name, self.now)?;
        let bundle = bundler.bundle(secret, secret.latest());
        ok(&bundler.deleted(bundle, secret, Some(deletion)))
    }

    fn list_deleted(&mut self, request: &Request) -> Result<Reply, VaultError> {
        self.require_soft_delete("list")?;
        let bundler = self.bundler();
        let secrets = self.store.all_deleted(self.now);
        let items = secrets.map(|(secret, deletion)| {
            let item = bundler.deleted(bundler.item(secret), secret, Some(deletion));
            (secret.name.to_ascii_lowercase(), item)
        });
        page(items.collect(), request, &self.base, self.empty_pages)
    }

    fn recover(&mut self, name: &str) -> Result<Reply, VaultError> {
        self.require_soft_delete("recover")?;
        let bundler = self.bundler();
        let secret = self.store.recover(name, self.now)?;
        ok(&bundler.bundle(secret, secret.latest()))
    }

    fn purge(&mut self, name: &str) -> Result<Reply, VaultError> {
        self.require_soft_delete("purge")?;
        self.store.purge(name, self.now, &self.vault_line)?;
        Ok(Reply::empty(204))
    }

    fn backup(&mut self, name: &str) -> Result<Reply, VaultError> {
        let secret = self.store.active(name, self.now)?;
        if secret.latest().content.certificate {
            return Err(VaultError::managed("backup"));
        }
        if secret.versions().len() > MOST_VERSIONS_BACKED_UP {
            return Err(VaultError::too_many_versions(MOST_VERSIONS_BACKED_UP));
        }
        let backup = self.backup_key.seal(secret, &self.origin)?;
        ok(&json!({ "value": BASE64URL.encode(backup) }))
    }

    fn restore(&mut self, body: &[u8]) -> Result<Reply, VaultError> {
        let content = self.backup_key.open(&body::backup(body)?, &self.origin)?;
        let bundler = self.bundler();
        let secret = self.store.restore(&content.name, content.versions, self.now)?;
        ok(&bundler.bundle(secret, secret.latest()))
    }

    fn require_soft_delete(&self, operation: &str) -> Result<(), VaultError> {
        match self.store.soft_delete.retention_days {
            Some(_) => Ok(()),
            None => Err(VaultError::without_soft_delete(operation)),
        }
    }

    fn bundler(&self) -> Bundler {
        Bundler {
            base: self.base.clone(),
            soft_delete: self.store.soft_delete,
        }
    }
}

fn ok(bundle: &Value) -> Result<Reply, VaultError> {
    Ok(Reply::json(200, bundle))
}
