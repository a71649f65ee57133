//! The token endpoint: what all its grants share.

use serde_json::Value;

use super::client_credentials;
use super::error::EntraError;
use super::realm::Realm;
use super::user;
use crate::directory::Application;
use crate::message::{Answer, Request};
use crate::world::World;

/// A request for a token.
pub(super) struct Exchange<'a> {
    pub(super) world: &'a World,
    pub(super) realm: Realm<'a>,
    pub(super) request: &'a Request,
}

pub(super) fn answer(world: &World, realm: Result<Realm<'_>, EntraError>, request: &Request) -> Answer {
    let granted = realm.and_then(|realm| {
        grant(&Exchange {
            world,
            realm,
            request,
        })
    });
    granted.unwrap_or_else(|error| error.answer(request.header("client-request-id")))
}

/// Begins the device code flow.
pub(super) fn device_answer(
    world: &World,
    realm: Result<Realm<'_>, EntraError>,
    request: &Request,
) -> Answer {
    let begun = realm.and_then(|realm| {
        user::device_authorization(&Exchange {
            world,
            realm,
            request,
        })
    });
    begun.unwrap_or_else(|error| error.answer(request.header("client-request-id")))
}

fn grant(exchange: &Exchange<'_>) -> Result<Answer, EntraError> {
    match exchange.required("grant_type")?.as_str() {
        "client_credentials" => client_credentials::grant(exchange),
        "authorization_code" => user::authorization_code(exchange),
        "urn:ietf:params:oauth:grant-type:device_code" | "device_code" => user::device_code(exchange),
        "refresh_token" => user::refresh_token(exchange),
        "password" => user::password(exchange),
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => user::on_behalf_of(exchange),
        other => Err(EntraError::unsupported_grant(other)),
    }
}

impl<'a> Exchange<'a> {
    pub(super) fn required(&self, name: &str) -> Result<String, EntraError> {
        self.request
            .field(name)
            .ok_or_else(|| EntraError::missing_parameter(name))
    }

    /// The application that asks; nothing is proved yet.
    pub(super) fn application(&self) -> Result<&'a Application, EntraError> {
        self.realm.application(self.world, &self.required("client_id")?)
    }

    /// Refuses a resource that the tenant does not know.
    pub(super) fn known_resource(&self, resource: &str) -> Result<(), EntraError> {
        let known = self.world.directory.knows_resource(resource);
        known
            .then_some(())
            .ok_or_else(|| EntraError::unknown_resource(resource, &self.realm.tenant.id))
    }

    /// Reads the `claims` parameter, in which a client says that it handles claims challenges.
    pub(super) fn handles_claims_challenges(&self) -> Result<bool, EntraError> {
        let Some(claims) = self.request.field("claims") else {
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
}
