//! Cloud Shell: the token is that of the person who sits there.

use crate::config::Config;
use crate::error::Error;
use crate::exec::Context;
use crate::token::access_token::AccessToken;
use crate::wire::token::managed_identity::cloud_shell;

use super::super::Miss;
use super::Endpoint;

pub(super) struct CloudShell(Endpoint);

impl CloudShell {
    pub(super) fn new(config: &Config, url: &str) -> Result<Self, Error> {
        Endpoint::new(config, "Cloud Shell", "MSI_ENDPOINT", url).map(Self)
    }

    pub(super) async fn token(&self, context: &Context, resource: &str) -> Result<AccessToken, Miss> {
        let response = self.0.ask(context, &cloud_shell(&self.0.url, resource)).await?;
        self.0.settle(context, &response)
    }
}
