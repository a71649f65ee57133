//! Each situation, set up by the one call: a client sees it, and no longer when it is over.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::certificates::certificate_and_assertion;
use crate::support::{
    APP, APP_SECRET, AUTHORITY, Answer, Azure, CONTOSO, Folder, MACHINE, MACHINE_OBJECT, TENANT, config, form,
};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
const VERDICTS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../core/VERDICTS.md"));
const HEADING: &str = "| situation | what there is then |\n|---|---|\n";
const ISSUER: &str = "https://oidc.emulator.example/";
const POD: &str = "system:serviceaccount:shop:basket";
const ADA: &str = "ada@contoso.example";
const DEVELOPER: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
const SCOPE: &str = "https://vault.azure.net/.default";

/// How a client asks.
#[derive(Clone, Copy)]
enum Ask {
    Imds,
    AppService,
    /// The first answer of the agent, with its challenge.
    Arc,
    AzurePipelines,
    GithubActions,
    /// Entra ID, as an application with its secret.
    Secret,
    Certificate,
    Federated,
    Password,
    /// With a device code, twice: the first time everybody has to wait.
    Device,
    Vault(&'static str, &'static str),
}

use Ask::{
    AppService, Arc, AzurePipelines, Certificate, Device, Federated, GithubActions, Imds, Password, Secret,
    Vault,
};

const GET: Ask = Vault("GET", "/secrets/db-password");
const SET: Ask = Vault("PUT", "/secrets/db-password");

/// What it must see, and must not when there is nothing wrong.
#[derive(Clone, Copy)]
enum Sees {
    /// Status, code and inner code of a vault.
    Codes(u16, &'static str, &'static str),
    Aadsts(u64),
    /// A status, and words.
    Says(u16, &'static str),
    Like(fn(&Answer) -> bool),
    /// The connection ends without an answer.
    Nothing,
}

use Sees::{Aadsts, Codes, Like, Nothing, Says};

impl Sees {
    fn fits(self, answer: Option<&Answer>) -> bool {
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
fn cases() -> Vec<(&'static str, Value, Ask, Sees)> {
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
        ("role-for-management-only", Vault("GET", "/secrets"), rbac),
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
            "access-policies-in-use",
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
            "purge-protection-missing",
            GET,
            Like(|answer| attribute(answer, "recoveryLevel") == "Recoverable+Purgeable"),
        ),
        (
            "retention-short",
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
            "secret-without-expiry",
            GET,
            Like(|answer| answer.status == 200 && seconds_to(answer, "exp").is_none()),
        ),
        (
            "version-not-latest",
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
        ("service-failing", GET, Codes(503, "ServiceUnavailable", "")),
        (
            "clock-skewed",
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
            "clock-skewed",
            json!({ "seconds": 90_000 }),
            Imds,
            Like(|answer| is_about(header(answer, "date"), 90_000)),
        ),
    ]);
    cases
}

struct Client {
    azure: Azure,
    authorization: String,
    assertion: String,
    _folder: Folder,
}

impl Client {
    async fn start() -> Client {
        let folder = Folder::new("situations");
        fs::create_dir(folder.path.join("tokens")).expect("a folder");
        let (certificate, assertion) = certificate_and_assertion();
        let mut config = config();
        let application = &mut config["app_registrations"][0];
        application["certificates"] = json!([certificate]);
        application["federated"] = json!([{ "issuer": ISSUER, "subject": POD }]);
        config["users"] = json!([{ "name": ADA, "object_id": "cccccccc-0000-4000-8000-00000000000a", "password": "open sesame" }]);
        config["arc"] = json!({ "token_folder": folder.path.join("tokens") });
        let vault = &mut config["vaults"][0];
        vault["secrets"] = json!({
            "db-password": { "value": "s3cr3t", "expires": 4_000_000_000_u64 }, "key-of-api": "k3y", "gone": "g0ne",
        });
        vault["deleted"] = json!(["gone"]);
        vault["soft_delete"] = json!({ "retention_days": 30, "purge_protection": true });
        vault["access"] = json!([{ "principal": MACHINE_OBJECT, "roles": ["Key Vault Secrets Officer"] }]);
        let azure = Azure::start(config).await;
        Client {
            authorization: azure.vault_authorization().await,
            azure,
            assertion,
            _folder: folder,
        }
    }

    async fn ask(&self, ask: Ask) -> Option<Answer> {
        let metadata = ("Metadata", "true");
        let resource = "resource=https%3A%2F%2Fvault.azure.net";
        let http =
            async |method, path: &str, header| self.azure.try_http(method, path, &[header], "").await.ok();
        match ask {
            Imds => {
                let path = format!("/metadata/identity/oauth2/token?api-version=2018-02-01&{resource}");
                http("GET", &path, metadata).await
            }
            AppService => {
                let path = format!("/msi/token?api-version=2019-08-01&{resource}");
                http("GET", &path, ("X-IDENTITY-HEADER", "emulator-identity-header")).await
            }
            Arc => {
                let path = format!("/arc/metadata/identity/oauth2/token?api-version=2020-06-01&{resource}");
                http("GET", &path, metadata).await
            }
            AzurePipelines => {
                let path = "/azure_pipelines/oidctoken?api-version=7.1&\
                            serviceConnectionId=77777777-7777-4777-8777-777777777777";
                http(
                    "POST",
                    path,
                    ("Authorization", "Bearer emulator-system-access-token"),
                )
                .await
            }
            GithubActions => {
                let path = "/github_actions/token?api-version=2.0";
                http("GET", path, ("Authorization", "Bearer emulator-request-token")).await
            }
            Secret => self.application(&[("client_secret", APP_SECRET)]).await,
            Certificate => self.assertion(&self.assertion).await,
            Federated => {
                let minted = self
                    .azure
                    .admin("POST", "federated-token", json!({ "subject": POD }))
                    .await;
                self.assertion(minted.json()["token"].as_str().expect("a token"))
                    .await
            }
            Password => {
                let fields = [
                    ("grant_type", "password"),
                    ("username", ADA),
                    ("password", "open sesame"),
                ];
                self.person(&fields).await
            }
            Device => {
                let path = "/organizations/oauth2/v2.0/devicecode";
                let begun = self
                    .entra(path, &[("client_id", DEVELOPER), ("scope", SCOPE)])
                    .await?
                    .json();
                let code = begun["device_code"].as_str().expect("a code");
                let grant = "urn:ietf:params:oauth:grant-type:device_code";
                let fields = [("grant_type", grant), ("device_code", code)];
                let first = self.person(&fields).await?;
                let waits = first.json()["error"] == "authorization_pending";
                if waits {
                    self.person(&fields).await
                } else {
                    Some(first)
                }
            }
            Vault(method, path) => {
                let path = format!("{path}?api-version=7.6");
                let body = if method == "PUT" { r#"{"value":"x"}"# } else { "" };
                let headers = [("Authorization", self.authorization.as_str())];
                self.azure
                    .try_https(method, CONTOSO, &path, &headers, body)
                    .await
                    .ok()
            }
        }
    }

    async fn assertion(&self, assertion: &str) -> Option<Answer> {
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        self.application(&[("client_assertion_type", kind), ("client_assertion", assertion)])
            .await
    }

    async fn application(&self, proof: &[(&str, &str)]) -> Option<Answer> {
        let usual = [
            ("grant_type", "client_credentials"),
            ("client_id", APP),
            ("scope", SCOPE),
        ];
        self.entra(&format!("/{TENANT}/oauth2/v2.0/token"), &[&usual, proof].concat())
            .await
    }

    async fn person(&self, fields: &[(&str, &str)]) -> Option<Answer> {
        let usual = [("client_id", DEVELOPER), ("scope", SCOPE)];
        self.entra("/organizations/oauth2/v2.0/token", &[&usual, fields].concat())
            .await
    }

    async fn entra(&self, path: &str, fields: &[(&str, &str)]) -> Option<Answer> {
        self.azure
            .try_https("POST", AUTHORITY, path, &[], &form(fields))
            .await
            .ok()
    }

    async fn set_up(&self, name: &str, mut members: Value) {
        members["situation"] = json!(name);
        self.azure.admin("POST", "situation", members).await;
    }

    /// Sends what should be refused, and gives the reason.
    async fn refused(&self, body: Value) -> String {
        let answer = self
            .azure
            .http("POST", "/_emulator/situation", &[], &body.to_string())
            .await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
        answer.text
    }
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.header(name).unwrap_or_default()
}

fn realm(challenge: &Answer) -> &str {
    header(challenge, "www-authenticate")
        .strip_prefix("Basic realm=")
        .expect("a challenge")
}

fn mode_of(challenge: &Answer) -> u32 {
    let key = fs::metadata(Path::new(realm(challenge))).expect("a key file");
    key.permissions().mode() & 0o777
}

fn attribute(answer: &Answer, name: &str) -> Value {
    answer.json()["attributes"][name].clone()
}

fn seconds_to(answer: &Answer, date: &str) -> Option<i64> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    Some(attribute(answer, date).as_i64()? - i64::try_from(now).expect("a date"))
}

/// Whether a text is the time in so many seconds, give or take what the answer was on its way.
fn is_about(date: &str, ahead: i64) -> bool {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    (-9..=1).any(|late| {
        let then = OffsetDateTime::now_utc() + time::Duration::seconds(ahead + late);
        then.format(&format).expect("a date") == date
    })
}

#[tokio::test]
async fn each_is_there_when_it_is_set_up_and_gone_when_it_is_over() {
    let client = Client::start().await;
    for (name, members, ask, sees) in cases() {
        let before = client.ask(ask).await;
        assert!(!sees.fits(before.as_ref()), "{name} is there before");
        client.set_up(name, members).await;
        let told = client.azure.admin("GET", "situation", Value::Null).await.json();
        assert_eq!(told["situation"], name);
        let during = client.ask(ask).await;
        let text = during.as_ref().map(|answer| (answer.status, &answer.text));
        assert!(sees.fits(during.as_ref()), "{name} is not seen: {text:?}");
        client.azure.admin("DELETE", "situation", Value::Null).await;
        let after = client.ask(ask).await;
        assert_eq!(
            after.map(|answer| answer.status),
            before.map(|answer| answer.status),
            "{name} is not over"
        );
        let told = client.azure.admin("GET", "situation", Value::Null).await.json();
        assert_eq!(told["situation"], Value::Null);
    }
}

#[tokio::test]
async fn every_one_of_the_emulators_is_tried_and_every_verdict_has_one() {
    let known = Azure::default()
        .await
        .admin("GET", "situation", Value::Null)
        .await
        .json()["known"]
        .clone();
    let known = known.as_array().expect("rows");
    let name = |row: &Value| row["situation"].as_str().expect("a name").to_owned();
    let own: BTreeSet<String> = known
        .iter()
        .filter(|row| row["set_up_by"] == "emulator")
        .map(name)
        .collect();
    let tried: BTreeSet<String> = cases().iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(own, tried);
    let all: BTreeSet<String> = known.iter().map(name).collect();
    assert_eq!(all.len(), known.len(), "a name twice");
    let verdicts = VERDICTS
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let verdicts: BTreeSet<String> = verdicts.map(str::to_owned).collect();
    assert!(verdicts.contains("role-missing"), "the list of verdicts is read");
    let without: Vec<_> = verdicts.difference(&all).collect();
    assert!(without.is_empty(), "verdicts without a situation: {without:?}");
}

/// `UPDATE=1` writes it.
#[tokio::test]
async fn the_readme_holds_the_table() {
    let known = Azure::default()
        .await
        .admin("GET", "situation", Value::Null)
        .await
        .json()["known"]
        .clone();
    let mut table = String::from(HEADING);
    for row in known.as_array().expect("rows") {
        let text = |member: &str| row[member].as_str().expect("text");
        let place = if text("set_up_by") == "client" {
            "at the client: "
        } else {
            ""
        };
        table += &format!("| `{}` | {place}{} |\n", text("situation"), text("what"));
    }
    let readme = fs::read_to_string(README).expect("a README");
    let (before, rest) = readme.split_once(HEADING).expect("a table of situations");
    let after = rest.split_once("\n\n").map_or("", |(_, after)| after);
    let expected = format!("{before}{table}\n{after}");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(README, &expected).expect("written");
    }
    assert!(
        readme == expected,
        "the README has another table: UPDATE=1 writes it"
    );
}

#[tokio::test]
async fn one_takes_the_place_of_another_and_tokens_stay_good() {
    let client = Client::start().await;
    client.set_up("firewall-blocked", json!({})).await;
    client.set_up("secret-deleted", json!({})).await;
    let codes = client.ask(GET).await.expect("an answer").codes();
    assert_eq!(
        codes.1, "SecretNotFound",
        "neither the firewall nor another token"
    );
}

#[tokio::test]
async fn the_end_undoes_what_the_admin_interface_changed() {
    let client = Client::start().await;
    let azure = &client.azure;
    azure.admin("PUT", "access/contoso", json!([])).await;
    azure
        .admin(
            "POST",
            "faults",
            json!({ "service": "imds", "status": 500, "times": null }),
        )
        .await;
    azure.admin("DELETE", "situation", Value::Null).await;
    assert_eq!(client.ask(GET).await.expect("an answer").status, 200);
    assert_eq!(client.ask(Imds).await.expect("an answer").status, 200);
    assert!(azure.log().await.len() > 2, "the log goes on");
}

#[tokio::test]
async fn a_fresh_role_comes_into_force_by_requests_or_by_time() {
    let client = Client::start().await;
    let status = async || client.ask(GET).await.expect("an answer").status;
    client.set_up("role-too-fresh", json!({ "requests": 2 })).await;
    assert_eq!([status().await, status().await, status().await], [403, 403, 200]);
    client.set_up("role-too-fresh", json!({ "seconds": 300 })).await;
    let advance = async |seconds| {
        let path = "advance/contoso";
        client
            .azure
            .admin("POST", path, json!({ "seconds": seconds }))
            .await
    };
    advance(290).await;
    assert_eq!(status().await, 403);
    advance(10).await;
    assert_eq!(status().await, 200);
}

#[tokio::test]
async fn a_condition_names_the_assignment_and_holds_for_its_own_secrets() {
    let client = Client::start().await;
    let access = json!([{
        "principal": MACHINE_OBJECT, "roles": ["Key Vault Secrets User"], "only_secrets": ["key-of-api"],
    }]);
    client.azure.admin("PUT", "access/contoso", access).await;
    let allowed = client
        .ask(Vault("GET", "/secrets/key-of-api"))
        .await
        .expect("an answer");
    assert_eq!(allowed.status, 200);
    let denied = client.ask(GET).await.expect("an answer").message();
    let vault = "/subscriptions/00000000-0000-4000-8000-000000000000/resourcegroups/emulator/providers/\
                 microsoft.keyvault/vaults/contoso";
    for line in [
        "Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'".to_owned(),
        format!("Resource: '{vault}/secrets/db-password'"),
        format!(
            "Assignment: '{vault}/providers/Microsoft.Authorization/roleAssignments/\
             99999999-9999-4999-8999-999999999999'"
        ),
        "DenyAssignmentId: null".into(),
        "DecisionReason: 'DeniedByCondition' ".into(),
        "Vault: contoso;location=westeurope".into(),
    ] {
        assert!(denied.split("\r\n").any(|own| own == line), "{line} in {denied}");
    }
    let unconditional = client.ask(SET).await.expect("an answer").message();
    assert!(
        unconditional.contains("Assignment: (not found)"),
        "the role would not allow it"
    );
}

#[tokio::test]
async fn a_reader_lists_what_it_may_not_read() {
    let client = Client::start().await;
    client.set_up("role-for-metadata-only", json!({})).await;
    let list = client.ask(Vault("GET", "/secrets")).await.expect("an answer");
    assert_eq!(list.status, 200);
}

#[tokio::test]
async fn an_earlier_version_has_another_value() {
    let client = Client::start().await;
    client.set_up("version-not-latest", json!({})).await;
    let latest = client.ask(GET).await.expect("an answer").json();
    assert_eq!(latest["value"], "s3cr3t");
    let versions = client
        .ask(Vault("GET", "/secrets/db-password/versions"))
        .await
        .expect("an answer")
        .json();
    let ids: Vec<&Value> = versions["value"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| &item["id"])
        .collect();
    let earlier = ids
        .iter()
        .find(|id| ***id != latest["id"])
        .and_then(|id| id.as_str());
    let path = earlier
        .and_then(|id| id.strip_prefix("https://contoso.vault.azure.net"))
        .expect("an id");
    let path = format!("{path}?api-version=7.6");
    let headers = [("Authorization", client.authorization.as_str())];
    let answer = client
        .azure
        .https("GET", CONTOSO, &path, &headers, "")
        .await
        .json();
    assert!(answer["value"].is_string() && answer["value"] != "s3cr3t");
}

#[tokio::test]
async fn refusals_of_situations_look_as_the_vaults_own() {
    let client = Client::start().await;
    for name in [
        "forbidden-unexplained",
        "service-failing",
        "challenge-rejected",
        "firewall-blocked",
    ] {
        client.set_up(name, json!({})).await;
        let answer = client.ask(GET).await.expect("an answer");
        let network = if name == "firewall-blocked" {
            "203.0.113.7"
        } else {
            "127.0.0.1"
        };
        let network = format!("conn_type=Ipv4;addr={network};act_addr_fam=InterNetwork;");
        assert_eq!(header(&answer, "x-ms-keyvault-network-info"), network, "{name}");
        assert_eq!(header(&answer, "x-ms-keyvault-region"), "westeurope", "{name}");
        assert_eq!(
            header(&answer, "x-ms-keyvault-service-version"),
            "1.9.2000.1",
            "{name}"
        );
        assert!(!header(&answer, "x-ms-request-id").is_empty(), "{name}");
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_the_reason() {
    let client = Client::start().await;
    for (body, reason) in [
        (
            json!({ "situation": "role-lost" }),
            "there is no situation role-lost; there are no-identity, ",
        ),
        (
            json!({ "situation": "tool-signed-out" }),
            "NIGHTLATCH_TOOL_OUTCOME=not_logged_in",
        ),
        (
            json!({ "situation": "role-missing", "vault": "elsewhere" }),
            "there is no vault elsewhere",
        ),
        (
            json!({ "situation": "secret-disabled", "secret": "nothing" }),
            "has no secret nothing",
        ),
        (
            json!({ "situation": "role-missing", "seconds": 5 }),
            "role-missing has no use for seconds",
        ),
        (
            json!({ "situation": "secret-deleted", "requests": 5 }),
            "secret-deleted has no use for requests",
        ),
        (
            json!({ "situation": "role-missing", "sceret": "x" }),
            "unknown field `sceret`",
        ),
        (json!({}), "missing field `situation`"),
    ] {
        let told = client.refused(body).await;
        assert!(told.contains(reason), "{told}");
    }
    assert_eq!(
        client.ask(GET).await.expect("an answer").status,
        200,
        "and nothing has changed"
    );
    let bare = Azure::start(json!({ "vaults": [{ "name": "bare" }] })).await;
    for (name, reason) in [
        (
            "secret-disabled",
            "the configuration of vault bare has no secret at all",
        ),
        (
            "role-denied",
            "the configuration gives nobody access to vault bare",
        ),
        (
            "client-secret-invalid",
            "the configuration has no app_registrations",
        ),
    ] {
        let refused = bare.emulator.set_situation(name).expect_err(name);
        assert_eq!(refused, reason);
    }
}
