//! Microsoft Entra ID: the discovery documents, the sign-in page and the token endpoint.

mod assertion;
mod authorize;
mod certificate;
mod client;
mod client_credentials;
mod discovery;
mod error;
mod exchange;
mod federated;
mod realm;
mod sign_in;
mod user;

use std::borrow::Cow;

use serde_json::Value;

use self::error::EntraError;
use self::realm::Realm;
pub(crate) use self::sign_in::SignIns;
use crate::message::{Answer, Reply, Request};
use crate::world::World;

/// Status and body of a refusal with some AADSTS code.
pub(crate) fn refusal(code: u32, error: &'static str, message: &str) -> (u16, Value) {
    EntraError::new(code, error, message).reply(None)
}

pub(crate) fn answer(world: &World, request: &Request) -> Answer {
    let segments = request.segments();
    let segments: Vec<&str> = segments.iter().map(Cow::as_ref).collect();
    match (request.method.as_str(), segments.as_slice()) {
        ("POST", ["adfs", "oauth2", "token"]) => exchange::answer(world, Ok(Realm::adfs(world)), request),
        ("POST", [tenant, "oauth2", "v2.0", "token"]) => {
            exchange::answer(world, Realm::find(world, tenant, request), request)
        }
        ("POST", [tenant, "oauth2", "v2.0", "devicecode"]) => {
            exchange::device_answer(world, Realm::find(world, tenant, request), request)
        }
        ("GET", [tenant, "oauth2", "v2.0", "authorize"]) => {
            authorize::answer(world, Realm::find(world, tenant, request), request)
        }
        ("GET", ["common", "userrealm", user]) => discovery::user_realm(user),
        ("GET", ["common", "discovery", "instance"]) => discovery::instance(request),
        ("GET", [tenant, "v2.0", ".well-known", "openid-configuration"]) => {
            discovery::openid_configuration(Realm::find(world, tenant, request), request)
        }
        ("GET", ["adfs", ".well-known", "openid-configuration"]) => {
            discovery::openid_configuration(Ok(Realm::adfs(world)), request)
        }
        ("GET", [_tenant, "discovery", "v2.0", "keys"]) => discovery::keys(world),
        _ => Answer::refused(Reply::text(404, "the emulated Entra ID has nothing at this path")),
    }
}
