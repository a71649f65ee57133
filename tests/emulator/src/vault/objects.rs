//! The operations that secrets and keys have in common.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};

use super::backup::{BackupKey, Origin};
use super::body;
use super::bundle::Bundler;
use super::clock::Now;
use super::error::VaultError;
use super::object::Content;
use super::operation::{Call, Verb};
use super::page::page;
use super::store::Store;
use crate::message::{Reply, Request};

/// A backup fails above so many versions.
const MOST_VERSIONS_BACKED_UP: usize = 500;

/// What a permitted operation works with.
pub(super) struct Context<'a, C> {
    pub(super) store: &'a mut Store<C>,
    pub(super) backup_key: &'a BackupKey,
    pub(super) origin: Origin<'a>,
    pub(super) empty_pages: &'a [usize],
    pub(super) vault_line: String,
    pub(super) base: String,
    pub(super) now: Now,
}

/// What only one kind of objects can do.
pub(super) trait OwnOperations<V> {
    fn perform_own(&mut self, name: &str, verb: &V, request: &Request) -> Result<Reply, VaultError>;
}

impl<C: Content> Context<'_, C> {
    pub(super) fn perform<V>(&mut self, call: &Call<V>, request: &Request) -> Result<Reply, VaultError>
    where
        Self: OwnOperations<V>,
    {
        match call {
            Call::List => self.list(request),
            Call::ListDeleted => self.list_deleted(request),
            Call::Restore => self.restore(&request.body),
            Call::On(name, Verb::ListVersions) => self.list_versions(name, request),
            Call::On(name, Verb::Delete) => self.delete(name),
            Call::On(name, Verb::GetDeleted) => self.get_deleted(name),
            Call::On(name, Verb::Recover) => self.recover(name),
            Call::On(name, Verb::Purge) => self.purge(name),
            Call::On(name, Verb::Backup) => self.backup(name),
            Call::On(name, Verb::Own(verb)) => self.perform_own(name, verb, request),
        }
    }

    /// Changes a version, and shows it.
    pub(super) fn update(
        &mut self,
        name: &str,
        version: Option<&str>,
        change: impl FnOnce(&mut C),
    ) -> Result<Reply, VaultError> {
        let bundler = self.bundler();
        let object = self.store.active(name, self.now)?;
        let updated = object.version_mut(version)?;
        if updated.content.is_managed() {
            return Err(VaultError::managed("update"));
        }
        change(&mut updated.content);
        updated.updated = self.now.unix;
        ok(&bundler.bundle(object, object.version(version)?))
    }

    pub(super) fn bundler(&self) -> Bundler {
        Bundler {
            base: self.base.clone(),
            soft_delete: self.store.soft_delete,
        }
    }

    fn list(&mut self, request: &Request) -> Result<Reply, VaultError> {
        let bundler = self.bundler();
        let objects = self.store.all_active(self.now);
        let items = objects.map(|object| (object.name.to_ascii_lowercase(), bundler.item(object)));
        page(items.collect(), request, &self.base, self.empty_pages)
    }

    /// An unknown name has no versions, which is no error.
    fn list_versions(&mut self, name: &str, request: &Request) -> Result<Reply, VaultError> {
        let bundler = self.bundler();
        let mut items: Vec<(String, Value)> = Vec::new();
        if let Ok(object) = self.store.active(name, self.now) {
            for (index, version) in object.versions().iter().enumerate() {
                items.push((format!("{index:08}"), bundler.version(object, version)));
            }
        }
        page(items, request, &self.base, self.empty_pages)
    }

    fn delete(&mut self, name: &str) -> Result<Reply, VaultError> {
        let bundler = self.bundler();
        let (object, deletion) = self.store.delete(name, self.now)?;
        let bundle = bundler.bundle(&object, object.latest());
        ok(&bundler.deleted(bundle, &object, deletion))
    }

    fn get_deleted(&mut self, name: &str) -> Result<Reply, VaultError> {
        self.require_soft_delete("get")?;
        let bundler = self.bundler();
        let (object, deletion) = self.store.deleted(name, self.now)?;
        let bundle = bundler.bundle(object, object.latest());
        ok(&bundler.deleted(bundle, object, Some(deletion)))
    }

    fn list_deleted(&mut self, request: &Request) -> Result<Reply, VaultError> {
        self.require_soft_delete("list")?;
        let bundler = self.bundler();
        let objects = self.store.all_deleted(self.now);
        let items = objects.map(|(object, deletion)| {
            let item = bundler.deleted(bundler.item(object), object, Some(deletion));
            (object.name.to_ascii_lowercase(), item)
        });
        page(items.collect(), request, &self.base, self.empty_pages)
    }

    fn recover(&mut self, name: &str) -> Result<Reply, VaultError> {
        self.require_soft_delete("recover")?;
        let bundler = self.bundler();
        let object = self.store.recover(name, self.now)?;
        ok(&bundler.bundle(object, object.latest()))
    }

    fn purge(&mut self, name: &str) -> Result<Reply, VaultError> {
        self.require_soft_delete("purge")?;
        self.store.purge(name, self.now, &self.vault_line)?;
        Ok(Reply::empty(204))
    }

    fn backup(&mut self, name: &str) -> Result<Reply, VaultError> {
        let object = self.store.active(name, self.now)?;
        if object.latest().content.is_managed() {
            return Err(VaultError::managed("backup"));
        }
        if object.versions().len() > MOST_VERSIONS_BACKED_UP {
            return Err(VaultError::too_many_versions(MOST_VERSIONS_BACKED_UP));
        }
        let backup = self.backup_key.seal(object, &self.origin)?;
        ok(&json!({ "value": BASE64URL.encode(backup) }))
    }

    fn restore(&mut self, body: &[u8]) -> Result<Reply, VaultError> {
        let backup = self.backup_key.open(&body::backup(body)?, &self.origin)?;
        let bundler = self.bundler();
        let object = self.store.restore(&backup.name, backup.versions, self.now)?;
        ok(&bundler.bundle(object, object.latest()))
    }

    fn require_soft_delete(&self, operation: &str) -> Result<(), VaultError> {
        match self.store.soft_delete.retention_days {
            Some(_) => Ok(()),
            None => Err(VaultError::without_soft_delete(operation)),
        }
    }
}

pub(super) fn ok(bundle: &Value) -> Result<Reply, VaultError> {
    Ok(Reply::json(200, bundle))
}
