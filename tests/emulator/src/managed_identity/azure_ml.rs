//! The identity endpoint of a compute of Azure Machine Learning.

use serde_json::{Value, json};

use super::{Selector, Unresolved, Wish};
use crate::clock;
use crate::config::{DateText, Expiry};
use crate::message::{Answer, Reply, Request};
use crate::world::World;

pub(crate) fn answer(world: &World, request: &Request) -> Answer {
    token(world, request).unwrap_or_else(|(status, message)| {
        let error = json!({ "code": "UserError", "message": message });
        Answer::refused(Reply::json(status, &json!({ "error": error })))
    })
}

fn token(world: &World, request: &Request) -> Result<Answer, (u16, &'static str)> {
    if request.header("secret") != Some(&world.hosts.identity_header) {
        return Err((401, "The secret header is missing or wrong."));
    }
    if request.parameter("api-version").as_deref() != Some("2017-09-01") {
        return Err((400, "The api-version is missing or not supported."));
    }
    let resource = request.parameter("resource").unwrap_or_default();
    if !world.directory.knows_resource(&resource) {
        return Err((400, "The resource is missing or unknown."));
    }
    let client_id = request.parameter("clientid").filter(|id| !id.is_empty());
    let selector = client_id.map_or(Selector::Unnamed, Selector::Client);
    let principal = world
        .identities
        .find(&selector)
        .map_err(|unresolved| match unresolved {
            Unresolved::NotFound => (400, "Identity not found."),
            Unresolved::Ambiguous => (400, "There are several identities: clientid must name one."),
        })?;
    let token = world
        .identities
        .token(&world.tokens, principal, &Wish::of(&resource));
    let body = json!({
        "access_token": token.text,
        "expires_on": written(token.expires, world.hosts.azure_ml.expires_on),
        "resource": resource,
        "token_type": "Bearer",
    });
    Ok(Answer::granted(&principal.object_id, Reply::json(200, &body)))
}

fn written(moment: u64, form: Expiry) -> Value {
    match form {
        Expiry::String => json!(moment.to_string()),
        Expiry::Number => json!(moment),
        Expiry::Linux => json!(clock::date_text(moment, DateText::Linux)),
        Expiry::Windows => json!(clock::date_text(moment, DateText::Windows)),
    }
}
