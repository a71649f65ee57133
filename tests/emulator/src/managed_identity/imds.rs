//! The instance metadata service's token endpoint, as virtual machines see it.

use serde_json::{Value, json};

use crate::clock;
use crate::managed_identity::{Selector, Unresolved, Wish};
use crate::message::{Answer, Reply, Request};
use crate::token::{AccessToken, Principal};
use crate::world::World;

const API_VERSIONS: [&str; 2] = ["2018-02-01", "2019-08-01"];
pub(super) const TOKEN_PATH: [&str; 4] = ["metadata", "identity", "oauth2", "token"];

pub(crate) fn answer(world: &World, request: &Request) -> Answer {
    token(world, request).unwrap_or_else(|failure| failure.answer())
}

/// A refusal in the form that IMDS and the Azure Arc agent share.
pub(super) struct Failure {
    status: u16,
    error: &'static str,
    description: String,
}

fn token(world: &World, request: &Request) -> Result<Answer, Failure> {
    if request.segments() != TOKEN_PATH {
        return Err(failure(404, "not_found", "The requested resource does not exist"));
    }
    let resource = requested_resource(request, &API_VERSIONS)?;
    let principal = world.identities.find(&selector(request))?;
    known_resource(world, &resource, principal)?;
    let token = world
        .identities
        .token(&world.tokens, principal, &Wish::of(&resource));
    let mut body = body(&token, &resource);
    body["client_id"] = json!(principal.client_id);
    Ok(Answer::granted(&principal.object_id, Reply::json(200, &body)))
}

/// The resource of a request that has the right header, method and version.
pub(super) fn requested_resource(request: &Request, api_versions: &[&str]) -> Result<String, Failure> {
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
    if !api_versions.contains(&version.as_str()) {
        return Err(failure(
            400,
            "invalid_request",
            "The api-version is missing or not supported",
        ));
    }
    request
        .parameter("resource")
        .filter(|resource| !resource.is_empty())
        .ok_or_else(|| {
            failure(
                400,
                "invalid_request",
                "Required query variable 'resource' is missing",
            )
        })
}

pub(super) fn known_resource(world: &World, resource: &str, principal: &Principal) -> Result<(), Failure> {
    if world.directory.knows_resource(resource) {
        return Ok(());
    }
    let description = format!(
        "AADSTS500011: The resource principal named {resource} was not found in the tenant named {}.",
        principal.tenant
    );
    Err(failure(400, "invalid_resource", description))
}

/// A token in the form that IMDS, the Azure Arc agent and Cloud Shell share: every number is a string.
pub(super) fn body(token: &AccessToken, resource: &str) -> Value {
    let expires_in = token.expires.saturating_sub(clock::now()).to_string();
    json!({
        "access_token": token.text,
        "expires_in": expires_in,
        "expires_on": token.expires.to_string(),
        "ext_expires_in": expires_in,
        "not_before": token.issued.to_string(),
        "resource": resource,
        "token_type": "Bearer",
    })
}

pub(super) fn selector(request: &Request) -> Selector {
    let given = |name| request.parameter(name).filter(|value| !value.is_empty());
    given("client_id")
        .map(Selector::Client)
        .or_else(|| given("object_id").map(Selector::Object))
        .or_else(|| given("msi_res_id").map(Selector::Resource))
        .unwrap_or(Selector::Unnamed)
}

impl Failure {
    pub(super) fn answer(&self) -> Answer {
        let body = json!({ "error": self.error, "error_description": self.description });
        Answer::refused(Reply::json(self.status, &body))
    }
}

impl From<Unresolved> for Failure {
    fn from(unresolved: Unresolved) -> Failure {
        let description = match unresolved {
            Unresolved::NotFound => "Identity not found",
            Unresolved::Ambiguous => {
                "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity \
                 in the token request"
            }
        };
        failure(400, "invalid_request", description)
    }
}

pub(super) fn failure(status: u16, error: &'static str, description: impl Into<String>) -> Failure {
    Failure {
        status,
        error,
        description: description.into(),
    }
}
