//! The rules of the instance metadata service.

use serde_json::{Value, json};

use crate::support::{Answer, Azure, MACHINE, MACHINE_OBJECT, NAMED, NAMED_OBJECT, config};

const VAULT: &str = "api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net";
const SECOND: &str = "bbbbbbbb-0000-4000-8000-000000000009";

async fn ask(azure: &Azure, query: &str) -> Answer {
    let path = format!("/metadata/identity/oauth2/token?{query}");
    azure.http("GET", &path, &[("Metadata", "true")], "").await
}

async fn with_identities(identities: Value) -> Azure {
    let mut config = config();
    config["identities"] = identities;
    Azure::start(config).await
}

fn user(client: &str, object: &str, attached: bool) -> Value {
    let name = format!("named-{}", &client[client.len() - 1..]);
    json!({ "name": name, "kind": "user", "client_id": client, "object_id": object, "attached": attached })
}

#[tokio::test]
async fn every_number_is_a_string() {
    let azure = Azure::default().await;
    for version in ["2018-02-01", "2019-08-01"] {
        let answer = ask(
            &azure,
            &format!("api-version={version}&resource=https://vault.azure.net"),
        )
        .await
        .json();
        for member in ["expires_in", "expires_on", "ext_expires_in", "not_before"] {
            assert!(
                answer[member]
                    .as_str()
                    .is_some_and(|text| text.parse::<u64>().is_ok()),
                "{member}"
            );
        }
        assert_eq!(answer["resource"], "https://vault.azure.net");
        assert_eq!(
            (&answer["client_id"], &answer["token_type"]),
            (&json!(MACHINE), &json!("Bearer"))
        );
    }
}

#[tokio::test]
async fn slashes_too_many_do_no_harm() {
    let azure = Azure::default().await;
    for path in [
        "/metadata/identity/oauth2/token/",
        "//metadata/identity/oauth2/token",
    ] {
        let answer = azure
            .http("GET", &format!("{path}?{VAULT}"), &[("Metadata", "true")], "")
            .await;
        assert_eq!(answer.status, 200, "{path}");
    }
}

#[tokio::test]
async fn without_its_header_it_tells_a_probe_that_it_is_there() {
    let azure = Azure::default().await;
    for (path, headers) in [
        (format!("/metadata/identity/oauth2/token?{VAULT}"), vec![]),
        ("/metadata/identity/oauth2/token".to_owned(), vec![]),
        (
            format!("/metadata/identity/oauth2/token?{VAULT}"),
            vec![("Metadata", "false")],
        ),
    ] {
        let answer = azure.http("GET", &path, &headers, "").await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["error"], "bad_request_102");
    }
}

#[tokio::test]
async fn incomplete_requests_are_invalid() {
    let azure = Azure::default().await;
    for query in [
        "api-version=2018-02-01",
        "resource=https://vault.azure.net",
        "api-version=1999-01-01&resource=x",
    ] {
        let answer = ask(&azure, query).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (400, &json!("invalid_request")),
            "{query}"
        );
    }
    let unknown = ask(&azure, "api-version=2018-02-01&resource=https://nobody.example").await;
    assert_eq!(
        (unknown.status, &unknown.json()["error"]),
        (400, &json!("invalid_resource"))
    );
}

#[tokio::test]
async fn an_identity_is_chosen_by_each_of_its_ids() {
    let azure = with_identities(json!([
        { "name": "machine", "kind": "system", "client_id": MACHINE, "object_id": MACHINE_OBJECT },
        { "name": "named", "kind": "user", "client_id": NAMED, "object_id": NAMED_OBJECT, "resource_id": "/some/Id" },
    ]))
    .await;
    for chosen in [
        format!("client_id={NAMED}"),
        format!("object_id={NAMED_OBJECT}"),
        "msi_res_id=/some/id".into(),
    ] {
        assert_eq!(
            ask(&azure, &format!("{VAULT}&{chosen}")).await.json()["client_id"],
            NAMED,
            "{chosen}"
        );
    }
    assert_eq!(ask(&azure, VAULT).await.json()["client_id"], MACHINE);
}

#[tokio::test]
async fn an_identity_that_is_not_attached_is_not_found() {
    let azure = with_identities(json!([user(NAMED, NAMED_OBJECT, false)])).await;
    for query in [VAULT.to_owned(), format!("{VAULT}&client_id={NAMED}")] {
        let answer = ask(&azure, &query).await;
        assert_eq!(answer.status, 400);
        let expected = json!({ "error": "invalid_request", "error_description": "Identity not found" });
        assert_eq!(answer.json(), expected);
    }
}

#[tokio::test]
async fn the_only_user_assigned_identity_needs_no_name_but_two_do() {
    let one = with_identities(json!([user(NAMED, NAMED_OBJECT, true)])).await;
    assert_eq!(ask(&one, VAULT).await.json()["client_id"], NAMED);
    let two = with_identities(json!([
        user(NAMED, NAMED_OBJECT, true),
        user(SECOND, SECOND, true)
    ]))
    .await;
    let answer = ask(&two, VAULT).await;
    assert_eq!(answer.status, 400);
    let description = answer.json()["error_description"]
        .as_str()
        .expect("a description")
        .to_owned();
    assert!(
        description.starts_with("Multiple user assigned identities exist"),
        "{description}"
    );
}

#[tokio::test]
async fn tokens_are_cached_unless_told_otherwise() {
    let azure = Azure::default().await;
    let token = azure.imds_token("https://vault.azure.net").await;
    assert_eq!(azure.imds_token("https://vault.azure.net").await, token);
    assert_ne!(azure.imds_token("https://graph.microsoft.com").await, token);
    let mut config = config();
    config["imds"]["caches"] = json!(false);
    let forgetful = Azure::start(config).await;
    let token = forgetful.imds_token("https://vault.azure.net").await;
    assert_ne!(forgetful.imds_token("https://vault.azure.net").await, token);
}

#[tokio::test]
async fn a_token_tells_whose_it_is() {
    use base64::Engine;
    let azure = Azure::default().await;
    let token = azure.imds_token("https://vault.azure.net").await;
    let claims = token.split('.').nth(1).expect("claims");
    let claims = base64::prelude::BASE64_URL_SAFE_NO_PAD
        .decode(claims)
        .expect("base64");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    let expected = json!({ "aud": "https://vault.azure.net", "appid": MACHINE, "oid": MACHINE_OBJECT, "ver": "1.0",
                           "idtyp": "app" });
    for (claim, value) in expected.as_object().expect("claims") {
        assert_eq!(&claims[claim], value, "{claim}");
    }
    assert!(
        claims["xms_mirid"]
            .as_str()
            .expect("a resource")
            .ends_with("/virtualMachines/machine")
    );
    assert!(claims["exp"].as_u64() > claims["iat"].as_u64());
}
