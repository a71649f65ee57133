//! Updates, limits of what a secret may be, and secrets that certificates own.

use serde_json::{Map, Value, json};

use crate::contoso::Contoso;

async fn with_secret(secret: Value) -> Contoso {
    Contoso::start(json!({ "secrets": { "s": secret } })).await
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_leaves_the_rest() {
    let contoso = with_secret(json!({
        "value": "v", "content_type": "text/plain", "tags": { "a": "1", "b": "2" }, "not_before": 1, "expires": 2,
    }))
    .await;
    let before = contoso.get("/secrets/s").await.json();
    contoso.advance(10.0).await;
    let updated = contoso
        .patch(
            "/secrets/s/",
            json!({ "attributes": { "exp": 3 }, "tags": { "c": "3" } }),
        )
        .await;
    assert_eq!(updated.status, 200);
    assert_eq!(updated.json().get("value"), None);
    let mut expected = before.clone();
    expected["tags"] = json!({ "c": "3" });
    expected["attributes"]["exp"] = json!(3);
    let after = contoso.get("/secrets/s").await.json();
    let changed = after["attributes"]["updated"].as_u64().expect("a date");
    assert!(changed >= before["attributes"]["updated"].as_u64().expect("a date") + 10);
    expected["attributes"]["updated"] = json!(changed);
    assert_eq!(after, expected, "created and id with its version among them");

    contoso
        .patch("/secrets/s", json!({ "tags": {}, "contentType": "other" }))
        .await;
    let cleared = contoso.get("/secrets/s").await.json();
    assert_eq!(cleared.get("tags"), None);
    assert_eq!(cleared["contentType"], "other");
}

#[tokio::test]
async fn an_update_is_about_one_version() {
    let contoso = with_secret(json!("first")).await;
    contoso.set("s", "second").await;
    let versions = contoso.names("/secrets/s/versions").await;
    let (first, second) = (
        format!("/secrets/s/{}", versions[0]),
        format!("/secrets/s/{}", versions[1]),
    );
    contoso
        .patch(&first, json!({ "attributes": { "enabled": false } }))
        .await;
    assert_eq!(contoso.get(&first).await.status, 403);
    assert_eq!(contoso.get("/secrets/s").await.json()["value"], "second");
    contoso
        .patch("/secrets/s/", json!({ "contentType": "latest" }))
        .await;
    assert_eq!(contoso.get(&second).await.json()["contentType"], "latest");
    contoso
        .patch(
            &first,
            json!({ "attributes": { "enabled": true, "nbf": null }, "contentType": null }),
        )
        .await;
    assert_eq!(contoso.get(&first).await.json()["value"], "first");
}

#[tokio::test]
async fn a_disabled_secret_can_be_listed_updated_and_deleted() {
    let contoso = with_secret(json!({ "value": "v", "enabled": false })).await;
    assert_eq!(contoso.get("/secrets/s").await.codes().2, "SecretDisabled");
    assert_eq!(contoso.names("/secrets").await, ["s"]);
    assert_eq!(contoso.names("/secrets/s/versions").await.len(), 1);
    let tagged = contoso.patch("/secrets/s", json!({ "tags": { "a": "b" } })).await;
    assert_eq!(tagged.json()["attributes"]["enabled"], false);
    assert_eq!(contoso.delete("/secrets/s").await.status, 200);
}

#[tokio::test]
async fn what_is_not_there_cannot_be_updated() {
    let contoso = with_secret(json!("v")).await;
    for path in ["/secrets/nothing", "/secrets/s/00000000000000000000000000000000"] {
        let codes = contoso.patch(path, json!({})).await.codes();
        assert_eq!(codes, (404, "SecretNotFound".into(), String::new()));
    }
}

#[tokio::test]
async fn a_post_can_stand_for_other_methods() {
    let contoso = with_secret(json!("v")).await;
    let stands_for = |method| [("X-HTTP-METHOD", method)];
    let body = json!({ "contentType": "by post" });
    let updated = contoso
        .call_with("POST", "/secrets/s", &stands_for("PATCH"), &body)
        .await;
    assert_eq!(updated.json()["contentType"], "by post");
    let deleted = contoso
        .call_with("POST", "/secrets/s", &stands_for("DELETE"), &Value::Null)
        .await;
    assert!(deleted.json()["recoveryId"].is_string());
}

#[tokio::test]
async fn every_api_version_will_do() {
    let contoso = with_secret(json!("v")).await;
    for version in [
        "2016-10-01",
        "7.0",
        "7.1",
        "7.2",
        "7.3",
        "7.4",
        "7.5",
        "7.6",
        "2025-07-01",
        "2026-04-01",
        "2026-07-01-preview",
    ] {
        let path = format!("/secrets/s/?api-version={version}");
        assert_eq!(contoso.get(&path).await.json()["value"], "v", "{version}");
    }
}

#[tokio::test]
async fn limits_hold_for_updates_as_for_sets() {
    let contoso = with_secret(json!("v")).await;
    let tags =
        |count: usize| -> Map<String, Value> { (0..count).map(|n| (n.to_string(), json!(""))).collect() };
    // A character is a character, however many bytes it takes.
    let long = |count| "ü".repeat(count);
    for (body, status) in [
        (json!({ "contentType": long(255) }), 200),
        (json!({ "contentType": long(256) }), 400),
        (json!({ "tags": tags(15) }), 200),
        (json!({ "tags": tags(16) }), 400),
        (json!({ "tags": { long(512): long(512) } }), 200),
        (json!({ "tags": { long(513): "" } }), 400),
        (json!({ "tags": { "a": long(513) } }), 400),
        (json!({ "tags": { "a": 1 } }), 400),
        (json!({ "attributes": { "exp": "soon" } }), 400),
    ] {
        let answer = contoso.patch("/secrets/s", body.clone()).await;
        assert_eq!(answer.status, status, "{body}");
        let mut set = body.clone();
        set["value"] = json!("v");
        let answer = contoso.call("PUT", "/secrets/s", &set).await;
        assert_eq!(answer.status, status, "{body}");
        if status == 400 {
            assert_eq!(answer.codes().1, "BadParameter");
        }
    }
    let largest = contoso.set("s", &"x".repeat(25_600)).await;
    assert_eq!(largest.status, 200);
    assert_eq!(contoso.set("s", &"x".repeat(25_601)).await.status, 400);
}

#[tokio::test]
async fn a_certificate_owns_its_secret() {
    let contoso =
        with_secret(json!({ "value": "PFX", "content_type": "application/x-pkcs12", "certificate": true }))
            .await;
    let secret = contoso.get("/secrets/s").await.json();
    assert_eq!(
        (&secret["managed"], &secret["value"]),
        (&json!(true), &json!("PFX"))
    );
    let id = secret["id"].as_str().expect("an id");
    assert_eq!(secret["kid"], id.replace("/secrets/", "/keys/"));
    let listed = &contoso.pages("/secrets").await[0][0];
    assert_eq!((&listed["managed"], listed.get("kid")), (&json!(true), None));
    for (operation, method, path) in [
        ("set", "PUT", "/secrets/s"),
        ("update", "PATCH", "/secrets/s"),
        ("delete", "DELETE", "/secrets/s"),
        ("backup", "POST", "/secrets/s/backup"),
    ] {
        let refused = contoso.call(method, path, &json!({ "value": "x" })).await;
        assert_eq!(
            refused.codes(),
            (403, "Forbidden".into(), "SecretManagedByKeyVault".into())
        );
        let words = format!("Operation \"{operation}\" is not allowed as this object's lifetime is managed");
        assert!(refused.message().starts_with(&words), "{}", refused.message());
    }
    assert_eq!(contoso.get("/secrets/s").await.json(), secret);
    let renewed = json!({ "value": "renewed PFX", "certificate": true });
    contoso
        .azure
        .admin("PUT", "vaults/contoso/secrets/s", renewed)
        .await;
    assert_eq!(contoso.get("/secrets/s").await.json()["value"], "renewed PFX");
}
