//! The token endpoint inside Cloud Shell. Its tokens are the signed-in user's.

use serde_json::json;

use super::imds;
use crate::directory::DEVELOPER_SIGN_ON;
use crate::message::{Answer, Reply, Request};
use crate::token::ENTRA_LIFETIME;
use crate::world::World;

pub(crate) fn answer(world: &World, request: &Request) -> Answer {
    token(world, request).unwrap_or_else(|(status, code, message)| {
        let error = json!({ "code": code, "message": message });
        Answer::refused(Reply::json(status, &json!({ "error": error })))
    })
}

fn token(world: &World, request: &Request) -> Result<Answer, (u16, &'static str, &'static str)> {
    if request.method != "POST" {
        return Err((405, "MethodNotAllowed", "Only POST is allowed."));
    }
    if request.header("metadata") != Some("true") {
        return Err((400, "BadRequest", "Required metadata header not specified."));
    }
    let resource = request.field("resource").unwrap_or_default();
    if !world.directory.knows_resource(&resource) {
        return Err((400, "InvalidResource", "The resource is missing or unknown."));
    }
    let name = world.hosts.cloud_shell.user.as_deref();
    let user = match name {
        Some(name) => world.directory.user(name),
        None => world.directory.first_user(),
    };
    let user = user.ok_or((400, "Unauthenticated", "Nobody is signed in."))?;
    let principal = user.with_application(DEVELOPER_SIGN_ON);
    let token = world.tokens.issue(&principal, &resource, ENTRA_LIFETIME, false);
    let body = imds::body(&token, &resource);
    Ok(Answer::granted(&principal.object_id, Reply::json(200, &body)))
}
