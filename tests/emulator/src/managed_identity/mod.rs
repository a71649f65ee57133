//! The identities of the machine, the tokens that its platform keeps for them, and every platform's way to give them.

pub(crate) mod app_service;
pub(crate) mod arc;
pub(crate) mod azure_ml;
pub(crate) mod cloud_shell;
pub(crate) mod imds;
pub(crate) mod service_fabric;

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};

use ring::digest::{SHA256, digest};

use crate::config::{self, Config, IdentityKind};
use crate::directory::Directory;
use crate::token::{AccessToken, Principal, Tokens};

const LIFETIME: u64 = 86_399;

/// How a request names an identity.
pub(crate) enum Selector {
    Unnamed,
    Client(String),
    Object(String),
    Resource(String),
}

/// Why a selector leads to no identity.
pub(crate) enum Unresolved {
    NotFound,
    Ambiguous,
}

/// What a token is wanted for.
pub(crate) struct Wish<'a> {
    resource: &'a str,
    /// Whether the client understands claims challenges.
    continuous: bool,
    /// The SHA-256 of a token that a resource rejected, in hexadecimal: it must not come again.
    rejected: Option<String>,
}

impl<'a> Wish<'a> {
    pub(crate) fn of(resource: &'a str) -> Wish<'a> {
        Wish {
            resource,
            continuous: false,
            rejected: None,
        }
    }

    fn refuses(&self, token: &AccessToken) -> bool {
        self.rejected.as_ref().is_some_and(|rejected| {
            hexadecimal(digest(&SHA256, token.text.as_bytes()).as_ref()).eq_ignore_ascii_case(rejected)
        })
    }
}

/// How the platforms behave.
pub(crate) struct Hosts {
    pub(crate) identity_header: String,
    pub(crate) app_service: config::AppService,
    pub(crate) azure_ml: config::AzureMl,
    pub(crate) cloud_shell: config::CloudShell,
    pub(crate) arc: arc::Agent,
}

impl Hosts {
    pub(crate) fn new(config: &Config) -> Hosts {
        Hosts {
            identity_header: config.identity_header.clone(),
            app_service: config.app_service,
            azure_ml: config.azure_ml,
            cloud_shell: config.cloud_shell.clone(),
            arc: arc::Agent::new(config.arc.clone()),
        }
    }
}

/// The attached identities and a token cache.
pub(crate) struct ManagedIdentities {
    attached: Vec<(IdentityKind, Principal)>,
    cache: Option<Mutex<HashMap<CacheKey, AccessToken>>>,
}

/// Client id, resource, and whether the client understands claims challenges.
type CacheKey = (String, String, bool);

impl ManagedIdentities {
    pub(crate) fn new(config: &Config, directory: &Directory) -> io::Result<ManagedIdentities> {
        let attached = config
            .identities
            .iter()
            .filter(|identity| identity.attached)
            .map(|identity| Ok((identity.kind, directory.managed_identity(identity)?)))
            .collect::<io::Result<_>>()?;
        Ok(ManagedIdentities {
            attached,
            cache: config.imds.caches.then(Mutex::default),
        })
    }

    /// Finds the identity; an unnamed one is the system-assigned, or else the only one there is.
    pub(crate) fn find(&self, selector: &Selector) -> Result<&Principal, Unresolved> {
        let named = |matches: &dyn Fn(&Principal) -> bool| {
            self.attached
                .iter()
                .map(|(_, principal)| principal)
                .find(|principal| matches(principal))
        };
        let found = match selector {
            Selector::Unnamed => return self.unnamed(),
            Selector::Client(id) => named(&|principal| principal.client_id.eq_ignore_ascii_case(id)),
            Selector::Object(id) => named(&|principal| principal.object_id.eq_ignore_ascii_case(id)),
            Selector::Resource(id) => named(&|principal| {
                principal
                    .resource_id
                    .as_ref()
                    .is_some_and(|own| own.eq_ignore_ascii_case(id))
            }),
        };
        found.ok_or(Unresolved::NotFound)
    }

    pub(crate) fn system_assigned(&self) -> Option<&Principal> {
        self.attached
            .iter()
            .find(|(kind, _)| *kind == IdentityKind::System)
            .map(|(_, principal)| principal)
    }

    /// A token from the cache, or a new one.
    pub(crate) fn token(&self, tokens: &Tokens, principal: &Principal, wish: &Wish<'_>) -> AccessToken {
        let issue = || tokens.issue(principal, wish.resource, LIFETIME, wish.continuous);
        let Some(cache) = &self.cache else { return issue() };
        let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (
            principal.client_id.clone(),
            wish.resource.to_owned(),
            wish.continuous,
        );
        match cache.get(&key) {
            Some(kept) if tokens.is_fresh(kept) && !wish.refuses(kept) => kept.clone(),
            _ => {
                let token = issue();
                cache.insert(key, token.clone());
                token
            }
        }
    }

    fn unnamed(&self) -> Result<&Principal, Unresolved> {
        match (self.system_assigned(), self.attached.as_slice()) {
            (Some(principal), _) => Ok(principal),
            (None, [(_, only)]) => Ok(only),
            (None, []) => Err(Unresolved::NotFound),
            (None, _) => Err(Unresolved::Ambiguous),
        }
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
