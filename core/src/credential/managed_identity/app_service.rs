//! App Service, Functions, Container Apps, and whatever else speaks their local endpoint: the forms of 2019 and
//! of 2017. That its variables are set is evidence enough: it is asked patiently and never passed over.

use std::time::Duration;

use crate::config::Config;
use crate::effect::Route;
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::exec::exchange::{Gate, Manner, exchange, is_transient};
use crate::sensitive::Sensitive;
use crate::throttle::limiter::LimitConfig;
use crate::time::Instant;
use crate::token::access_token::AccessToken;
use crate::wire::token::{IdentityRef, app_service_2017, app_service_2019, parse_failure, parse_grant};

use super::super::{Miss, entra::malformed};
use super::{NAME, Selection, failing, named, refused};

const PLATFORM: &str = "App Service's identity endpoint";

pub(super) struct AppService {
    endpoint: String,
    header: Sensitive,
    old_form: bool,
    manner: Manner,
    gate: Gate,
    give_up_after: Duration,
}

impl AppService {
    pub(super) fn new(config: &Config, endpoint: &str, header: &str, old_form: bool) -> Result<Self, Error> {
        let scheme = endpoint
            .parse::<http::Uri>()
            .ok()
            .and_then(|uri| uri.scheme_str().map(str::to_owned));
        if !matches!(scheme.as_deref(), Some("http" | "https")) {
            let text = format!("The managed identity endpoint {endpoint:?} is not a URL.");
            return Err(Error::new(ErrorKind::InvalidConfiguration, text).advise(
                "IDENTITY_ENDPOINT and MSI_ENDPOINT are set by the platform; remove them elsewhere.",
            ));
        }
        let retry = &config.options.retry;
        Ok(Self {
            endpoint: endpoint.to_owned(),
            header: config.environment.secret(header).unwrap_or_default(),
            old_form,
            manner: Manner::new(retry, Route::Direct, is_transient),
            gate: Gate::new(LimitConfig::UNLIMITED, Instant::default()),
            give_up_after: retry.operation_timeout,
        })
    }

    pub(super) async fn token(
        &self,
        context: &Context,
        selection: &Selection,
        resource: &str,
    ) -> Result<AccessToken, Miss> {
        let request = match (self.old_form, selection.as_ref()) {
            (true, IdentityRef::ClientId(id)) => {
                app_service_2017(&self.endpoint, &self.header, resource, Some(id))
            }
            (true, _) => app_service_2017(&self.endpoint, &self.header, resource, None),
            (false, id) => app_service_2019(&self.endpoint, &self.header, resource, id),
        };
        let give_up = context.instant() + self.give_up_after;
        let response = exchange(context, &self.manner, &self.gate, "", &request, give_up)
            .await
            .map_err(|error| Miss::of(named(error)))?;
        let failure = || parse_failure(&response.body);
        Err(match response.status {
            200 => {
                return parse_grant(&response.body)
                    .map(|grant| AccessToken::from_grant(grant, NAME, context.now()))
                    .map_err(|why| Miss::refused(malformed(NAME, PLATFORM, &why.0)));
            }
            // The endpoint says so in a sentence only; its one other 400 is a resource it cannot read.
            400 if failure().is_some_and(|f| f.description.contains("Identity found")) => {
                selection.not_attached("App Service knows none of that id")
            }
            401 | 403 => Miss::refused(
                refused(PLATFORM, response.status, failure().as_ref())
                    .advise("The endpoint did not accept IDENTITY_HEADER: restart the app, and do not copy the variable elsewhere."),
            ),
            status if is_transient(status) => Miss::of(failing(PLATFORM, status)),
            status => Miss::refused(refused(PLATFORM, status, failure().as_ref())),
        })
    }
}
