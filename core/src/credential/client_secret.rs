//! `ClientSecretCredential`: an application proves itself with a secret it stores. The weakest of the sources;
//! a federated or managed identity stores nothing.

use crate::config::{AuthorityOptions, Config};
use crate::error::Error;
use crate::exec::Context;
use crate::operation::TokenRequest;
use crate::sensitive::Sensitive;
use crate::token::access_token::AccessToken;
use crate::wire::token::client_secret_grant;

use super::Miss;
use super::entra::Entra;

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
        let grant = |ask: super::entra::Ask<'_>| {
            client_secret_grant(ask.url, ask.client_id, ask.scope, &self.secret, ask.claims)
        };
        self.entra.token(context, self.name, request, grant).await
    }
}
