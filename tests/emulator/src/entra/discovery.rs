//! What clients read before they ask for a token.

use serde_json::{Value, json};

use super::error::EntraError;
use crate::cloud::Cloud;
use crate::config::Tenant;
use crate::message::{Answer, Reply, Request};
use crate::world::World;

/// The tenant that a path names, if it lives in the cloud of the authority that was asked.
pub(super) fn tenant<'a>(
    world: &'a World,
    name: &str,
    cloud: Option<Cloud>,
) -> Result<&'a Tenant, EntraError> {
    let Some(tenant) = world.directory.tenant(name) else {
        let well_formed = uuid::Uuid::try_parse(name).is_ok() || name.contains('.');
        return Err(if well_formed {
            EntraError::unknown_tenant
        } else {
            EntraError::malformed_tenant
        }(name));
    };
    if cloud.is_some_and(|cloud| cloud != tenant.cloud) {
        return Err(EntraError::other_cloud(name, tenant.cloud.authority()));
    }
    Ok(tenant)
}

pub(super) fn openid_configuration(world: &World, name: &str, request: &Request) -> Answer {
    let cloud = Cloud::of_authority(request.hostname());
    let tenant = match tenant(world, name, cloud) {
        Ok(tenant) => tenant,
        Err(error) => return error.answer(request.header("client-request-id")),
    };
    let base = format!("https://{}/{name}", request.host.trim_end_matches(":443"));
    public(&json!({
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported":
            ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": format!("https://{}/{}/v2.0", tenant.cloud.authority(), tenant.id),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "tenant_region_scope": "EU",
        "cloud_instance_name": tenant.cloud.authority().trim_start_matches("login."),
    }))
}

/// Says which names belong to the authority that a client is about to trust.
pub(super) fn instance(request: &Request) -> Answer {
    let endpoint = request.parameter("authorization_endpoint").unwrap_or_default();
    let authority = endpoint
        .strip_prefix("https://")
        .and_then(|rest| rest.split_once('/'));
    let Some((host, path)) = authority.filter(|(host, _)| Cloud::of_authority(host).is_some()) else {
        return Answer::refused(Reply::json(
            400,
            &json!({
                "error": "invalid_instance",
                "error_description": "AADSTS50049: Unknown or invalid instance.",
                "error_codes": [50049],
            }),
        ));
    };
    let tenant = path.split('/').next().unwrap_or_default();
    let metadata: Vec<Value> = Cloud::ALL
        .iter()
        .map(|cloud| {
            let names = cloud.authorities();
            json!({ "preferred_network": names[0], "preferred_cache": names[1], "aliases": names })
        })
        .collect();
    public(&json!({
        "tenant_discovery_endpoint": format!("https://{host}/{tenant}/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": metadata,
    }))
}

/// The public key of the emulator's access tokens.
pub(super) fn keys(world: &World) -> Answer {
    public(&json!({ "keys": [world.tokens.key().public_jwk()] }))
}

fn public(document: &Value) -> Answer {
    Answer {
        reply: Reply::json(200, document),
        principal: None,
        authorized: false,
    }
}
