//! Microsoft Entra ID: the discovery documents and the token endpoint.

mod assertion;
mod client_credentials;
mod discovery;
mod error;

use std::borrow::Cow;

use crate::message::{Answer, Reply, Request};
use crate::world::World;

pub(crate) fn answer(world: &World, request: &Request) -> Answer {
    let segments = request.segments();
    let segments: Vec<&str> = segments.iter().map(Cow::as_ref).collect();
    match (request.method.as_str(), segments.as_slice()) {
        ("POST", [tenant, "oauth2", "v2.0", "token"]) => client_credentials::answer(world, tenant, request),
        ("GET", ["common", "discovery", "instance"]) => discovery::instance(request),
        ("GET", [tenant, "v2.0", ".well-known", "openid-configuration"]) => {
            discovery::openid_configuration(world, tenant, request)
        }
        ("GET", [_tenant, "discovery", "v2.0", "keys"]) => discovery::keys(world),
        _ => Answer::refused(Reply::text(404, "the emulated Entra ID has nothing at this path")),
    }
}
