//! `AzurePipelinesCredential`: the token that Azure Pipelines signs for a service connection with workload identity
//! federation.

use crate::config::credential::Application;
use crate::config::{Config, Slot};
use crate::error::Error;
use crate::exec::Context;
use crate::operation::TokenRequest;
use crate::token::access_token::AccessToken;
use crate::verdict::Verdict;
use crate::wire::token::oidc::azure_pipelines;

use super::entra::Entra;
use super::oidc::{Oidc, Service, https};
use super::{Credential, Miss};

const NAME: &str = "AzurePipelinesCredential";
const URL: &str = "SYSTEM_OIDCREQUESTURI";

pub(crate) struct AzurePipelines(Oidc);

impl AzurePipelines {
    pub(crate) fn credential(
        config: &Config,
        application: &Application,
        (service_connection, token): (&str, Slot),
    ) -> Result<Credential, Error> {
        let token = config.secret(token)?;
        let entra = Entra::of(config, application)?;
        let Some(url) = config.environment.get(URL) else {
            let reason = format!("{NAME} authentication unavailable. Not set: {URL}.");
            return Ok(Credential::Absent {
                name: NAME,
                miss: Miss::unavailable(reason).diagnose(Verdict::NotConfigured)
                    .advise("Run in a job of Azure Pipelines, which sets the variable; this credential exists there only."),
            });
        };
        https(NAME, URL, url)?;
        let service = Service {
            name: NAME,
            service: "Azure Pipelines",
            request: azure_pipelines(url, &token, service_connection),
            field: "oidcToken",
            advice: "Map System.AccessToken into the step (`env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)`), and check the id of the service connection.",
        };
        Ok(Credential::AzurePipelines(Self(Oidc::new(
            config, entra, service,
        ))))
    }

    pub(crate) async fn token(&self, context: &Context, request: &TokenRequest) -> Result<AccessToken, Miss> {
        self.0.token(context, request).await
    }
}
