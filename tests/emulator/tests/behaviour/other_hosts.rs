//! Azure Machine Learning and Cloud Shell.

use serde_json::{Value, json};

use crate::support::{Answer, Azure, MACHINE_OBJECT, NAMED, NAMED_OBJECT, claims_of, config};

const OF_2017: &str = "api-version=2017-09-01&resource=https%3A%2F%2Fvault.azure.net";
const SECRET: (&str, &str) = ("secret", "emulator-identity-header");
const METADATA: (&str, &str) = ("Metadata", "true");
const ADA: &str = "cccccccc-0000-4000-8000-00000000000a";
const BOB: &str = "cccccccc-0000-4000-8000-00000000000b";

async fn with(changed: &[(&str, Value)]) -> Azure {
    let mut config = config();
    config["identities"]
        .as_array_mut()
        .expect("identities")
        .push(json!(
            { "name": "named", "kind": "user", "client_id": NAMED, "object_id": NAMED_OBJECT }
        ));
    config["users"] = json!([
        { "name": "ada@contoso.example", "object_id": ADA }, { "name": "bob@contoso.example", "object_id": BOB }
    ]);
    for (member, value) in changed {
        config[member] = value.clone();
    }
    Azure::start(config).await
}

async fn machine_learning(azure: &Azure, query: &str, headers: &[(&str, &str)]) -> Answer {
    azure
        .http("GET", &format!("/azure_ml/token?{query}"), headers, "")
        .await
}

#[tokio::test]
async fn machine_learning_writes_its_expiry_in_every_form() {
    for (form, fits) in [
        (
            "string",
            (|value| value.as_str().is_some_and(|text| text.parse::<u64>().is_ok())) as fn(&Value) -> bool,
        ),
        ("number", Value::is_u64),
        ("linux", |value| value == "05/30/2100 07:00:59 +00:00"),
        ("windows", |value| value == "5/30/2100 7:00:59 AM +00:00"),
    ] {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .expect("after 1970")
            .as_secs();
        // The dates are compared as a whole, so the second must not change in between: it is tried again if it did.
        let expiry = loop {
            let lifetime = json!(4_115_343_659_u64 - now);
            let azure = with(&[
                ("azure_ml", json!({ "expires_on": form })),
                ("token_lifetime_s", lifetime),
            ])
            .await;
            let answer = machine_learning(&azure, OF_2017, &[SECRET]).await.json();
            let token = claims_of(answer["access_token"].as_str().expect("a token"));
            if token["exp"] == 4_115_343_659_u64 || !matches!(form, "linux" | "windows") {
                break answer["expires_on"].clone();
            }
        };
        assert!(fits(&expiry), "{form}: {expiry}");
    }
}

#[tokio::test]
async fn machine_learning_knows_identities_by_client_id_only() {
    let azure = with(&[]).await;
    for (query, given) in [
        (OF_2017.to_owned(), MACHINE_OBJECT),
        (format!("{OF_2017}&clientid={NAMED}"), NAMED_OBJECT),
        (format!("{OF_2017}&client_id={NAMED}"), MACHINE_OBJECT),
    ] {
        assert_eq!(machine_learning(&azure, &query, &[SECRET]).await.status, 200);
        let entry = azure.log().await.pop().expect("a request");
        assert_eq!(
            (&entry["service"], &entry["principal"]),
            (&json!("azure_ml"), &json!(given)),
            "{query}"
        );
    }
    let unknown = format!("{OF_2017}&clientid={MACHINE_OBJECT}");
    for (query, headers, status) in [
        (OF_2017, &[][..], 401),
        (OF_2017, &[("secret", "wrong")], 401),
        (
            "api-version=2019-08-01&resource=https://vault.azure.net",
            &[SECRET],
            400,
        ),
        (
            "api-version=2017-09-01&resource=https://nobody.example",
            &[SECRET],
            400,
        ),
        (&unknown, &[SECRET], 400),
    ] {
        assert_eq!(
            machine_learning(&azure, query, headers).await.status,
            status,
            "{query}"
        );
    }
}

#[tokio::test]
async fn cloud_shell_speaks_for_its_user() {
    for (settings, user) in [(json!({}), ADA), (json!({ "user": "bob@contoso.example" }), BOB)] {
        let azure = with(&[("cloud_shell", settings)]).await;
        let body = "resource=https%3A%2F%2Fvault.azure.net";
        let answer = azure
            .http("POST", "/cloud_shell/token", &[METADATA], body)
            .await
            .json();
        assert!(
            answer["expires_in"]
                .as_str()
                .is_some_and(|text| text.parse::<u64>().is_ok())
        );
        let claims = claims_of(answer["access_token"].as_str().expect("a token"));
        assert_eq!((&claims["oid"], &claims["idtyp"]), (&json!(user), &Value::Null));
        assert!(
            claims["upn"]
                .as_str()
                .is_some_and(|name| name.ends_with("@contoso.example"))
        );
        azure
            .admin(
                "PUT",
                "access/contoso",
                json!([{ "principal": user, "secrets": ["get"] }]),
            )
            .await;
        let authorization = format!("Bearer {}", answer["access_token"].as_str().expect("a token"));
        assert_eq!(azure.read(&authorization).await.status, 200);
    }
}

#[tokio::test]
async fn cloud_shell_refuses_what_it_does_not_understand() {
    let azure = with(&[]).await;
    let nobody = with(&[("users", json!([]))]).await;
    let vault = "resource=https://vault.azure.net";
    for (azure, method, headers, body, status, code) in [
        (&azure, "GET", &[METADATA][..], vault, 405, "MethodNotAllowed"),
        (&azure, "POST", &[], vault, 400, "BadRequest"),
        (
            &azure,
            "POST",
            &[METADATA],
            "resource=https://nobody.example",
            400,
            "InvalidResource",
        ),
        (&nobody, "POST", &[METADATA], vault, 400, "Unauthenticated"),
    ] {
        let answer = azure.http(method, "/cloud_shell/token", headers, body).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (status, &json!(code))
        );
    }
}
