//! How an application proves who it is: with a secret or an assertion.

use super::assertion;
use super::error::EntraError;
use super::exchange::Exchange;
use crate::directory::Application;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Lets a public client pass, and any other that authenticates.
pub(super) fn identify(exchange: &Exchange<'_>, application: &Application) -> Result<(), EntraError> {
    let proves = ["client_secret", "client_assertion"].map(|name| exchange.request.field(name).is_some());
    match (application.public, proves.contains(&true)) {
        (true, true) => Err(EntraError::credential_of_public_client()),
        (true, false) => Ok(()),
        (false, false) => Err(EntraError::no_credential_of_confidential_client()),
        (false, true) => authenticate(exchange, application),
    }
}

pub(super) fn authenticate(exchange: &Exchange<'_>, application: &Application) -> Result<(), EntraError> {
    let request = exchange.request;
    if let Some(secret) = request.field("client_secret") {
        let known = application.secrets.contains(&secret);
        return known
            .then_some(())
            .ok_or_else(|| EntraError::wrong_secret(&application.principal.client_id));
    }
    let assertion = request
        .field("client_assertion")
        .ok_or_else(EntraError::no_credential)?;
    if request.field("client_assertion_type").as_deref() != Some(JWT_BEARER) {
        return Err(EntraError::missing_parameter("client_assertion_type"));
    }
    assertion::verify(&assertion, application, &exchange.realm, request)
}
