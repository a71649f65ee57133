//! Backups and where they can be restored.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};

use crate::contoso::Contoso;
use crate::support::{APP, APP_OBJECT, APP_SECRET, MACHINE_OBJECT, OTHER_TENANT, config};

async fn back_up(contoso: &Contoso) -> String {
    let answer = contoso.post("/secrets/db-password/backup", Value::Null).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["value"].as_str().expect("a backup").to_owned()
}

async fn delete_and_purge(contoso: &Contoso) {
    contoso.delete("/secrets/db-password").await;
    contoso.delete("/deletedsecrets/db-password").await;
}

#[tokio::test]
async fn a_restored_secret_is_what_it_was_with_all_its_versions() {
    let contoso = Contoso::default().await;
    let body =
        json!({ "value": "second", "tags": { "a": "b" }, "attributes": { "exp": 7, "enabled": false } });
    contoso.call("PUT", "/secrets/db-password", &body).await;
    let versions = contoso.pages("/secrets/db-password/versions").await;
    let backup = back_up(&contoso).await;
    let bytes = BASE64URL.decode(&backup).expect("base64url without padding");
    for part in ["s3cr3t", "second", "db-password"] {
        let seen = bytes.windows(part.len()).any(|window| window == part.as_bytes());
        assert!(!seen, "a backup tells nothing");
    }
    delete_and_purge(&contoso).await;
    let restored = contoso.post("/secrets/restore", json!({ "value": backup })).await;
    assert_eq!(restored.status, 200);
    assert_eq!(restored.json().get("value"), None);
    assert_eq!(restored.json()["id"], versions[0][1]["id"]);
    assert_eq!(contoso.pages("/secrets/db-password/versions").await, versions);
    let first = versions[0][0]["id"].as_str().expect("an id");
    let path = first
        .strip_prefix("https://contoso.vault.azure.net")
        .expect("an id");
    assert_eq!(contoso.get(path).await.json()["value"], "s3cr3t");
}

#[tokio::test]
async fn a_taken_name_cannot_be_restored() {
    let contoso = Contoso::default().await;
    let body = json!({ "value": back_up(&contoso).await });
    let conflict = (409, "Conflict".into(), String::new());
    assert_eq!(
        contoso.post("/secrets/restore", body.clone()).await.codes(),
        conflict
    );
    contoso.delete("/secrets/db-password").await;
    assert_eq!(contoso.post("/secrets/restore", body).await.codes(), conflict);
}

#[tokio::test]
async fn a_spoilt_backup_is_a_bad_parameter() {
    let contoso = Contoso::default().await;
    let backup = back_up(&contoso).await;
    delete_and_purge(&contoso).await;
    let mut tampered = BASE64URL.decode(&backup).expect("base64url");
    let middle = tampered.len() / 2;
    tampered[middle] ^= 1;
    let corrupt = "Backup blob contains invalid or corrupt version.";
    for (body, message) in [
        (
            json!({ "value": BASE64URL.encode(tampered) }),
            "Cannot decrypt backup blob.",
        ),
        (json!({ "value": BASE64URL.encode([0; 4728]) }), corrupt),
        (json!({ "value": "" }), corrupt),
        (json!({ "value": "not base64url!" }), corrupt),
        (json!({}), "The request body is not valid JSON for this operation"),
    ] {
        let refused = contoso.post("/secrets/restore", body).await;
        assert_eq!(refused.codes(), (400, "BadParameter".into(), String::new()));
        assert_eq!(refused.message(), message);
    }
    let whole = contoso.post("/secrets/restore", json!({ "value": backup })).await;
    assert_eq!(whole.status, 200);
}

#[tokio::test]
async fn a_backup_stays_in_its_subscription_and_region() {
    let access = json!([
        { "principal": MACHINE_OBJECT, "secrets": ["restore"] },
        { "principal": APP_OBJECT, "secrets": ["restore"] },
    ]);
    let mut config = config();
    let vaults = config["vaults"].as_array_mut().expect("vaults");
    vaults[0]["access"] = json!([{ "principal": MACHINE_OBJECT, "secrets": ["backup"] }]);
    for (name, location) in [("neighbour", "westeurope"), ("far-away", "australiaeast")] {
        vaults.push(json!({ "name": name, "location": location, "access": access }));
    }
    vaults.push(json!({ "name": "foreign", "tenant": OTHER_TENANT, "access": access }));
    config["app_registrations"][0] = json!({
        "client_id": APP, "object_id": APP_OBJECT, "secrets": [APP_SECRET], "tenant": OTHER_TENANT,
    });
    let contoso = Contoso::with(config).await;
    let body = json!({ "value": back_up(&contoso).await });
    let restore = |host: &'static str| contoso.send(host, "POST", "/secrets/restore", &[], &body);
    assert_eq!(restore("neighbour.vault.azure.net").await.status, 200);
    let refused = restore("far-away.vault.azure.net").await;
    assert_eq!(refused.codes(), (400, "BadParameter".into(), String::new()));
    assert_eq!(refused.message(), "Cannot decrypt backup blob.");

    let form = format!(
        "grant_type=client_credentials&client_id={APP}&client_secret={APP_SECRET}\
         &scope=https%3A%2F%2Fvault.azure.net%2F.default"
    );
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let path = format!("/{OTHER_TENANT}/oauth2/v2.0/token");
    let token = contoso
        .azure
        .https("POST", crate::support::AUTHORITY, &path, &headers, &form)
        .await;
    let foreigner = format!(
        "Bearer {}",
        token.json()["access_token"].as_str().expect("a token")
    );
    let refused = contoso
        .azure
        .https(
            "POST",
            "foreign.vault.azure.net",
            "/secrets/restore?api-version=7.6",
            &[("Authorization", &foreigner)],
            &body.to_string(),
        )
        .await;
    assert_eq!(refused.codes(), (400, "BadParameter".into(), String::new()));
}

#[tokio::test]
async fn a_backup_holds_500_versions_and_no_more() {
    let contoso = Contoso::default().await;
    let path = "vaults/contoso/secrets/db-password";
    for n in 1..500 {
        contoso
            .azure
            .admin("PUT", path, json!({ "value": n.to_string() }))
            .await;
    }
    back_up(&contoso).await;
    contoso
        .azure
        .admin("PUT", path, json!({ "value": "one too many" }))
        .await;
    let refused = contoso.post("/secrets/db-password/backup", Value::Null).await;
    assert_eq!(refused.codes().0, 400);
}
