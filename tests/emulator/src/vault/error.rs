//! The refusals of a vault after authentication: one constructor a case, and the JSON they share.

use std::fmt::Debug;
use std::net::IpAddr;

use hyper::header::RETRY_AFTER;
use serde_json::json;

use super::object::Kind;
use super::right::Permission;
use super::throttle::Throttled;
use crate::config::{KeyOperation, PolicyRefusal};
use crate::message::Reply;
use crate::token::Caller;

/// A refusal with its code and, mostly, an inner code.
pub(super) struct VaultError {
    status: u16,
    code: &'static str,
    inner: Option<&'static str>,
    message: String,
    retry_after_s: Option<u64>,
}

impl VaultError {
    pub(super) fn reply(&self) -> Reply {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Some(inner) = self.inner {
            error["innererror"] = json!({ "code": inner });
        }
        let reply = Reply::json(self.status, &json!({ "error": error }));
        match self.retry_after_s {
            Some(seconds) => reply.with(RETRY_AFTER, &seconds.to_string()),
            None => reply,
        }
    }

    pub(super) fn bad_parameter(message: impl Into<String>) -> VaultError {
        plain(400, "BadParameter", message)
    }

    pub(super) fn bad_name(name: &str) -> VaultError {
        VaultError::bad_parameter(format!("The request URI contains an invalid name: {name}"))
    }

    pub(super) fn missing_api_version() -> VaultError {
        VaultError::bad_parameter("api-version must be specified")
    }

    pub(super) fn not_emulated(what: &str) -> VaultError {
        plain(
            501,
            "NotImplemented",
            format!("The emulator does not do this: {what}"),
        )
    }

    pub(super) fn connection(caller: &Caller, vault_line: &str) -> VaultError {
        let message = lines(&[
            "Connection is not an approved private link and caller was ignored because bypass is not set to \
             'AzureServices' and PublicNetworkAccess is set to 'Disabled'.",
            &caller_line(caller),
            &format!("Vault: {vault_line}"),
        ]);
        forbidden("ForbiddenByConnection", message)
    }

    pub(super) fn firewall(address: IpAddr, caller: &Caller, vault_line: &str) -> VaultError {
        let message = lines(&[
            "Client address is not authorized and caller is not a trusted service.",
            &format!("Client address: {address}"),
            &caller_line(caller),
            &format!("Vault: {vault_line}"),
        ]);
        forbidden("ForbiddenByFirewall", message)
    }

    pub(super) fn throttled(throttled: Throttled) -> VaultError {
        let message = "Request was not processed because too many requests were received. Reason: \
                       VaultRequestTypeLimitReached";
        VaultError {
            retry_after_s: throttled.retry_after_s,
            ..plain(429, "Throttled", message)
        }
    }

    /// `assignment` is one that grants it, but for its condition.
    pub(super) fn no_role(
        caller: &Caller,
        action: &str,
        resource: &str,
        assignment: Option<&str>,
        vault_line: &str,
    ) -> VaultError {
        let (assignment, reason) = match assignment {
            Some(assignment) => (format!("'{assignment}'"), "DeniedByCondition"),
            None => ("(not found)".into(), "DeniedWithNoValidRBAC"),
        };
        let message = lines(&[
            "Caller is not authorized to perform action on resource.",
            "If role assignments, deny assignments or role definitions were changed recently, please observe \
             propagation time.",
            &caller_line(caller),
            &format!("Action: '{action}'"),
            &format!("Resource: '{resource}'"),
            &format!("Assignment: {assignment}"),
            "DenyAssignmentId: null",
            &format!("DecisionReason: '{reason}' "),
            &format!("Vault: {vault_line}"),
        ]);
        forbidden("ForbiddenByRbac", message)
    }

    pub(super) fn no_policy(
        caller: &Caller,
        permission: Permission,
        refusal: PolicyRefusal,
        vault_line: &str,
    ) -> VaultError {
        let message = format!(
            "The user, group or application 'appid={};oid={};numgroups=0;iss={}' does not have {} {} permission \
             on key vault '{vault_line}'. For help resolving this issue, please see \
             https://go.microsoft.com/fwlink/?linkid=2125287",
            caller.client_id,
            caller.object_id,
            caller.issuer,
            permission.kind().collection(),
            permission.name()
        );
        let inner = match refusal {
            PolicyRefusal::ForbiddenByPolicy => "ForbiddenByPolicy",
            PolicyRefusal::AccessDenied => "AccessDenied",
        };
        forbidden(inner, message)
    }

    pub(super) fn not_found(kind: Kind, id: &str) -> VaultError {
        let word = kind.title().to_lowercase();
        let message = format!(
            "A {word} with (name/id) {id} was not found in this key vault. If you recently deleted this {word} you \
             may be able to recover it using the correct recovery command. For help resolving this issue, please see \
             https://go.microsoft.com/fwlink/?linkid=2125182"
        );
        plain(404, kind.not_found(), message)
    }

    pub(super) fn deleted_not_found(kind: Kind, name: &str) -> VaultError {
        plain(
            404,
            kind.not_found(),
            format!("Deleted {} not found: {name}", kind.title()),
        )
    }

    pub(super) fn secret_disabled() -> VaultError {
        forbidden(
            "SecretDisabled",
            "Operation get is not allowed on a disabled secret.".into(),
        )
    }

    pub(super) fn key_disabled(operation: KeyOperation) -> VaultError {
        let message = format!("Operation {} is not allowed on a disabled key.", camel(operation));
        forbidden("KeyDisabled", message)
    }

    /// The inner code is the emulator's own choice, since no source names it.
    pub(super) fn key_not_yet_valid(operation: KeyOperation) -> VaultError {
        let message = format!(
            "Operation {} is not allowed on a key that is not yet valid.",
            camel(operation)
        );
        forbidden("KeyNotYetValid", message)
    }

    /// The inner code is the emulator's own choice, since no source names it.
    pub(super) fn key_expired(operation: KeyOperation) -> VaultError {
        let message = format!("Operation {} is not allowed on an expired key.", camel(operation));
        forbidden("KeyExpired", message)
    }

    pub(super) fn key_operation(operation: KeyOperation) -> VaultError {
        let message = format!("Operation {} is not permitted on this key.", camel(operation));
        forbidden("KeyOperationForbidden", message)
    }

    pub(super) fn algorithm(name: &str) -> VaultError {
        VaultError::bad_parameter(format!("Algorithm '{name}' is not supported for this key."))
    }

    /// A certificate owns the secret.
    pub(super) fn managed(operation: &str) -> VaultError {
        let message = format!(
            "Operation \"{operation}\" is not allowed as this object's lifetime is managed by Key Vault."
        );
        forbidden("SecretManagedByKeyVault", message)
    }

    pub(super) fn purge_protected(vault_line: &str) -> VaultError {
        let message = lines(&[
            "Operation \"purge\" is not allowed because purge protection is enabled for this vault. Key Vault service \
             will automatically purge it after the retention period has passed.",
            &format!("Vault: {vault_line}"),
        ]);
        plain(403, "Forbidden", message)
    }

    pub(super) fn without_soft_delete(operation: &str) -> VaultError {
        let message = format!("Operation \"{operation}\" is not enabled for this vault.");
        plain(400, "NotSupported", message)
    }

    pub(super) fn deleted_but_recoverable(kind: Kind, name: &str) -> VaultError {
        let message = format!(
            "{} {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this \
             state, the {} can only be recovered or purged.",
            kind.title(),
            kind.title().to_lowercase()
        );
        conflict("ObjectIsDeletedButRecoverable", message)
    }

    pub(super) fn being_deleted(kind: Kind, name: &str) -> VaultError {
        let title = kind.title();
        let message =
            format!("{title} {name} is currently being deleted and cannot be re-created; retry later.");
        conflict("ObjectIsBeingDeleted", message)
    }

    pub(super) fn being_recovered(kind: Kind, name: &str) -> VaultError {
        let title = kind.title();
        let message =
            format!("{title} {name} is currently being recovered and cannot be re-created; retry later.");
        conflict("ObjectIsBeingRecovered", message)
    }

    pub(super) fn restore_conflict(kind: Kind, name: &str) -> VaultError {
        let word = kind.title().to_lowercase();
        let message =
            format!("There was a conflict restoring the {word} '{name}': the name is already in use.");
        plain(409, "Conflict", message)
    }

    /// Not even the form of a backup.
    pub(super) fn no_backup() -> VaultError {
        VaultError::bad_parameter("Backup blob contains invalid or corrupt version.")
    }

    /// A backup that was changed, or comes from another subscription or geography.
    pub(super) fn foreign_backup() -> VaultError {
        VaultError::bad_parameter("Cannot decrypt backup blob.")
    }

    pub(super) fn too_many_versions(most: usize) -> VaultError {
        VaultError::bad_parameter(format!(
            "The object has more than {most} versions and cannot be backed up"
        ))
    }

    pub(super) fn internal() -> VaultError {
        plain(500, "InternalServerError", "The emulator failed.")
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }
}

/// The name of an operation or a permission as the vault writes it: that of its variant, but for the first letter.
pub(super) fn camel(variant: impl Debug) -> String {
    let name = format!("{variant:?}");
    name[..1].to_lowercase() + &name[1..]
}

fn plain(status: u16, code: &'static str, message: impl Into<String>) -> VaultError {
    VaultError {
        status,
        code,
        inner: None,
        message: message.into(),
        retry_after_s: None,
    }
}

fn forbidden(inner: &'static str, message: String) -> VaultError {
    VaultError {
        inner: Some(inner),
        ..plain(403, "Forbidden", message)
    }
}

fn conflict(inner: &'static str, message: String) -> VaultError {
    VaultError {
        inner: Some(inner),
        ..plain(409, "Conflict", message)
    }
}

fn lines(lines: &[&str]) -> String {
    lines.join("\r\n")
}

fn caller_line(caller: &Caller) -> String {
    format!(
        "Caller: appid={};oid={};iss={}",
        caller.client_id, caller.object_id, caller.issuer
    )
}
