//! Key vaults: what they contain, who may use them, and how they behave.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::access::{Access, PolicyRefusal, SecretPermission};
use super::object::{Key, Secret};
use super::yes;
use crate::cloud::Cloud;

/// A key vault.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vault {
    /// The first label of its host name.
    pub name: String,
    /// The GUID of the tenant whose tokens it takes.
    #[serde(default)]
    pub tenant: Option<String>,
    /// Its cloud; by default the tenant's.
    #[serde(default)]
    pub cloud: Option<Cloud>,
    /// The region shown in headers and messages. Backups can be restored in the same region only.
    #[serde(default = "west_europe")]
    pub location: String,
    /// Secrets by name.
    #[serde(default)]
    pub secrets: BTreeMap<String, Secret>,
    /// Keys by name.
    #[serde(default)]
    pub keys: BTreeMap<String, Key>,
    /// Values of earlier versions, oldest first, by the name of the secret.
    #[serde(default)]
    pub earlier: BTreeMap<String, Vec<String>>,
    /// Which of the secrets were deleted just now.
    #[serde(default)]
    pub deleted: Vec<String>,
    /// Who may do what.
    #[serde(default)]
    pub access: Vec<Access>,
    /// Roles (true) or access policies (false).
    #[serde(default = "yes")]
    pub rbac: bool,
    /// The inner code of a refusal by access policies.
    #[serde(default)]
    pub policy_refusal: PolicyRefusal,
    /// What it holds against every token, however good.
    #[serde(default)]
    pub token_refusal: Option<TokenRefusal>,
    /// When it answers 429.
    #[serde(default)]
    pub limits: Limits,
    /// From where it can be reached.
    #[serde(default)]
    pub network: Network,
    /// What becomes of deleted secrets and keys.
    #[serde(default)]
    pub soft_delete: SoftDelete,
    /// Which pages of a list are empty though more follow, counted from 1.
    #[serde(default = "second_page")]
    pub empty_pages: Vec<usize>,
}

impl Vault {
    pub(super) fn default_demo(reader: &str) -> Vault {
        Vault {
            name: "demo".into(),
            tenant: None,
            cloud: None,
            location: west_europe(),
            secrets: BTreeMap::from([("db-password".into(), Secret::from("correct horse battery staple"))]),
            keys: BTreeMap::new(),
            earlier: BTreeMap::new(),
            deleted: Vec::new(),
            access: vec![Access {
                principal: reader.into(),
                secrets: vec![SecretPermission::Get, SecretPermission::List],
                keys: Vec::new(),
                roles: Vec::new(),
                only_secrets: None,
                takes_effect: Completion::default(),
            }],
            rbac: true,
            policy_refusal: PolicyRefusal::default(),
            token_refusal: None,
            limits: Limits::default(),
            network: Network::default(),
            soft_delete: SoftDelete::default(),
            empty_pages: second_page(),
        }
    }
}

/// What is wrong with a token in the eyes of a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenRefusal {
    /// S2S12086.
    Expired,
    /// AKV10022.
    Audience,
    /// AKV10046.
    Signature,
    /// A code that nobody knows.
    Other,
}

/// When a vault answers 429. A refused request does not count.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// New versions of secrets and keys within any ten seconds; they have this limit to themselves.
    pub creates_per_10s: Option<u32>,
    /// Other requests to the vault within any ten seconds.
    pub vault_per_10s: Option<u32>,
    /// Requests for one secret within any second.
    pub secret_per_1s: Option<u32>,
    /// Whether the refusal carries `Retry-After`.
    pub retry_after: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            creates_per_10s: Some(300),
            vault_per_10s: Some(4000),
            secret_per_1s: None,
            retry_after: false,
        }
    }
}

/// From where a vault can be reached.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// Whether there is a way but private endpoints, which are not emulated.
    pub public_access: bool,
    /// The addresses its firewall lets pass; without it, all.
    pub firewall: Option<Vec<AddressRange>>,
    /// The address it sees clients come from; without it, the real one.
    pub client_address: Option<IpAddr>,
}

impl Default for Network {
    fn default() -> Network {
        Network {
            public_access: true,
            firewall: None,
            client_address: None,
        }
    }
}

/// An address, or a range of them in CIDR notation.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub struct AddressRange {
    base: IpAddr,
    prefix: u32,
}

impl AddressRange {
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let bits = |address| match address {
            IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
            IpAddr::V6(address) => u128::from(address),
        };
        let mask = u128::MAX.checked_shl(128 - self.prefix).unwrap_or(0);
        self.base.is_ipv4() == address.is_ipv4() && (bits(self.base) ^ bits(address)) & mask == 0
    }
}

impl TryFrom<String> for AddressRange {
    type Error = String;

    fn try_from(text: String) -> Result<AddressRange, String> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text.as_str(), None),
        };
        let base: Option<IpAddr> = address.parse().ok();
        let longest = if base.is_some_and(|base| base.is_ipv4()) {
            32
        } else {
            128
        };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().ok().filter(|prefix| *prefix <= longest),
            None => Some(longest),
        };
        base.zip(prefix)
            .map(|(base, prefix)| AddressRange { base, prefix })
            .ok_or_else(|| format!("{text} is neither an address nor a range like 203.0.113.0/24"))
    }
}

/// What becomes of deleted secrets and keys.
#[derive(Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SoftDelete {
    /// How long they can be recovered, 7 to 90 days; null in an old vault that deletes at once.
    pub retention_days: Option<u64>,
    /// Whether they cannot be purged before.
    pub purge_protection: bool,
    /// Whether the subscription cannot be cancelled either; only shown.
    pub protected_subscription: bool,
    /// What it takes until a deleted secret is there.
    pub delete: Completion,
    /// What it takes until a recovered secret is there.
    pub recover: Completion,
    /// What it takes until the name of a purged secret is free.
    pub purge: Completion,
}

impl SoftDelete {
    /// Why no vault can be like this, if so.
    pub(crate) fn flaw(&self) -> Option<String> {
        let days = self.retention_days.filter(|days| !(7..=90).contains(days))?;
        Some(format!(
            "retention_days must be between 7 and 90, or null: {days}"
        ))
    }

    pub(crate) fn recovery_level(&self) -> String {
        let Some(days) = self.retention_days else {
            return "Purgeable".into();
        };
        let level = if days == 90 {
            "Recoverable"
        } else {
            "CustomizedRecoverable"
        };
        let more = match (self.purge_protection, self.protected_subscription) {
            (false, _) => "+Purgeable",
            (true, false) => "",
            (true, true) => "+ProtectedSubscription",
        };
        format!("{level}{more}")
    }
}

impl Default for SoftDelete {
    fn default() -> SoftDelete {
        SoftDelete {
            retention_days: Some(90),
            purge_protection: false,
            protected_subscription: false,
            delete: Completion::default(),
            recover: Completion::default(),
            purge: Completion::default(),
        }
    }
}

/// When something accepted has really happened: when both the time and the requests are over.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Completion {
    /// Milliseconds on the vault's clock.
    pub delay_ms: u64,
    /// Requests that still find it on its way: those for the secret, or of the principal.
    pub polls: u32,
}

fn west_europe() -> String {
    "westeurope".into()
}

fn second_page() -> Vec<usize> {
    vec![2]
}
