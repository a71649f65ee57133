//! Keys: how they are made, shown, rotated and given up.

use serde_json::{Value, json};

use crate::contoso::Contoso;
use crate::support::{Answer, MACHINE_OBJECT};

pub(crate) const RSA_KEY: &str = include_str!("rsa_key.pem");
const BASE: &str = "https://contoso.vault.azure.net";
const NOBODY: &str = "00000000000000000000000000000000";

/// The same key as `rsa_key.pem`.
pub(crate) fn jwk() -> Value {
    serde_json::from_str(include_str!("rsa_key.json")).expect("a key")
}

/// The usual vault with some keys, for somebody who may do everything in it.
pub(crate) async fn with_keys(keys: Value) -> Contoso {
    with(json!({ "keys": keys })).await
}

async fn with(mut change: Value) -> Contoso {
    let roles = ["Key Vault Crypto Officer", "Key Vault Secrets Officer"];
    change["access"] = json!([{ "principal": MACHINE_OBJECT, "roles": roles }]);
    Contoso::start(change).await
}

/// The identifier of the version that an answer is about.
fn kid(answer: &Answer) -> String {
    answer.json()["key"]["kid"]
        .as_str()
        .expect(&answer.text)
        .to_owned()
}

fn path(answer: &Answer) -> String {
    kid(answer).strip_prefix(BASE).expect("a local path").to_owned()
}

fn not_found() -> (u16, String, String) {
    (404, "KeyNotFound".into(), String::new())
}

fn bad_parameter() -> (u16, String, String) {
    (400, "BadParameter".into(), String::new())
}

#[tokio::test]
async fn a_key_is_made_and_shown_without_its_private_half() {
    let contoso = with_keys(json!({})).await;
    let body = json!({
        "kty": "RSA", "key_size": 2048, "key_ops": ["wrapKey", "unwrapKey"], "tags": { "a": "b" },
        "attributes": { "enabled": true, "nbf": 5, "exp": 4_000_000_000_u64 },
    });
    let made = contoso.post("/keys/kek/create", body).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let bundle = made.json();
    let members: Vec<&String> = bundle["key"].as_object().expect("a JWK").keys().collect();
    assert_eq!(members, ["e", "key_ops", "kid", "kty", "n"]);
    assert_eq!(
        (&bundle["key"]["kty"], &bundle["key"]["e"]),
        (&json!("RSA"), &json!("AQAB"))
    );
    assert_eq!(
        bundle["key"]["n"].as_str().map(str::len),
        Some(342),
        "256 bytes as base64url"
    );
    assert_eq!(bundle["key"]["key_ops"], json!(["wrapKey", "unwrapKey"]));
    assert_eq!(bundle["tags"], json!({ "a": "b" }));
    let attributes = &bundle["attributes"];
    assert_eq!(
        (&attributes["nbf"], &attributes["exp"]),
        (&json!(5), &json!(4_000_000_000_u64))
    );
    assert_eq!(
        (&attributes["enabled"], &attributes["exportable"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(attributes["recoveryLevel"], "Recoverable+Purgeable");
    let version = kid(&made);
    let version = version
        .strip_prefix(&format!("{BASE}/keys/kek/"))
        .expect("a version");
    assert!(version.len() == 32 && version.bytes().all(|digit| digit.is_ascii_hexdigit()));
    for path in ["/keys/kek", "/keys/kek/", &path(&made), "/keys/KEK"] {
        let got = contoso.get(path).await;
        assert_eq!((got.status, got.json()), (200, bundle.clone()), "{path}");
    }
}

#[tokio::test]
async fn the_size_is_the_one_asked_for() {
    let contoso = with_keys(json!({ "configured": { "size": 3072 } })).await;
    let made = contoso
        .post("/keys/long/create", json!({ "kty": "RSA", "key_size": 4096 }))
        .await;
    let usual = contoso.post("/keys/usual/create", json!({ "kty": "RSA" })).await;
    let configured = contoso.get("/keys/configured").await;
    let length = |answer: &Answer| answer.json()["key"]["n"].as_str().map(str::len);
    assert_eq!(
        [length(&usual), length(&configured), length(&made)],
        [Some(342), Some(512), Some(683)]
    );
    let operations = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"];
    assert_eq!(usual.json()["key"]["key_ops"], json!(operations));
}

#[tokio::test]
async fn what_cannot_be_a_key_is_refused() {
    let contoso = with_keys(json!({})).await;
    let tags: serde_json::Map<String, Value> = (0..16).map(|n| (n.to_string(), json!(""))).collect();
    for body in [
        json!({}),
        json!({ "kty": "DSA" }),
        json!({ "kty": "RSA", "key_size": 1024 }),
        json!({ "kty": "RSA", "key_size": 2049 }),
        json!({ "kty": "RSA", "key_ops": ["sing"] }),
        json!({ "kty": "RSA", "tags": tags }),
        json!({ "kty": "RSA", "tags": { "long": "x".repeat(257) } }),
    ] {
        let refused = contoso.post("/keys/kek/create", body.clone()).await;
        assert_eq!(refused.codes(), bad_parameter(), "{body}");
    }
    let refused = contoso
        .post("/keys/under_score/create", json!({ "kty": "RSA" }))
        .await;
    assert_eq!(refused.codes(), bad_parameter());
    for kty in ["EC", "RSA-HSM", "oct-HSM"] {
        let refused = contoso.post("/keys/kek/create", json!({ "kty": kty })).await;
        assert_eq!(refused.status, 501, "{kty}");
    }
    assert_eq!(
        contoso.get("/keys/kek").await.codes(),
        not_found(),
        "nothing was made"
    );
}

#[tokio::test]
async fn an_unknown_name_or_version_is_not_found() {
    let contoso = with_keys(json!({ "kek": { "pem": RSA_KEY } })).await;
    let answer = contoso.get("/keys/nothing").await;
    assert_eq!(answer.codes(), not_found());
    let words =
        "A key with (name/id) nothing was not found in this key vault. If you recently deleted this key";
    assert!(answer.message().starts_with(words), "{}", answer.message());
    let value = json!({ "alg": "RSA-OAEP-256", "value": "AAAA" });
    for (method, path) in [
        ("GET", format!("/keys/kek/{NOBODY}")),
        ("PATCH", format!("/keys/kek/{NOBODY}")),
        ("POST", format!("/keys/kek/{NOBODY}/unwrapkey")),
        ("POST", "/keys/nothing/wrapkey".into()),
        ("POST", "/keys/nothing/rotate".into()),
        ("DELETE", "/keys/nothing".into()),
        ("GET", "/deletedkeys/kek".into()),
    ] {
        let answer = contoso.call(method, &path, &value).await;
        assert_eq!(answer.codes(), not_found(), "{method} {path}");
    }
    assert_eq!(
        contoso.get("/secrets/kek").await.codes().1,
        "SecretNotFound",
        "a name of its own"
    );
}

#[tokio::test]
async fn a_rotation_makes_another_key_of_the_same_sort() {
    let first = json!({ "size": 3072, "key_ops": ["wrapKey"], "tags": { "a": "b" }, "expires": 5 });
    let contoso = with_keys(json!({ "kek": first })).await;
    let old = contoso.get("/keys/kek").await;
    let new = contoso.post("/keys/kek/rotate", Value::Null).await;
    assert_eq!(new.status, 200, "{}", new.text);
    assert_ne!(kid(&new), kid(&old));
    assert_ne!(new.json()["key"]["n"], old.json()["key"]["n"]);
    let length = |answer: &Answer| answer.json()["key"]["n"].as_str().map(str::len);
    assert_eq!(length(&new), length(&old));
    assert_eq!(
        (&new.json()["key"]["key_ops"], &new.json()["tags"]),
        (&json!(["wrapKey"]), &json!({ "a": "b" }))
    );
    assert_eq!(new.json()["attributes"].get("exp"), None);
    assert_eq!(
        contoso.get("/keys/kek").await.json(),
        new.json(),
        "it is the latest one"
    );
    assert_eq!(
        contoso.get(&path(&old)).await.json(),
        old.json(),
        "and the old one is still there"
    );
}

#[tokio::test]
async fn keys_and_versions_are_listed_by_page() {
    let keys: serde_json::Map<String, Value> = (0..27)
        .map(|n| {
            (
                format!("k{n:02}"),
                json!({ "pem": RSA_KEY, "tags": { "n": n.to_string() } }),
            )
        })
        .collect();
    let contoso = with_keys(json!(keys)).await;
    let pages = contoso.pages("/keys").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [25, 0, 2]);
    let item = &pages[2][1];
    assert_eq!(item["kid"], format!("{BASE}/keys/k26"));
    assert_eq!(
        (&item["tags"]["n"], &item["attributes"]["enabled"]),
        (&json!("26"), &json!(true))
    );
    assert_eq!((item.get("key"), item.get("id")), (None, None));
    let first = kid(&contoso.get("/keys/k00").await);
    let second = kid(&contoso.post("/keys/k00/rotate", Value::Null).await);
    let versions = contoso.pages("/keys/k00/versions").await.concat();
    assert_eq!(
        versions.iter().map(|item| &item["kid"]).collect::<Vec<_>>(),
        [&first, &second]
    );
    assert_eq!(
        contoso.pages("/keys/nothing/versions").await,
        [Vec::<Value>::new()]
    );
    assert_eq!(
        contoso.names("/secrets").await,
        ["db-password"],
        "secrets are listed apart"
    );
}

#[tokio::test]
async fn an_update_changes_what_it_names() {
    let contoso = with_keys(json!({ "kek": { "pem": RSA_KEY, "tags": { "a": "b" }, "expires": 5 } })).await;
    let first = contoso.get("/keys/kek").await;
    let changed = contoso
        .patch(
            "/keys/kek",
            json!({ "attributes": { "enabled": false, "nbf": 3 }, "key_ops": ["decrypt"] }),
        )
        .await;
    assert_eq!(kid(&changed), kid(&first), "no version is made");
    let changed = changed.json();
    let attributes = &changed["attributes"];
    assert_eq!(
        (&attributes["enabled"], &attributes["nbf"], &attributes["exp"]),
        (&json!(false), &json!(3), &json!(5))
    );
    assert_eq!(
        (&changed["key"]["key_ops"], &changed["tags"]),
        (&json!(["decrypt"]), &json!({ "a": "b" }))
    );
    contoso.post("/keys/kek/rotate", Value::Null).await;
    let tagged = contoso.patch(&path(&first), json!({ "tags": {} })).await;
    assert_eq!((kid(&tagged), tagged.json().get("tags")), (kid(&first), None));
    assert_eq!(
        contoso.get("/keys/kek").await.json()["tags"],
        json!({ "a": "b" }),
        "the latest one is as it was"
    );
}

#[tokio::test]
async fn a_deleted_key_is_recovered_or_purged_as_secrets_are() {
    let soft_delete = json!({ "delete": { "polls": 1 }, "purge": { "polls": 1 } });
    let contoso = with(json!({ "keys": { "kek": { "pem": RSA_KEY } }, "soft_delete": soft_delete })).await;
    let first = contoso.get("/keys/kek").await;
    let deleted = contoso.delete("/keys/kek").await.json();
    assert_eq!(deleted["recoveryId"], format!("{BASE}/deletedkeys/kek"));
    assert_eq!(deleted["key"]["kid"], kid(&first));
    assert!(deleted["scheduledPurgeDate"].as_u64() > deleted["deletedDate"].as_u64());
    let waited = contoso.get("/deletedkeys/kek").await;
    assert_eq!(
        (waited.codes(), waited.message()),
        (not_found(), "Deleted Key not found: kek".into())
    );
    assert_eq!(contoso.get("/deletedkeys/kek").await.status, 200);
    assert_eq!(contoso.get("/keys/kek").await.codes(), not_found());
    let item = &contoso.pages("/deletedkeys").await[0][0];
    assert_eq!(
        (&item["kid"], &item["recoveryId"]),
        (&json!(format!("{BASE}/keys/kek")), &deleted["recoveryId"])
    );
    let taken = contoso.post("/keys/kek/create", json!({ "kty": "RSA" })).await;
    assert_eq!(
        taken.codes(),
        (409, "Conflict".into(), "ObjectIsDeletedButRecoverable".into())
    );
    assert!(
        taken
            .message()
            .starts_with("Key kek is currently in a deleted but recoverable state")
    );
    contoso.post("/deletedkeys/kek/recover", Value::Null).await;
    assert_eq!(contoso.get("/keys/kek").await.json(), first.json());
    contoso.delete("/keys/kek").await;
    contoso.get("/deletedkeys/kek").await;
    assert_eq!(contoso.delete("/deletedkeys/kek").await.status, 204);
    let leaving = contoso.post("/keys/kek/create", json!({ "kty": "RSA" })).await;
    assert_eq!(leaving.codes().2, "ObjectIsBeingDeleted");
    assert_eq!(
        contoso
            .post("/keys/kek/create", json!({ "kty": "RSA" }))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_backup_brings_back_the_same_key_and_is_none_of_a_secret() {
    let contoso = with_keys(json!({ "kek": { "pem": RSA_KEY } })).await;
    let first = contoso.get("/keys/kek").await;
    let backup = contoso.post("/keys/kek/backup", Value::Null).await.json();
    let wrapped = contoso
        .post("/keys/kek/wrapkey", json!({ "alg": "RSA-OAEP", "value": "AQID" }))
        .await
        .json();
    assert_eq!(contoso.post("/keys/restore", backup.clone()).await.status, 409);
    contoso.delete("/keys/kek").await;
    contoso.delete("/deletedkeys/kek").await;
    let misplaced = contoso.post("/secrets/restore", backup.clone()).await;
    assert_eq!(
        (misplaced.status, misplaced.message()),
        (400, "Cannot decrypt backup blob.".into())
    );
    let restored = contoso.post("/keys/restore", backup).await;
    assert_eq!((restored.status, kid(&restored)), (200, kid(&first)));
    let body = json!({ "alg": "RSA-OAEP", "value": wrapped["value"] });
    let unwrapped = contoso.post("/keys/kek/unwrapkey", body).await;
    assert_eq!(unwrapped.json()["value"], "AQID");
}

#[tokio::test]
async fn given_keys_are_the_keys() {
    let contoso = with_keys(json!({ "pem": { "pem": RSA_KEY }, "jwk": { "jwk": jwk() } })).await;
    let mut imported = jwk();
    imported["key_ops"] = json!(["decrypt"]);
    let put = contoso
        .call(
            "PUT",
            "/keys/imported",
            &json!({ "key": imported, "attributes": { "exp": 5 } }),
        )
        .await
        .json();
    assert_eq!(
        (&put["key"]["key_ops"], &put["attributes"]["exp"]),
        (&json!(["decrypt"]), &json!(5))
    );
    for name in ["pem", "jwk", "imported"] {
        let key = contoso.get(&format!("/keys/{name}")).await.json();
        assert_eq!(
            (&key["key"]["n"], &key["key"]["e"]),
            (&jwk()["n"], &jwk()["e"]),
            "{name}"
        );
    }
    for broken in ["d", "q", "n"] {
        let mut key = jwk();
        key.as_object_mut().expect("members").remove(broken);
        let refused = contoso
            .call("PUT", "/keys/imported", &json!({ "key": key }))
            .await;
        assert_eq!(refused.codes(), bad_parameter(), "{broken}");
    }
}
