//! Federated assertions: tokens of another issuer that an application registration trusts.
//!
//! An assertion that an application signs itself, with a registered certificate, belongs here too; the emulator
//! has no certificates yet, so its issuer is simply not trusted.

use super::error::EntraError;
use crate::clock;
use crate::directory::{Application, Trust};
use crate::jwt::Jwt;

/// Checks issuer, audience, subject, time and signature, and says which of them failed first.
pub(super) fn verify(assertion: &str, application: &Application) -> Result<(), EntraError> {
    let jwt = Jwt::parse(assertion.trim()).ok_or_else(EntraError::malformed_assertion)?;
    let client_id = &application.principal.client_id;
    if application.federated.is_empty() {
        return Err(EntraError::nothing_federated(client_id));
    }
    let claim = |name| jwt.text(name).ok_or_else(EntraError::malformed_assertion);
    let (issuer, subject) = (claim("iss")?, claim("sub")?);
    let trusts = of_issuer(application, issuer)?;
    let trusts: Vec<_> = trusts
        .into_iter()
        .filter(|trust| jwt.names_audience(&trust.audience))
        .collect();
    if trusts.is_empty() {
        return Err(EntraError::no_trust_in_audience(
            &jwt.claims["aud"].to_string().replace('"', ""),
        ));
    }
    let trust = trusts
        .into_iter()
        .find(|trust| trust.subject == subject)
        .ok_or_else(|| EntraError::no_trust_in_subject(subject))?;
    within_its_time(&jwt)?;
    let signed = trust.keys.is_empty() || trust.keys.iter().any(|key| jwt.is_signed_by(key));
    signed.then_some(()).ok_or_else(EntraError::unverified_assertion)
}

fn of_issuer<'a>(application: &'a Application, issuer: &str) -> Result<Vec<&'a Trust>, EntraError> {
    let trusts: Vec<_> = application
        .federated
        .iter()
        .filter(|trust| trust.issuer == issuer)
        .collect();
    if trusts.is_empty() {
        Err(EntraError::no_trust_in_issuer(issuer))
    } else {
        Ok(trusts)
    }
}

fn within_its_time(jwt: &Jwt) -> Result<(), EntraError> {
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
