//! The secrets or the keys of a vault with all their versions, and where each is between its creation and its end:
//!
//! ```text
//!            set, restore            delete                          purge, or the
//!  (nothing) ───────────▶ Active ──────────▶ Deleting ──▶ Deleted ── retention is over ──▶ Purging ──▶ (nothing)
//!                           ▲                                │
//!                           └───────── Recovering ◀──────────┘ recover
//! ```
//!
//! Deleting, Recovering and Purging last as long as the configuration says; nobody sees the object meanwhile, but its
//! name is taken. A vault without soft delete goes from Active to nothing at once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::clock::{Now, Transition};
use super::error::VaultError;
use super::object::Content;
use crate::config::SoftDelete;

const DAY_S: u64 = 86_400;

/// Objects of one kind by lower-cased name: names are compared without case, and shown as they were first written.
pub(super) struct Store<C> {
    pub(super) soft_delete: SoftDelete,
    objects: BTreeMap<String, Object<C>>,
}

#[derive(Clone)]
pub(super) struct Object<C> {
    pub(super) name: String,
    /// Oldest first; never empty.
    versions: Vec<Version<C>>,
    state: State,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Version<C> {
    pub(super) version: String,
    pub(super) content: C,
    pub(super) created: u64,
    pub(super) updated: u64,
}

#[derive(Clone, Copy)]
enum State {
    Active,
    Deleting(Deletion, Transition),
    Deleted(Deletion),
    Recovering(Transition),
    Purging(Transition),
}

/// When an object was deleted and will be purged, in seconds since 1970.
#[derive(Clone, Copy)]
pub(super) struct Deletion {
    pub(super) date: u64,
    pub(super) purge_date: u64,
}

impl<C: Content> Store<C> {
    pub(super) fn new(soft_delete: SoftDelete) -> Store<C> {
        Store {
            soft_delete,
            objects: BTreeMap::new(),
        }
    }

    /// Adds a version, and the object if it is new.
    pub(super) fn set(&mut self, name: &str, content: C, now: Now) -> Result<&Object<C>, VaultError> {
        if let Some(object) = self.find(name, now) {
            match object.state {
                State::Active => object.may_get(&content)?,
                State::Deleted(_) => return Err(VaultError::deleted_but_recoverable(C::KIND, name)),
                State::Deleting(..) | State::Purging(_) => {
                    return Err(VaultError::being_deleted(C::KIND, name));
                }
                State::Recovering(_) => return Err(VaultError::being_recovered(C::KIND, name)),
            }
        }
        let version = Version {
            version: Uuid::new_v4().simple().to_string(),
            content,
            created: now.unix,
            updated: now.unix,
        };
        let object = self.objects.entry(name.to_ascii_lowercase());
        let object = object.or_insert_with(|| Object {
            name: name.into(),
            versions: Vec::new(),
            state: State::Active,
        });
        object.versions.push(version);
        Ok(object)
    }

    /// Adds an object with all its versions, if its name is free.
    pub(super) fn restore(
        &mut self,
        name: &str,
        versions: Vec<Version<C>>,
        now: Now,
    ) -> Result<&Object<C>, VaultError> {
        if self.find(name, now).is_some() {
            return Err(VaultError::restore_conflict(C::KIND, name));
        }
        let object = Object {
            name: name.into(),
            versions,
            state: State::Active,
        };
        Ok(self.objects.entry(name.to_ascii_lowercase()).or_insert(object))
    }

    /// An object that is neither deleted nor on its way from or to that.
    pub(super) fn active(&mut self, name: &str, now: Now) -> Result<&mut Object<C>, VaultError> {
        self.find(name, now)
            .filter(|object| matches!(object.state, State::Active))
            .ok_or_else(|| VaultError::not_found(C::KIND, name))
    }

    pub(super) fn deleted(&mut self, name: &str, now: Now) -> Result<(&Object<C>, Deletion), VaultError> {
        match self.find(name, now) {
            Some(object) => match object.state {
                State::Deleted(deletion) => Ok((object, deletion)),
                _ => Err(VaultError::deleted_not_found(C::KIND, name)),
            },
            None => Err(VaultError::deleted_not_found(C::KIND, name)),
        }
    }

    /// Deletes an active object; without soft delete, for good.
    pub(super) fn delete(
        &mut self,
        name: &str,
        now: Now,
    ) -> Result<(Object<C>, Option<Deletion>), VaultError> {
        let soft_delete = self.soft_delete;
        let object = self.active(name, now)?;
        if object.latest().content.is_managed() {
            return Err(VaultError::managed("delete"));
        }
        let Some(days) = soft_delete.retention_days else {
            let object = self.objects.remove(&name.to_ascii_lowercase());
            return Ok((object.ok_or_else(|| VaultError::not_found(C::KIND, name))?, None));
        };
        let deletion = Deletion {
            date: now.unix,
            purge_date: now.unix + days * DAY_S,
        };
        object.state = State::Deleting(deletion, Transition::new(soft_delete.delete, now));
        Ok((object.clone(), Some(deletion)))
    }

    pub(super) fn recover(&mut self, name: &str, now: Now) -> Result<&Object<C>, VaultError> {
        let completion = self.soft_delete.recover;
        let object = self.changeable_deleted(name, now)?;
        object.state = State::Recovering(Transition::new(completion, now));
        Ok(object)
    }

    pub(super) fn purge(&mut self, name: &str, now: Now, vault_line: &str) -> Result<(), VaultError> {
        let soft_delete = self.soft_delete;
        let object = self.changeable_deleted(name, now)?;
        if soft_delete.purge_protection {
            return Err(VaultError::purge_protected(vault_line));
        }
        object.state = State::Purging(Transition::new(soft_delete.purge, now));
        Ok(())
    }

    pub(super) fn all_active(&mut self, now: Now) -> impl Iterator<Item = &Object<C>> {
        self.objects.retain(|_, object| object.settle(now));
        let objects = self.objects.values();
        objects.filter(|object| matches!(object.state, State::Active))
    }

    pub(super) fn all_deleted(&mut self, now: Now) -> impl Iterator<Item = (&Object<C>, Deletion)> {
        self.objects.retain(|_, object| object.settle(now));
        self.objects.values().filter_map(|object| match object.state {
            State::Deleted(deletion) => Some((object, deletion)),
            _ => None,
        })
    }

    /// A deleted object for an operation that has to wait for others to finish.
    fn changeable_deleted(&mut self, name: &str, now: Now) -> Result<&mut Object<C>, VaultError> {
        let object = self
            .find(name, now)
            .ok_or_else(|| VaultError::deleted_not_found(C::KIND, name))?;
        match object.state {
            State::Deleted(_) => Ok(object),
            State::Active => Err(VaultError::deleted_not_found(C::KIND, name)),
            State::Deleting(..) | State::Purging(_) => Err(VaultError::being_deleted(C::KIND, name)),
            State::Recovering(_) => Err(VaultError::being_recovered(C::KIND, name)),
        }
    }

    /// An object in whatever state, as this request finds it: called once a request, as requests count.
    fn find(&mut self, name: &str, now: Now) -> Option<&mut Object<C>> {
        let key = name.to_ascii_lowercase();
        if !self.objects.get_mut(&key)?.settle(now) {
            self.objects.remove(&key);
        }
        let object = self.objects.get_mut(&key)?;
        if let State::Deleting(_, transition) | State::Recovering(transition) | State::Purging(transition) =
            &mut object.state
        {
            transition.poll();
        }
        Some(object)
    }
}

impl<C: Content> Object<C> {
    pub(super) fn latest(&self) -> &Version<C> {
        self.versions
            .last()
            .expect("an object has a version from its first moment")
    }

    /// A version, or the latest one.
    pub(super) fn version(&self, version: Option<&str>) -> Result<&Version<C>, VaultError> {
        let index = self.index(version)?;
        Ok(&self.versions[index])
    }

    pub(super) fn version_mut(&mut self, version: Option<&str>) -> Result<&mut Version<C>, VaultError> {
        let index = self.index(version)?;
        Ok(&mut self.versions[index])
    }

    pub(super) fn versions(&self) -> &[Version<C>] {
        &self.versions
    }

    /// A certificate's secret gets its versions from the certificate.
    fn may_get(&self, content: &C) -> Result<(), VaultError> {
        if self.latest().content.is_managed() && !content.is_managed() {
            Err(VaultError::managed("set"))
        } else {
            Ok(())
        }
    }

    fn index(&self, version: Option<&str>) -> Result<usize, VaultError> {
        let Some(version) = version else {
            return Ok(self.versions.len() - 1);
        };
        self.versions
            .iter()
            .position(|known| known.version.eq_ignore_ascii_case(version))
            .ok_or_else(|| VaultError::not_found(C::KIND, &format!("{}/{version}", self.name)))
    }

    /// Lets happen what time has brought; false, if nothing is left of the object.
    fn settle(&mut self, now: Now) -> bool {
        match self.state {
            State::Deleting(deletion, transition) if transition.is_over(now) => {
                self.state = State::Deleted(deletion);
            }
            State::Recovering(transition) if transition.is_over(now) => self.state = State::Active,
            _ => {}
        }
        match self.state {
            State::Deleted(deletion) => now.unix < deletion.purge_date,
            State::Purging(transition) => !transition.is_over(now),
            _ => true,
        }
    }
}
