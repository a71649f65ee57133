//! Service Fabric: a local endpoint with a certificate of its own making, known by its thumbprint only.

use std::sync::{Mutex, MutexGuard, PoisonError};

use hashbrown::HashMap;
use hmac_sha256::Hash;

use crate::config::Config;
use crate::effect::Route;
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::operation::TokenRequest;
use crate::sensitive::Sensitive;
use crate::token::access_token::AccessToken;
use crate::verdict::Verdict;
use crate::wire::token::managed_identity::service_fabric;
use crate::wire::token::parse_failure;

use super::super::Miss;
use super::{Endpoint, Selection};

pub(super) struct ServiceFabric {
    endpoint: Endpoint,
    header: Sensitive,
    /// The hash of the token last given for each resource: how the endpoint is told that one was revoked. It keeps
    /// tokens itself, and would give the same one again.
    given: Mutex<HashMap<String, String>>,
}

impl ServiceFabric {
    pub(super) fn new(config: &Config, url: &str, thumbprint: &str) -> Result<Self, Error> {
        let refuse = |text: &str| {
            Err(Error::new(ErrorKind::InvalidConfiguration, text)
                .advise("The cluster sets it for each service; remove it elsewhere.")
                .diagnose(Verdict::IdentityEndpointInvalid))
        };
        let mut endpoint = Endpoint::new(config, "Service Fabric", "IDENTITY_ENDPOINT", url)?;
        if !endpoint
            .url
            .get(..8)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
        {
            return refuse("IDENTITY_ENDPOINT of Service Fabric does not begin with https://.");
        }
        let Some(sha1) = sha1(thumbprint) else {
            return refuse("IDENTITY_SERVER_THUMBPRINT is not a SHA-1 thumbprint of 40 hexadecimal digits.");
        };
        endpoint.manner.route = Route::Pinned(sha1);
        Ok(Self {
            endpoint,
            header: config.environment.secret("IDENTITY_HEADER").unwrap_or_default(),
            given: Mutex::default(),
        })
    }

    pub(super) async fn token(
        &self,
        context: &Context,
        request: &TokenRequest,
        resource: &str,
    ) -> Result<AccessToken, Miss> {
        let rejected = match request.claims {
            Some(_) => self.given().get(resource).cloned(),
            None => None,
        };
        let (url, cae) = (&self.endpoint.url, request.enable_cae);
        let question = service_fabric(url, &self.header, resource, rejected.as_deref(), cae);
        let response = self.endpoint.ask(context, &question).await?;
        if response.status == 404 && parse_failure(&response.body).is_some_and(|f| f.error == NOT_FOUND) {
            return Err(Selection::SYSTEM.not_attached(NOT_FOUND).advise(
                "Give the service an identity in the application manifest (ManagedIdentities, IdentityBindingPolicy), and deploy it anew.",
            ));
        }
        let token = self.endpoint.settle(context, &response)?;
        let hash = hexadecimal(&Hash::hash(token.token().expose()));
        self.remember(resource, hash);
        Ok(token)
    }

    fn remember(&self, resource: &str, hash: String) {
        let mut given = self.given();
        if given.len() >= MOST_RESOURCES {
            given.clear();
        }
        given.insert(resource.to_owned(), hash);
    }

    fn given(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of no more resources the last token is remembered; a program asks for a few.
const MOST_RESOURCES: usize = 128;

/// The code for a service without an identity.
const NOT_FOUND: &str = "ManagedIdentityNotFound";

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |four: u8| char::from_digit(four.into(), 16).unwrap_or_default();
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// A thumbprint as certificate tools print it: digits in any case, perhaps with blanks or colons.
fn sha1(text: &str) -> Option<[u8; 20]> {
    let digit = |c: char| c.to_digit(16).map(|digit| digit as u8);
    let digits: Option<Vec<u8>> = text
        .chars()
        .filter(|c| !matches!(c, ' ' | ':'))
        .map(digit)
        .collect();
    let digits = digits.filter(|digits| digits.len() == 40)?;
    let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect();
    bytes.try_into().ok()
}
