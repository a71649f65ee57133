//! From where a vault is reached: private endpoints only, or through a firewall. Both know the caller already.

use std::net::IpAddr;

use super::error::VaultError;
use crate::config::Network;
use crate::token::Caller;

impl Network {
    /// The address that the vault sees.
    pub(super) fn seen(&self, client: IpAddr) -> IpAddr {
        self.client_address.unwrap_or(client)
    }

    pub(super) fn admit(&self, client: IpAddr, caller: &Caller, vault_line: &str) -> Result<(), VaultError> {
        let address = self.seen(client);
        if !self.public_access {
            return Err(VaultError::connection(caller, vault_line));
        }
        match &self.firewall {
            Some(allowed) if !allowed.iter().any(|range| range.contains(address)) => {
                Err(VaultError::firewall(address, caller, vault_line))
            }
            _ => Ok(()),
        }
    }
}

/// `x-ms-keyvault-network-info`.
pub(super) fn info(address: IpAddr) -> String {
    let (kind, family) = match address {
        IpAddr::V4(_) => ("Ipv4", "InterNetwork"),
        IpAddr::V6(_) => ("Ipv6", "InterNetworkV6"),
    };
    format!("conn_type={kind};addr={address};act_addr_fam={family};")
}
