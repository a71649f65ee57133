//! Log, counts, and changes while it runs.

use serde_json::{Value, json};

use crate::keys::{RSA_KEY, jwk, with_keys};
use crate::support::{APP_SECRET, AUTHORITY, Azure, CONTOSO, DB_PASSWORD, MACHINE_OBJECT, TENANT, config};

#[tokio::test]
async fn the_log_tells_who_asked_for_what_and_how_it_went() {
    let azure = Azure::default().await;
    azure
        .https("GET", CONTOSO, DB_PASSWORD, &[("User-Agent", "test/1")], "")
        .await;
    let authorization = azure.vault_authorization().await;
    azure.read(&authorization).await;
    let log = azure.log().await;
    let seen: Vec<_> = log
        .iter()
        .map(|entry| {
            (
                entry["n"].clone(),
                entry["service"].clone(),
                entry["status"].clone(),
                entry["authorized"].clone(),
            )
        })
        .collect();
    let expected = [
        (1, "vault", 401, false),
        (2, "imds", 200, true),
        (3, "vault", 200, true),
    ];
    assert_eq!(
        seen,
        expected.map(|(n, service, status, ok)| (json!(n), json!(service), json!(status), json!(ok)))
    );
    let first = &log[0];
    assert_eq!(
        (&first["method"], &first["host"]),
        (&json!("GET"), &json!(CONTOSO))
    );
    assert_eq!(
        (&first["path"], &first["query"]),
        (&json!("/secrets/db-password/"), &json!("api-version=7.6"))
    );
    assert_eq!(
        (&first["user_agent"], &first["principal"]),
        (&json!("test/1"), &Value::Null)
    );
    assert_eq!(log[2]["principal"], MACHINE_OBJECT);
    assert!(log[2]["at_ms"].as_u64() >= first["at_ms"].as_u64());
    azure.admin("DELETE", "log", Value::Null).await;
    assert_eq!(azure.log().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_request_that_broke_has_no_status() {
    let azure = Azure::default().await;
    azure
        .admin("POST", "faults", json!({ "service": "vault", "action": "drop" }))
        .await;
    let dropped = azure.try_https("GET", CONTOSO, DB_PASSWORD, &[], "").await;
    assert!(dropped.is_err());
    assert_eq!(azure.log().await[0]["status"], Value::Null);
    let counts = azure.admin("GET", "counts", Value::Null).await.json();
    assert_eq!(counts["vault_by_status"], json!({ "none": 1 }));
}

#[tokio::test]
async fn nothing_secret_is_in_the_log() {
    let azure = Azure::default().await;
    let token = azure.imds_token("https://vault.azure.net").await;
    let authorization = format!("Bearer {token}");
    let headers = [("Authorization", authorization.as_str())];
    azure.read(&authorization).await;
    let body = json!({ "value": "written-value" }).to_string();
    azure
        .https("PUT", CONTOSO, "/secrets/fresh?api-version=7.6", &headers, &body)
        .await;
    let path =
        format!("/secrets/fresh?api-version=7.6&access_token={token}&value=queried-value&written-value");
    azure.https("GET", CONTOSO, &path, &headers, "").await;
    let form =
        format!("grant_type=client_credentials&client_secret={APP_SECRET}&client_assertion=assertion-text");
    azure
        .https(
            "POST",
            AUTHORITY,
            &format!("/{TENANT}/oauth2/v2.0/token"),
            &[],
            &form,
        )
        .await;
    let header = [("X-IDENTITY-HEADER", "emulator-identity-header")];
    azure
        .http(
            "GET",
            "/msi/token?api-version=2019-08-01&resource=https://vault.azure.net",
            &header,
            "",
        )
        .await;

    let log = azure.admin("GET", "log", Value::Null).await.text;
    assert_eq!(azure.log().await.len(), 6);
    for secret in [
        "s3cr3t",
        "written-value",
        "queried-value",
        APP_SECRET,
        "assertion-text",
        "emulator-identity-header",
        &token,
    ] {
        assert!(!log.contains(secret), "{secret} is in {log}");
    }
    assert!(log.contains("access_token=(hidden)"), "{log}");
}

#[tokio::test]
async fn counts_add_up_and_know_the_peaks() {
    let azure = Azure::default().await;
    let authorization = azure.vault_authorization().await;
    for _ in 0..3 {
        azure.read(&authorization).await;
    }
    let headers = [("Authorization", authorization.as_str())];
    azure
        .https("GET", CONTOSO, "/secrets/nothing?api-version=7.6", &headers, "")
        .await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    azure.read(&authorization).await;
    let counts = azure.admin("GET", "counts", Value::Null).await.json();
    let expected = json!({
        "vault": 5, "entra": 0, "imds": 1, "app_service": 0, "arc": 0, "service_fabric": 0, "azure_ml": 0,
        "cloud_shell": 0, "azure_pipelines": 0, "github_actions": 0, "token_proxy": 0,
        "vault_by_status": { "200": 4, "404": 1 },
        "peak_per_second": { "vault": 4 },
        "peak_per_secret_second": 3,
    });
    assert_eq!(counts, expected);
}

#[tokio::test]
async fn a_secret_can_be_rotated_and_disabled() {
    let azure = Azure::default().await;
    let authorization = azure.vault_authorization().await;
    let path = "vaults/contoso/secrets/db-password";
    let version = azure.admin("PUT", path, json!({ "value": "next" })).await.json()["version"].clone();
    let secret = azure.read(&authorization).await.json();
    assert_eq!(secret["value"], "next");
    assert!(
        secret["id"]
            .as_str()
            .expect("an id")
            .ends_with(version.as_str().expect("a version"))
    );
    azure
        .admin("PUT", path, json!({ "value": "last", "enabled": false }))
        .await;
    assert_eq!(azure.read(&authorization).await.codes().2, "SecretDisabled");
}

#[tokio::test]
async fn access_can_be_taken_and_given() {
    let azure = Azure::default().await;
    let authorization = azure.vault_authorization().await;
    azure.admin("PUT", "access/contoso", json!([])).await;
    assert_eq!(azure.read(&authorization).await.status, 403);
    azure
        .admin(
            "PUT",
            "access/contoso",
            json!([{ "principal": MACHINE_OBJECT, "secrets": ["get"] }]),
        )
        .await;
    assert_eq!(azure.read(&authorization).await.status, 200);
}

#[tokio::test]
async fn mistakes_are_told() {
    let azure = Azure::default().await;
    for (method, path, body, status) in [
        ("GET", "nothing", "", 404),
        ("PUT", "limits/unknown", "{}", 404),
        ("PUT", "access/contoso", "{}", 400),
        (
            "PUT",
            "vaults/contoso/secrets/under_score",
            "{\"value\":\"x\"}",
            400,
        ),
    ] {
        let answer = azure.http(method, &format!("/_emulator/{path}"), &[], body).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(!answer.text.is_empty());
    }
}

#[tokio::test]
async fn a_configuration_that_contradicts_itself_does_not_start() {
    for (pointer, value) in [
        ("/vaults/0/tenant", json!("unknown")),
        ("/identities/0/tenant", json!("unknown")),
        ("/vaults/0/secrets", json!({ "under_score": "x" })),
        ("/vaults/0/name", json!("a.b")),
        ("/vaults", json!([])),
        ("/tenants", json!([])),
        (
            "/app_registrations/0/federated",
            json!([{ "issuer": "i", "subject": "s", "pem": "no key" }]),
        ),
    ] {
        let mut config = config();
        match config.pointer_mut(pointer) {
            Some(member) => *member = value,
            None => {
                let (parent, member) = pointer.rsplit_once('/').expect("a member");
                config.pointer_mut(parent).expect("a parent")[member] = value;
            }
        }
        let config = serde_json::from_value(config).expect("the schema allows it");
        let failure = nightlatch_emulator::Emulator::start(config).await.err();
        assert!(
            failure.is_some_and(|failure| failure.to_string().starts_with("configuration: ")),
            "{pointer}"
        );
    }
}

#[tokio::test]
async fn a_test_makes_versions_of_keys_itself() {
    let contoso = with_keys(json!({})).await;
    let made = contoso
        .azure
        .admin(
            "PUT",
            "vaults/contoso/keys/kek",
            json!({ "pem": RSA_KEY, "enabled": false }),
        )
        .await
        .json();
    let got = contoso.get("/keys/kek").await;
    assert_eq!(
        got.json()["key"]["kid"],
        format!(
            "https://{CONTOSO}/keys/kek/{}",
            made["version"].as_str().expect("a version")
        )
    );
    assert_eq!(got.json()["attributes"]["enabled"], false);
    for (body, words) in [
        (
            json!({ "pem": "-----BEGIN" }),
            "pem is not an unencrypted private RSA key",
        ),
        (
            json!({ "jwk": { "kty": "RSA" } }),
            "jwk is not a whole private RSA key",
        ),
        (json!({ "pem": RSA_KEY, "jwk": jwk() }), "either pem or jwk"),
        (json!({ "size": 1024 }), "size must be 2048, 3072 or 4096"),
        (json!({ "siez": 2048 }), "unknown field"),
        (json!({ "key_ops": ["sing"] }), "unknown variant"),
    ] {
        let path = "/_emulator/vaults/contoso/keys/kek";
        let answer = contoso.azure.http("PUT", path, &[], &body.to_string()).await;
        assert!(
            answer.status == 400 && answer.text.contains(words),
            "{body} {}",
            answer.text
        );
        assert!(!answer.text.contains(jwk()["d"].as_str().expect("a number")));
    }
    let misspelt = contoso
        .azure
        .http(
            "PUT",
            "/_emulator/vaults/contoso/secrets/s",
            &[],
            r#"{"value": "x", "expiers": 1}"#,
        )
        .await;
    assert_eq!(misspelt.status, 400);
}
