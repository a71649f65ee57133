//! Backups: an object with all its versions, sealed so that only a vault of the same subscription (here: tenant) and
//! geography (here: region) can open it. The key lives as long as the emulator.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::error::Unspecified;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

use super::error::VaultError;
use super::object::{Content, Kind};
use super::store::{Object, Version};

/// What every backup begins with.
const FORM: &[u8] = b"nightlatch-emulator-backup-1.";

/// The key of all backups.
pub(crate) struct BackupKey {
    key: LessSafeKey,
    random: SystemRandom,
}

/// Where a backup was made, and can be restored.
pub(super) struct Origin<'a> {
    pub(super) tenant: &'a str,
    pub(super) location: &'a str,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Backup<C> {
    pub(super) name: String,
    pub(super) versions: Vec<Version<C>>,
}

impl BackupKey {
    pub(crate) fn generate() -> Result<BackupKey, Unspecified> {
        let random = SystemRandom::new();
        let mut key = [0; 32];
        random.fill(&mut key)?;
        Ok(BackupKey {
            key: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key)?),
            random,
        })
    }

    pub(super) fn seal<C: Content>(
        &self,
        object: &Object<C>,
        origin: &Origin<'_>,
    ) -> Result<Vec<u8>, VaultError> {
        let backup = Backup {
            name: object.name.clone(),
            versions: object.versions().to_vec(),
        };
        let mut nonce = [0; NONCE_LEN];
        let mut sealed = serde_json::to_vec(&backup).map_err(|_| VaultError::internal())?;
        self.random.fill(&mut nonce).map_err(|_| VaultError::internal())?;
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                origin.aad(C::KIND),
                &mut sealed,
            )
            .map_err(|_| VaultError::internal())?;
        Ok([FORM, &nonce, &sealed].concat())
    }

    pub(super) fn open<C: Content>(
        &self,
        backup: &[u8],
        origin: &Origin<'_>,
    ) -> Result<Backup<C>, VaultError> {
        let (nonce, sealed) = backup
            .strip_prefix(FORM)
            .and_then(|rest| rest.split_first_chunk::<NONCE_LEN>())
            .ok_or_else(VaultError::no_backup)?;
        let mut sealed = sealed.to_vec();
        let content = self
            .key
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                origin.aad(C::KIND),
                &mut sealed,
            )
            .map_err(|_| VaultError::foreign_backup())?;
        serde_json::from_slice(content).map_err(|_| VaultError::no_backup())
    }
}

impl Origin<'_> {
    /// A backup of a secret is none of a key.
    fn aad(&self, kind: Kind) -> Aad<String> {
        Aad::from(format!("{}/{}/{}", self.tenant, self.location, kind.collection()))
    }
}
