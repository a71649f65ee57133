//! The Azure clouds: where their vaults and their sign-in service are.
//!
//! | cloud | authority | other names of it | vaults |
//! |---|---|---|---|
//! | public | `login.microsoftonline.com` | `login.windows.net`, `login.microsoft.com`, `sts.windows.net` | `vault.azure.net` |
//! | US Government | `login.microsoftonline.us` | `login.usgovcloudapi.net` | `vault.usgovcloudapi.net` |
//! | China | `login.chinacloudapi.cn` | `login.partner.microsoftonline.cn` | `vault.azure.cn` |
//! | new sovereign clouds | `login.sovcloud-identity.fr`, `.de`, `.sg` | | told by the vault's challenge |
//! | private clouds, AD FS | any other | | told by the vault's challenge |
//!
//! An authority is asked under the name that was configured: an alias is neither replaced nor refused, nor is a host
//! that stands in no row.

use crate::error::{Error, ErrorKind};
use crate::json::quoted;
use crate::url::Url;

/// The sign-in service of the public cloud.
pub const PUBLIC_AUTHORITY: &str = "https://login.microsoftonline.com";

/// The sign-in services that users name by their clouds, as the Azure SDKs call these; the first is the default.
pub const AUTHORITY_HOSTS: [(&str, &str); 3] = [
    ("AZURE_PUBLIC_CLOUD", "login.microsoftonline.com"),
    ("AZURE_GOVERNMENT", "login.microsoftonline.us"),
    ("AZURE_CHINA", "login.chinacloudapi.cn"),
];

/// Azure's management interface in each of these clouds, as what a token is for.
const MANAGEMENT_SCOPES: [(&str, &str); 3] = [
    (
        "https://login.microsoftonline.com",
        "https://management.core.windows.net//.default",
    ),
    (
        "https://login.microsoftonline.us",
        "https://management.core.usgovcloudapi.net//.default",
    ),
    (
        "https://login.chinacloudapi.cn",
        "https://management.core.chinacloudapi.cn//.default",
    ),
];

/// The scope of the management interface in the cloud whose authority this is.
pub(crate) fn management_scope(authority: &str) -> Option<&'static str> {
    let (_, scope) = MANAGEMENT_SCOPES.iter().find(|(host, _)| *host == authority)?;
    Some(scope)
}

/// Domains of vaults ("Azure Key Vault data-plane endpoints" in *About keys, secrets, and certificates*). A token
/// for `https://{domain}` opens every vault below the domain. In the order of [`AUTHORITY_HOSTS`].
const VAULT_DOMAINS: [&str; 3] = ["vault.azure.net", "vault.usgovcloudapi.net", "vault.azure.cn"];

/// The domain of vaults in the cloud whose authority this is.
#[cfg(feature = "doctor")]
pub(crate) fn vault_domain(authority: &str) -> Option<&'static str> {
    let clouds = AUTHORITY_HOSTS.iter().zip(VAULT_DOMAINS);
    let own = clouds.into_iter().find(|((_, host), _)| authority.contains(host));
    own.map(|(_, domain)| domain)
}

/// The scope that a vault's tokens need, when the host lies directly below a known domain: then no challenge
/// has to be asked for.
pub fn known_vault_scope(host: &str) -> Option<String> {
    VAULT_DOMAINS.iter().find_map(|domain| {
        let name = host.strip_suffix(domain)?.strip_suffix('.')?;
        (!name.is_empty() && !name.contains('.')).then(|| format!("https://{domain}/.default"))
    })
}

/// Brings an authority host to the form `https://host[:port]`.
pub fn authority(text: &str) -> Result<String, Error> {
    let trimmed = text.trim().trim_end_matches('/');
    let refuse = |why: &str| {
        Err(Error::new(ErrorKind::InvalidConfiguration, format!("The authority host {} cannot be used: {why}.", quoted(text)))
            .advise("Give a host such as login.microsoftonline.com, or its https:// URL, in AZURE_AUTHORITY_HOST or the authority option."))
    };
    let url = if trimmed.contains("://") {
        trimmed.to_owned()
    } else {
        format!("https://{trimmed}")
    };
    match Url::parse(&url) {
        None => refuse("it is not a URL"),
        Some(url) if url.scheme != "https" => refuse("https is required"),
        Some(url) if !url.is_origin() => refuse("it must not hold a path or query"),
        Some(_) => Ok(url.to_ascii_lowercase()),
    }
}

/// Whether a text can be a tenant: an id, a domain, or one of the service's words. It may come onto a command line,
/// so it never begins with `-`.
pub fn is_tenant(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_direct_children_of_known_domains_skip_the_challenge() {
        assert_eq!(
            known_vault_scope("contoso.vault.azure.net").unwrap(),
            "https://vault.azure.net/.default"
        );
        assert_eq!(
            known_vault_scope("c.vault.azure.cn").unwrap(),
            "https://vault.azure.cn/.default"
        );
        for host in [
            "vault.azure.net",
            ".vault.azure.net",
            "a.b.vault.azure.net",
            "evilvault.azure.net",
            "contoso.vault.azure.net.evil.com",
            "localhost",
        ] {
            assert_eq!(known_vault_scope(host), None, "{host}");
        }
    }

    #[test]
    fn authorities_need_https() {
        for text in [
            "login.microsoftonline.us",
            "https://login.microsoftonline.us/",
            " https://LOGIN.microsoftonline.us ",
        ] {
            assert_eq!(authority(text).unwrap(), "https://login.microsoftonline.us");
        }
        for text in [
            "http://login.microsoftonline.com",
            "",
            "https://user@login",
            "https://login/x",
        ] {
            assert_eq!(
                authority(text).unwrap_err().kind(),
                ErrorKind::InvalidConfiguration,
                "{text}"
            );
        }
    }
}
