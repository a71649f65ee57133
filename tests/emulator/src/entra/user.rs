//! The grants in which an application acts for a user: authorization code, device code, refresh token, password, and on
//! behalf of.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use uuid::Uuid;

use super::authorize::client_info;
use super::client;
use super::error::EntraError;
use super::exchange::Exchange;
use super::sign_in::Grant;
use crate::directory::{Application, User};
use crate::message::{Answer, Reply};
use crate::token::{ENTRA_LIFETIME, Refusal};

const OPENID_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];
const VERIFICATION_PAGE: &str = "https://microsoft.com/devicelogin";

pub(super) fn authorization_code(exchange: &Exchange<'_>) -> Result<Answer, EntraError> {
    let application = exchange.application()?;
    client::identify(exchange, application)?;
    let code = exchange.world.sign_ins.redeem(&exchange.required("code")?)?;
    if !code
        .grant
        .client_id
        .eq_ignore_ascii_case(&application.principal.client_id)
    {
        return Err(EntraError::unknown_code());
    }
    if exchange.required("redirect_uri")? != code.redirect_uri {
        return Err(EntraError::other_redirect());
    }
    if let Some(challenge) = &code.challenge {
        let verifier = exchange.request.field("code_verifier").unwrap_or_default();
        let found = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        if found != *challenge {
            return Err(EntraError::wrong_verifier());
        }
    }
    let user = user(exchange, &code.grant)?;
    let scope = exchange.request.field("scope").unwrap_or(code.grant.scope);
    tokens(exchange, application, user, &scope, code.nonce.as_deref())
}

/// The first half of the device code flow.
pub(super) fn device_authorization(exchange: &Exchange<'_>) -> Result<Answer, EntraError> {
    let application = exchange.application()?;
    client::identify(exchange, application)?;
    let scope = exchange.required("scope")?;
    exchange.known_resource(&resource_of(&scope)?)?;
    let settings = exchange.world.sign_ins.settings().device;
    let client_id = &application.principal.client_id;
    let device_code = exchange
        .world
        .sign_ins
        .add_device(client_id, &scope, settings.expires_in);
    let user_code = Uuid::new_v4().simple().to_string()[..9].to_uppercase();
    let message = format!(
        "To sign in, use a web browser to open the page {VERIFICATION_PAGE} and enter the code {user_code} to \
         authenticate."
    );
    let body = json!({
        "user_code": user_code,
        "device_code": device_code,
        "verification_uri": VERIFICATION_PAGE,
        "expires_in": settings.expires_in,
        "interval": settings.interval,
        "message": message,
    });
    Ok(Answer::refused(Reply::json(200, &body).uncached()))
}

pub(super) fn device_code(exchange: &Exchange<'_>) -> Result<Answer, EntraError> {
    let application = exchange.application()?;
    client::identify(exchange, application)?;
    let sign_ins = &exchange.world.sign_ins;
    let granted = sign_ins.poll(
        &exchange.required("device_code")?,
        &application.principal.client_id,
    )?;
    let scope = exchange.request.field("scope").unwrap_or(granted);
    let directory = &exchange.world.directory;
    let user = match sign_ins.settings().user {
        Some(name) => directory.user(&name),
        None => directory.first_user(),
    };
    let user = user.ok_or_else(|| EntraError::unknown_user(""))?;
    tokens(exchange, application, user, &scope, None)
}

pub(super) fn refresh_token(exchange: &Exchange<'_>) -> Result<Answer, EntraError> {
    let application = exchange.application()?;
    client::identify(exchange, application)?;
    let token = exchange.required("refresh_token")?;
    let grant = exchange
        .world
        .sign_ins
        .refresh(&token, &application.principal.client_id)?;
    let user = user(exchange, &grant)?;
    let scope = exchange.request.field("scope").unwrap_or(grant.scope);
    tokens(exchange, application, user, &scope, None)
}

pub(super) fn password(exchange: &Exchange<'_>) -> Result<Answer, EntraError> {
    let application = exchange.application()?;
    client::identify(exchange, application)?;
    let name = exchange.required("username")?;
    let password = exchange.required("password")?;
    let user = exchange
        .world
        .directory
        .user(&name)
        .ok_or_else(|| EntraError::unknown_user(&name))?;
    if user.password.as_ref() != Some(&password) {
        return Err(EntraError::wrong_password());
    }
    unseen(user)?;
    tokens(exchange, application, user, &exchange.required("scope")?, None)
}

pub(super) fn on_behalf_of(exchange: &Exchange<'_>) -> Result<Answer, EntraError> {
    let application = exchange.application()?;
    if application.public {
        return Err(EntraError::no_credential());
    }
    client::authenticate(exchange, application)?;
    if exchange.required("requested_token_use")? != "on_behalf_of" {
        return Err(EntraError::missing_parameter("requested_token_use"));
    }
    let assertion = exchange.required("assertion")?;
    let client_id = &application.principal.client_id;
    let issuer = &application.principal.issuer;
    let check = |audience: &str| exchange.world.tokens.check(&assertion, audience, issuer);
    let caller = check(client_id).or_else(|_| check(&format!("api://{client_id}")));
    let caller = caller.map_err(|refusal| match refusal {
        Refusal::Unverifiable | Refusal::Issuer { .. } | Refusal::Other => {
            EntraError::unverified_user_assertion()
        }
        Refusal::Audience { .. } => EntraError::user_assertion_for_another(),
        Refusal::Expired => EntraError::user_assertion_expired(),
        Refusal::Revoked => EntraError::grant_revoked(),
    })?;
    let user = exchange.world.directory.user(&caller.object_id);
    let user = user.ok_or_else(EntraError::no_user_in_assertion)?;
    unseen(user)?;
    tokens(exchange, application, user, &exchange.required("scope")?, None)
}

fn user<'a>(exchange: &Exchange<'a>, grant: &Grant) -> Result<&'a User, EntraError> {
    let user = exchange.world.directory.user(&grant.user);
    user.ok_or_else(|| EntraError::unknown_user(&grant.user))
}

/// A user whom Entra ID does not see can prove no second factor.
fn unseen(user: &User) -> Result<(), EntraError> {
    if user.needs_mfa {
        Err(EntraError::needs_mfa())
    } else {
        Ok(())
    }
}

fn tokens(
    exchange: &Exchange<'_>,
    application: &Application,
    user: &User,
    scope: &str,
    nonce: Option<&str>,
) -> Result<Answer, EntraError> {
    let resource = resource_of(scope)?;
    exchange.known_resource(&resource)?;
    if !exchange.realm.admits(user) {
        return Err(EntraError::unknown_user(&user.name));
    }
    let client_id = &application.principal.client_id;
    let principal = user.with_application(client_id);
    let continuous = exchange.handles_claims_challenges()?;
    let world = exchange.world;
    let token = world
        .tokens
        .issue(&principal, &resource, ENTRA_LIFETIME, continuous);
    let lifetime = token.expires - token.issued;
    let mut body = json!({
        "token_type": "Bearer",
        "scope": format!("{resource}/user_impersonation {resource}/.default"),
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": token.text,
    });
    let wants = |name| scope.split_whitespace().any(|one| one == name);
    if wants("offline_access") {
        let grant = Grant {
            user: user.object_id.clone(),
            client_id: client_id.clone(),
            scope: scope.into(),
        };
        body["refresh_token"] = json!(world.sign_ins.add_refresh_token(grant));
    }
    if wants("openid") {
        let claims = id_claims(user, client_id, token.issued, token.expires, nonce);
        body["id_token"] = json!(world.tokens.key().sign(&claims));
    }
    if exchange.request.field("client_info").as_deref() == Some("1") {
        body["client_info"] = json!(client_info(user));
    }
    Ok(Answer::granted(
        &user.object_id,
        Reply::json(200, &body).uncached(),
    ))
}

fn id_claims(user: &User, client_id: &str, issued: u64, expires: u64, nonce: Option<&str>) -> Value {
    let tenant = &user.tenant;
    let mut claims = json!({
        "aud": client_id, "iss": format!("https://{}/{}/v2.0", tenant.cloud.authority(), tenant.id),
        "iat": issued, "nbf": issued, "exp": expires, "name": user.name, "oid": user.object_id,
        "preferred_username": user.name, "sub": user.object_id, "tid": tenant.id, "ver": "2.0",
    });
    if let Some(nonce) = nonce {
        claims["nonce"] = json!(nonce);
    }
    claims
}

/// The resource of the one scope that is not about the sign-in itself.
fn resource_of(scope: &str) -> Result<String, EntraError> {
    let mut scopes = scope
        .split_whitespace()
        .filter(|one| !OPENID_SCOPES.contains(one));
    let (Some(only), None) = (scopes.next(), scopes.next()) else {
        return Err(EntraError::several_scopes(scope));
    };
    let (resource, _permission) = only
        .rsplit_once('/')
        .ok_or_else(|| EntraError::several_scopes(scope))?;
    Ok(resource.into())
}
