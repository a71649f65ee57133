//! Who may do what: single permissions and roles, refused in the words of roles or of access policies.

use super::Vault;
use super::error::VaultError;
use super::operation::Operation;
use crate::config::{Access, Permission, PolicyRefusal, Role};
use crate::token::Caller;

const VAULTS: &str = "/subscriptions/00000000-0000-4000-8000-000000000000/resourcegroups/emulator/providers/\
                      microsoft.keyvault/vaults";

/// What an operation takes, as access policies call it and as roles do.
#[derive(Clone, Copy)]
pub(super) struct Right {
    pub(super) permission: Permission,
    pub(super) action: DataAction,
}

/// What roles allow on secrets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum DataAction {
    GetSecret,
    ReadMetadata,
    SetSecret,
    Update,
    Delete,
    Backup,
    Restore,
    Recover,
    Purge,
}

pub(super) struct AccessControl {
    pub(super) rbac: bool,
    pub(super) policy_refusal: PolicyRefusal,
    pub(super) entries: Vec<Access>,
}

impl AccessControl {
    pub(super) fn permit(
        &self,
        caller: &Caller,
        operation: &Operation,
        vault: &Vault,
    ) -> Result<(), VaultError> {
        let right = operation.right();
        if self.grants(caller, right) {
            Ok(())
        } else if self.rbac {
            let action = format!("Microsoft.KeyVault/vaults/secrets/{}", right.action.name());
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
            Err(VaultError::no_policy(
                caller,
                right.permission,
                self.policy_refusal,
                &vault.vault_line(),
            ))
        }
    }

    fn grants(&self, caller: &Caller, right: Right) -> bool {
        self.entries
            .iter()
            .filter(|entry| entry.principal.eq_ignore_ascii_case(&caller.object_id))
            .any(|entry| {
                entry.secrets.contains(&right.permission)
                    || self.rbac && entry.roles.iter().any(|role| allows(*role, right.action))
            })
    }
}

fn allows(role: Role, action: DataAction) -> bool {
    match role {
        Role::Administrator | Role::SecretsOfficer => true,
        Role::SecretsUser => matches!(action, DataAction::GetSecret | DataAction::ReadMetadata),
        Role::Reader => action == DataAction::ReadMetadata,
    }
}

impl DataAction {
    fn name(self) -> &'static str {
        match self {
            DataAction::GetSecret => "getSecret/action",
            DataAction::ReadMetadata => "readMetadata/action",
            DataAction::SetSecret => "setSecret/action",
            DataAction::Update => "update/action",
            DataAction::Delete => "delete",
            DataAction::Backup => "backup/action",
            DataAction::Restore => "restore/action",
            DataAction::Recover => "recover/action",
            DataAction::Purge => "purge/action",
        }
    }
}
