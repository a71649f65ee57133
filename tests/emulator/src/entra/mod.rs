//! Microsoft Entra ID: the discovery documents and the token endpoint.

mod assertion;
mod certificate;
mod client;
mod client_credentials;
mod discovery;
mod error;
mod exchange;
mod federated;
mod realm;

use std::borrow::Cow;

use self::realm::Realm;
use crate::message::{Answer, Reply, Request};
use crate::world::World;

pub(crate) fn answer(world: &World, request: &Request) -> Answer {
    let segments = request.segments();
    let segments: Vec<&str> = segments.iter().map(Cow::as_ref).collect();
    match (request.method.as_str(), segments.as_slice()) {
        ("POST", ["adfs", "oauth2", "token"]) => exchange::answer(world, Ok(Realm::adfs(world)), request),
        ("POST", [tenant, "oauth2", "v2.0", "token"]) => {
            exchange::answer(world, Realm::find(world, tenant, request), request)
        }
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
