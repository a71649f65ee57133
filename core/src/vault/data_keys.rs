//! Data keys: 32 random bytes that encrypt values, and that only a key of a vault can read back.
//!
//! ```text
//!   encrypt ─▶ the data key at hand ─ used up, or its time over ─▶ random bytes ─▶ the key (GET) ─▶ wrapkey ─▶ kept
//!   decrypt ─▶ opened before? ─ no ─▶ unwrapkey ─▶ kept
//! ```
//!
//! One flight makes a data key, however many callers want one. They are kept in memory only, are wiped when they go, and
//! serve no longer than the caller's bound: so late may it be noticed that a key was disabled.
//!
//! Nonces come from the operating system each time, so the two halves of a fork may go on with the same data key.

use std::sync::{Arc, Mutex};

use hashbrown::HashMap;
use hmac_sha256::Hash;

use crate::cache::freshness::{Freshness, Life};
use crate::cache::store::{Bounds, Store};
use crate::crypto::jwe;
use crate::effect::{Effect, Outcome};
use crate::encryption::not_for;
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::exec::exchange::mismatched;
use crate::exec::{Context, SingleFlight};
use crate::operation::{DataKeyLimits, Kind, Subject};
use crate::secret::SecretId;
use crate::sensitive::Sensitive;
use crate::time::{Instant, UnixTime, millis};
use crate::verdict::Verdict;
use crate::wire::Malformed;
use crate::wire::keys::{Key, body, parse_key, parse_result};
use crate::wire::secrets::{Deed, deed};
use crate::wire::service_error::ENABLE_KEY;

use super::lock;
use super::secrets::Secrets;

/// Data keys of values that were decrypted: as many as a program reads at a time.
const OPENED: Bounds = Bounds {
    entries: 1000,
    bytes: 1 << 20,
};

pub(crate) struct DataKeys {
    secrets: Arc<Secrets>,
    current: Mutex<HashMap<SecretId, Current>>,
    making: SingleFlight<SecretId, DataKey>,
    opened: Store<[u8; 32], Sensitive>,
    opening: SingleFlight<[u8; 32], Sensitive>,
}

/// A data key, as it is and as the vault encrypted it.
#[derive(Clone)]
pub(crate) struct DataKey {
    /// The version of the key that encrypted it.
    pub(crate) id: SecretId,
    pub(crate) plain: Sensitive,
    pub(crate) encrypted: Sensitive,
}

/// The one that encrypts now.
struct Current {
    key: DataKey,
    made: Instant,
    uses: u32,
}

impl DataKey {
    /// The key's identifier, as headers name it.
    pub(crate) fn kid(&self) -> String {
        subject(&self.id).to_string()
    }
}

impl DataKeys {
    pub(crate) fn new(secrets: Arc<Secrets>) -> Self {
        Self {
            secrets,
            current: Mutex::default(),
            making: SingleFlight::default(),
            opened: Store::new(OPENED),
            opening: SingleFlight::default(),
        }
    }

    /// A data key for one value.
    pub(crate) async fn take(
        self: &Arc<Self>,
        context: &Context,
        id: &SecretId,
        limits: DataKeyLimits,
    ) -> Result<DataKey, Error> {
        loop {
            if let Some(key) = self.at_hand(id, limits, context.instant()) {
                return Ok(key);
            }
            let make = |_| {
                let (keys, context, id) = (Arc::clone(self), context.clone(), id.clone());
                async move { keys.make(&context, &id).await }
            };
            context.waits_for("a data key");
            self.making.run(id.clone(), make).await?;
        }
    }

    /// Forgets the data key at hand if the key has a newer version.
    pub(crate) async fn follow(self: &Arc<Self>, context: &Context, id: &SecretId) -> Result<(), Error> {
        let key = self.public(context, id).await?;
        let mut current = lock(&self.current);
        if current.get(id).is_some_and(|held| {
            held.key.id.version.as_ref().map(|v| v.as_str()) != Some(key.version.as_str())
        }) {
            current.remove(id);
        }
        Ok(())
    }

    fn at_hand(&self, id: &SecretId, limits: DataKeyLimits, now: Instant) -> Option<DataKey> {
        let mut current = lock(&self.current);
        let held = current.get_mut(id)?;
        // One that was made at this very moment serves once in any case.
        let is_over = held.uses >= limits.uses || held.uses > 0 && now.since(held.made) >= limits.ttl;
        if is_over {
            current.remove(id);
            return None;
        }
        held.uses += 1;
        Some(held.key.clone())
    }

    async fn make(&self, context: &Context, id: &SecretId) -> Result<DataKey, Error> {
        let key = self.public(context, id).await?;
        let version = Some(key.version.clone());
        let id_of_version = SecretId {
            version,
            ..id.clone()
        };
        if !key.enabled {
            return Err(disabled(&id_of_version));
        }
        if !key.is_rsa {
            return Err(unfit(&id_of_version));
        }
        let plain = random(context, jwe::KEY).await?;
        let asked = subject(&id_of_version);
        let wrapped = self
            .ask(
                context,
                (&deed::WRAP_KEY, &asked),
                Some(body(plain.expose())),
                parse_result,
            )
            .await;
        let encrypted = wrapped.map_err(|error| out_of_its_time(error, &key, context.now().unix))?;
        let key = DataKey {
            id: id_of_version,
            plain,
            encrypted,
        };
        let held = Current {
            key: key.clone(),
            made: context.instant(),
            uses: 0,
        };
        lock(&self.current).insert(id.clone(), held);
        Ok(key)
    }

    /// The data key that `id`, with its version, encrypted.
    pub(crate) async fn open(
        self: &Arc<Self>,
        context: &Context,
        id: &SecretId,
        encrypted: &Sensitive,
        limits: DataKeyLimits,
    ) -> Result<Sensitive, Error> {
        let digest = digest(id, encrypted);
        if let Some((entry, Freshness::Fresh)) = self.opened.get(&digest, context.instant()) {
            return Ok(entry.value.clone());
        }
        let ask = |_| {
            let (keys, context) = (Arc::clone(self), context.clone());
            let (id, encrypted) = (id.clone(), encrypted.clone());
            async move { keys.unwrap(&context, &id, &encrypted).await }
        };
        context.waits_for("a data key");
        let plain = self.opening.run(digest, ask).await?;
        let life = Life::new(limits.ttl, 0.0, Default::default());
        drop(
            self.opened
                .insert(digest, plain.clone(), jwe::KEY, life, context.instant()),
        );
        Ok(plain)
    }

    async fn unwrap(
        &self,
        context: &Context,
        id: &SecretId,
        encrypted: &Sensitive,
    ) -> Result<Sensitive, Error> {
        let version = match &id.version {
            Some(version) => version.clone(),
            None => self.public(context, id).await?.version,
        };
        let asked = subject(&SecretId {
            version: Some(version),
            ..id.clone()
        });
        let plain = self
            .ask(
                context,
                (&deed::UNWRAP_KEY, &asked),
                Some(body(encrypted.expose())),
                parse_result,
            )
            .await;
        match plain {
            Ok(plain) if plain.len() == jwe::KEY => Ok(plain),
            Ok(_) => Err(not_for(id)),
            // The vault does not understand what it is to decrypt.
            Err(error) if error.kind() == ErrorKind::InvalidArgument => Err(not_for(id)),
            Err(error) => Err(error),
        }
    }

    /// What is public of the key.
    async fn public(&self, context: &Context, id: &SecretId) -> Result<Key, Error> {
        self.ask(context, (&deed::GET_KEY, &subject(id)), None, parse_key)
            .await
    }

    /// One request about a key, and an event that tells of it.
    async fn ask<T>(
        &self,
        context: &Context,
        (deed, subject): (&Deed, &Subject),
        body: Option<Sensitive>,
        read: impl FnOnce(&Sensitive, &Subject) -> Result<T, Malformed>,
    ) -> Result<T, Error> {
        let began = context.instant();
        let told = self
            .secrets
            .client
            .ask(context, (deed, subject), body, read)
            .await;
        let (request_id, outcome) = match &told {
            Ok(told) => (told.request_id.clone(), "ok"),
            Err(error) => (error.details().request_id.clone(), error.kind().name()),
        };
        context.emit(Event::VaultOperation {
            operation: deed.op,
            vault: subject.vault.to_string(),
            name: subject.name.as_ref().map(ToString::to_string),
            version: subject
                .version
                .as_ref()
                .map(|version| version.as_str().to_owned()),
            request_id,
            duration_ms: millis(context.instant().since(began)),
            outcome,
        });
        told.map(|told| told.said)
    }
}

/// Random bytes of the host's, as many as were asked for.
pub(crate) async fn random(context: &Context, length: usize) -> Result<Sensitive, Error> {
    match context
        .insist(Effect::Random { length }, context.time_left())
        .await
    {
        Outcome::Random(bytes) if bytes.len() == length => Ok(bytes),
        Outcome::Failed(fault) => {
            let text = format!("This host gives no random numbers: {fault}.");
            Err(Error::new(ErrorKind::Unsupported, text)
                .advise("Nothing was encrypted. See that the operating system's random source works."))
        }
        Outcome::Random(_) => Err(Error::new(
            ErrorKind::Internal,
            "The host gave other random numbers than were asked for.",
        )),
        outcome => Err(mismatched(&outcome)),
    }
}

fn subject(id: &SecretId) -> Subject {
    Subject {
        kind: Kind::Key,
        ..Subject::from(id.clone())
    }
}

/// Names an encrypted data key: by the key, in any case, and what it encrypted.
fn digest(id: &SecretId, encrypted: &Sensitive) -> [u8; 32] {
    let mut hash = Hash::new();
    hash.update(subject(id).to_string().to_ascii_lowercase());
    hash.update([0]);
    hash.update(encrypted.expose());
    hash.finalize()
}

/// The service would encrypt with it, and then decrypt nothing.
fn disabled(id: &SecretId) -> Error {
    let text = format!(
        "{} is disabled: what it encrypts could not be decrypted.",
        subject(id)
    );
    Error::new(ErrorKind::Forbidden, text)
        .advise(ENABLE_KEY)
        .diagnose(Verdict::KeyDisabled)
}

fn unfit(id: &SecretId) -> Error {
    let text = format!(
        "{} is no RSA key; only these encrypt data keys with RSA-OAEP-256.",
        subject(id)
    );
    Error::new(ErrorKind::InvalidArgument, text)
        .advise("Use an RSA key, such as az keyvault key create --kty RSA makes.")
        .diagnose(Verdict::KeyUnfit)
}

/// A refusal without another reason, by a key whose time is over or has not come: what the vault says then is not documented.
fn out_of_its_time(error: Error, key: &Key, now: UnixTime) -> Error {
    let is_over = key.expires_on.is_some_and(|end| end <= now);
    let is_early = key.not_before.is_some_and(|start| now < start);
    let has_reason = error.details().help != Some(Verdict::ForbiddenUnexplained);
    if has_reason || !(is_over || is_early) {
        return error;
    }
    let what = if is_over {
        "has expired"
    } else {
        "is not valid yet"
    };
    let advice =
        format!("The key {what}: it still decrypts, and encrypts no more. Rotate it, or change its dates.");
    error.advise(advice).diagnose(Verdict::KeyOutsideItsTime)
}
