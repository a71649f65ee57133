//! The secrets of a vault with all their versions, and where each is between its creation and its end:
//!
//! ```text
//!            set, restore            delete                          purge, or the
//!  (nothing) ───────────▶ Active ──────────▶ Deleting ──▶ Deleted ── retention is over ──▶ Purging ──▶ (nothing)
//!                           ▲                                │
//!                           └───────── Recovering ◀──────────┘ recover
//! ```
//!
//! Deleting, Recovering and Purging last as long as the configuration says; nobody sees the secret meanwhile, but its
//! name is taken. A vault without soft delete goes from Active to nothing at once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::clock::{Now, Transition};
use super::error::VaultError;
use crate::config::{self, SoftDelete};

const DAY_S: u64 = 86_400;

/// Secrets by lower-cased name: names are compared without case, and shown as they were first written.
pub(super) struct Store {
    pub(super) soft_delete: SoftDelete,
    secrets: BTreeMap<String, Secret>,
}

#[derive(Clone)]
pub(super) struct Secret {
    pub(super) name: String,
    /// Oldest first; never empty.
    versions: Vec<Version>,
    state: State,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) version: String,
    pub(super) content: config::Secret,
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

/// When a secret was deleted and will be purged, in seconds since 1970.
#[derive(Clone, Copy)]
pub(super) struct Deletion {
    pub(super) date: u64,
    pub(super) purge_date: u64,
}

impl Store {
    pub(super) fn new(soft_delete: SoftDelete) -> Store {
        Store {
            soft_delete,
            secrets: BTreeMap::new(),
        }
    }

    /// Adds a version, and the secret if it is new.
    pub(super) fn set(
        &mut self,
        name: &str,
        content: config::Secret,
        now: Now,
    ) -> Result<&Secret, VaultError> {
        if let Some(secret) = self.find(name, now) {
            match secret.state {
                State::Active => secret.may_get(&content)?,
                State::Deleted(_) => return Err(VaultError::deleted_but_recoverable(name)),
                State::Deleting(..) | State::Purging(_) => return Err(VaultError::being_deleted(name)),
                State::Recovering(_) => return Err(VaultError::being_recovered(name)),
            }
        }
        let version = Version {
            version: Uuid::new_v4().simple().to_string(),
            content,
            created: now.unix,
            updated: now.unix,
        };
        let secret = self.secrets.entry(name.to_ascii_lowercase());
        let secret = secret.or_insert_with(|| Secret {
            name: name.into(),
            versions: Vec::new(),
            state: State::Active,
        });
        secret.versions.push(version);
        Ok(secret)
    }

    /// Adds a secret with all its versions, if its name is free.
    pub(super) fn restore(
        &mut self,
        name: &str,
        versions: Vec<Version>,
        now: Now,
    ) -> Result<&Secret, VaultError> {
        if self.find(name, now).is_some() {
            return Err(VaultError::restore_conflict(name));
        }
        let secret = Secret {
            name: name.into(),
            versions,
            state: State::Active,
        };
        Ok(self.secrets.entry(name.to_ascii_lowercase()).or_insert(secret))
    }

    /// A secret that is neither deleted nor on its way from or to that.
    pub(super) fn active(&mut self, name: &str, now: Now) -> Result<&mut Secret, VaultError> {
        self.find(name, now)
            .filter(|secret| matches!(secret.state, State::Active))
            .ok_or_else(|| VaultError::secret_not_found(name))
    }

    pub(super) fn deleted(&mut self, name: &str, now: Now) -> Result<(&Secret, Deletion), VaultError> {
        match self.find(name, now) {
            Some(secret) => match secret.state {
                State::Deleted(deletion) => Ok((secret, deletion)),
                _ => Err(VaultError::deleted_not_found(name)),
            },
            None => Err(VaultError::deleted_not_found(name)),
        }
    }

    /// Deletes an active secret; without soft delete, for good.
    pub(super) fn delete(&mut self, name: &str, now: Now) -> Result<(Secret, Option<Deletion>), VaultError> {
        let soft_delete = self.soft_delete;
        let secret = self.active(name, now)?;
        if secret.latest().content.certificate {
            return Err(VaultError::managed("delete"));
        }
        let Some(days) = soft_delete.retention_days else {
            let secret = self.secrets.remove(&name.to_ascii_lowercase());
            return Ok((secret.ok_or_else(|| VaultError::secret_not_found(name))?, None));
        };
        let deletion = Deletion {
            date: now.unix,
            purge_date: now.unix + days * DAY_S,
        };
        secret.state = State::Deleting(deletion, Transition::new(soft_delete.delete, now));
        Ok((secret.clone(), Some(deletion)))
    }

    pub(super) fn recover(&mut self, name: &str, now: Now) -> Result<&Secret, VaultError> {
        let completion = self.soft_delete.recover;
        let secret = self.changeable_deleted(name, now)?;
        secret.state = State::Recovering(Transition::new(completion, now));
        Ok(secret)
    }

    pub(super) fn purge(&mut self, name: &str, now: Now, vault_line: &str) -> Result<(), VaultError> {
        let soft_delete = self.soft_delete;
        let secret = self.changeable_deleted(name, now)?;
        if soft_delete.purge_protection {
            return Err(VaultError::purge_protected(vault_line));
        }
        secret.state = State::Purging(Transition::new(soft_delete.purge, now));
        Ok(())
    }

    pub(super) fn all_active(&mut self, now: Now) -> impl Iterator<Item = &Secret> {
        self.secrets.retain(|_, secret| secret.settle(now));
        let secrets = self.secrets.values();
        secrets.filter(|secret| matches!(secret.state, State::Active))
    }

    pub(super) fn all_deleted(&mut self, now: Now) -> impl Iterator<Item = (&Secret, Deletion)> {
        self.secrets.retain(|_, secret| secret.settle(now));
        self.secrets.values().filter_map(|secret| match secret.state {
            State::Deleted(deletion) => Some((secret, deletion)),
            _ => None,
        })
    }

    /// A deleted secret for an operation that has to wait for others to finish.
    fn changeable_deleted(&mut self, name: &str, now: Now) -> Result<&mut Secret, VaultError> {
        let secret = self
            .find(name, now)
            .ok_or_else(|| VaultError::deleted_not_found(name))?;
        match secret.state {
            State::Deleted(_) => Ok(secret),
            State::Active => Err(VaultError::deleted_not_found(name)),
            State::Deleting(..) | State::Purging(_) => Err(VaultError::being_deleted(name)),
            State::Recovering(_) => Err(VaultError::being_recovered(name)),
        }
    }

    /// A secret in whatever state, as this request finds it: called once a request, as requests count.
    fn find(&mut self, name: &str, now: Now) -> Option<&mut Secret> {
        let key = name.to_ascii_lowercase();
        if !self.secrets.get_mut(&key)?.settle(now) {
            self.secrets.remove(&key);
        }
        let secret = self.secrets.get_mut(&key)?;
        if let State::Deleting(_, transition) | State::Recovering(transition) | State::Purging(transition) =
            &mut secret.state
        {
            transition.poll();
        }
        Some(secret)
    }
}

impl Secret {
    pub(super) fn latest(&self) -> &Version {
        self.versions
            .last()
            .expect("a secret has a version from its first moment")
    }

    /// A version, or the latest one.
    pub(super) fn version(&self, version: Option<&str>) -> Result<&Version, VaultError> {
        let index = self.index(version)?;
        Ok(&self.versions[index])
    }

    pub(super) fn version_mut(&mut self, version: Option<&str>) -> Result<&mut Version, VaultError> {
        let index = self.index(version)?;
        Ok(&mut self.versions[index])
    }

    pub(super) fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// A certificate's secret gets its versions from the certificate.
    fn may_get(&self, content: &config::Secret) -> Result<(), VaultError> {
        if self.latest().content.certificate && !content.certificate {
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
            .ok_or_else(|| VaultError::secret_not_found(&format!("{}/{version}", self.name)))
    }

    /// Lets happen what time has brought; false, if nothing is left of the secret.
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
