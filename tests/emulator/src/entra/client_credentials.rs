//! The client credentials grant: an application asks for a token of its own.

use serde_json::json;

use super::client;
use super::error::EntraError;
use super::exchange::Exchange;
use super::realm::Form;
use crate::message::{Answer, Reply};
use crate::token::ENTRA_LIFETIME;

pub(super) fn grant(exchange: &Exchange<'_>) -> Result<Answer, EntraError> {
    if let Form::Any(name) = exchange.realm.form {
        return Err(EntraError::tenant_needed(name));
    }
    let application = exchange.application()?;
    let scope = exchange.required("scope")?;
    let resource = resource_of(&scope)?;
    exchange.known_resource(resource)?;
    client::authenticate(exchange, application)?;
    let continuous = exchange.handles_claims_challenges()?;
    let tokens = &exchange.world.tokens;
    let token = tokens.issue(&application.principal, resource, ENTRA_LIFETIME, continuous);
    let lifetime = token.expires - token.issued;
    let body = json!({
        "token_type": "Bearer",
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": token.text,
    });
    Ok(Answer::granted(
        &application.principal.object_id,
        Reply::json(200, &body).uncached(),
    ))
}

fn resource_of(scope: &str) -> Result<&str, EntraError> {
    let mut scopes = scope.split_whitespace();
    let (Some(only), None) = (scopes.next(), scopes.next()) else {
        return Err(EntraError::several_scopes(scope));
    };
    only.strip_suffix("/.default")
        .ok_or_else(|| EntraError::scope_without_default(only))
}
