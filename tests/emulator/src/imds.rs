//! The instance metadata service's token endpoint, as virtual machines see it.

use serde_json::json;

use crate::managed_identity::{ManagedIdentities, Selector, Unresolved};
use crate::message::{Answer, Reply, Request};
use crate::world::World;

const API_VERSIONS: [&str; 2] = ["2018-02-01", "2019-08-01"];
const TOKEN_PATH: [&str; 4] = ["metadata", "identity", "oauth2", "token"];

pub(crate) fn answer(world: &World, request: &Request) -> Answer {
    match token(world, &world.identities, request) {
        Ok(answer) => answer,
        Err(Failure {
            status,
            error,
            description,
        }) => {
            let body = json!({ "error": error, "error_description": description });
            Answer::refused(Reply::json(status, &body))
        }
    }
}

struct Failure {
    status: u16,
    error: &'static str,
    description: String,
}

fn token(world: &World, identities: &ManagedIdentities, request: &Request) -> Result<Answer, Failure> {
    if request.segments() != TOKEN_PATH {
        return Err(failure(404, "not_found", "The requested resource does not exist"));
    }
    if !request
        .header("metadata")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    {
        return Err(failure(
            400,
            "bad_request_102",
            "Required metadata header not specified",
        ));
    }
    if request.method != "GET" {
        return Err(failure(405, "method_not_allowed", "Only GET is allowed"));
    }
    let version = request.parameter("api-version").unwrap_or_default();
    if !API_VERSIONS.contains(&version.as_str()) {
        return Err(failure(
            400,
            "invalid_request",
            "The api-version is missing or not supported",
        ));
    }
    let resource = request
        .parameter("resource")
        .filter(|resource| !resource.is_empty())
        .ok_or_else(|| {
            failure(
                400,
                "invalid_request",
                "Required query variable 'resource' is missing",
            )
        })?;
    let principal = identities.find(&selector(request)).map_err(|unresolved| match unresolved {
        Unresolved::NotFound => failure(400, "invalid_request", "Identity not found"),
        Unresolved::Ambiguous => failure(
            400,
            "invalid_request",
            "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in \
             the token request",
        ),
    })?;
    if !world.directory.knows_resource(&resource) {
        let description = format!(
            "AADSTS500011: The resource principal named {resource} was not found in the tenant named {}.",
            principal.tenant
        );
        return Err(Failure {
            status: 400,
            error: "invalid_resource",
            description,
        });
    }
    let token = identities.token(&world.tokens, principal, &resource);
    let expires_in = token.expires.saturating_sub(crate::clock::now()).to_string();
    let body = json!({
        "access_token": token.text,
        "client_id": principal.client_id,
        "expires_in": expires_in,
        "expires_on": token.expires.to_string(),
        "ext_expires_in": expires_in,
        "not_before": token.issued.to_string(),
        "resource": resource,
        "token_type": "Bearer",
    });
    Ok(Answer::granted(&principal.object_id, Reply::json(200, &body)))
}

fn selector(request: &Request) -> Selector {
    let given = |name| request.parameter(name).filter(|value| !value.is_empty());
    given("client_id")
        .map(Selector::Client)
        .or_else(|| given("object_id").map(Selector::Object))
        .or_else(|| given("msi_res_id").map(Selector::Resource))
        .unwrap_or(Selector::Unnamed)
}

fn failure(status: u16, error: &'static str, description: &str) -> Failure {
    Failure {
        status,
        error,
        description: description.into(),
    }
}
