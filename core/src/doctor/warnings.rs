//! What works today and may not tomorrow.

use std::time::Duration;

use crate::report::{HostKind, Warning};
use crate::secret::{DeletedSecret, SecretProperties};
use crate::time::UnixTime;
use crate::verdict::Verdict;

use super::scene::Scene;

/// A retention that is shorter leaves little time to notice a deletion.
const SHORT_RETENTION: u32 = 30;

/// A clock that is further off than this will be refused some day: the service forgives five minutes.
const CLOCK_OFF: i64 = 120;

const DAY: Duration = Duration::from_secs(86_400);

/// The warnings. `secret` is what was read, and the latest version where that is another, or what was found deleted; `found` is the verdict, and the
/// credential that gave the token.
pub(super) fn warnings(
    scene: &Scene<'_>,
    now: UnixTime,
    (secret, latest, deleted): (Option<&SecretProperties>, Option<&str>, Option<&DeletedSecret>),
    (verdict, source): (Option<Verdict>, Option<&str>),
    clock_ahead: Option<i64>,
) -> Vec<Warning> {
    let mut all = Vec::new();
    let mut warn = |code, message: String, command: Option<String>| {
        all.push(Warning {
            code,
            message,
            command,
        });
    };
    if let Some(deleted) = deleted {
        of_vault(scene, &deleted.properties, &mut warn);
    }
    if let Some(secret) = secret {
        of_vault(scene, secret, &mut warn);
        of_secret(scene, now, (secret, latest), &mut warn);
    }
    if verdict == Some(Verdict::AccessPolicyMissing) {
        warn(
            "access-policies",
            "The vault uses access policies; Azure roles can be granted for single secrets and are audited."
                .into(),
            Some(format!(
                "az keyvault update --name {} --enable-rbac-authorization true",
                scene.vault()
            )),
        );
    }
    let with_secret = matches!(source, Some("EnvironmentCredential" | "ClientSecretCredential"));
    if with_secret && has_identity(scene) {
        warn(
            "client-secret-beside-identity",
            "A stored credential signs in, although this host has an identity of its own that needs none."
                .into(),
            None,
        );
    }
    if let Some(ahead) = clock_ahead.filter(|ahead| ahead.abs() >= CLOCK_OFF) {
        let side = if ahead > 0 { "ahead of" } else { "behind" };
        let text = format!("This host's clock is {} s {side} the vault's.", ahead.abs());
        warn("clock-off", text, None);
    }
    all
}

fn of_vault(
    scene: &Scene<'_>,
    secret: &SecretProperties,
    warn: &mut impl FnMut(&'static str, String, Option<String>),
) {
    let level = secret.recovery_level.as_deref().unwrap_or_default();
    let vault = scene.vault();
    if level.contains("Purgeable") {
        warn(
            "no-purge-protection",
            "The vault has no purge protection: whoever may purge can delete secrets for good, at once."
                .into(),
            Some(format!(
                "az keyvault update --name {vault} --enable-purge-protection true"
            )),
        );
    }
    if let Some(days) = secret.recoverable_days.filter(|days| *days < SHORT_RETENTION) {
        let text = format!("A deleted secret can be recovered for {days} days only; the vault was made so.");
        warn("short-retention", text, None);
    }
}

fn of_secret(
    scene: &Scene<'_>,
    now: UnixTime,
    (secret, latest): (&SecretProperties, Option<&str>),
    warn: &mut impl FnMut(&'static str, String, Option<String>),
) {
    let near = scene.config.options.vault.near_expiry;
    match secret.expires_on {
        None => warn(
            "no-expiry",
            "The secret has no expiry, so that nothing reminds anybody to replace it.".into(),
            Some(format!(
                "az keyvault secret set-attributes --vault-name {} --name {} --expires <yyyy-mm-ddThh:mm:ssZ>",
                scene.vault(),
                scene.secret()
            )),
        ),
        Some(end) if end <= now => warn(
            "secret-expired",
            format!("The secret expired on {end}; the vault gives it all the same."),
            None,
        ),
        Some(end) if end.since(now) < near => {
            let days = end.since(now).as_secs() / DAY.as_secs();
            warn(
                "secret-near-expiry",
                format!("The secret expires on {end}, in {days} days."),
                None,
            );
        }
        Some(_) => {}
    }
    if let Some(begin) = secret.not_before.filter(|begin| *begin > now) {
        let text = format!("The secret is not valid before {begin}; the vault gives it all the same.");
        warn("secret-not-yet-valid", text, None);
    }
    let version = secret.version.as_deref();
    if let Some(latest) = latest.filter(|latest| version.is_some_and(|own| !own.eq_ignore_ascii_case(latest)))
    {
        let text =
            format!("The version named is not the latest, which is {latest}: it misses every rotation.");
        warn("version-pinned", text, None);
    }
}

/// Whether variables tell of an identity that the host has.
fn has_identity(scene: &Scene<'_>) -> bool {
    let set = |name| scene.config.environment.get(name).is_some();
    set("IDENTITY_ENDPOINT")
        || set("MSI_ENDPOINT")
        || scene.host.kind == HostKind::Kubernetes && set("AZURE_FEDERATED_TOKEN_FILE")
}
