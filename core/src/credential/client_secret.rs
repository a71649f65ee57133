//! `ClientSecretCredential`: an application proves itself with a secret it stores. The weakest of the sources;
//! a federated or managed identity stores nothing.

use crate::config::credential::{Application, AuthorityOptions};
use crate::config::{Config, Slot};
use crate::error::Error;
use crate::exec::Context;
use crate::operation::TokenRequest;
use crate::sensitive::Sensitive;
use crate::token::access_token::AccessToken;

use super::entra::{Entra, Proof};
use super::{Credential, Miss};

pub(crate) struct ClientSecret {
    entra: Entra,
    secret: Sensitive,
    name: &'static str,
}

impl ClientSecret {
    /// From the options.
    pub(crate) fn credential(
        config: &Config,
        application: &Application,
        secret: Slot,
    ) -> Result<Credential, Error> {
        let parts = (
            application.tenant_id.as_str(),
            application.client_id.as_str(),
            config.secret(secret)?,
        );
        Self::new(config, &application.authority, "ClientSecretCredential", parts)
            .map(Credential::ClientSecret)
    }

    pub(crate) fn new(
        config: &Config,
        options: &AuthorityOptions,
        name: &'static str,
        (tenant, client_id, secret): (&str, &str, Sensitive),
    ) -> Result<Self, Error> {
        Ok(Self {
            entra: Entra::new(config, options, tenant, client_id)?,
            secret,
            name,
        })
    }

    pub(crate) async fn token(&self, context: &Context, request: &TokenRequest) -> Result<AccessToken, Miss> {
        let proof = Proof::Secret(&self.secret);
        self.entra.token(context, self.name, request, proof).await
    }
}
