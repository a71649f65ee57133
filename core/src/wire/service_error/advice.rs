//! The next step after each refusal, with the command to copy where there is one.

use super::ServiceFault;
use crate::error::Identity;
use crate::operation::{Kind, Subject};
use crate::verdict::Verdict;
use crate::wire::secrets::Deed;

/// What was asked: to do something to somebody.
type Asked<'a> = (&'a Subject, &'a Deed);

/// Where secrets are only got, nobody hears what a vault says of changes.
const CHANGES: bool = cfg!(feature = "manage");

/// What to do about a disabled key, whoever found out.
pub(crate) const ENABLE_KEY: &str =
    "Enable the key, or use another version of it. This is no matter of permissions.";

/// What people with a firewall find out last. Nobody runs the edge's module there.
const SEVERAL_ADDRESSES: &str = " An App Service leaves by any of several addresses: allow all that az webapp show --query \
                                 possibleOutboundIpAddresses lists.";

/// What the trouble is, and the next step.
type Step = (Verdict, String);

/// The next step after the vault's own answer.
pub(super) fn of(
    status: u16,
    fault: &ServiceFault,
    asked: Asked<'_>,
    who: Option<&Identity>,
) -> Option<Step> {
    let (what, _) = asked;
    match status {
        400 => Some(bad_request(fault)),
        401 => Some(token(fault, what)),
        403 => Some(forbidden(fault, asked, who)),
        404 => Some(not_found(asked)),
        409 => Some(conflict(fault)),
        429 => Some((
            Verdict::VaultThrottled,
            "Wait before the next request, and keep secrets in memory instead of fetching them each time; the vault's \
             limit is shared by all its callers."
                .into(),
        )),
        500..=599 => Some((
            Verdict::ServiceFailing,
            "Try again later; if it lasts, look at https://status.azure.com.".into(),
        )),
        _ => None,
    }
}

/// The next step after an answer in which no vault speaks: a proxy, a gateway, an emulator.
pub(super) fn of_stranger(status: u16, asked: Asked<'_>, who: Option<&Identity>) -> Option<Step> {
    let (what, _) = asked;
    match status {
        401 => Some(token(&ServiceFault::default(), what)),
        403 => Some((
            Verdict::ForeignAnswer,
            format!(
                "The answer does not look like a vault's: a proxy or firewall on the way may block {}. If it was the \
             vault: {}",
                what.vault.host(),
                forbidden(&ServiceFault::default(), asked, who).1
            ),
        )),
        404 => Some((
            Verdict::ForeignAnswer,
            format!(
                "The answer does not look like a vault's: check that {} is the vault's URL.",
                what.vault
            ),
        )),
        407 => Some((
            Verdict::ProxyInTheWay,
            "Give the proxy's user name and password where the proxy is configured.".into(),
        )),
        429 | 500..=599 => of(status, &ServiceFault::default(), asked, who),
        100..=399 => Some((
            Verdict::ForeignAnswer,
            format!(
                "Something other than a vault may answer at {}: check the URL, and proxies on the way.",
                what.vault
            ),
        )),
        _ => None,
    }
}

fn bad_request(fault: &ServiceFault) -> Step {
    let step = if fault.is("BadParameter") {
        "Mend what the message names; names have letters, digits and hyphens only."
    } else {
        "Mend what the message names; if nothing there is yours, please report it to nightlatch."
    };
    (Verdict::RequestInvalid, step.into())
}

fn token(fault: &ServiceFault, what: &Subject) -> Step {
    let step = |verdict, text: &str| (verdict, text.to_owned());
    if fault.says("AKV10022") {
        let text = format!(
            "The token is for another audience: use the scope that {} asks for (https://vault.azure.net/.default in \
             the public cloud).",
            what.vault
        );
        (Verdict::AudienceWrong, text)
    } else if fault.says("AKV10032") {
        step(
            Verdict::TenantWrong,
            "The token comes from another tenant than the vault's: set the tenant id to the vault's, or add it to \
             additionally_allowed_tenants.",
        )
    } else if fault.says("AKV10046") {
        step(
            Verdict::TokenSignature,
            "The vault could not find the key that signed the token: try once more; if it lasts, the token comes from \
             another cloud or an unknown issuer.",
        )
    } else if fault.says("S2S12086") || fault.says("TokenExpired") {
        step(
            Verdict::TokenExpired,
            "The token has expired: check this machine's clock.",
        )
    } else if fault.says("IDX10501") {
        step(
            Verdict::TokenSignature,
            "The token's signature is not valid: something may have altered it, or its issuer belongs to another cloud.",
        )
    } else {
        step(
            Verdict::TokenRefused,
            "Check that the identity belongs to the vault's tenant and cloud.",
        )
    }
}

fn forbidden(fault: &ServiceFault, asked: Asked<'_>, who: Option<&Identity>) -> Step {
    let (what, deed) = asked;
    let vault = vault_name(what);
    if fault.is("SecretDisabled") {
        let text = format!(
            "Enable the secret (az keyvault secret set-attributes --vault-name {vault} --name {} --enabled true), or ask \
             for another version. This is no matter of permissions.",
            what.short()
        );
        return (Verdict::SecretDisabled, text);
    }
    if fault.is("ForbiddenByRbac") && fault.denied {
        let text = "An assignment was found, and its condition or a deny assignment says no: look at the one that the \
                    message names, under the vault's access control (IAM).";
        return (Verdict::RoleDenied, text.into());
    }
    if fault.is("ForbiddenByRbac") {
        return (Verdict::RoleMissing, assign_role(&vault, deed, who));
    }
    if fault.is("ForbiddenByPolicy") || fault.is("AccessDenied") {
        return (Verdict::AccessPolicyMissing, set_policy(what, deed, who));
    }
    if fault.is("ForbiddenByFirewall") {
        let address = fault.client_address.as_deref();
        let text = format!(
            "The vault's firewall does not know the address {seen}: allow it (az keyvault network-rule add --name {vault} \
             --ip-address {address}), allow its subnet, or use a private endpoint.{several}",
            seen = address.unwrap_or("from which this came"),
            address = address.unwrap_or("<address>"),
            several = if cfg!(feature = "local") {
                SEVERAL_ADDRESSES
            } else {
                ""
            },
        );
        return (Verdict::FirewallBlocked, text);
    }
    if fault.is("ForbiddenByConnection") {
        let text = format!(
            "Public access to the vault is off: call it through its private endpoint, and check that {} resolves to a \
             private address here.",
            what.vault.host()
        );
        return (Verdict::PrivateEndpointOnly, text);
    }
    if CHANGES && fault.is("KeyDisabled") {
        return (Verdict::KeyDisabled, ENABLE_KEY.into());
    }
    if CHANGES && fault.is("KeyOperationForbidden") {
        let text =
            "The key's own list of operations (key_ops) does not hold this one: add it, or use another key.";
        return (Verdict::KeyOperationForbidden, text.into());
    }
    if CHANGES && fault.says("purge protection") {
        let text = "Purge protection is on: wait until the retention time has ended; nobody can shorten it.";
        return (Verdict::PurgeProtected, text.into());
    }
    let text = format!(
        "If the vault uses Azure roles: {} If it uses access policies: {}",
        assign_role(&vault, deed, who),
        set_policy(what, deed, who)
    );
    (Verdict::ForbiddenUnexplained, text)
}

fn assign_role(vault: &str, deed: &Deed, who: Option<&Identity>) -> String {
    format!(
        "Give the role '{role}' on the vault to object id {oid}: az role assignment create --role \"{role}\" \
         --assignee-object-id {oid} --scope $(az keyvault show --name {vault} --query id --output tsv). It takes some \
         minutes to work; with managed identities a token from before may be in use for hours.",
        role = deed.role,
        oid = object_id(who)
    )
}

fn set_policy(what: &Subject, deed: &Deed, who: Option<&Identity>) -> String {
    let vault = vault_name(what);
    // The command replaces what was allowed before.
    let usual = match what.kind {
        Kind::Secret => "list",
        #[cfg(feature = "encryption")]
        Kind::Key => "wrapKey unwrapKey",
    };
    let more = match deed.permission {
        "get" | "list" => String::new(),
        permission if usual.contains(permission) => String::new(),
        permission => format!(" {permission}"),
    };
    format!(
        "Allow object id {oid} to {permission} {kind}s in the vault's access policies: az keyvault set-policy --name \
         {vault} --object-id {oid} --{kind}-permissions get {usual}{more}.",
        permission = deed.permission,
        kind = what.kind.noun(),
        oid = object_id(who)
    )
}

fn not_found((what, deed): Asked<'_>) -> Step {
    if CHANGES && deed.is_of_deleted() {
        let text = "Only deleted secrets are there, and a deletion takes some seconds until it is: check the name, or \
                    wait and try again.";
        return (Verdict::DeletedSecretNotFound, text.into());
    }
    let text = format!(
        "Check the name and the vault; if it was deleted, it may be recovered: az keyvault {} recover --vault-name \
         {} --name {}.",
        what.kind.noun(),
        vault_name(what),
        what.short()
    );
    let verdict = match what.kind {
        Kind::Secret => Verdict::SecretNotFound,
        #[cfg(feature = "encryption")]
        Kind::Key => Verdict::KeyNotFound,
    };
    (verdict, text)
}

fn conflict(fault: &ServiceFault) -> Step {
    let (verdict, text) = if CHANGES && fault.is("ObjectIsDeletedButRecoverable") {
        (
            Verdict::NameHeldByDeleted,
            "The name belongs to a deleted secret: recover that one, or purge it.",
        )
    } else if fault.is("ObjectIsBeingDeleted") || fault.is("ObjectIsBeingRecovered") {
        (
            Verdict::SecretChanging,
            "The secret is being deleted or recovered: wait some seconds and try again.",
        )
    } else {
        (
            Verdict::SecretChanged,
            "The name is in use, or being changed by somebody else: look at its present state first.",
        )
    };
    (verdict, text.into())
}

/// The vault's name for a command; a placeholder when the host is no plain name, so that nothing
/// strange is copied into a shell.
fn vault_name(what: &Subject) -> String {
    let label = what.vault.host().split('.').next().unwrap_or_default();
    plain(label).unwrap_or("<vault name>").to_owned()
}

fn object_id(who: Option<&Identity>) -> &str {
    who.and_then(|who| plain(who.object.as_deref()?))
        .unwrap_or("<object id>")
}

fn plain(text: &str) -> Option<&str> {
    let good = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    good.then_some(text)
}
