//! The token endpoint inside App Service, Functions and Container Apps, in its two versions.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock;
use crate::config::DateText;
use crate::managed_identity::{Selector, Wish};
use crate::message::{Answer, Reply, Request};
use crate::token::{AccessToken, Principal};
use crate::world::World;

const UNKNOWN_IDENTITY: &str =
    "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.";

pub(crate) fn answer(world: &World, request: &Request) -> Answer {
    token(world, request).unwrap_or_else(|failure| {
        let Failure { status, message } = failure;
        let body =
            json!({ "statusCode": status, "message": message, "correlationId": Uuid::new_v4().to_string() });
        Answer::refused(Reply::json(status, &body))
    })
}

struct Failure {
    status: u16,
    message: &'static str,
}

/// The two published versions of the endpoint.
enum Version {
    Of2017,
    Of2019,
}

fn token(world: &World, request: &Request) -> Result<Answer, Failure> {
    let version = match request.parameter("api-version").as_deref() {
        Some("2017-09-01") => Version::Of2017,
        Some("2019-08-01") => Version::Of2019,
        _ => {
            return Err(Failure {
                status: 400,
                message: "The api-version is missing or not supported.",
            });
        }
    };
    if request.header(version.header()) != Some(&world.hosts.identity_header) {
        return Err(Failure {
            status: 401,
            message: "The identity header is missing or wrong.",
        });
    }
    let resource = request.parameter("resource").unwrap_or_default();
    if !world.directory.knows_resource(&resource) {
        return Err(Failure {
            status: 500,
            message: "An unexpected error occurred while fetching the AAD Token.",
        });
    }
    let principal = match version.selector(request) {
        Selector::Unnamed => world.identities.system_assigned(),
        named => world.identities.find(&named).ok(),
    };
    let principal = principal.ok_or(Failure {
        status: 400,
        message: UNKNOWN_IDENTITY,
    })?;
    let token = world
        .identities
        .token(&world.tokens, principal, &Wish::of(&resource));
    let body = version.body(
        &token,
        principal,
        &resource,
        world.hosts.app_service.expires_on_2017,
    );
    Ok(Answer::granted(&principal.object_id, Reply::json(200, &body)))
}

impl Version {
    fn header(&self) -> &'static str {
        match self {
            Version::Of2017 => "secret",
            Version::Of2019 => "x-identity-header",
        }
    }

    fn selector(&self, request: &Request) -> Selector {
        let given = |name| request.parameter(name).filter(|value| !value.is_empty());
        let named = match self {
            Version::Of2017 => given("clientid").map(Selector::Client),
            Version::Of2019 => given("client_id")
                .map(Selector::Client)
                .or_else(|| {
                    given("principal_id")
                        .or_else(|| given("object_id"))
                        .map(Selector::Object)
                })
                .or_else(|| given("mi_res_id").map(Selector::Resource)),
        };
        named.unwrap_or(Selector::Unnamed)
    }

    /// The 2019 version writes its numbers as strings, the 2017 version its expiry as a date.
    fn body(&self, token: &AccessToken, principal: &Principal, resource: &str, dates: DateText) -> Value {
        let expires_on = match self {
            Version::Of2017 => clock::date_text(token.expires, dates),
            Version::Of2019 => token.expires.to_string(),
        };
        json!({
            "access_token": token.text,
            "client_id": principal.client_id.to_uppercase(),
            "expires_on": expires_on,
            "resource": resource,
            "token_type": "Bearer",
        })
    }
}
