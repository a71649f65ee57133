//! A key vault's data plane. Each request passes, in this order: token, network, address, limits, permission,
//! existence, state.

mod backup;
mod body;
mod bundle;
mod challenge;
mod clock;
mod error;
mod key;
mod keys;
mod network;
mod object;
mod objects;
mod operation;
mod page;
mod permission;
mod right;
mod secrets;
mod store;
mod throttle;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::header::{
    CACHE_CONTROL, EXPIRES, HeaderName, PRAGMA, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use uuid::Uuid;

pub(crate) use self::backup::BackupKey;
use self::backup::Origin;
pub(crate) use self::challenge::Challenge;
use self::clock::{Clock, Now};
use self::error::VaultError;
use self::key::Key;
use self::object::Content;
use self::objects::Context;
use self::operation::Operation;
use self::permission::AccessControl;
use self::store::Store;
use self::throttle::Throttle;
use crate::cloud::Cloud;
use crate::config::{self, Access, Limits, Network, SoftDelete, TokenRefusal};
use crate::directory::{Directory, invalid};
use crate::message::{Answer, Reply, Request};
use crate::token::{Caller, Refusal, Tokens};

/// Local names of a vault end so; the port follows.
pub(crate) const LOCAL_DOMAIN: &str = "vault.localhost";

/// A vault: its contents and how it behaves, most of which may change while it runs.
pub(crate) struct Vault {
    pub(crate) name: String,
    pub(crate) tenant: String,
    pub(crate) cloud: Cloud,
    issuer: String,
    location: String,
    empty_pages: Vec<usize>,
    clock: Clock,
    backup_key: Arc<BackupKey>,
    network: Mutex<Network>,
    access: Mutex<AccessControl>,
    token_refusal: Option<TokenRefusal>,
    throttle: Mutex<Throttle>,
    secrets: Mutex<Store<config::Secret>>,
    keys: Mutex<Store<Key>>,
}

impl Vault {
    pub(crate) fn new(
        config: &config::Vault,
        directory: &Directory,
        backup_key: &Arc<BackupKey>,
    ) -> io::Result<Vault> {
        let tenant = directory.tenant_or_first(config.tenant.as_deref())?;
        if !is_vault_name(&config.name) {
            return Err(invalid(format!("{} cannot be the name of a vault", config.name)));
        }
        let vault = Vault {
            name: config.name.to_ascii_lowercase(),
            tenant: tenant.id.clone(),
            cloud: config.cloud.unwrap_or(tenant.cloud),
            issuer: tenant.cloud.issuer(&tenant.id),
            location: config.location.clone(),
            empty_pages: config.empty_pages.clone(),
            clock: Clock::default(),
            backup_key: backup_key.clone(),
            network: Mutex::new(config.network.clone()),
            access: Mutex::new(AccessControl::new(
                config.rbac,
                config.policy_refusal,
                config.access.clone(),
                Clock::default().now(),
            )),
            token_refusal: config.token_refusal,
            throttle: Mutex::new(Throttle::new(config.limits)),
            secrets: Mutex::new(Store::new(SoftDelete::default())),
            keys: Mutex::new(Store::new(SoftDelete::default())),
        };
        vault.set_soft_delete(config.soft_delete).map_err(invalid)?;
        for (name, secret) in &config.secrets {
            for value in config.earlier.get(name).into_iter().flatten() {
                let earlier = config::Secret {
                    value: value.clone(),
                    ..secret.clone()
                };
                vault.set_secret(name, earlier).map_err(invalid)?;
            }
            vault.set_secret(name, secret.clone()).map_err(invalid)?;
        }
        for (name, key) in &config.keys {
            vault.set_key(name, key.clone()).map_err(invalid)?;
        }
        for name in &config.deleted {
            let deleted = locked(&vault.secrets).delete(name, vault.clock.now());
            deleted.map_err(|error| invalid(error.message()))?;
        }
        Ok(vault)
    }

    pub(crate) fn answer(&self, tokens: &Tokens, request: &Request) -> Answer {
        let mut answer = match self.authenticate(tokens, request) {
            Err(challenge) => Answer::refused(challenge.reply()),
            Ok(caller) => {
                let reply = self
                    .operate(&caller, request)
                    .unwrap_or_else(|error| error.reply());
                Answer::granted(&caller.object_id, reply)
            }
        };
        answer.reply = self.with_usual_headers(answer.reply, request);
        answer
    }

    /// Sets a new version of a secret without asking who is there; gives its id, or why there cannot be one.
    pub(crate) fn set_secret(&self, name: &str, secret: config::Secret) -> Result<String, String> {
        self.set(&self.secrets, name, secret)
    }

    /// The same for a key.
    pub(crate) fn set_key(&self, name: &str, key: config::Key) -> Result<String, String> {
        let key = Key::new(key).map_err(|flaw| format!("key {name}: {flaw}"))?;
        self.set(&self.keys, name, key)
    }

    fn set<C: Content>(&self, store: &Mutex<Store<C>>, name: &str, content: C) -> Result<String, String> {
        if !operation::is_object_name(name) {
            let kind = C::KIND.title().to_lowercase();
            return Err(format!("{name} cannot be the name of a {kind}"));
        }
        let mut store = locked(store);
        let object = store.set(name, content, self.clock.now());
        let object = object.map_err(|error| error.message().to_owned())?;
        Ok(object.latest().version.clone())
    }

    /// Puts the vault's clock forward.
    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    pub(crate) fn set_soft_delete(&self, soft_delete: SoftDelete) -> Result<(), String> {
        match soft_delete.flaw() {
            Some(flaw) => Err(flaw),
            None => {
                locked(&self.secrets).soft_delete = soft_delete;
                locked(&self.keys).soft_delete = soft_delete;
                Ok(())
            }
        }
    }

    pub(crate) fn set_network(&self, network: Network) {
        *locked(&self.network) = network;
    }

    pub(crate) fn set_limits(&self, limits: Limits) {
        *locked(&self.throttle) = Throttle::new(limits);
    }

    pub(crate) fn set_access(&self, entries: Vec<Access>) {
        locked(&self.access).set(entries, self.clock.now());
    }

    pub(crate) fn with_usual_headers(&self, reply: Reply, request: &Request) -> Reply {
        let named = HeaderName::from_static;
        let request_id = request.header("x-ms-client-request-id").unwrap_or_default();
        let reply = reply
            .with(named("x-ms-keyvault-region"), &self.location)
            .with(named("x-ms-keyvault-service-version"), "1.9.2000.1")
            .with(
                named("x-ms-keyvault-network-info"),
                &network::info(locked(&self.network).seen(request.client)),
            )
            .with(named("x-ms-request-id"), &Uuid::new_v4().to_string())
            .with(STRICT_TRANSPORT_SECURITY, "max-age=31536000;includeSubDomains")
            .with(X_CONTENT_TYPE_OPTIONS, "nosniff")
            .with(CACHE_CONTROL, "no-cache")
            .with(PRAGMA, "no-cache")
            .with(EXPIRES, "-1");
        if request_id.is_empty() {
            reply
        } else {
            reply.with(named("x-ms-client-request-id"), request_id)
        }
    }

    fn authenticate(&self, tokens: &Tokens, request: &Request) -> Result<Caller, Challenge> {
        let token = request
            .bearer_token()
            .ok_or_else(|| Challenge::missing_token(self, request))?;
        let resource = self.resource(request);
        let checked = tokens.check(token, &resource, &self.issuer);
        checked
            .and_then(|caller| match self.token_refusal {
                Some(reason) => Err(Refusal::at_pleasure(reason, &resource)),
                None => Ok(caller),
            })
            .map_err(|refusal| Challenge::refused_token(self, request, &refusal))
    }

    fn operate(&self, caller: &Caller, request: &Request) -> Result<Reply, VaultError> {
        let now = self.clock.now();
        locked(&self.network).admit(request.client, caller, &self.vault_line())?;
        let operation = Operation::parse(request)?;
        locked(&self.throttle)
            .admit(operation.secret(), operation.creates(), now.instant)
            .map_err(VaultError::throttled)?;
        locked(&self.access).permit(caller, &operation, self, now)?;
        match &operation {
            Operation::Secrets(call) => {
                let mut store = locked(&self.secrets);
                self.context(&mut store, request, now).perform(call, request)
            }
            Operation::Keys(call) => {
                let mut store = locked(&self.keys);
                self.context(&mut store, request, now).perform(call, request)
            }
        }
    }

    fn context<'a, C>(&'a self, store: &'a mut Store<C>, request: &Request, now: Now) -> Context<'a, C> {
        Context {
            store,
            backup_key: &self.backup_key,
            origin: Origin {
                tenant: &self.tenant,
                location: &self.location,
            },
            empty_pages: &self.empty_pages,
            vault_line: self.vault_line(),
            base: self.base_url(request),
            now,
        }
    }

    /// The audience that tokens need: the cloud's, or on a local name the one that clients can verify.
    fn resource(&self, request: &Request) -> String {
        match request.hostname().strip_suffix(LOCAL_DOMAIN) {
            Some(_) => format!("https://{LOCAL_DOMAIN}{}", port_suffix(request)),
            None => self.cloud.vault_resource(),
        }
    }

    /// The vault's address as the client knows it, without the scheme's own port.
    fn base_url(&self, request: &Request) -> String {
        format!("https://{}{}", request.hostname(), port_suffix(request))
    }

    fn vault_line(&self) -> String {
        format!("{};location={}", self.name, self.location)
    }
}

fn is_vault_name(name: &str) -> bool {
    (3..=24).contains(&name.len())
        && name
            .bytes()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == b'-')
}

fn port_suffix(request: &Request) -> String {
    request.port().map(|port| format!(":{port}")).unwrap_or_default()
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
