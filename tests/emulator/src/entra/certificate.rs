//! Assertions that an application signs itself, with the key of a registered certificate, or of one that it brings
//! along and whose subject name and issuer are trusted.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use serde_json::Value;

use super::assertion::{claim, within_its_time};
use super::error::EntraError;
use super::realm::{Form, Realm};
use crate::certificate::Certificate;
use crate::clock;
use crate::directory::Application;
use crate::jwt::Jwt;
use crate::message::Request;

/// Checks whose it is, its signature, its audience, its time, and whether it was seen before.
pub(super) fn verify(
    jwt: &Jwt,
    application: &Application,
    realm: &Realm<'_>,
    request: &Request,
) -> Result<(), EntraError> {
    let client_id = &application.principal.client_id;
    let names_client = |name| Ok(claim(jwt, name)?.eq_ignore_ascii_case(client_id));
    if !(names_client("iss")? && names_client("sub")?) {
        return Err(EntraError::assertion_of_another(client_id));
    }
    let certificate = signer(jwt, application)?;
    let now = clock::now().cast_signed();
    if !(certificate.not_before..=certificate.not_after).contains(&now) {
        return Err(EntraError::unverified_assertion(
            "The key used is expired or not yet valid.",
        ));
    }
    if realm.form == Form::Adfs && (jwt.algorithm() != "RS256" || jwt.header["x5t"].is_null()) {
        return Err(EntraError::unverified_assertion(
            "AD FS takes RS256 and x5t only.",
        ));
    }
    if !jwt.is_signed_by(&certificate.key) {
        return Err(EntraError::unverified_assertion(
            "The key of the certificate did not make it.",
        ));
    }
    if !realm
        .token_urls(request)
        .iter()
        .any(|url| jwt.names_audience(url))
    {
        return Err(EntraError::assertion_for_another());
    }
    within_its_time(jwt)?;
    let expires = jwt.seconds("exp").unwrap_or_default() as u64;
    if !application.takes_assertion(claim(jwt, "jti")?, expires) {
        return Err(EntraError::replayed_assertion());
    }
    Ok(())
}

/// The certificate that the header names, if the application may use it.
fn signer<'a>(jwt: &Jwt, application: &'a Application) -> Result<Cow<'a, Certificate>, EntraError> {
    if let Some(registered) = application
        .certificates
        .iter()
        .find(|certificate| is_named(jwt, certificate))
    {
        return Ok(Cow::Borrowed(registered));
    }
    let chain = chain(jwt)?;
    match chain.first() {
        Some(leaf) if is_named(jwt, leaf) && !application.trusted_subjects.is_empty() => {
            trusted(&chain, application)?;
            Ok(Cow::Owned(leaf.clone()))
        }
        _ => Err(EntraError::unverified_assertion("The key was not found.")),
    }
}

/// Whether each thumbprint that is there is that of the certificate. One there must be, or the certificate itself.
fn is_named(jwt: &Jwt, certificate: &Certificate) -> bool {
    let fits = |name: &str, thumbprint: Vec<u8>| match &jwt.header[name] {
        Value::Null => None,
        given => Some(given.as_str().and_then(decoded).as_ref() == Some(&thumbprint)),
    };
    let thumbprints = [
        fits("x5t", certificate.sha1()),
        fits("x5t#S256", certificate.sha256()),
    ];
    let mut given = thumbprints.into_iter().flatten().peekable();
    match given.peek() {
        Some(_) => given.all(|fits| fits),
        None => jwt.header["x5c"][0].as_str().is_some_and(|first| {
            BASE64_STANDARD
                .decode(first)
                .is_ok_and(|der| der == certificate.der())
        }),
    }
}

/// Reads base64 of both alphabets, with padding or without: clients differ.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let standard = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    BASE64_STANDARD_NO_PAD.decode(standard).ok()
}

/// The certificates in `x5c`, leaf first; none if it is absent.
fn chain(jwt: &Jwt) -> Result<Vec<Certificate>, EntraError> {
    let Some(chain) = jwt.header["x5c"].as_array() else {
        return Ok(Vec::new());
    };
    let read = |item: &Value| Certificate::from_der(BASE64_STANDARD.decode(item.as_str()?).ok()?);
    chain
        .iter()
        .map(|item| read(item).ok_or_else(EntraError::malformed_assertion))
        .collect()
}

/// Follows the chain from its leaf to an authority that the application trusts for the leaf's name.
fn trusted(chain: &[Certificate], application: &Application) -> Result<(), EntraError> {
    let name = &chain[0].name;
    let leads_to = |authority: &Certificate| {
        let unbroken = chain
            .windows(2)
            .take_while(|pair| pair[0].is_issued_by(&pair[1]))
            .count();
        chain[..=unbroken]
            .iter()
            .any(|certificate| certificate.is_issued_by(authority))
    };
    application
        .trusted_subjects
        .iter()
        .any(|trusted| trusted.name == *name && leads_to(&trusted.issuer))
        .then_some(())
        .ok_or_else(|| EntraError::untrusted_subject(name))
}
