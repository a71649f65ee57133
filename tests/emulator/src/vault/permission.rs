//! Who may do what: single permissions and roles, refused in the words of roles or of access policies.

use super::Vault;
use super::clock::{Now, Transition};
use super::error::VaultError;
use super::operation::Operation;
use super::right::Right;
use crate::config::{Access, PolicyRefusal};
use crate::token::Caller;

const VAULTS: &str = "/subscriptions/00000000-0000-4000-8000-000000000000/resourcegroups/emulator/providers/\
                      microsoft.keyvault/vaults";
/// The name of every assignment with a condition.
const CONDITIONAL: &str = "99999999-9999-4999-8999-999999999999";

pub(super) struct AccessControl {
    pub(super) rbac: bool,
    pub(super) policy_refusal: PolicyRefusal,
    entries: Vec<(Access, Transition)>,
}

/// What the entries say to a request.
#[derive(PartialEq, Eq)]
enum Verdict {
    Granted,
    /// There is an assignment, and its condition does not hold.
    Denied,
    Unknown,
}

impl AccessControl {
    pub(super) fn new(
        rbac: bool,
        policy_refusal: PolicyRefusal,
        entries: Vec<Access>,
        now: Now,
    ) -> AccessControl {
        let mut control = AccessControl {
            rbac,
            policy_refusal,
            entries: Vec::new(),
        };
        control.set(entries, now);
        control
    }

    pub(super) fn set(&mut self, entries: Vec<Access>, now: Now) {
        let since_now = |entry: Access| {
            let transition = Transition::new(entry.takes_effect, now);
            (entry, transition)
        };
        self.entries = entries.into_iter().map(since_now).collect();
    }

    pub(super) fn permit(
        &mut self,
        caller: &Caller,
        operation: &Operation,
        vault: &Vault,
        now: Now,
    ) -> Result<(), VaultError> {
        let right = Right::of(operation);
        let verdict = self.verdict(caller, right, operation.secret(), now);
        if verdict == Verdict::Granted {
            Ok(())
        } else if self.rbac {
            let collection = operation.kind().collection();
            let action = format!("Microsoft.KeyVault/vaults/{collection}/{}", right.action);
            let scope = format!("{VAULTS}/{}", vault.name);
            let object = operation
                .name()
                .map(|name| format!("/{collection}/{name}"))
                .unwrap_or_default();
            let assignment = (verdict == Verdict::Denied)
                .then(|| format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{CONDITIONAL}"));
            Err(VaultError::no_role(
                caller,
                &action,
                &format!("{scope}{object}"),
                assignment.as_deref(),
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

    /// Asks the caller's entries that are in force; the others count the request.
    fn verdict(&mut self, caller: &Caller, right: Right, secret: Option<&str>, now: Now) -> Verdict {
        let rbac = self.rbac;
        let mut verdict = Verdict::Unknown;
        for (entry, transition) in &mut self.entries {
            if !entry.principal.eq_ignore_ascii_case(&caller.object_id) {
                continue;
            }
            if rbac && !transition.is_over(now) {
                transition.poll();
                continue;
            }
            let grants =
                right.is_among(entry) || rbac && entry.roles.iter().any(|role| right.is_allowed_to(*role));
            match (grants, !rbac || holds(entry, secret)) {
                (true, true) => return Verdict::Granted,
                (true, false) => verdict = Verdict::Denied,
                (false, _) => {}
            }
        }
        verdict
    }
}

/// Whether the entry's condition is true of a secret; an operation on none meets no condition.
fn holds(entry: &Access, secret: Option<&str>) -> bool {
    match (&entry.only_secrets, secret) {
        (Some(names), Some(secret)) => names.iter().any(|name| name.eq_ignore_ascii_case(secret)),
        _ => true,
    }
}
