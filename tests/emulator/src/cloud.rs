//! The national clouds: their vault suffixes, authorities and token issuers.

use serde::Deserialize;

/// Public cloud authorities that accept any tenant of the emulator.
const PUBLIC_AUTHORITIES: [&str; 4] = [
    "login.microsoftonline.com",
    "login.windows.net",
    "login.microsoft.com",
    "sts.windows.net",
];
const CHINA_AUTHORITIES: [&str; 2] = ["login.chinacloudapi.cn", "login.partner.microsoftonline.cn"];
const US_GOVERNMENT_AUTHORITIES: [&str; 2] = ["login.microsoftonline.us", "login.usgovcloudapi.net"];

/// A cloud in which a tenant and its vaults live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cloud {
    /// `*.vault.azure.net`, `login.microsoftonline.com`.
    #[default]
    Public,
    /// `*.vault.azure.cn`, `login.chinacloudapi.cn`.
    China,
    /// `*.vault.usgovcloudapi.net`, `login.microsoftonline.us`.
    UsGovernment,
}

impl Cloud {
    pub(crate) const ALL: [Cloud; 3] = [Cloud::Public, Cloud::China, Cloud::UsGovernment];

    pub(crate) fn vault_domain(self) -> &'static str {
        match self {
            Cloud::Public => "vault.azure.net",
            Cloud::China => "vault.azure.cn",
            Cloud::UsGovernment => "vault.usgovcloudapi.net",
        }
    }

    pub(crate) fn vault_resource(self) -> String {
        format!("https://{}", self.vault_domain())
    }

    /// Every host name of the cloud's Entra ID; the first is the preferred one.
    pub(crate) fn authorities(self) -> &'static [&'static str] {
        match self {
            Cloud::Public => &PUBLIC_AUTHORITIES,
            Cloud::China => &CHINA_AUTHORITIES,
            Cloud::UsGovernment => &US_GOVERNMENT_AUTHORITIES,
        }
    }

    pub(crate) fn authority(self) -> &'static str {
        self.authorities()[0]
    }

    pub(crate) fn of_authority(host: &str) -> Option<Cloud> {
        Cloud::ALL
            .into_iter()
            .find(|cloud| cloud.authorities().contains(&host))
    }

    /// The `iss` of a version 1 access token.
    pub(crate) fn issuer(self, tenant: &str) -> String {
        let host = match self {
            Cloud::Public | Cloud::UsGovernment => "sts.windows.net",
            Cloud::China => "sts.chinacloudapi.cn",
        };
        format!("https://{host}/{tenant}/")
    }
}
