//! Federated assertions: tokens of another issuer that an application registration trusts.

use super::assertion::{claim, within_its_time};
use super::error::EntraError;
use crate::directory::{Application, Trust};
use crate::jwt::Jwt;

/// Checks issuer, audience, subject, time and signature, and says which of them failed first.
pub(super) fn verify(jwt: &Jwt, application: &Application) -> Result<(), EntraError> {
    if application.federated.is_empty() {
        return Err(EntraError::nothing_federated(&application.principal.client_id));
    }
    let (issuer, subject) = (claim(jwt, "iss")?, claim(jwt, "sub")?);
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
    within_its_time(jwt)?;
    let signed = trust.keys.is_empty() || trust.keys.iter().any(|key| jwt.is_signed_by(key));
    signed
        .then_some(())
        .ok_or_else(|| EntraError::unverified_assertion("The issuer's key did not make it."))
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
