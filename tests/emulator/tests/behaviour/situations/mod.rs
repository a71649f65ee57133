//! Each situation, set up by the one call: a client sees it, and no longer when it is over.

mod cases;
mod client;

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use self::cases::{cases, header};
use self::client::Ask::{Imds, Vault};
use self::client::{Client, GET, SET};
use crate::support::{Azure, CONTOSO, MACHINE_OBJECT};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
const VERDICTS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../core/VERDICTS.md"));
const HEADING: &str = "| situation | what there is then |\n|---|---|\n";

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
    let old = rest.lines().take_while(|line| line.starts_with('|'));
    let after = &rest[old.map(|line| line.len() + 1).sum()..];
    let expected = format!("{before}{table}{after}");
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
    client.set_up("version-pinned", json!({})).await;
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
        ("key-disabled", "the configuration of vault bare has no keys"),
        (
            "role-denied",
            "the configuration gives nobody access to vault bare",
        ),
        (
            "client-secret-invalid",
            "the configuration has no app_registrations",
        ),
        ("federation-issuer", "the configuration has no app_registrations"),
        ("arc-key-forbidden", "the configuration names no arc.token_folder"),
    ] {
        let refused = bare.emulator.set_situation(name).expect_err(name);
        assert_eq!(refused, reason);
    }
}
