//! Assertions: a JWT in place of a secret, signed by the application itself or by an issuer that it trusts.

use super::certificate;
use super::error::EntraError;
use super::federated;
use super::realm::Realm;
use crate::clock;
use crate::directory::Application;
use crate::jwt::Jwt;
use crate::message::Request;

/// Checks an assertion that came to the token endpoint of a realm.
///
/// Trusted issuers are URLs, so any other `iss` is the application speaking for itself.
pub(super) fn verify(
    assertion: &str,
    application: &Application,
    realm: &Realm<'_>,
    request: &Request,
) -> Result<(), EntraError> {
    let jwt = Jwt::parse(assertion.trim()).ok_or_else(EntraError::malformed_assertion)?;
    if claim(&jwt, "iss")?.starts_with("https://") {
        federated::verify(&jwt, application)
    } else {
        certificate::verify(&jwt, application, realm, request)
    }
}

pub(super) fn claim<'a>(jwt: &'a Jwt, name: &str) -> Result<&'a str, EntraError> {
    jwt.text(name).ok_or_else(EntraError::malformed_assertion)
}

pub(super) fn within_its_time(jwt: &Jwt) -> Result<(), EntraError> {
    let now = clock::now() as f64;
    let expires = jwt.seconds("exp").ok_or_else(EntraError::malformed_assertion)?;
    let not_before = jwt
        .seconds("nbf")
        .or_else(|| jwt.seconds("iat"))
        .unwrap_or_default();
    if expires <= now || not_before > now + 1.0 {
        return Err(EntraError::out_of_time(not_before, expires));
    }
    Ok(())
}
