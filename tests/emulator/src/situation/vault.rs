//! What the vault says.

use std::net::{IpAddr, Ipv4Addr};

use super::{Draft, Situation, client, other, server};
use crate::clock;
use crate::config::{Completion, Limits, Network, Role, SecretPermission, SoftDelete, Tenant, TokenRefusal};
use crate::fault::{Action, Fault};
use crate::route::Service;

const OTHER_TENANT: &str = "99999999-0000-4000-8000-000000000000";

pub(super) const TABLE: &[Situation] = &[
    server(
        "audience-wrong",
        "The vault finds another audience in every token: AKV10022.",
        |draft| {
            draft.vault().token_refusal = Some(TokenRefusal::Audience);
            Ok(())
        },
    ),
    server(
        "tenant-wrong",
        "The vault belongs to another tenant, `99999999-0000-4000-8000-000000000000`: AKV10032.",
        |draft| {
            let cloud = draft
                .config
                .tenants
                .first()
                .map(|tenant| tenant.cloud)
                .unwrap_or_default();
            draft.config.tenants.push(Tenant {
                id: OTHER_TENANT.into(),
                domain: None,
                cloud,
            });
            draft.vault().tenant = Some(OTHER_TENANT.into());
            Ok(())
        },
    ),
    server(
        "token-expired",
        "The vault finds every token expired: S2S12086.",
        |draft| {
            draft.vault().token_refusal = Some(TokenRefusal::Expired);
            Ok(())
        },
    ),
    server(
        "token-signature",
        "The vault knows nobody who signs tokens: AKV10046.",
        |draft| {
            draft.vault().token_refusal = Some(TokenRefusal::Signature);
            Ok(())
        },
    ),
    server(
        "token-refused",
        "The vault takes no token, for a reason of its own: AKV19999.",
        |draft| {
            draft.vault().token_refusal = Some(TokenRefusal::Other);
            Ok(())
        },
    ),
    server(
        "challenge-rejected",
        "Every vault asks for a token of another domain.",
        |draft| draft.fault(Fault::acting(Service::Vault, Action::ChallengeOtherDomain, None)),
    ),
    server("role-missing", "Nobody has a role on the vault.", no_role),
    server(
        "role-too-fresh",
        "The roles come into force after `requests` of a principal (3) or `seconds` of the vault's clock, or both.",
        |draft| {
            let usual = if draft.seconds.is_some() { 0 } else { 3 };
            let takes_effect = Completion {
                polls: draft.requests.take().unwrap_or(usual),
                delay_ms: u64::from(draft.seconds(0)) * 1_000,
            };
            draft
                .assignments()?
                .iter_mut()
                .for_each(|entry| entry.takes_effect = takes_effect);
            Ok(())
        },
    ),
    server(
        "role-insufficient",
        "Everybody on the vault is `Key Vault Contributor`, which manages the vault only.",
        |draft| only_role(draft, Role::Contributor),
    ),
    server(
        "group-too-fresh",
        "As `role-missing`: no token shows a group, as there are none here.",
        no_role,
    ),
    server(
        "role-for-metadata-only",
        "Everybody on the vault is `Key Vault Reader`, which lists only.",
        |draft| only_role(draft, Role::Reader),
    ),
    server(
        "role-denied",
        "The assignments have a condition that no secret meets.",
        |draft| {
            draft
                .assignments()?
                .iter_mut()
                .for_each(|entry| entry.only_secrets = Some(Vec::new()));
            Ok(())
        },
    ),
    server(
        "access-policy-missing",
        "The vault uses access policies, and has none.",
        |draft| {
            let vault = draft.vault();
            vault.rbac = false;
            vault.access.clear();
            Ok(())
        },
    ),
    server(
        "access-policies",
        "The vault uses access policies: who had a role may get and list.",
        |draft| {
            let vault = draft.vault();
            vault.rbac = false;
            for entry in vault.access.iter_mut().filter(|entry| !entry.roles.is_empty()) {
                entry
                    .secrets
                    .extend([SecretPermission::Get, SecretPermission::List]);
            }
            Ok(())
        },
    ),
    server(
        "firewall-blocked",
        "The vault's firewall lets nobody pass, and sees 203.0.113.7.",
        |draft| {
            draft.vault().network = Network {
                firewall: Some(Vec::new()),
                client_address: Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7))),
                ..Network::default()
            };
            Ok(())
        },
    ),
    server(
        "private-endpoint-only",
        "Public access to the vault is off.",
        |draft| {
            draft.vault().network.public_access = false;
            Ok(())
        },
    ),
    server(
        "purge-protected",
        "The vault has purge protection, and the secret is deleted.",
        |draft| {
            draft.vault().soft_delete.purge_protection = true;
            delete(draft)
        },
    ),
    server(
        "no-purge-protection",
        "Deleted secrets may be purged at once: `Recoverable+Purgeable`.",
        |draft| {
            draft.vault().soft_delete = SoftDelete::default();
            Ok(())
        },
    ),
    server(
        "short-retention",
        "Deleted secrets may be purged at once, and are after 7 days: `CustomizedRecoverable+Purgeable`.",
        |draft| {
            draft.vault().soft_delete = SoftDelete {
                retention_days: Some(7),
                ..SoftDelete::default()
            };
            Ok(())
        },
    ),
    server(
        "forbidden-unexplained",
        "Every vault answers 403 without an inner code.",
        |draft| draft.vault_error("/", 403, "Forbidden", None, "Access denied."),
    ),
    server("secret-disabled", "The secret is disabled.", |draft| {
        draft.secret()?.properties.enabled = false;
        Ok(())
    }),
    server("key-disabled", "The vault's keys are disabled.", |draft| {
        draft.keys()?.for_each(|key| key.properties.enabled = false);
        Ok(())
    }),
    server(
        "key-operation-forbidden",
        "The vault's keys are for no operation.",
        |draft| {
            draft.keys()?.for_each(|key| key.key_ops.clear());
            Ok(())
        },
    ),
    server("key-not-found", "There never were any keys.", |draft| {
        drop(draft.keys()?);
        draft.vault().keys.clear();
        Ok(())
    }),
    client(
        "key-unfit",
        "A vault elsewhere with a key that is no RSA key; the emulator's all are.",
    ),
    server(
        "key-outside-its-time",
        "The vault's keys expired `seconds` (3600) ago.",
        |draft| {
            let ago = u64::from(draft.seconds(3_600));
            let expires = Some(clock::now().saturating_sub(ago));
            draft.keys()?.for_each(|key| key.properties.expires = expires);
            Ok(())
        },
    ),
    client("wrong-key", "Decrypt a value with another key than encrypted it."),
    client("not-authentic", "Alter a character of an encrypted value."),
    client(
        "belongs-elsewhere",
        "Decrypt a value for another document or field than it was encrypted for.",
    ),
    server(
        "secret-outside-its-time",
        "The secret expired `seconds` (3600) ago; the client refuses it if told to.",
        expired,
    ),
    server(
        "secret-expired",
        "The secret expired `seconds` (3600) ago.",
        expired,
    ),
    server(
        "secret-not-yet-valid",
        "The secret is valid in `seconds` (3600).",
        |draft| {
            let ahead = u64::from(draft.seconds(3_600));
            draft.secret()?.properties.not_before = Some(clock::now() + ahead);
            Ok(())
        },
    ),
    server(
        "secret-near-expiry",
        "The secret expires in `seconds` (3 days).",
        |draft| {
            let ahead = u64::from(draft.seconds(3 * 86_400));
            draft.secret()?.properties.expires = Some(clock::now() + ahead);
            Ok(())
        },
    ),
    server("no-expiry", "The secret has no date of expiry.", |draft| {
        draft.secret()?.properties.expires = None;
        Ok(())
    }),
    server(
        "version-pinned",
        "The secret has an earlier version, with another value.",
        |draft| {
            let name = draft.secret_name()?;
            draft.vault().earlier.insert(name, vec![other()]);
            Ok(())
        },
    ),
    server("secret-not-found", "There never was such a secret.", |draft| {
        let name = draft.secret_name()?;
        let vault = draft.vault();
        vault.secrets.remove(&name);
        vault
            .deleted
            .retain(|deleted| !deleted.eq_ignore_ascii_case(&name));
        Ok(())
    }),
    server(
        "secret-deleted",
        "The secret is deleted, and can be recovered.",
        delete,
    ),
    server(
        "deleted-secret-not-found",
        "The secret is there, so that it is not among the deleted ones.",
        |draft| {
            let name = draft.secret_name()?;
            draft
                .vault()
                .deleted
                .retain(|deleted| !deleted.eq_ignore_ascii_case(&name));
            Ok(())
        },
    ),
    server(
        "name-held-by-deleted",
        "The secret is deleted: its name is taken.",
        delete,
    ),
    server(
        "secret-changing",
        "The secret is being deleted, for `seconds` (60) of the vault's clock.",
        |draft| {
            let delay_ms = u64::from(draft.seconds(60)) * 1_000;
            draft.vault().soft_delete.delete = Completion { delay_ms, polls: 0 };
            delete(draft)
        },
    ),
    server(
        "secret-changed",
        "Every request for the secret meets a conflict.",
        |draft| {
            let path = format!("/secrets/{}", draft.secret_name()?);
            draft.vault_error(
                &path,
                409,
                "Conflict",
                None,
                "The secret was changed by another request.",
            )
        },
    ),
    client(
        "rotation-failed",
        "A rotation whose `make` fails, or whose `apply` does with two slots.",
    ),
    client(
        "rotation-rolled-back",
        "A rotation whose `verify` finds that the value does not work.",
    ),
    client(
        "rotation-unfinished",
        "A rotation whose `apply` fails for the new value and for the old one.",
    ),
    server("request-invalid", "Every vault answers 400.", |draft| {
        draft.vault_error("/", 400, "BadParameter", None, "The request is not understood.")
    }),
    server("vault-throttled", "The vault's limits are zero: 429.", |draft| {
        draft.vault().limits = Limits {
            creates_per_10s: Some(0),
            vault_per_10s: Some(0),
            ..Limits::default()
        };
        Ok(())
    }),
    client("own-limit", "Ask more often than the client's limiter allows."),
    server("service-failing", "Every vault answers 503.", |draft| {
        draft.fault(Fault::failing(Service::Vault, 503, None))
    }),
    server(
        "clock-wrong",
        "The same as `clock-off`, and the vault finds every token expired.",
        |draft| {
            draft.config.date_ahead_s = i64::from(draft.seconds(900));
            draft.vault().token_refusal = Some(TokenRefusal::Expired);
            Ok(())
        },
    ),
    server(
        "clock-off",
        "The `Date` header of every answer is `seconds` (900) ahead.",
        |draft| {
            draft.config.date_ahead_s = i64::from(draft.seconds(900));
            Ok(())
        },
    ),
];

fn no_role(draft: &mut Draft) -> Result<(), String> {
    let vault = draft.vault();
    vault.rbac = true;
    vault.access.clear();
    Ok(())
}

fn only_role(draft: &mut Draft, role: Role) -> Result<(), String> {
    for entry in draft.assignments()? {
        entry.secrets.clear();
        entry.keys.clear();
        entry.roles = vec![role];
    }
    Ok(())
}

fn expired(draft: &mut Draft) -> Result<(), String> {
    let ago = u64::from(draft.seconds(3_600));
    draft.secret()?.properties.expires = Some(clock::now().saturating_sub(ago));
    Ok(())
}

fn delete(draft: &mut Draft) -> Result<(), String> {
    let name = draft.secret_name()?;
    let vault = draft.vault();
    if !vault
        .deleted
        .iter()
        .any(|deleted| deleted.eq_ignore_ascii_case(&name))
    {
        vault.deleted.push(name);
    }
    Ok(())
}
