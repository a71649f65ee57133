//! The identity endpoint of a Service Fabric node.

use serde_json::{Value, json};

use crate::support::{Answer, Azure, MACHINE_OBJECT, hexadecimal_sha256};

const VAULT: &str = "api-version=2019-07-01-preview&resource=https%3A%2F%2Fvault.azure.net";
const SECRET: (&str, &str) = ("Secret", "emulator-identity-header");
const TOKEN: &str = "/metadata/identity/oauth2/token";

async fn ask(azure: &Azure, query: &str) -> Answer {
    let thumbprint = &azure.emulator.service_fabric_thumbprint;
    let path = format!("{TOKEN}?{query}");
    azure
        .service_fabric(thumbprint, &path, &[SECRET])
        .await
        .expect("an answer")
}

fn token(answer: &Answer) -> String {
    answer.json()["access_token"].as_str().expect(&answer.text).into()
}

#[tokio::test]
async fn its_certificate_is_known_by_its_thumbprint_alone() {
    let azure = Azure::default().await;
    let thumbprint = azure.emulator.service_fabric_thumbprint.clone();
    assert_eq!(thumbprint.len(), 40);
    let answer = ask(&azure, VAULT).await;
    let body = answer.json();
    assert!(
        body["expires_on"]
            .as_str()
            .is_some_and(|text| text.parse::<u64>().is_ok())
    );
    assert_eq!(body.get("expires_in"), None);
    assert_eq!(
        azure.read(&format!("Bearer {}", token(&answer))).await.status,
        200
    );
    let entry = &azure.log().await[0];
    assert_eq!(
        (&entry["service"], &entry["principal"]),
        (&json!("service_fabric"), &json!(MACHINE_OBJECT))
    );

    let other = thumbprint.replace(|digit: char| digit.is_ascii_digit(), "F");
    let path = format!("{TOKEN}?{VAULT}");
    assert!(azure.service_fabric(&other, &path, &[SECRET]).await.is_err());
    assert!(
        azure.service_fabric_by_ca(&path, &[SECRET]).await.is_err(),
        "no authority vouches for it"
    );
}

#[tokio::test]
async fn each_mistake_has_its_code() {
    let azure = Azure::default().await;
    let thumbprint = &azure.emulator.service_fabric_thumbprint;
    let wrong = [("Secret", "wrong")];
    for (path, headers, status, code) in [
        (format!("{TOKEN}?{VAULT}"), &[][..], 400, "SecretHeaderNotFound"),
        (format!("{TOKEN}?{VAULT}"), &wrong, 404, "ManagedIdentityNotFound"),
        (
            format!("{TOKEN}?api-version=2020-05-01&resource=x"),
            &[SECRET],
            400,
            "InvalidApiVersion",
        ),
        (
            format!("{TOKEN}?api-version=2019-07-01-preview"),
            &[SECRET],
            400,
            "ArgumentNullOrEmpty",
        ),
        (
            format!("{TOKEN}?api-version=2019-07-01-preview&resource=x"),
            &[SECRET],
            500,
            "InternalServerError",
        ),
        (format!("/elsewhere?{VAULT}"), &[SECRET], 404, "ResourceNotFound"),
    ] {
        let answer = azure
            .service_fabric(thumbprint, &path, headers)
            .await
            .expect("an answer");
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (status, &json!(code)),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_rejected_token_is_not_given_again() {
    let azure = Azure::default().await;
    let first = token(&ask(&azure, VAULT).await);
    assert_eq!(token(&ask(&azure, VAULT).await), first);
    let other = hexadecimal_sha256("another token");
    assert_eq!(
        token(&ask(&azure, &format!("{VAULT}&token_sha256_to_refresh={other}")).await),
        first
    );
    let rejected = hexadecimal_sha256(&first);
    let second = token(&ask(&azure, &format!("{VAULT}&token_sha256_to_refresh={rejected}")).await);
    assert_ne!(second, first);
    assert_eq!(token(&ask(&azure, VAULT).await), second);
    assert_ne!(
        token(&ask(&azure, &format!("{VAULT}&xms_cc=cp1")).await),
        second,
        "for who handles claims challenges"
    );
}

#[tokio::test]
async fn faults_and_counts_know_it() {
    let azure = Azure::default().await;
    azure
        .admin(
            "POST",
            "faults",
            json!({ "service": "service_fabric", "status": 503 }),
        )
        .await;
    let broken = ask(&azure, VAULT).await;
    assert_eq!(
        (broken.status, &broken.json()["error"]["code"]),
        (503, &json!("InternalServerError"))
    );
    assert_eq!(ask(&azure, VAULT).await.status, 200);
    let counts = azure.admin("GET", "counts", Value::Null).await.json();
    assert_eq!(counts["service_fabric"], 2);
}
