//! What clients read before they ask for a token.

use serde_json::{Value, json};

use super::error::EntraError;
use super::realm::{Form, Realm};
use crate::cloud::Cloud;
use crate::message::{Answer, Reply, Request};
use crate::world::World;

pub(super) fn openid_configuration(realm: Result<Realm<'_>, EntraError>, request: &Request) -> Answer {
    match realm {
        Ok(realm) => public(&document(&realm, request)),
        Err(error) => error.answer(request.header("client-request-id")),
    }
}

fn document(realm: &Realm<'_>, request: &Request) -> Value {
    let base = realm.base(request);
    let cloud = realm.tenant.cloud;
    let issuer = match realm.form {
        Form::Any(_) => "{tenantid}",
        Form::Tenant(_) | Form::Adfs => &realm.tenant.id,
    };
    match realm.form {
        Form::Adfs => json!({
            "token_endpoint": format!("{base}/oauth2/token"),
            "jwks_uri": format!("{base}/discovery/keys"),
            "issuer": base,
            "authorization_endpoint": format!("{base}/oauth2/authorize"),
            "device_authorization_endpoint": format!("{base}/oauth2/devicecode"),
        }),
        Form::Tenant(_) | Form::Any(_) => json!({
            "token_endpoint": format!("{base}/oauth2/v2.0/token"),
            "token_endpoint_auth_methods_supported":
                ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": format!("{base}/discovery/v2.0/keys"),
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": format!("https://{}/{issuer}/v2.0", cloud.authority()),
            "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
            "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
            "tenant_region_scope": "EU",
            "cloud_instance_name": cloud.authority().trim_start_matches("login."),
        }),
    }
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

/// Says that a user's password is Entra ID's own affair.
pub(super) fn user_realm(user: &str) -> Answer {
    let domain = user.rsplit_once('@').map(|(_, domain)| domain);
    public(&json!({
        "ver": "1.0",
        "account_type": "Managed",
        "domain_name": domain,
        "cloud_instance_name": "microsoftonline.com",
        "cloud_audience_urn": "urn:federation:MicrosoftOnline",
    }))
}

fn public(document: &Value) -> Answer {
    Answer {
        reply: Reply::json(200, document),
        principal: None,
        authorized: false,
    }
}
