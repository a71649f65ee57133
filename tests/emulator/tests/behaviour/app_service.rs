//! The identity endpoint inside App Service, in both versions.

use serde_json::{Value, json};

use crate::support::{Answer, Azure, MACHINE, MACHINE_OBJECT, NAMED, NAMED_OBJECT, config};

const HEADER: (&str, &str) = ("X-IDENTITY-HEADER", "emulator-identity-header");
const OF_2019: &str = "api-version=2019-08-01&resource=https%3A%2F%2Fvault.azure.net";
const OF_2017: &str = "api-version=2017-09-01&resource=https%3A%2F%2Fvault.azure.net";

async fn site() -> Azure {
    let mut config = config();
    config["identities"].as_array_mut().expect("identities").push(json!(
        { "name": "named", "kind": "user", "client_id": NAMED, "object_id": NAMED_OBJECT, "resource_id": "/some/id" }
    ));
    Azure::start(config).await
}

async fn ask(azure: &Azure, query: &str, header: (&str, &str)) -> Answer {
    azure
        .http("GET", &format!("/msi/token?{query}"), &[header], "")
        .await
}

#[tokio::test]
async fn the_answer_has_a_string_expiry_and_an_upper_case_guid() {
    let answer = ask(&site().await, OF_2019, HEADER).await.json();
    assert_eq!(answer["client_id"], MACHINE.to_uppercase());
    assert!(
        answer["expires_on"]
            .as_str()
            .is_some_and(|text| text.parse::<u64>().is_ok())
    );
    assert_eq!(answer.get("expires_in"), None);
}

#[tokio::test]
async fn a_wrong_or_missing_header_is_unauthorized() {
    let azure = site().await;
    for header in [
        ("X-IDENTITY-HEADER", "wrong"),
        ("secret", HEADER.1),
        ("Metadata", "true"),
    ] {
        let answer = ask(&azure, OF_2019, header).await;
        assert_eq!(
            (answer.status, &answer.json()["statusCode"]),
            (401, &json!(401)),
            "{header:?}"
        );
    }
}

#[tokio::test]
async fn an_identity_is_chosen_by_each_of_its_ids() {
    let azure = site().await;
    for chosen in [
        format!("client_id={NAMED}"),
        format!("principal_id={NAMED_OBJECT}"),
        format!("object_id={NAMED_OBJECT}"),
        "mi_res_id=/some/id".into(),
    ] {
        let answer = ask(&azure, &format!("{OF_2019}&{chosen}"), HEADER).await.json();
        assert_eq!(answer["client_id"], NAMED.to_uppercase(), "{chosen}");
    }
}

#[tokio::test]
async fn an_unknown_identity_and_a_wrong_resource_have_the_known_texts() {
    let azure = site().await;
    let unknown = ask(&azure, &format!("{OF_2019}&client_id={MACHINE_OBJECT}"), HEADER).await;
    let text =
        "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.";
    assert_eq!((unknown.status, &unknown.json()["message"]), (400, &json!(text)));
    let resource = ask(
        &azure,
        "api-version=2019-08-01&resource=https://nobody.example",
        HEADER,
    )
    .await;
    assert_eq!(
        (resource.status, &resource.json()["statusCode"]),
        (500, &json!(500))
    );
    assert_eq!(
        ask(&azure, "resource=https://vault.azure.net", HEADER)
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn the_version_of_2017_has_its_own_header_parameter_and_date() {
    let azure = site().await;
    let secret = ("secret", HEADER.1);
    let answer = ask(&azure, &format!("{OF_2017}&clientid={NAMED}"), secret)
        .await
        .json();
    assert_eq!(answer["client_id"], NAMED.to_uppercase());
    let expires_on = answer["expires_on"].as_str().expect("a date");
    let shape: String = expires_on
        .chars()
        .map(|letter| if letter.is_ascii_digit() { '9' } else { letter })
        .collect();
    assert_eq!(shape, "99/99/9999 99:99:99 +99:99");
    assert!(expires_on.ends_with(" +00:00"), "{expires_on}");
    assert_eq!(ask(&azure, OF_2017, HEADER).await.status, 401);
}

#[tokio::test]
async fn its_token_opens_the_vault() {
    let azure = site().await;
    let answer: Value = ask(&azure, OF_2019, HEADER).await.json();
    let authorization = format!("Bearer {}", answer["access_token"].as_str().expect("a token"));
    assert_eq!(azure.read(&authorization).await.status, 200);
}

#[tokio::test]
async fn the_version_of_2017_writes_its_date_as_windows_does_if_told() {
    let mut config = config();
    config["app_service"] = json!({ "expires_on_2017": "windows" });
    let azure = Azure::start(config).await;
    let secret = ("secret", "emulator-identity-header");
    let answer = ask(&azure, OF_2017, secret).await.json();
    let text = answer["expires_on"].as_str().expect("a date");
    assert!(text.ends_with("M +00:00") && !text.starts_with('0'), "{text}");
}
