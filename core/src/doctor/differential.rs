//! The verdict that all facts together allow, and what else fits them.
//!
//! A wrong diagnosis is worse than none: where the facts cannot decide, the others are told beside the verdict, each with
//! what would tell it apart.

use crate::error::{Error, ErrorKind};
use crate::identity::cloud::configured_domain;
use crate::report::{Finding, Service};
use crate::verdict::Verdict;

use super::Facts;
use super::remedy::{list_roles, remedy};
use super::scene::Scene;

/// From this difference on the clock is to blame for a refusal: the service forgives five minutes.
const CLOCK_TOLERANCE: i64 = 300;

/// The verdict on `error`, and what else it may be.
pub(super) fn differential(
    error: &Error,
    facts: Option<&Facts>,
    service: &Service,
    scene: &Scene<'_>,
) -> (Option<Finding>, Vec<Finding>) {
    let Some(first) = error.details().help else {
        return (None, Vec::new());
    };
    let verdict = decided(first, facts, service);
    let until = facts.and_then(|facts| facts.deleted.as_ref()?.as_ref().ok()?.scheduled_purge_date);
    let advice = match until {
        Some(end) => Some(format!("Recover it; it is recoverable until {end}.")),
        None => error.details().advice.clone().filter(|_| verdict == first),
    };
    let candidates = others(verdict, facts, scene);
    (
        Some(finding(verdict, advice.as_deref(), None, scene)),
        candidates
            .into_iter()
            .map(|(verdict, apart)| finding(verdict, None, Some(apart), scene))
            .collect(),
    )
}

/// What a second fact makes of the first verdict.
fn decided(verdict: Verdict, facts: Option<&Facts>, service: &Service) -> Verdict {
    let off = service
        .clock_ahead
        .is_some_and(|ahead| ahead.abs() >= CLOCK_TOLERANCE);
    match verdict {
        Verdict::TokenExpired | Verdict::TokenRefused if off => Verdict::ClockWrong,
        Verdict::SecretNotFound if facts.is_some_and(|facts| matches!(facts.deleted, Some(Ok(_)))) => {
            Verdict::SecretDeleted
        }
        verdict => verdict,
    }
}

/// What fits the same facts, and what would tell it apart.
fn others(verdict: Verdict, facts: Option<&Facts>, scene: &Scene<'_>) -> Vec<(Verdict, String)> {
    let host = scene.subject.vault.host();
    match verdict {
        Verdict::RoleMissing => {
            let list = list_roles(scene);
            vec![
                (
                    Verdict::RoleInsufficient,
                    format!("{list}: it lists another role than '{}'.", scene.deed.role),
                ),
                (
                    Verdict::RoleTooFresh,
                    format!(
                        "{list}: it lists '{}', so that it is a matter of minutes.",
                        scene.deed.role
                    ),
                ),
                (
                    Verdict::GroupTooFresh,
                    format!(
                        "{list}: it lists '{}' for a group that the identity joined lately.",
                        scene.deed.role
                    ),
                ),
            ]
        }
        Verdict::AccessPolicyMissing => vec![(
            Verdict::GroupTooFresh,
            format!(
                "az keyvault show --name {} --query properties.accessPolicies: it lists a group that the identity joined \
                 lately.",
                scene.vault()
            ),
        )],
        Verdict::ForbiddenUnexplained => {
            let model = format!(
                "az keyvault show --name {} --query properties.enableRbacAuthorization",
                scene.vault()
            );
            vec![
                (Verdict::RoleMissing, format!("{model} prints true.")),
                (Verdict::AccessPolicyMissing, format!("{model} prints false.")),
            ]
        }
        Verdict::SecretNotFound => {
            let untold = facts.and_then(|facts| facts.deleted.as_ref());
            let untold = untold.is_some_and(|deleted| {
                deleted
                    .as_ref()
                    .is_err_and(|error| error.kind() != ErrorKind::NotFound)
            });
            let list = format!("az keyvault secret list-deleted --vault-name {}", scene.vault());
            let apart = format!("{list}: it lists the name. This identity may not look there.");
            untold
                .then_some((Verdict::SecretDeleted, apart))
                .into_iter()
                .collect()
        }
        Verdict::NameNotResolved if !scene.at_vault => vec![(
            Verdict::NetworkAbsent,
            "No other name has an address either: ask for one with nslookup.".into(),
        )],
        Verdict::NameNotResolved => {
            let mut all = vec![(
                Verdict::VaultAbsent,
                format!("nslookup {host}: also on another network there is no address."),
            )];
            if another_cloud(scene) {
                all.push((
                    Verdict::CloudWrong,
                    "The sign-in service that is configured belongs to another cloud than the vault's domain.".into(),
                ));
            }
            all.push((
                Verdict::PrivateZoneMissing,
                format!(
                    "nslookup {host}: on another network there is an address, here a name below \
                     privatelink.vaultcore.azure.net that leads nowhere."
                ),
            ));
            all
        }
        _ => Vec::new(),
    }
}

/// Whether the vault's domain is not the one of the cloud that the user signs in to.
fn another_cloud(scene: &Scene<'_>) -> bool {
    let domain = configured_domain(&scene.config.environment);
    domain.is_some_and(|domain| !scene.subject.vault.host().ends_with(domain))
}

fn finding(verdict: Verdict, advice: Option<&str>, apart: Option<String>, scene: &Scene<'_>) -> Finding {
    let explanation = verdict.explanation();
    let remedy = remedy(verdict, scene);
    let step = remedy.step.or_else(|| advice.map(str::to_owned));
    Finding {
        code: verdict,
        seen: explanation.seen.into(),
        means: explanation.means.into(),
        step: step.unwrap_or_else(|| explanation.step.into()),
        commands: remedy.commands,
        portal: remedy.portal,
        tell_apart: apart,
    }
}
