//! Requests for a token, and their answers.
//!
//! Sources: *Microsoft identity platform and the OAuth 2.0 client credentials flow*, RFC 6749, RFC 7523; those of
//! [`managed_identity`] and [`oidc`] stand there.

mod answer;
mod failure;
mod grant;
pub mod managed_identity;
pub mod oidc;
mod sign_in;
mod tools;

pub use answer::{TokenGrant, parse_grant};
pub use failure::{TokenFailure, aadsts, aadsts_codes, parse_failure};
pub use grant::{Grant, Proof, device_code_request, token_request};
pub use sign_in::{Authorization, DeviceCode, parse_device_code, parse_redirect};
pub use tools::{
    TokenProvider, azd_message, parse_azd_token, parse_cli_token, parse_powershell_token,
    parse_token_providers,
};

use super::{Malformed, segment};
use crate::json::{Object, quoted};

/// The v2 token endpoint of a tenant. `authority` is a host or a URL, with or without a trailing
/// slash; the tenant `adfs` means Active Directory Federation Services, whose path differs.
pub fn token_url(authority: &str, tenant: &str) -> String {
    endpoint_url(authority, tenant, "token")
}

/// Another endpoint of a tenant, such as `authorize` or `devicecode`.
pub fn endpoint_url(authority: &str, tenant: &str, endpoint: &str) -> String {
    let authority = authority.trim().trim_end_matches('/');
    let scheme = if authority.contains("://") { "" } else { "https://" };
    let (tenant, version) = if is_adfs(tenant) {
        ("adfs", "")
    } else {
        (tenant, "/v2.0")
    };
    format!(
        "{scheme}{authority}/{}/oauth2{version}/{endpoint}",
        segment(tenant)
    )
}

/// Whether a tenant stands for Active Directory Federation Services.
pub fn is_adfs(tenant: &str) -> bool {
    tenant.eq_ignore_ascii_case("adfs")
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
    let written: Vec<_> = members
        .iter()
        .map(|(name, raw)| format!("{}:{raw}", quoted(name)))
        .collect();
    Some(format!("{{{}}}", written.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

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
