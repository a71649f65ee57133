//! Tokens that a test asks for itself, without any flow: for stand-ins of programs that would have one.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::directory::DEVELOPER_SIGN_ON;
use crate::managed_identity::Selector;
use crate::token::{ENTRA_LIFETIME, Principal};
use crate::world::World;

/// An access token that is wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccessTokenWish {
    /// A user's name, or anybody's object or client id; by default the first user.
    #[serde(default)]
    principal: Option<String>,
    resource: String,
    /// The GUID or domain of another tenant than the principal's own.
    #[serde(default)]
    tenant: Option<String>,
}

pub(crate) fn access_token(world: &World, wish: &AccessTokenWish) -> Result<Value, String> {
    let AccessTokenWish {
        principal,
        resource,
        tenant,
    } = wish;
    let mut principal = find(world, principal.as_deref())?;
    if let Some(name) = tenant {
        let tenant = world.directory.tenant(name);
        let tenant = tenant.ok_or_else(|| format!("there is no tenant {name}"))?;
        principal.tenant.clone_from(&tenant.id);
        principal.issuer = tenant.cloud.issuer(&tenant.id);
    }
    if !world.directory.knows_resource(resource) {
        return Err(format!("{resource} is no resource that tokens can be had for"));
    }
    let token = world.tokens.issue(&principal, resource, ENTRA_LIFETIME, false);
    Ok(json!({
        "access_token": token.text,
        "expires_on": token.expires,
        "tenant": principal.tenant,
        "principal": principal.object_id,
    }))
}

fn find(world: &World, name: Option<&str>) -> Result<Principal, String> {
    let directory = &world.directory;
    let Some(name) = name else {
        let user = directory.first_user().ok_or("there is no user")?;
        return Ok(user.with_application(DEVELOPER_SIGN_ON));
    };
    let identity = |selector| world.identities.find(&selector).ok().cloned();
    directory
        .user(name)
        .map(|user| user.with_application(DEVELOPER_SIGN_ON))
        .or_else(|| directory.application_of_any_tenant(name))
        .or_else(|| identity(Selector::Client(name.into())))
        .or_else(|| identity(Selector::Object(name.into())))
        .ok_or_else(|| format!("there is no user, application or attached identity {name}"))
}
