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

use std::ops::RangeInclusive;

#[cfg(feature = "doctor")]
use crate::config::Environment;
use crate::error::{Error, ErrorKind};
use crate::json::quoted;
use crate::secret::VaultUrl;
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
const MANAGEMENT_SCOPES: [&str; 3] = [
    "https://management.core.windows.net//.default",
    "https://management.core.usgovcloudapi.net//.default",
    "https://management.core.chinacloudapi.cn//.default",
];

/// Domains of vaults in each of them ("Azure Key Vault data-plane endpoints" in *About keys, secrets, and certificates*). A
/// token for `https://{domain}` opens every vault below the domain.
const VAULT_DOMAINS: [&str; 3] = ["vault.azure.net", "vault.usgovcloudapi.net", "vault.azure.cn"];

/// What the cloud with this authority has of something that each cloud has.
fn in_cloud(authority: &str, each: [&'static str; 3]) -> Option<&'static str> {
    let host = authority.strip_prefix("https://")?;
    let at = AUTHORITY_HOSTS.iter().position(|(_, own)| *own == host)?;
    Some(each[at])
}

/// The scope of the management interface in the cloud whose authority this is.
pub(crate) fn management_scope(authority: &str) -> Option<&'static str> {
    in_cloud(authority, MANAGEMENT_SCOPES)
}

/// The domain of vaults in the cloud that the user signs in to, by `AZURE_AUTHORITY_HOST`; nothing for one that is not
/// known.
#[cfg(feature = "doctor")]
pub(crate) fn configured_domain(environment: &Environment) -> Option<&'static str> {
    match environment.get("AZURE_AUTHORITY_HOST") {
        Some(set) => in_cloud(&authority(set).ok()?, VAULT_DOMAINS),
        None => Some(VAULT_DOMAINS[0]),
    }
}

/// The scope that a vault's tokens need, when the host lies directly below a known domain: then no challenge
/// has to be asked for.
pub fn known_vault_scope(host: &str) -> Option<String> {
    VAULT_DOMAINS.iter().find_map(|domain| {
        let name = host.strip_suffix(domain)?.strip_suffix('.')?;
        (!name.is_empty() && !name.contains('.')).then(|| format!("https://{domain}/.default"))
    })
}

/// The domain in which a cloud's vaults lie, such as `vault.azure.net`, which is the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultDomain(String);

impl VaultDomain {
    /// Reads a domain, of any cloud. A dot may stand before it, as in the Azure CLI's `az cloud show`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let domain = text.trim().trim_start_matches('.').to_ascii_lowercase();
        let labels = domain.split('.').all(|label| is_label(label, 1..=63));
        if labels && domain.contains('.') {
            return Ok(Self(domain));
        }
        Err(Error::new(
            ErrorKind::InvalidConfiguration,
            format!("{} is not a domain of vaults.", quoted(text)),
        )
        .advise("Give the cloud's own, such as vault.azure.net or vault.azure.cn."))
    }

    /// The vault of that name: 3 to 24 letters, digits and single hyphens ("Vault-name and Object-name" in *About keys,
    /// secrets, and certificates*).
    pub fn vault(&self, name: &str) -> Result<VaultUrl, Error> {
        if is_label(name, 3..=24) && !name.contains("--") {
            return VaultUrl::parse(&format!("https://{name}.{}", self.0), false);
        }
        Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "{} is not a vault's name: 3 to 24 letters, digits and single hyphens are allowed.",
                quoted(name)
            ),
        )
        .advise("Give the name alone, without https:// and domain."))
    }

    /// The one of the cloud that `AZURE_AUTHORITY_HOST` names, if it is known; else of the public cloud.
    #[cfg(feature = "reference")]
    pub(crate) fn of(environment: &Environment) -> Self {
        let domain = configured_domain(environment);
        domain.map_or_else(Self::default, |domain| Self(domain.to_owned()))
    }
}

impl Default for VaultDomain {
    fn default() -> Self {
        Self(VAULT_DOMAINS[0].to_owned())
    }
}

/// Whether a text can be a part of a host's name: letters, digits, and hyphens within.
fn is_label(text: &str, length: RangeInclusive<usize>) -> bool {
    length.contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
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
    fn vaults_are_found_by_name() {
        let public = VaultDomain::default();
        assert_eq!(
            public.vault("Contoso-1").unwrap().as_str(),
            "https://contoso-1.vault.azure.net"
        );
        let china = VaultDomain::parse(" .Vault.Azure.CN").unwrap();
        assert_eq!(china.vault("abc").unwrap().as_str(), "https://abc.vault.azure.cn");
        for name in [
            "",
            "ab",
            &"a".repeat(25),
            "-abc",
            "abc-",
            "a--b",
            "a_b",
            "abc.vault.azure.net",
            "https://abc",
            "\u{e4}bc",
        ] {
            assert_eq!(
                public.vault(name).unwrap_err().kind(),
                ErrorKind::InvalidArgument,
                "{name}"
            );
        }
        for text in [
            "",
            "net",
            "vault..net",
            "vault.azure.net/",
            "a.b:1",
            "https://a.b",
            "-a.b",
        ] {
            let error = VaultDomain::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfiguration, "{text}");
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
