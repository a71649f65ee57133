//! What a client sees of each situation.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use self::Sees::{Aadsts, Codes, Like, Nothing, Says};
use super::client::Ask::{
    AppService, Arc, AzurePipelines, Certificate, Device, Federated, GithubActions, Imds, Password, Secret,
    Vault,
};
use super::client::{Ask, GET, SET};
use crate::support::{Answer, MACHINE};

/// What it must see, and must not when there is nothing wrong.
#[derive(Clone, Copy)]
pub(super) enum Sees {
    /// Status, code and inner code of a vault.
    Codes(u16, &'static str, &'static str),
    Aadsts(u64),
    /// A status, and words.
    Says(u16, &'static str),
    Like(fn(&Answer) -> bool),
    /// The connection ends without an answer.
    Nothing,
}

impl Sees {
    pub(super) fn fits(self, answer: Option<&Answer>) -> bool {
        use Sees::{Aadsts, Codes, Like, Nothing, Says};
        match (self, answer) {
            (Nothing, answer) => answer.is_none(),
            (_, None) => false,
            (Codes(status, code, inner), Some(answer)) => {
                answer.status == status && answer.codes() == (status, code.into(), inner.into())
            }
            (Aadsts(code), Some(answer)) => {
                answer.status >= 400 && answer.json()["error_codes"] == json!([code])
            }
            (Says(status, words), Some(answer)) => answer.status == status && answer.text.contains(words),
            (Like(fits), Some(answer)) => fits(answer),
        }
    }
}

/// Every situation that the emulator sets up, with what is sent besides its name.
pub(super) fn cases() -> Vec<(&'static str, Value, Ask, Sees)> {
    let rbac = Codes(403, "Forbidden", "ForbiddenByRbac");
    let cases: Vec<(&'static str, Ask, Sees)> = vec![
        (
            "identity-not-attached",
            AppService,
            Says(400, "No User Assigned or Delegated Managed Identity found"),
        ),
        (
            "identity-ambiguous",
            Imds,
            Says(400, "Multiple user assigned identities exist"),
        ),
        (
            "identity-mismatch",
            Imds,
            Like(|answer| answer.status == 200 && answer.json()["client_id"] != MACHINE),
        ),
        ("metadata-service-blocked", Imds, Says(200, "<!DOCTYPE html>")),
        (
            "identity-endpoint-refused",
            AppService,
            Says(401, "The identity header is missing or wrong."),
        ),
        ("arc-key-forbidden", Arc, Like(|answer| mode_of(answer) == 0)),
        (
            "arc-agent-doubtful",
            Arc,
            Like(|answer| !realm(answer).contains("/tokens/")),
        ),
        (
            "job-token-refused",
            GithubActions,
            Like(|answer| answer.status == 401),
        ),
        ("tenant-invalid", Secret, Aadsts(900_023)),
        ("tenant-unknown", Secret, Aadsts(90_002)),
        ("tenant-in-another-cloud", Secret, Aadsts(90_038)),
        ("application-unknown", Secret, Aadsts(700_016)),
        ("application-disabled", Secret, Aadsts(7_000_112)),
        ("client-secret-invalid", Secret, Aadsts(7_000_215)),
        ("client-secret-expired", Secret, Aadsts(7_000_222)),
        ("client-credential-missing", Secret, Aadsts(700_025)),
        ("resource-unknown", Secret, Aadsts(500_011)),
        ("certificate-not-registered", Certificate, Aadsts(700_027)),
        ("assertion-outside-its-time", Certificate, Aadsts(700_024)),
        ("assertion-mismatch", Certificate, Aadsts(700_021)),
        ("federation-missing", Federated, Aadsts(70_025)),
        ("federation-issuer", Federated, Aadsts(700_211)),
        ("federation-audience", Federated, Aadsts(700_212)),
        ("federation-subject", Federated, Aadsts(700_213)),
        ("password-wrong", Password, Aadsts(50_126)),
        ("second-factor-needed", Password, Aadsts(50_076)),
        ("sign-in-expired", Password, Aadsts(50_173)),
        ("device-code-expired", Device, Aadsts(70_020)),
        ("device-code-pending", Device, Aadsts(70_016)),
        ("not-assigned", Password, Aadsts(50_105)),
        ("conditional-access", Password, Aadsts(53_003)),
        ("consent-missing", Password, Aadsts(65_001)),
        ("single-tenant", Secret, Aadsts(50_194)),
        ("sign-in-loop", Password, Aadsts(50_196)),
        ("sign-in-service-busy", Secret, Aadsts(90_033)),
        (
            "audience-wrong",
            GET,
            Says(
                401,
                "AKV10022: Invalid audience. Expected https://vault.azure.net, found: ",
            ),
        ),
        ("tenant-wrong", GET, Says(401, "AKV10032: Invalid issuer.")),
        ("token-expired", GET, Says(401, "'S2S12086'")),
        ("token-signature", GET, Says(401, "AKV10046: ")),
        ("token-refused", GET, Says(401, "AKV19999: ")),
        (
            "challenge-rejected",
            GET,
            Like(|answer| {
                answer.status == 401
                    && header(answer, "www-authenticate").contains("https://vault.example.net")
            }),
        ),
        ("role-missing", GET, Says(403, "Assignment: (not found)")),
        ("role-too-fresh", GET, rbac),
        ("role-insufficient", Vault("GET", "/secrets"), rbac),
        ("role-for-metadata-only", GET, rbac),
        (
            "role-denied",
            GET,
            Says(403, "/providers/Microsoft.Authorization/roleAssignments/"),
        ),
        (
            "access-policy-missing",
            GET,
            Codes(403, "Forbidden", "ForbiddenByPolicy"),
        ),
        (
            "access-policies",
            SET,
            Codes(403, "Forbidden", "ForbiddenByPolicy"),
        ),
        (
            "firewall-blocked",
            GET,
            Says(403, r"\r\nClient address: 203.0.113.7\r\n"),
        ),
        (
            "private-endpoint-only",
            GET,
            Codes(403, "Forbidden", "ForbiddenByConnection"),
        ),
        (
            "purge-protected",
            Vault("DELETE", "/deletedsecrets/db-password"),
            Says(403, "purge protection is enabled"),
        ),
        (
            "no-purge-protection",
            GET,
            Like(|answer| attribute(answer, "recoveryLevel") == "Recoverable+Purgeable"),
        ),
        (
            "short-retention",
            GET,
            Like(|answer| {
                attribute(answer, "recoveryLevel") == "CustomizedRecoverable+Purgeable"
                    && attribute(answer, "recoverableDays") == 7
            }),
        ),
        ("forbidden-unexplained", GET, Codes(403, "Forbidden", "")),
        ("secret-disabled", GET, Codes(403, "Forbidden", "SecretDisabled")),
        (
            "key-disabled",
            Vault("POST", "/keys/k/decrypt"),
            Codes(403, "Forbidden", "KeyDisabled"),
        ),
        (
            "key-operation-forbidden",
            Vault("POST", "/keys/k/decrypt"),
            Codes(403, "Forbidden", "KeyOperationForbidden"),
        ),
        (
            "key-not-found",
            Vault("GET", "/keys/k"),
            Codes(404, "KeyNotFound", ""),
        ),
        (
            "key-outside-its-time",
            Vault("POST", "/keys/k/encrypt"),
            Codes(403, "Forbidden", "KeyExpired"),
        ),
        (
            "secret-outside-its-time",
            GET,
            Like(|answer| seconds_to(answer, "exp").is_some_and(|left| left < -3_590)),
        ),
        (
            "secret-not-yet-valid",
            GET,
            Like(|answer| seconds_to(answer, "nbf").is_some_and(|left| left > 3_590)),
        ),
        (
            "secret-near-expiry",
            GET,
            Like(|answer| seconds_to(answer, "exp").is_some_and(|left| (259_190..=259_200).contains(&left))),
        ),
        (
            "no-expiry",
            GET,
            Like(|answer| answer.status == 200 && seconds_to(answer, "exp").is_none()),
        ),
        (
            "version-pinned",
            Vault("GET", "/secrets/db-password/versions"),
            Like(|answer| answer.json()["value"].as_array().map(Vec::len) == Some(2)),
        ),
        ("secret-not-found", GET, Codes(404, "SecretNotFound", "")),
        (
            "secret-deleted",
            Vault("GET", "/deletedsecrets/db-password"),
            Says(200, "\"recoveryId\""),
        ),
        (
            "name-held-by-deleted",
            SET,
            Codes(409, "Conflict", "ObjectIsDeletedButRecoverable"),
        ),
        (
            "secret-changing",
            SET,
            Codes(409, "Conflict", "ObjectIsBeingDeleted"),
        ),
        ("secret-changed", SET, Codes(409, "Conflict", "")),
        ("request-invalid", GET, Codes(400, "BadParameter", "")),
        ("vault-throttled", GET, Codes(429, "Throttled", "")),
        (
            "clock-wrong",
            GET,
            Like(|answer| answer.text.contains("'S2S12086'") && is_about(header(answer, "date"), 900)),
        ),
        (
            "secret-expired",
            GET,
            Like(|answer| seconds_to(answer, "exp").is_some_and(|left| left < -3_590)),
        ),
        ("group-too-fresh", GET, Says(403, "Assignment: (not found)")),
        ("service-failing", GET, Codes(503, "ServiceUnavailable", "")),
        (
            "clock-off",
            GET,
            Like(|answer| is_about(header(answer, "date"), 900)),
        ),
        ("foreign-answer", GET, Says(200, "<!DOCTYPE html>")),
    ];
    let mut cases: Vec<_> = cases
        .into_iter()
        .map(|(name, ask, sees)| (name, json!({}), ask, sees))
        .collect();
    cases.extend([
        (
            "identity-not-attached",
            json!({}),
            Imds,
            Says(400, "Identity not found"),
        ),
        (
            "job-token-refused",
            json!({}),
            AzurePipelines,
            Like(|answer| answer.status == 302),
        ),
        (
            "deleted-secret-not-found",
            json!({ "secret": "gone" }),
            Vault("GET", "/deletedsecrets/gone"),
            Says(404, "Deleted Secret not found: gone"),
        ),
        (
            "secret-disabled",
            json!({ "vault": "Contoso", "secret": "KEY-OF-API" }),
            Vault("GET", "/secrets/key-of-api"),
            Codes(403, "Forbidden", "SecretDisabled"),
        ),
        (
            "secret-changing",
            json!({ "seconds": 5 }),
            GET,
            Codes(404, "SecretNotFound", ""),
        ),
        ("too-slow", json!({ "seconds": 0 }), GET, Nothing),
        (
            "clock-off",
            json!({ "seconds": 90_000 }),
            Imds,
            Like(|answer| is_about(header(answer, "date"), 90_000)),
        ),
    ]);
    cases
}

pub(super) fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.header(name).unwrap_or_default()
}

pub(super) fn realm(challenge: &Answer) -> &str {
    header(challenge, "www-authenticate")
        .strip_prefix("Basic realm=")
        .expect("a challenge")
}

pub(super) fn mode_of(challenge: &Answer) -> u32 {
    let key = fs::metadata(Path::new(realm(challenge))).expect("a key file");
    key.permissions().mode() & 0o777
}

pub(super) fn attribute(answer: &Answer, name: &str) -> Value {
    answer.json()["attributes"][name].clone()
}

pub(super) fn seconds_to(answer: &Answer, date: &str) -> Option<i64> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    Some(attribute(answer, date).as_i64()? - i64::try_from(now).expect("a date"))
}

/// Whether a text is the time in so many seconds, give or take what the answer was on its way.
pub(super) fn is_about(date: &str, ahead: i64) -> bool {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    (-9..=1).any(|late| {
        let then = OffsetDateTime::now_utc() + time::Duration::seconds(ahead + late);
        then.format(&format).expect("a date") == date
    })
}
