//! App Service, Functions, Container Apps, and whatever else speaks their local endpoint: the form of 2019, and that
//! of 2017, which Azure Machine Learning speaks too. That its variables are set is evidence enough: it is asked
//! patiently and never passed over.

use crate::config::Config;
use crate::error::Error;
use crate::exec::Context;
use crate::sensitive::Sensitive;
use crate::token::access_token::AccessToken;
use crate::wire::token::managed_identity::{IdentityRef, app_service_2017, app_service_2019};
use crate::wire::token::parse_failure;

use super::super::Miss;
use super::{Endpoint, Selection};

pub(super) struct AppService {
    endpoint: Endpoint,
    header: Sensitive,
    form: Form,
}

enum Form {
    Of2019,
    Of2017 {
        /// The identity of a compute of Azure Machine Learning, which its endpoint does not choose by itself.
        default_client: Option<String>,
    },
}

impl AppService {
    /// The form of 2019.
    pub(super) fn new(config: &Config, url: &str) -> Result<Self, Error> {
        let platform = "App Service's identity endpoint";
        Ok(Self {
            endpoint: Endpoint::new(config, platform, "IDENTITY_ENDPOINT", url)?,
            header: config.environment.secret("IDENTITY_HEADER").unwrap_or_default(),
            form: Form::Of2019,
        })
    }

    /// The form of 2017.
    pub(super) fn old(config: &Config, url: &str) -> Result<Self, Error> {
        let platform = "The identity endpoint of 2017 (Azure Machine Learning, App Service)";
        let default_client = config.environment.get("DEFAULT_IDENTITY_CLIENT_ID");
        Ok(Self {
            endpoint: Endpoint::new(config, platform, "MSI_ENDPOINT", url)?,
            header: config.environment.secret("MSI_SECRET").unwrap_or_default(),
            form: Form::Of2017 {
                default_client: default_client.map(str::to_owned),
            },
        })
    }

    pub(super) async fn token(
        &self,
        context: &Context,
        selection: &Selection,
        resource: &str,
    ) -> Result<AccessToken, Miss> {
        let (url, header) = (&self.endpoint.url, &self.header);
        let (request, variable) = match (&self.form, selection.as_ref()) {
            (Form::Of2019, id) => (app_service_2019(url, header, resource, id), "IDENTITY_HEADER"),
            (Form::Of2017 { default_client }, id) => {
                let client = match id {
                    IdentityRef::ClientId(id) => Some(id),
                    _ => default_client.as_deref(),
                };
                (app_service_2017(url, header, resource, client), "MSI_SECRET")
            }
        };
        let response = self.endpoint.ask(context, &request).await?;
        match response.status {
            // The endpoint says so in a sentence only; its one other 400 is a resource it cannot read.
            400 if parse_failure(&response.body).is_some_and(|f| f.description.contains("Identity found")) => {
                Err(selection.not_attached("App Service knows none of that id"))
            }
            401 | 403 => Err(Miss::refused(
                self.endpoint
                    .refused(&response)
                    .advise(format!(
                        "The endpoint did not accept {variable}: restart the app, and do not copy the variable elsewhere."
                    )),
            )),
            _ => self.endpoint.settle(context, &response),
        }
    }
}
