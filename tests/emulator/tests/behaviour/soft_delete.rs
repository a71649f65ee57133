//! What becomes of deleted secrets.

use nightlatch_emulator::{Config, Emulator};
use serde_json::{Value, json};

use crate::contoso::Contoso;
use crate::support::config;

const DAY: f64 = 86_400.0;

fn conflict(inner: &str) -> (u16, String, String) {
    (409, "Conflict".into(), inner.into())
}

fn not_found() -> (u16, String, String) {
    (404, "SecretNotFound".into(), String::new())
}

#[tokio::test]
async fn a_deleted_secret_says_how_long_it_can_be_recovered() {
    let contoso = Contoso::default().await;
    let deleted = contoso.delete("/secrets/db-password").await;
    assert_eq!(deleted.status, 200);
    let bundle = deleted.json();
    assert_eq!(bundle.get("value"), None);
    assert_eq!(
        bundle["recoveryId"],
        "https://contoso.vault.azure.net/deletedsecrets/db-password"
    );
    let id = bundle["id"].as_str().expect("an id");
    let version = id.strip_prefix("https://contoso.vault.azure.net/secrets/db-password/");
    assert_eq!(version.expect(id).len(), 32);
    let date = bundle["deletedDate"].as_u64().expect("a date");
    assert_eq!(bundle["scheduledPurgeDate"], date + 90 * 86_400);
    assert_eq!(contoso.get("/deletedsecrets/DB-password").await.json(), bundle);

    let answer = contoso.get("/secrets/db-password/").await;
    assert_eq!(answer.codes(), not_found());
    assert!(
        answer
            .message()
            .starts_with("A secret with (name/id) db-password was not found")
    );
    assert!(contoso.names("/secrets").await.is_empty());
    let listed = &contoso.pages("/deletedsecrets").await[0][0];
    assert_eq!(
        listed["id"],
        "https://contoso.vault.azure.net/secrets/db-password"
    );
    assert_eq!(listed["recoveryId"], bundle["recoveryId"]);
    assert_eq!(listed["scheduledPurgeDate"], bundle["scheduledPurgeDate"]);
}

#[tokio::test]
async fn the_name_of_a_deleted_secret_is_taken_until_it_is_purged() {
    let contoso = Contoso::default().await;
    contoso.delete("/secrets/db-password").await;
    let refused = contoso.set("db-password", "new").await;
    assert_eq!(refused.codes(), conflict("ObjectIsDeletedButRecoverable"));
    assert!(
        refused
            .message()
            .starts_with("Secret db-password is currently in a deleted but recoverable state")
    );
    let purged = contoso.delete("/deletedsecrets/db-password").await;
    assert_eq!((purged.status, purged.text.as_str()), (204, ""));
    let gone = contoso.get("/deletedsecrets/db-password").await;
    assert_eq!(gone.codes(), not_found());
    assert_eq!(gone.message(), "Deleted Secret not found: db-password");
    assert_eq!(contoso.set("db-password", "new").await.status, 200);
    assert_eq!(contoso.pages("/secrets/db-password/versions").await[0].len(), 1);
}

#[tokio::test]
async fn a_recovered_secret_is_what_it_was() {
    let contoso = Contoso::default().await;
    contoso.set("db-password", "second").await;
    let before = contoso.get("/secrets/db-password").await.json();
    let versions = contoso.names("/secrets/db-password/versions").await;
    contoso.delete("/secrets/db-password").await;
    assert!(contoso.names("/secrets/db-password/versions").await.is_empty());
    let recovered = contoso
        .post("/deletedsecrets/db-password/recover", Value::Null)
        .await;
    assert_eq!(recovered.status, 200);
    assert_eq!(recovered.json().get("value"), None);
    assert_eq!(recovered.json()["id"], before["id"]);
    assert_eq!(recovered.json().get("recoveryId"), None);
    assert_eq!(contoso.get("/secrets/db-password").await.json(), before);
    assert_eq!(contoso.names("/secrets/db-password/versions").await, versions);
    let first = contoso
        .get(&format!("/secrets/db-password/{}", versions[0]))
        .await;
    assert_eq!(first.json()["value"], "s3cr3t");
    assert_eq!(
        contoso.get("/deletedsecrets/db-password").await.codes(),
        not_found()
    );
}

#[tokio::test]
async fn after_the_retention_nothing_is_left() {
    for (days, level) in [
        (90, "Recoverable+Purgeable"),
        (7, "CustomizedRecoverable+Purgeable"),
    ] {
        let contoso = Contoso::start(json!({ "soft_delete": { "retention_days": days } })).await;
        let attributes = &contoso.get("/secrets/db-password").await.json()["attributes"];
        assert_eq!(attributes["recoveryLevel"], level);
        assert_eq!(attributes["recoverableDays"], days);
        contoso.delete("/secrets/db-password").await;
        contoso.advance(f64::from(days) * DAY - 60.0).await;
        assert_eq!(contoso.names("/deletedsecrets").await, ["db-password"]);
        contoso.advance(60.0).await;
        assert!(contoso.names("/deletedsecrets").await.is_empty());
        assert_eq!(
            contoso.get("/deletedsecrets/db-password").await.codes(),
            not_found()
        );
        assert_eq!(contoso.set("db-password", "new").await.status, 200);
    }
}

#[tokio::test]
async fn the_recovery_level_tells_how_a_vault_is_set_up() {
    for (soft_delete, level) in [
        (json!({ "retention_days": null }), "Purgeable"),
        (json!({}), "Recoverable+Purgeable"),
        (json!({ "purge_protection": true }), "Recoverable"),
        (
            json!({ "purge_protection": true, "protected_subscription": true }),
            "Recoverable+ProtectedSubscription",
        ),
        (json!({ "retention_days": 89 }), "CustomizedRecoverable+Purgeable"),
        (
            json!({ "retention_days": 7, "purge_protection": true }),
            "CustomizedRecoverable",
        ),
        (
            json!({ "retention_days": 7, "purge_protection": true, "protected_subscription": true }),
            "CustomizedRecoverable+ProtectedSubscription",
        ),
    ] {
        let contoso = Contoso::default().await;
        contoso
            .azure
            .admin("PUT", "soft-delete/contoso", soft_delete)
            .await;
        let secret = contoso.get("/secrets/db-password").await.json();
        assert_eq!(secret["attributes"]["recoveryLevel"], level);
    }
}

#[tokio::test]
async fn purge_protection_lets_nobody_purge() {
    let contoso = Contoso::start(json!({ "soft_delete": { "purge_protection": true } })).await;
    let missing = contoso.delete("/deletedsecrets/db-password").await;
    assert_eq!(missing.codes(), not_found(), "existence comes before state");
    contoso.delete("/secrets/db-password").await;
    let refused = contoso.delete("/deletedsecrets/db-password").await;
    assert_eq!(refused.codes(), (403, "Forbidden".into(), String::new()));
    assert!(refused.message().starts_with(
        "Operation \"purge\" is not allowed because purge protection is enabled for this vault."
    ));
    assert!(
        refused
            .message()
            .ends_with("\r\nVault: contoso;location=westeurope")
    );
    let recovered = contoso
        .post("/deletedsecrets/db-password/recover", Value::Null)
        .await;
    assert_eq!(recovered.status, 200);
    contoso.delete("/secrets/db-password").await;
    contoso.advance(90.0 * DAY).await;
    assert_eq!(contoso.set("db-password", "new").await.status, 200);
}

#[tokio::test]
async fn a_vault_without_soft_delete_deletes_for_good() {
    let contoso = Contoso::start(json!({ "soft_delete": { "retention_days": null } })).await;
    let deleted = contoso.delete("/secrets/db-password").await.json();
    for member in ["recoveryId", "deletedDate", "scheduledPurgeDate"] {
        assert_eq!(deleted.get(member), None);
    }
    assert_eq!(deleted["attributes"].get("recoverableDays"), None);
    assert_eq!(contoso.get("/secrets/db-password").await.codes(), not_found());
    for (method, path) in [
        ("GET", "/deletedsecrets"),
        ("GET", "/deletedsecrets/db-password"),
        ("POST", "/deletedsecrets/db-password/recover"),
        ("DELETE", "/deletedsecrets/db-password"),
    ] {
        let refused = contoso.call(method, path, &Value::Null).await;
        assert_eq!(
            refused.codes(),
            (400, "NotSupported".into(), String::new()),
            "{method} {path}"
        );
    }
    assert_eq!(contoso.set("db-password", "new").await.status, 200);
}

#[tokio::test]
async fn a_delete_takes_its_time() {
    let contoso = Contoso::start(json!({ "soft_delete": { "delete": { "polls": 5 } } })).await;
    assert_eq!(contoso.delete("/secrets/db-password").await.status, 200);
    for list in ["/secrets", "/deletedsecrets"] {
        assert!(contoso.names(list).await.is_empty(), "lists do not count");
    }
    let path = "/deletedsecrets/db-password";
    assert_eq!(contoso.get("/secrets/db-password").await.codes(), not_found());
    let refused = contoso.set("db-password", "new").await;
    assert_eq!(refused.codes(), conflict("ObjectIsBeingDeleted"));
    assert_eq!(
        refused.message(),
        "Secret db-password is currently being deleted and cannot be re-created; retry later."
    );
    assert_eq!(
        contoso.delete(path).await.codes(),
        conflict("ObjectIsBeingDeleted")
    );
    let recover = contoso.post(&format!("{path}/recover"), Value::Null).await;
    assert_eq!(recover.codes(), conflict("ObjectIsBeingDeleted"));
    let early = contoso.get(path).await;
    assert_eq!(early.codes(), not_found());
    assert_eq!(early.message(), "Deleted Secret not found: db-password");
    assert_eq!(contoso.get(path).await.status, 200);
    assert_eq!(contoso.names("/deletedsecrets").await, ["db-password"]);
}

#[tokio::test]
async fn a_recovery_takes_its_time() {
    let contoso = Contoso::start(json!({ "soft_delete": { "recover": { "polls": 4 } } })).await;
    contoso.delete("/secrets/db-password").await;
    let recover = "/deletedsecrets/db-password/recover";
    assert_eq!(contoso.post(recover, Value::Null).await.status, 200);
    for list in ["/secrets", "/deletedsecrets"] {
        assert!(contoso.names(list).await.is_empty());
    }
    let refused = contoso.set("db-password", "new").await;
    assert_eq!(refused.codes(), conflict("ObjectIsBeingRecovered"));
    assert_eq!(
        refused.message(),
        "Secret db-password is currently being recovered and cannot be re-created; retry later."
    );
    assert_eq!(
        contoso.post(recover, Value::Null).await.codes(),
        conflict("ObjectIsBeingRecovered")
    );
    assert_eq!(
        contoso.get("/deletedsecrets/db-password").await.codes(),
        not_found()
    );
    assert_eq!(contoso.get("/secrets/db-password").await.codes(), not_found());
    assert_eq!(
        contoso.get("/secrets/db-password").await.json()["value"],
        "s3cr3t"
    );
}

#[tokio::test]
async fn a_purged_name_is_free_a_little_later() {
    let contoso = Contoso::start(json!({ "soft_delete": { "purge": { "polls": 2 } } })).await;
    contoso.delete("/secrets/db-password").await;
    assert_eq!(contoso.delete("/deletedsecrets/db-password").await.status, 204);
    assert_eq!(
        contoso.get("/deletedsecrets/db-password").await.codes(),
        not_found()
    );
    assert_eq!(
        contoso.set("db-password", "new").await.codes(),
        conflict("ObjectIsBeingDeleted")
    );
    assert_eq!(contoso.set("db-password", "new").await.status, 200);
}

#[tokio::test]
async fn a_delay_runs_on_the_vaults_clock() {
    let contoso = Contoso::start(json!({ "soft_delete": { "delete": { "delay_ms": 60_000 } } })).await;
    contoso.delete("/secrets/db-password").await;
    for (seconds, status) in [(0.0, 404), (30.0, 404), (30.0, 200)] {
        contoso.advance(seconds).await;
        assert_eq!(contoso.get("/deletedsecrets/db-password").await.status, status);
    }
}

#[tokio::test]
async fn what_was_never_there_cannot_be_deleted_recovered_or_purged() {
    let contoso = Contoso::default().await;
    assert_eq!(contoso.delete("/secrets/nothing").await.codes(), not_found());
    for (method, path) in [
        ("GET", "/deletedsecrets/nothing"),
        ("POST", "/deletedsecrets/nothing/recover"),
        ("DELETE", "/deletedsecrets/nothing"),
    ] {
        let answer = contoso.call(method, path, &Value::Null).await;
        assert_eq!(answer.codes(), not_found());
        assert_eq!(answer.message(), "Deleted Secret not found: nothing");
        let active = contoso
            .call(method, &path.replace("nothing", "db-password"), &Value::Null)
            .await;
        assert_eq!(active.codes(), not_found());
    }
    contoso.delete("/secrets/db-password").await;
    assert_eq!(contoso.delete("/secrets/db-password").await.codes(), not_found());
}

#[tokio::test]
async fn an_impossible_retention_is_refused() {
    for days in [0, 6, 91] {
        let mut config = config();
        config["vaults"][0]["soft_delete"] = json!({ "retention_days": days });
        let config: Config = serde_json::from_value(config).expect("a configuration");
        assert!(Emulator::start(config).await.is_err(), "{days}");
        let contoso = Contoso::default().await;
        let body = json!({ "retention_days": days }).to_string();
        let path = "/_emulator/soft-delete/contoso";
        let answer = contoso.azure.http("PUT", path, &[], &body).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text.contains("between 7 and 90"), "{}", answer.text);
    }
}
