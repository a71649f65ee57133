//! The token endpoint: the client credentials grant with a secret or a federated assertion.

use serde_json::{Value, json};

use super::assertion;
use super::error::EntraError;
use crate::cloud::Cloud;
use crate::directory::Application;
use crate::message::{Answer, Reply, Request};
use crate::world::World;

const LIFETIME: u64 = 3_599;
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

pub(super) fn answer(world: &World, tenant: &str, request: &Request) -> Answer {
    grant(world, tenant, request).unwrap_or_else(|error| error.answer(request.header("client-request-id")))
}

fn grant(world: &World, tenant: &str, request: &Request) -> Result<Answer, EntraError> {
    let tenant = super::discovery::tenant(world, tenant, Cloud::of_authority(request.hostname()))?;
    let required = |name: &str| {
        request
            .field(name)
            .ok_or_else(|| EntraError::missing_parameter(name))
    };
    let grant_type = required("grant_type")?;
    if grant_type != "client_credentials" {
        return Err(EntraError::unsupported_grant(&grant_type));
    }
    let client_id = required("client_id")?;
    let application = world
        .directory
        .application(&client_id, &tenant.id)
        .ok_or_else(|| EntraError::unknown_application(&client_id, &tenant.id))?;
    let scope = required("scope")?;
    let resource = resource_of(&scope)?;
    if !world.directory.knows_resource(resource) {
        return Err(EntraError::unknown_resource(resource, &tenant.id));
    }
    authenticate(application, request)?;
    let continuous = understands_claims_challenges(request)?;
    let token = world
        .tokens
        .issue(&application.principal, resource, LIFETIME, continuous);
    let lifetime = token.expires - token.issued;
    let body = json!({
        "token_type": "Bearer",
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": token.text,
    });
    Ok(Answer::granted(
        &application.principal.object_id,
        Reply::json(200, &body).uncached(),
    ))
}

fn resource_of(scope: &str) -> Result<&str, EntraError> {
    let mut scopes = scope.split_whitespace();
    let (Some(only), None) = (scopes.next(), scopes.next()) else {
        return Err(EntraError::several_scopes(scope));
    };
    only.strip_suffix("/.default")
        .ok_or_else(|| EntraError::scope_without_default(only))
}

fn authenticate(application: &Application, request: &Request) -> Result<(), EntraError> {
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
    assertion::verify(&assertion, application)
}

/// Reads the `claims` parameter, in which a client says that it handles claims challenges.
fn understands_claims_challenges(request: &Request) -> Result<bool, EntraError> {
    let Some(claims) = request.field("claims") else {
        return Ok(false);
    };
    let claims: Value = serde_json::from_str(&claims).map_err(|_| EntraError::malformed_claims())?;
    let capabilities = claims["access_token"]["xms_cc"]["values"].as_array();
    Ok(capabilities.is_some_and(|values| {
        values
            .iter()
            .filter_map(Value::as_str)
            .any(|value| value.eq_ignore_ascii_case("cp1"))
    }))
}
