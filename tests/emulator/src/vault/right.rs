//! The right that each operation takes, and what roles allow.

use super::error::camel;
use super::object::Kind;
use super::operation::{Call, KeyVerb, Operation, SecretVerb, Verb};
use crate::config::{Access, KeyOperation, KeyPermission, Role, SecretPermission};

/// What an operation takes, as access policies call it and as roles do.
#[derive(Clone, Copy)]
pub(super) struct Right {
    pub(super) permission: Permission,
    /// The end of the data action's name, behind the collection.
    pub(super) action: &'static str,
}

#[derive(Clone, Copy)]
pub(super) enum Permission {
    Secrets(SecretPermission),
    Keys(KeyPermission),
}

impl Permission {
    pub(super) fn kind(self) -> Kind {
        match self {
            Permission::Secrets(_) => Kind::Secret,
            Permission::Keys(_) => Kind::Key,
        }
    }

    pub(super) fn name(self) -> String {
        match self {
            Permission::Secrets(permission) => camel(permission),
            Permission::Keys(permission) => camel(permission),
        }
    }
}

impl Right {
    pub(super) fn of(operation: &Operation) -> Right {
        match operation {
            Operation::Secrets(call) => {
                let (permission, action) = on_secrets(call);
                let permission = Permission::Secrets(permission);
                Right { permission, action }
            }
            Operation::Keys(call) => {
                let (permission, action) = on_keys(call);
                let permission = Permission::Keys(permission);
                Right { permission, action }
            }
        }
    }

    /// Whether an entry names the permission.
    pub(super) fn is_among(self, entry: &Access) -> bool {
        match self.permission {
            Permission::Secrets(permission) => entry.secrets.contains(&permission),
            Permission::Keys(permission) => entry.keys.contains(&permission),
        }
    }

    pub(super) fn is_allowed_to(self, role: Role) -> bool {
        match (role, self.permission.kind()) {
            (Role::Administrator, _) => true,
            (Role::SecretsOfficer, Kind::Secret) | (Role::CryptoOfficer, Kind::Key) => true,
            (Role::SecretsUser, Kind::Secret) => {
                matches!(self.action, "getSecret/action" | "readMetadata/action")
            }
            (Role::Reader, Kind::Secret) => self.action == "readMetadata/action",
            (Role::CryptoUser, Kind::Key) => matches!(
                self.action,
                "read"
                    | "update/action"
                    | "backup/action"
                    | "encrypt/action"
                    | "decrypt/action"
                    | "wrap/action"
                    | "unwrap/action"
                    | "sign/action"
                    | "verify/action"
            ),
            (Role::CryptoServiceEncryptionUser, Kind::Key) => {
                matches!(self.action, "read" | "wrap/action" | "unwrap/action")
            }
            (Role::Reader, Kind::Key) => self.action == "read",
            _ => false,
        }
    }
}

fn on_secrets(call: &Call<SecretVerb>) -> (SecretPermission, &'static str) {
    use SecretPermission as May;
    match call {
        Call::List | Call::ListDeleted | Call::On(_, Verb::ListVersions) => {
            (May::List, "readMetadata/action")
        }
        Call::Restore => (May::Restore, "restore/action"),
        Call::On(_, Verb::GetDeleted) => (May::Get, "readMetadata/action"),
        Call::On(_, Verb::Delete) => (May::Delete, "delete"),
        Call::On(_, Verb::Recover) => (May::Recover, "recover/action"),
        Call::On(_, Verb::Purge) => (May::Purge, "purge/action"),
        Call::On(_, Verb::Backup) => (May::Backup, "backup/action"),
        Call::On(_, Verb::Own(SecretVerb::Get(_))) => (May::Get, "getSecret/action"),
        Call::On(_, Verb::Own(SecretVerb::Set)) => (May::Set, "setSecret/action"),
        Call::On(_, Verb::Own(SecretVerb::Update(_))) => (May::Set, "update/action"),
    }
}

fn on_keys(call: &Call<KeyVerb>) -> (KeyPermission, &'static str) {
    use KeyPermission as May;
    match call {
        Call::List | Call::ListDeleted | Call::On(_, Verb::ListVersions) => (May::List, "read"),
        Call::Restore => (May::Restore, "restore/action"),
        Call::On(_, Verb::GetDeleted | Verb::Own(KeyVerb::Get(_))) => (May::Get, "read"),
        Call::On(_, Verb::Delete) => (May::Delete, "delete"),
        Call::On(_, Verb::Recover) => (May::Recover, "recover/action"),
        Call::On(_, Verb::Purge) => (May::Purge, "purge/action"),
        Call::On(_, Verb::Backup) => (May::Backup, "backup/action"),
        Call::On(_, Verb::Own(KeyVerb::Create)) => (May::Create, "create/action"),
        Call::On(_, Verb::Own(KeyVerb::Import)) => (May::Import, "import/action"),
        Call::On(_, Verb::Own(KeyVerb::Update(_))) => (May::Update, "update/action"),
        Call::On(_, Verb::Own(KeyVerb::Rotate)) => (May::Rotate, "rotate/action"),
        Call::On(_, Verb::Own(KeyVerb::Use(operation, _))) => match operation {
            KeyOperation::Encrypt => (May::Encrypt, "encrypt/action"),
            KeyOperation::Decrypt => (May::Decrypt, "decrypt/action"),
            KeyOperation::Sign => (May::Sign, "sign/action"),
            KeyOperation::Verify => (May::Verify, "verify/action"),
            KeyOperation::WrapKey => (May::WrapKey, "wrap/action"),
            KeyOperation::UnwrapKey => (May::UnwrapKey, "unwrap/action"),
            KeyOperation::Import => (May::Import, "import/action"),
        },
    }
}
