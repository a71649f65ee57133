//! The managed identity endpoint of a Service Fabric node. It has a port and a self-signed certificate of its own.

use serde_json::json;
use uuid::Uuid;

use super::imds::TOKEN_PATH;
use super::{Selector, Wish};
use crate::message::{Answer, Reply, Request};
use crate::world::World;

const API_VERSION: &str = "2019-07-01-preview";

pub(crate) fn answer(world: &World, request: &Request) -> Answer {
    token(world, request).unwrap_or_else(
        |Failure {
             status,
             code,
             message,
         }| {
            let correlation_id = Uuid::new_v4().to_string();
            let error = json!({ "correlationId": correlation_id, "code": code, "message": message });
            Answer::refused(Reply::json(status, &json!({ "error": error })))
        },
    )
}

struct Failure {
    status: u16,
    code: &'static str,
    message: &'static str,
}

fn token(world: &World, request: &Request) -> Result<Answer, Failure> {
    if request.segments() != TOKEN_PATH {
        return Err(failure(404, "ResourceNotFound", "There is nothing at this path."));
    }
    let secret = request.header("secret").ok_or_else(|| {
        failure(
            400,
            "SecretHeaderNotFound",
            "Secret is not found in the request headers.",
        )
    })?;
    if secret != world.hosts.identity_header {
        return Err(NOT_FOUND);
    }
    if request.parameter("api-version").as_deref() != Some(API_VERSION) {
        return Err(failure(
            400,
            "InvalidApiVersion",
            "The api-version is not supported. Supported version is '2019-07-01-preview'.",
        ));
    }
    let resource = request.parameter("resource").unwrap_or_default();
    if resource.is_empty() {
        return Err(failure(
            400,
            "ArgumentNullOrEmpty",
            "The parameter 'resource' should not be null or empty string.",
        ));
    }
    if !world.directory.knows_resource(&resource) {
        return Err(failure(
            500,
            "InternalServerError",
            "The token could not be acquired.",
        ));
    }
    let principal = world.identities.find(&Selector::Unnamed).map_err(|_| NOT_FOUND)?;
    let capabilities = request.parameter("xms_cc").unwrap_or_default();
    let wish = Wish {
        continuous: capabilities.split(',').any(|one| one.eq_ignore_ascii_case("cp1")),
        rejected: request.parameter("token_sha256_to_refresh"),
        ..Wish::of(&resource)
    };
    let token = world.identities.token(&world.tokens, principal, &wish);
    let body = json!({
        "token_type": "Bearer",
        "access_token": token.text,
        "expires_on": token.expires.to_string(),
        "resource": resource,
    });
    Ok(Answer::granted(&principal.object_id, Reply::json(200, &body)))
}

const NOT_FOUND: Failure = Failure {
    status: 404,
    code: "ManagedIdentityNotFound",
    message: "Managed identity not found for the specified application host.",
};

fn failure(status: u16, code: &'static str, message: &'static str) -> Failure {
    Failure {
        status,
        code,
        message,
    }
}
