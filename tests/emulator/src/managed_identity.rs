//! The identities of the machine, and the tokens that the platform keeps for them.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};

use crate::config::{Config, IdentityKind};
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

/// The attached identities and a token cache.
pub(crate) struct ManagedIdentities {
    attached: Vec<(IdentityKind, Principal)>,
    /// By client id and resource.
    cache: Option<Mutex<HashMap<(String, String), AccessToken>>>,
}

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
    pub(crate) fn token(&self, tokens: &Tokens, principal: &Principal, resource: &str) -> AccessToken {
        let issue = || tokens.issue(principal, resource, LIFETIME, false);
        let Some(cache) = &self.cache else { return issue() };
        let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (principal.client_id.clone(), resource.to_owned());
        match cache.get(&key) {
            Some(kept) if tokens.is_fresh(kept) => kept.clone(),
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
