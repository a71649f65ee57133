//! Who may do what: one list, refused in the words of roles or of access policies.

use super::Vault;
use super::error::VaultError;
use super::operation::Operation;
use crate::config::{Access, Permission};
use crate::token::Caller;

const VAULTS: &str = "/subscriptions/00000000-0000-4000-8000-000000000000/resourcegroups/emulator/providers/\
                      microsoft.keyvault/vaults";

pub(super) struct AccessControl {
    pub(super) rbac: bool,
    pub(super) entries: Vec<Access>,
}

impl AccessControl {
    pub(super) fn permit(
        &self,
        caller: &Caller,
        operation: &Operation,
        vault: &Vault,
    ) -> Result<(), VaultError> {
        let permission = operation.permission();
        if self.grants(caller, permission) {
            Ok(())
        } else if self.rbac {
            let action = format!("Microsoft.KeyVault/vaults/secrets/{}", data_action(permission));
            let secret = operation
                .secret()
                .map(|name| format!("/secrets/{name}"))
                .unwrap_or_default();
            let resource = format!("{VAULTS}/{}{secret}", vault.name);
            Err(VaultError::no_role(
                caller,
                &action,
                &resource,
                &vault.vault_line(),
            ))
        } else {
            Err(VaultError::no_policy(caller, permission, &vault.vault_line()))
        }
    }

    fn grants(&self, caller: &Caller, permission: Permission) -> bool {
        self.entries.iter().any(|entry| {
            entry.principal.eq_ignore_ascii_case(&caller.object_id) && entry.secrets.contains(&permission)
        })
    }
}

fn data_action(permission: Permission) -> &'static str {
    match permission {
        Permission::Get => "getSecret/action",
        Permission::List => "readMetadata/action",
        Permission::Set => "setSecret/action",
        Permission::Delete => "delete",
        Permission::Backup => "backup/action",
        Permission::Restore => "restore/action",
        Permission::Recover => "recover/action",
        Permission::Purge => "purge/action",
    }
}
