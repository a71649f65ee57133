//! Requests for a token, and their answers.
//!
//! Sources: *Microsoft identity platform and the OAuth 2.0 client credentials flow*, RFC 6749, RFC 7523; those of
//! [`managed_identity`] and [`oidc`] stand there.

mod answer;
mod failure;
pub mod managed_identity;
pub mod oidc;
mod tools;

pub use answer::{TokenGrant, parse_grant};
pub use failure::{TokenFailure, aadsts_advice, aadsts_codes, parse_failure};
pub use tools::{
    TokenProvider, azd_message, parse_azd_token, parse_cli_token, parse_powershell_token,
    parse_token_providers,
};

use super::{Malformed, form, segment};
use crate::effect::{Method, Request};
use crate::json::Object;
use crate::sensitive::Sensitive;

/// Asks Entra ID with a client secret. `claims` is JSON, usually from [`cae_claims`].
pub fn client_secret_grant(
    token_url: &str,
    client_id: &str,
    scope: &str,
    secret: &Sensitive,
    claims: Option<&str>,
) -> Request {
    let proof = [("client_secret", secret.expose())];
    client_credentials(token_url, client_id, scope, &proof, claims)
}

/// Asks Entra ID with a signed or federated assertion (RFC 7523 section 2.2).
pub fn client_assertion_grant(
    token_url: &str,
    client_id: &str,
    scope: &str,
    assertion: &Sensitive,
    claims: Option<&str>,
) -> Request {
    let proof = [
        (
            "client_assertion_type",
            &b"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"[..],
        ),
        ("client_assertion", assertion.expose()),
    ];
    client_credentials(token_url, client_id, scope, &proof, claims)
}

fn client_credentials(
    token_url: &str,
    client_id: &str,
    scope: &str,
    proof: &[(&str, &[u8])],
    claims: Option<&str>,
) -> Request {
    let mut pairs = vec![
        ("grant_type", &b"client_credentials"[..]),
        ("client_id", client_id.as_bytes()),
        ("scope", scope.as_bytes()),
    ];
    pairs.extend(proof);
    pairs.extend(claims.map(|claims| ("claims", claims.as_bytes())));
    Request::new(Method::Post, token_url)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "application/json")
        .body(form(&pairs))
}

/// The v2 token endpoint of a tenant. `authority` is a host or a URL, with or without a trailing
/// slash; the tenant `adfs` means Active Directory Federation Services, whose path differs.
pub fn token_url(authority: &str, tenant: &str) -> String {
    let authority = authority.trim().trim_end_matches('/');
    let scheme = if authority.contains("://") { "" } else { "https://" };
    if tenant.eq_ignore_ascii_case("adfs") {
        format!("{scheme}{authority}/adfs/oauth2/token")
    } else {
        format!("{scheme}{authority}/{}/oauth2/v2.0/token", segment(tenant))
    }
}

/// The resource of a scope: the scope without the literal suffix `/.default`.
pub fn resource_of(scope: &str) -> &str {
    scope.strip_suffix("/.default").unwrap_or(scope)
}

/// The `claims` parameter of a client that understands continuous access evaluation: the challenge's
/// claims (JSON, already decoded), plus the capability `CP1`. (*Claims challenges, claims requests
/// and client capabilities*.)
pub fn cae_claims(challenge: Option<&str>) -> Result<String, Malformed> {
    let inside = with_member(challenge, "access_token", |access_token| {
        with_member(access_token, "xms_cc", |_| Some(r#"{"values":["CP1"]}"#.into()))
    });
    inside.ok_or_else(|| Malformed::new("The claims of the challenge are not a JSON object."))
}

/// A JSON object with one member replaced or added; nothing and `null` count as an empty one.
fn with_member(
    object: Option<&str>,
    name: &str,
    replace: impl FnOnce(Option<&str>) -> Option<String>,
) -> Option<String> {
    let object = Object::parse(object.unwrap_or("{}").as_bytes())?;
    let old = object.members().find(|(other, _)| *other == name);
    let new = replace(old.map(|(_, raw)| raw).filter(|raw| *raw != "null"))?;
    let mut members: Vec<_> = object.members().filter(|(other, _)| *other != name).collect();
    let at = members.iter().position(|(other, _)| *other > name);
    members.insert(at.unwrap_or(members.len()), (name, &new));
    let written: Option<Vec<String>> = members
        .iter()
        .map(|(name, raw)| Some(format!("{}:{raw}", serde_json::to_string(name).ok()?)))
        .collect();
    Some(format!("{{{}}}", written?.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_forms() {
        let request = client_secret_grant("https://a/t", "app", "s/.default", &Sensitive::from("a&b"), None);
        assert_eq!(
            request.body.expose_str(),
            Some("grant_type=client_credentials&client_id=app&scope=s%2F.default&client_secret=a%26b")
        );
        let request =
            client_assertion_grant("https://a/t", "app", "s", &Sensitive::from("e.y.J"), Some("{}"));
        assert_eq!(
            request.body.expose_str(),
            Some(
                "grant_type=client_credentials&client_id=app&scope=s\
                 &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
                 &client_assertion=e.y.J&claims=%7B%7D"
            )
        );
    }

    #[test]
    fn urls_and_resources() {
        for authority in [
            "login.microsoftonline.com",
            "https://login.microsoftonline.com/",
            " https://login.microsoftonline.com//",
        ] {
            assert_eq!(
                token_url(authority, "contoso.com"),
                "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token"
            );
        }
        assert_eq!(
            token_url("sts.contoso.com", "ADFS"),
            "https://sts.contoso.com/adfs/oauth2/token"
        );
        assert_eq!(token_url("a", "x/../y"), "https://a/x%2F..%2Fy/oauth2/v2.0/token");
        assert_eq!(resource_of("https://host//.default"), "https://host/");
        assert_eq!(resource_of("https://host/"), "https://host/");
    }

    #[test]
    fn capabilities_join_the_challenge() {
        assert_eq!(
            cae_claims(None).unwrap(),
            r#"{"access_token":{"xms_cc":{"values":["CP1"]}}}"#
        );
        assert_eq!(
            cae_claims(Some(
                r#"{"access_token":{"nbf":{"essential":true,"value":"1"}},"id_token":null}"#
            ))
            .unwrap(),
            r#"{"access_token":{"nbf":{"essential":true,"value":"1"},"xms_cc":{"values":["CP1"]}},"id_token":null}"#
        );
        for bad in ["", "[]", "\"x\"", r#"{"access_token":1}"#, &"[".repeat(100_000)] {
            assert!(cae_claims(Some(bad)).is_err());
        }
    }
}
