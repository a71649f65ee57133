//! The refusals of a vault after authentication: one constructor a case, and the JSON they share.

use hyper::header::RETRY_AFTER;
use serde_json::json;

use super::throttle::Throttled;
use crate::config::Permission;
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

    pub(super) fn firewall(caller: &Caller, vault_line: &str) -> VaultError {
        let message = lines(&[
            "Client address is not authorized and caller is not a trusted service.",
            "Client address: 127.0.0.1",
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

    pub(super) fn no_role(caller: &Caller, action: &str, resource: &str, vault_line: &str) -> VaultError {
        let message = lines(&[
            "Caller is not authorized to perform action on resource.",
            "If role assignments, deny assignments or role definitions were changed recently, please observe \
             propagation time.",
            &caller_line(caller),
            &format!("Action: '{action}'"),
            &format!("Resource: '{resource}'"),
            "Assignment: (not found)",
            "DenyAssignmentId: null",
            "DecisionReason: 'DeniedWithNoValidRBAC' ",
            &format!("Vault: {vault_line}"),
        ]);
        forbidden("ForbiddenByRbac", message)
    }

    pub(super) fn no_policy(caller: &Caller, permission: Permission, vault_line: &str) -> VaultError {
        let message = format!(
            "The user, group or application 'appid={};oid={};numgroups=0;iss={}' does not have secrets {} permission \
             on key vault '{vault_line}'. For help resolving this issue, please see \
             https://go.microsoft.com/fwlink/?linkid=2125287",
            caller.client_id,
            caller.object_id,
            caller.issuer,
            format!("{permission:?}").to_lowercase()
        );
        forbidden("ForbiddenByPolicy", message)
    }

    pub(super) fn secret_not_found(id: &str) -> VaultError {
        let message = format!(
            "A secret with (name/id) {id} was not found in this key vault. If you recently deleted this secret you \
             may be able to recover it using the correct recovery command. For help resolving this issue, please see \
             https://go.microsoft.com/fwlink/?linkid=2125182"
        );
        plain(404, "SecretNotFound", message)
    }

    pub(super) fn secret_disabled() -> VaultError {
        forbidden(
            "SecretDisabled",
            "Operation get is not allowed on a disabled secret.".into(),
        )
    }
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

fn lines(lines: &[&str]) -> String {
    lines.join("\r\n")
}

fn caller_line(caller: &Caller) -> String {
    format!(
        "Caller: appid={};oid={};iss={}",
        caller.client_id, caller.object_id, caller.issuer
    )
}
