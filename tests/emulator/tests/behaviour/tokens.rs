//! What a vault thinks of a token.

use serde_json::{Value, json};

use crate::support::{AUTHORITY, Azure, CONTOSO, DB_PASSWORD, OTHER_TENANT, TENANT, config};

#[tokio::test]
async fn a_token_for_another_resource_has_the_wrong_audience() {
    let azure = Azure::default().await;
    let token = azure.imds_token("https://management.azure.com").await;
    let answer = azure.read(&format!("Bearer {token}")).await;
    assert_eq!(answer.status, 401);
    let expected =
        "AKV10022: Invalid audience. Expected https://vault.azure.net, found: https://management.azure.com.";
    assert_eq!(answer.message(), expected);
    assert!(
        answer
            .header("www-authenticate")
            .expect("a challenge")
            .contains("resource=\"https://vault.azure.net\"")
    );
}

#[tokio::test]
async fn a_token_of_another_tenant_has_the_wrong_issuer() {
    let mut config = config();
    config["identities"][0]["tenant"] = json!(OTHER_TENANT);
    let azure = Azure::start(config).await;
    let answer = azure.read(&azure.vault_authorization().await).await;
    assert_eq!(answer.status, 401);
    let expected = format!(
        "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/{TENANT}/, found \
         https://sts.windows.net/{OTHER_TENANT}/."
    );
    assert_eq!(answer.message(), expected);
}

#[tokio::test]
async fn a_forged_token_cannot_be_verified() {
    let (azure, other) = (Azure::default().await, Azure::default().await);
    for forged in [
        other.vault_authorization().await,
        "Bearer nonsense".into(),
        "Bearer a.b.c".into(),
    ] {
        let answer = azure.read(&forged).await;
        assert_eq!(answer.status, 401);
        assert!(answer.message().starts_with("AKV10046: "), "{}", answer.message());
    }
    let other_scheme = azure.read("Basic abc").await;
    assert!(other_scheme.message().starts_with("AKV10000: "));
}

#[tokio::test]
async fn a_token_ends_with_its_life() {
    let mut config = config();
    config["token_lifetime_s"] = json!(2);
    let azure = Azure::start(config).await;
    let authorization = azure.vault_authorization().await;
    assert_eq!(azure.read(&authorization).await.status, 200);
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
    let answer = azure.read(&authorization).await;
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.message(),
        "[TokenExpired] Error validating token: 'S2S12086'."
    );
    assert_eq!(
        azure.read(&azure.vault_authorization().await).await.status,
        200,
        "IMDS gives a new one"
    );
}

#[tokio::test]
async fn tokens_so_far_can_be_expired_and_later_ones_are_good() {
    let azure = Azure::default().await;
    let before = azure.vault_authorization().await;
    azure.admin("POST", "expire-tokens", Value::Null).await;
    assert!(azure.read(&before).await.message().contains("S2S12086"));
    assert_eq!(azure.read(&azure.vault_authorization().await).await.status, 200);
}

#[tokio::test]
async fn a_revoked_token_is_answered_with_a_claims_challenge() {
    let azure = Azure::default().await;
    let before = azure.vault_authorization().await;
    azure.admin("POST", "revoke", Value::Null).await;
    let answer = azure.read(&before).await;
    assert_eq!(answer.status, 401);
    let challenge = answer.header("www-authenticate").expect("a challenge");
    assert!(challenge.contains("error=\"insufficient_claims\""), "{challenge}");
    let claims = challenge
        .split("claims=\"")
        .nth(1)
        .expect(challenge)
        .trim_end_matches('"');
    use base64::Engine;
    let claims = base64::prelude::BASE64_STANDARD.decode(claims).expect("base64");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    assert_eq!(claims["access_token"]["nbf"]["essential"], true);
    assert_eq!(azure.read(&azure.vault_authorization().await).await.status, 200);
}

#[tokio::test]
async fn clouds_have_their_own_names_and_audiences() {
    let mut config = config();
    config["tenants"][0]["cloud"] = json!("china");
    let azure = Azure::start(config).await;
    let host = "contoso.vault.azure.cn";
    let answer = azure.https("GET", host, DB_PASSWORD, &[], "").await;
    let challenge = answer.header("www-authenticate").expect("a challenge");
    assert!(
        challenge.contains("\"https://login.chinacloudapi.cn/"),
        "{challenge}"
    );
    assert!(
        challenge.contains("resource=\"https://vault.azure.cn\""),
        "{challenge}"
    );
    let authorization = format!("Bearer {}", azure.imds_token("https://vault.azure.cn").await);
    let headers = [("Authorization", authorization.as_str())];
    assert_eq!(
        azure.https("GET", host, DB_PASSWORD, &headers, "").await.status,
        200
    );
    assert!(
        azure
            .try_https("GET", CONTOSO, DB_PASSWORD, &[], "")
            .await
            .is_err(),
        "not of the public cloud"
    );
    let path = format!("/{TENANT}/oauth2/v2.0/token");
    let refused = azure.https("POST", AUTHORITY, &path, &[], "").await;
    assert_eq!(refused.json()["error_codes"], json!([90038]));
}
