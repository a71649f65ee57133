//! The vault's challenge: which tenant and audience it wants, and whether to believe it.
//!
//! Sources: RFC 9110 section 11.6.1, RFC 6750 section 3, *Authentication, requests and responses* of
//! Azure Key Vault, *Claims challenges, claims requests and client capabilities*.

use crate::base64;
use crate::error::{Error, ErrorKind};
use crate::json::Object;
use crate::secret::VaultUrl;
use crate::url::Url;
use crate::verdict::Verdict;

/// What a `WWW-Authenticate: Bearer` header asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenge {
    /// The tenant to get the token from: letters, digits, dots and hyphens. `None` also for AD FS,
    /// which has no tenants.
    pub tenant: Option<String>,
    /// The scope, such as `https://vault.azure.net/.default`. Nothing has been verified yet.
    pub scope: Option<String>,
    /// Claims that the token lacks: JSON, decoded. Such a challenge usually has no scope; the one
    /// of the challenge before counts on.
    pub claims: Option<String>,
    /// Origin of the authorization endpoint, for diagnosis. Sending a credential there would let any
    /// server that answers collect it.
    pub authority: Option<String>,
}

/// Reads the challenge of the first `Bearer` scheme. `None` when there is none, or when it asks for
/// nothing.
pub fn parse_challenge(header: &str) -> Option<Challenge> {
    let parameters = bearer_parameters(header)?;
    let get = |name: &str| {
        let (_, value) = parameters.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        Some(value.trim()).filter(|value| !value.is_empty())
    };
    let endpoint = get("authorization").or_else(|| get("authorization_uri"));
    let challenge = Challenge {
        tenant: endpoint.and_then(tenant_of),
        scope: get("scope")
            .and_then(|scopes| scopes.split_ascii_whitespace().next())
            .map(str::to_owned)
            .or_else(|| get("resource").map(default_scope)),
        claims: get("claims").and_then(decode_claims),
        authority: endpoint.and_then(origin),
    };
    (challenge != Challenge::default()).then_some(challenge)
}

/// Checks that a vault may ask for a token of this scope: its host must lie below the scope's, as
/// `contoso.vault.azure.net` does below `vault.azure.net`, so that no server can collect tokens for
/// another service.
///
/// `allowed_domains` are domains (`vaults.contoso.com`, `localhost:8443`) whose hosts are trusted
/// without that: below them a vault may ask for its own audience, for that of Azure Key Vault in any
/// cloud, or for that of another of these domains; still for no other service.
pub fn verify_challenge(scope: &str, vault: &VaultUrl, allowed_domains: &[String]) -> Result<(), Error> {
    let resource = super::token::resource_of(scope);
    let Some(audience) = https_authority(resource) else {
        return Err(refuse(format!(
            "The challenge of {vault} names no https resource to get a token for."
        )));
    };
    let trusted = |authority: &str| allowed_domains.iter().any(|d| is_within(authority, d));
    let own = vault.authority();
    if own
        .strip_suffix(&*audience)
        .is_some_and(|below| below.ends_with('.'))
    {
        return Ok(());
    }
    if trusted(own) && (own == audience || trusted(&audience) || AUDIENCES.contains(&&*audience)) {
        return Ok(());
    }
    Err(refuse(format!(
        "The challenge resource '{}' does not match the requested domain '{own}'. No token was sent.",
        super::clean(resource)
    )))
}

/// Audiences of Azure Key Vault, by cloud.
const AUDIENCES: [&str; 6] = [
    "vault.azure.net",
    "vault.azure.cn",
    "vault.usgovcloudapi.net",
    "managedhsm.azure.net",
    "managedhsm.azure.cn",
    "managedhsm.usgovcloudapi.net",
];

fn refuse(message: String) -> Error {
    Error::new(ErrorKind::ChallengeRejected, message)
        .advise(
            "Check the vault URL for a mistyped or foreign host (https://aka.ms/azsdk/blog/vault-uri). If the vault \
             really lives under this name (an emulator, a proxy), add its domain to the allowed vault domains.",
        )
        .diagnose(Verdict::ChallengeRejected)
}

/// Whether `authority` is `domain`, or lies below it. A domain without a port stands for every port.
fn is_within(authority: &str, domain: &str) -> bool {
    let domain = domain.trim().trim_start_matches('.');
    let port_at = |text: &str| {
        text.rfind(':')
            .filter(|at| text[at + 1..].bytes().all(|b| b.is_ascii_digit()))
    };
    let authority = match port_at(authority) {
        Some(at) if port_at(domain).is_none() => &authority[..at],
        _ => authority,
    };
    let Some(cut) = authority.len().checked_sub(domain.len()) else {
        return false;
    };
    authority.is_char_boundary(cut)
        && !domain.is_empty()
        && authority[cut..].eq_ignore_ascii_case(domain)
        && (cut == 0 || authority[..cut].ends_with('.'))
}

/// Host in lower case, with the port unless it is 443, of an `https` URL without a user name.
fn https_authority(url: &str) -> Option<String> {
    let url = Url::parse(url).filter(|url| url.scheme == "https")?;
    let host = url.host.to_ascii_lowercase();
    Some(match url.port {
        None | Some(443) => host,
        Some(port) => format!("{host}:{port}"),
    })
}

/// Names and values behind the first `Bearer`, up to the next scheme. Commas and blanks separate;
/// values may be quoted.
fn bearer_parameters(header: &str) -> Option<Vec<(&str, String)>> {
    let is_separator = |c: char| c == ',' || c.is_ascii_whitespace();
    let mut found: Option<Vec<(&str, String)>> = None;
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches(is_separator);
        let end = rest
            .find(|c: char| is_separator(c) || c == '=')
            .unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if let Some(value) = after.trim_ascii_start().strip_prefix('=') {
            let value = value.trim_ascii_start();
            let (value, after) = match value.strip_prefix('"') {
                Some(quoted) => unquote(quoted),
                None => {
                    let end = value.find(is_separator).unwrap_or(value.len());
                    (value[..end].to_owned(), &value[end..])
                }
            };
            if let Some(found) = &mut found {
                found.push((name, value));
            }
            rest = after;
        } else if rest.is_empty() || found.is_some() {
            // The header ends here, or the next scheme begins.
            return found;
        } else {
            if name.eq_ignore_ascii_case("bearer") {
                found = Some(Vec::new());
            }
            rest = after;
        }
    }
}

/// The quoted string (RFC 9110 section 5.6.4) up to its closing quote, and what follows it.
fn unquote(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            _ => value.push(c),
        }
    }
    (value, "")
}

fn default_scope(resource: &str) -> String {
    if resource.ends_with("/.default") {
        resource.to_owned()
    } else {
        format!("{resource}/.default")
    }
}

fn tenant_of(endpoint: &str) -> Option<String> {
    let tenant = Url::parse(endpoint)?
        .path
        .split('/')
        .find(|part| !part.is_empty())?;
    let plain = tenant
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    (plain && !tenant.starts_with('.') && !tenant.to_ascii_lowercase().ends_with("adfs"))
        .then(|| tenant.to_owned())
}

fn origin(endpoint: &str) -> Option<String> {
    https_authority(endpoint).map(|authority| format!("https://{authority}"))
}

/// JSON, or JSON in either alphabet of base64 (RFC 4648), padded or not.
fn decode_claims(value: &str) -> Option<String> {
    let json = if value.starts_with('{') {
        value.to_owned()
    } else {
        base64::decode(value)?.expose_str()?.to_owned()
    };
    Object::parse(json.as_bytes()).is_some().then_some(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_comma_separates_nothing() {
        let challenge = parse_challenge(r#"bearer scope="https://a\"b, c/.default""#).unwrap();
        assert_eq!(challenge.scope.as_deref(), Some("https://a\"b,"));
    }

    #[test]
    fn ports_count_when_they_are_named() {
        for (authority, domain, within) in [
            ("a.vault.azure.net", "vault.azure.net", true),
            ("a.vault.azure.net", ".Vault.Azure.Net", true),
            ("avault.azure.net", "vault.azure.net", false),
            ("localhost:8443", "localhost", true),
            ("localhost:8443", "localhost:8443", true),
            ("localhost:8443", "localhost:9", false),
            ("localhost", "localhost:8443", false),
            ("x", "", false),
        ] {
            assert_eq!(is_within(authority, domain), within, "{authority} {domain}");
        }
    }
}
