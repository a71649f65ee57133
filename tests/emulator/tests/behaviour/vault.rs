//! The data plane: challenge, names, versions, refusals, pages.

use serde_json::{Value, json};

use crate::support::{Answer, Azure, CONTOSO, DB_PASSWORD, MACHINE, MACHINE_OBJECT, TENANT, config};

async fn with_vault(change: Value) -> Azure {
    let mut config = config();
    for (member, value) in change.as_object().expect("members") {
        config["vaults"][0][member] = value.clone();
    }
    Azure::start(config).await
}

async fn get(azure: &Azure, path: &str) -> Answer {
    let authorization = azure.vault_authorization().await;
    azure
        .https("GET", CONTOSO, path, &[("Authorization", &authorization)], "")
        .await
}

async fn put(azure: &Azure, name: &str, body: &str) -> Answer {
    let authorization = azure.vault_authorization().await;
    let path = format!("/secrets/{name}?api-version=7.6");
    azure
        .https("PUT", CONTOSO, &path, &[("Authorization", &authorization)], body)
        .await
}

#[tokio::test]
async fn without_a_token_a_vault_says_where_to_get_one() {
    let azure = Azure::default().await;
    let answer = azure
        .https(
            "GET",
            CONTOSO,
            DB_PASSWORD,
            &[("x-ms-client-request-id", "mine")],
            "",
        )
        .await;
    assert_eq!(answer.status, 401);
    let challenge = format!(
        "Bearer authorization=\"https://login.microsoftonline.com/{TENANT}\", resource=\"https://vault.azure.net\""
    );
    assert_eq!(answer.header("www-authenticate"), Some(challenge.as_str()));
    assert_eq!(
        answer.message(),
        "AKV10000: Request is missing a Bearer or PoP token."
    );
    assert_eq!(answer.header("x-ms-client-request-id"), Some("mine"));
    assert_eq!(answer.header("x-ms-keyvault-region"), Some("westeurope"));
    for name in [
        "x-ms-request-id",
        "x-ms-keyvault-service-version",
        "x-ms-keyvault-network-info",
    ] {
        assert!(answer.header(name).is_some(), "{name}");
    }
}

#[tokio::test]
async fn a_secret_is_found_under_every_spelling_of_its_path() {
    let azure = Azure::default().await;
    for path in [
        "/secrets/db-password",
        "/secrets/db-password/",
        "//secrets/db-password",
        "/secrets/DB-Password",
    ] {
        let answer = get(&azure, &format!("{path}?api-version=whatever-comes-next")).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.json()["value"], "s3cr3t");
        assert_eq!(answer.header("www-authenticate"), None);
    }
}

#[tokio::test]
async fn a_set_makes_a_version_and_keeps_the_older_ones() {
    let azure = Azure::default().await;
    let body = json!({ "value": "one", "contentType": "text/plain", "tags": { "a": "b" }, "attributes": { "exp": 5 } });
    let first = put(&azure, "fresh", &body.to_string()).await.json();
    let second = put(&azure, "FRESH", &json!({ "value": "two" }).to_string())
        .await
        .json();
    let version = |bundle: &Value| {
        let id = bundle["id"].as_str().expect("an id").to_owned();
        id.strip_prefix("https://contoso.vault.azure.net/secrets/fresh/")
            .expect(&id)
            .to_owned()
    };
    assert!(version(&first).len() == 32 && version(&first).bytes().all(|digit| digit.is_ascii_hexdigit()));
    let latest = get(&azure, "/secrets/fresh/?api-version=7.6").await.json();
    assert_eq!(
        (latest["value"].as_str(), version(&latest)),
        (Some("two"), version(&second))
    );
    assert_eq!(latest.get("tags"), None, "a set inherits no tags");
    let older = get(
        &azure,
        &format!("/secrets/fresh/{}?api-version=7.6", version(&first)),
    )
    .await
    .json();
    assert_eq!(older["value"], "one");
    assert_eq!(
        (&older["contentType"], &older["tags"]["a"]),
        (&json!("text/plain"), &json!("b"))
    );
    assert_eq!(older["attributes"]["exp"], 5);
}

#[tokio::test]
async fn what_a_vault_cannot_store_is_a_bad_parameter() {
    let azure = Azure::default().await;
    let tags: serde_json::Map<String, Value> = (0..16).map(|n| (n.to_string(), json!(""))).collect();
    for body in [
        json!({ "value": "x".repeat(25_601) }),
        json!({ "value": 1 }),
        json!({}),
        json!({ "value": "x", "tags": tags }),
        json!({ "value": "x", "contentType": "x".repeat(256) }),
    ] {
        let codes = put(&azure, "fresh", &body.to_string()).await.codes();
        assert_eq!((codes.0, codes.1.as_str()), (400, "BadParameter"));
    }
    assert_eq!(
        put(
            &azure,
            "fresh",
            &json!({ "value": "x".repeat(25_600) }).to_string()
        )
        .await
        .status,
        200
    );
}

#[tokio::test]
async fn bad_names_and_a_missing_api_version_are_bad_parameters() {
    let azure = Azure::default().await;
    let answer = get(&azure, "/secrets/under_score?api-version=7.6").await;
    assert_eq!(answer.codes(), (400, "BadParameter".into(), String::new()));
    assert_eq!(
        answer.message(),
        "The request URI contains an invalid name: under_score"
    );
    assert_eq!(get(&azure, "/secrets/db-password").await.status, 400);
}

#[tokio::test]
async fn an_unknown_name_or_version_is_not_found() {
    let azure = Azure::default().await;
    let answer = get(&azure, "/secrets/nothing?api-version=7.6").await;
    assert_eq!(answer.codes(), (404, "SecretNotFound".into(), String::new()));
    assert!(
        answer
            .message()
            .starts_with("A secret with (name/id) nothing was not found in this key vault. ")
    );
    let version = "/secrets/db-password/00000000000000000000000000000000?api-version=7.6";
    assert_eq!(get(&azure, version).await.status, 404);
}

#[tokio::test]
async fn a_disabled_secret_is_forbidden_to_read() {
    let azure = with_vault(json!({ "secrets": { "old": { "value": "x", "enabled": false } } })).await;
    let answer = get(&azure, "/secrets/old?api-version=7.6").await;
    assert_eq!(answer.codes(), (403, "Forbidden".into(), "SecretDisabled".into()));
    assert_eq!(
        answer.message(),
        "Operation get is not allowed on a disabled secret."
    );
}

#[tokio::test]
async fn a_missing_role_is_explained_line_by_line() {
    let azure = with_vault(json!({ "access": [{ "principal": MACHINE_OBJECT, "secrets": ["list"] }] })).await;
    let answer = get(&azure, DB_PASSWORD).await;
    assert_eq!(
        answer.codes(),
        (403, "Forbidden".into(), "ForbiddenByRbac".into())
    );
    let message = answer.message();
    let lines: Vec<&str> = message.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "Caller is not authorized to perform action on resource."
    );
    let caller =
        format!("Caller: appid={MACHINE};oid={MACHINE_OBJECT};iss=https://sts.windows.net/{TENANT}/");
    assert_eq!(lines[2], caller);
    assert_eq!(
        lines[3],
        "Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'"
    );
    assert!(lines[4].starts_with("Resource: '/subscriptions/"), "{}", lines[4]);
    assert!(
        lines[4].ends_with("/vaults/contoso/secrets/db-password'"),
        "{}",
        lines[4]
    );
    assert_eq!(lines[5..7], ["Assignment: (not found)", "DenyAssignmentId: null"]);
    assert_eq!(lines[7].trim_end(), "DecisionReason: 'DeniedWithNoValidRBAC'");
    assert_eq!(lines[8], "Vault: contoso;location=westeurope");
}

#[tokio::test]
async fn a_missing_policy_is_explained_in_its_own_words() {
    let azure = with_vault(json!({ "rbac": false, "access": [] })).await;
    let answer = get(&azure, DB_PASSWORD).await;
    assert_eq!(
        answer.codes(),
        (403, "Forbidden".into(), "ForbiddenByPolicy".into())
    );
    let expected = format!(
        "The user, group or application 'appid={MACHINE};oid={MACHINE_OBJECT};numgroups=0;\
         iss=https://sts.windows.net/{TENANT}/' does not have secrets get permission on key vault \
         'contoso;location=westeurope'."
    );
    assert!(answer.message().starts_with(&expected), "{}", answer.message());
}

#[tokio::test]
async fn the_firewall_comes_before_permissions_and_permissions_before_existence() {
    let walled = with_vault(json!({ "network": { "firewall": [] }, "access": [] })).await;
    assert_eq!(get(&walled, DB_PASSWORD).await.codes().2, "ForbiddenByFirewall");
    assert_eq!(
        walled.https("GET", CONTOSO, DB_PASSWORD, &[], "").await.status,
        401
    );
    let closed = with_vault(json!({ "access": [] })).await;
    assert_eq!(
        get(&closed, "/secrets/nothing?api-version=7.6").await.codes().2,
        "ForbiddenByRbac"
    );
}

#[tokio::test]
async fn what_is_not_emulated_says_so() {
    let azure = Azure::default().await;
    for path in [
        "/certificates/c?api-version=7.6",
        "/secrets/db-password?api-version=7.6&outContentType=application/x-pem-file",
    ] {
        assert_eq!(get(&azure, path).await.codes().0, 501);
    }
}
