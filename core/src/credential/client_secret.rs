//! `ClientSecretCredential`: an application proves itself with a secret it stores. The weakest of the sources;
//! a federated or managed identity stores nothing.

use crate::config::Config;
use crate::config::credential::AuthorityOptions;
use crate::error::Error;
use crate::exec::Context;
use crate::operation::TokenRequest;
use crate::sensitive::Sensitive;
use crate::token::access_token::AccessToken;

use super::Miss;
use super::entra::{Entra, Proof};

pub(crate) struct ClientSecret {
    entra: Entra,
    secret: Sensitive,
    name: &'static str,
}

impl ClientSecret {
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
