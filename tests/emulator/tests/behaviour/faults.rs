//! Each fault does what it says, to whom it should, as often as it should.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Answer, Azure, CONTOSO, DB_PASSWORD, Failure};

const IMDS: &str = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net";

async fn imds(azure: &Azure) -> u16 {
    azure.http("GET", IMDS, &[("Metadata", "true")], "").await.status
}

async fn vault(azure: &Azure) -> Result<Answer, Failure> {
    azure.try_https("GET", CONTOSO, DB_PASSWORD, &[], "").await
}

/// Starts an emulator whose vault meets a fault, and asks it once.
async fn struck(fault: Value) -> Result<Answer, Failure> {
    let azure = Azure::default().await;
    let mut fault = fault;
    fault["service"] = json!("vault");
    azure.admin("POST", "faults", fault).await;
    let answer = vault(&azure).await;
    assert_eq!(
        vault(&azure).await.expect("the usual answer").status,
        401,
        "once only"
    );
    answer
}

#[tokio::test]
async fn a_scripted_answer_replaces_the_services_own() {
    let script = json!({ "status": 503, "headers": { "Retry-After": "7", "Content-Type": "text/x-own" }, "body": "own" });
    let answer = struck(script).await.expect("an answer");
    assert_eq!((answer.status, answer.text.as_str()), (503, "own"));
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert_eq!(
        answer.headers.get_all("content-type").iter().collect::<Vec<_>>(),
        ["text/x-own"]
    );
    let answer = struck(json!({ "status": 429 })).await.expect("an answer");
    assert_eq!(answer.codes().1, "Throttled");
}

#[tokio::test]
async fn a_fault_strikes_as_often_as_it_was_told_and_only_its_service() {
    let azure = Azure::default().await;
    azure
        .admin(
            "POST",
            "faults",
            json!({ "service": "imds", "status": 410, "times": 2 }),
        )
        .await;
    assert_eq!(vault(&azure).await.expect("an answer").status, 401);
    assert_eq!(
        [imds(&azure).await, imds(&azure).await, imds(&azure).await],
        [410, 410, 200]
    );
    azure
        .admin(
            "POST",
            "faults",
            json!({ "service": "any", "status": 500, "times": null }),
        )
        .await;
    for _ in 0..3 {
        assert_eq!(
            [imds(&azure).await, vault(&azure).await.expect("an answer").status],
            [500, 500]
        );
    }
    azure.admin("DELETE", "faults", Value::Null).await;
    assert_eq!(imds(&azure).await, 200);
}

#[tokio::test]
async fn a_fault_can_be_narrowed_to_a_path_and_a_host() {
    let azure = Azure::default().await;
    azure
        .admin(
            "POST",
            "faults",
            json!({ "path_contains": "/other", "status": 500, "times": null }),
        )
        .await;
    azure
        .admin(
            "POST",
            "faults",
            json!({ "host": "elsewhere.vault.azure.net", "status": 501, "times": null }),
        )
        .await;
    assert_eq!(vault(&azure).await.expect("an answer").status, 401);
    azure
        .admin(
            "POST",
            "faults",
            json!({ "path_contains": "/db-", "host": CONTOSO, "status": 502 }),
        )
        .await;
    assert_eq!(vault(&azure).await.expect("an answer").status, 502);
}

#[tokio::test]
async fn a_delay_alone_only_makes_it_late() {
    let before = Instant::now();
    assert_eq!(
        struck(json!({ "delay_ms": 300 }))
            .await
            .expect("an answer")
            .status,
        401
    );
    assert!(before.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_dropped_connection_ends_without_a_byte() {
    let failure = struck(json!({ "action": "drop" }))
        .await
        .err()
        .expect("no answer");
    assert!(format!("{failure:?}").contains("UnexpectedEof"), "{failure:?}");
}

#[tokio::test]
async fn a_hanging_one_ends_the_same_way_but_later() {
    let before = Instant::now();
    let failure = struck(json!({ "action": "hang", "delay_ms": 300 }))
        .await
        .err()
        .expect("no answer");
    assert!(format!("{failure:?}").contains("UnexpectedEof"), "{failure:?}");
    assert!(before.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_truncated_answer_breaks_off_in_its_body() {
    let failure = struck(json!({ "action": "truncate" }))
        .await
        .err()
        .expect("no whole answer");
    assert!(failure.to_string().contains("error reading a body"), "{failure}");
}

#[tokio::test]
async fn garbage_is_not_http() {
    let failure = struck(json!({ "action": "garbage" }))
        .await
        .err()
        .expect("no answer");
    assert!(failure.to_string().contains("invalid HTTP"), "{failure}");
}

#[tokio::test]
async fn a_big_answer_has_two_megabytes_of_json() {
    let answer = struck(json!({ "action": "big" })).await.expect("an answer");
    assert!(answer.text.len() > 2 * 1024 * 1024);
    assert!(answer.json().is_object());
}

#[tokio::test]
async fn malformed_json_calls_itself_json() {
    let answer = struck(json!({ "action": "malformed_json" }))
        .await
        .expect("an answer");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("application/json; charset=utf-8"))
    );
    assert!(serde_json::from_str::<Value>(&answer.text).is_err());
}

#[tokio::test]
async fn a_captive_portal_answers_with_a_page() {
    let answer = struck(json!({ "action": "html", "status": 403 }))
        .await
        .expect("an answer");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (403, Some("text/html; charset=utf-8"))
    );
}

#[tokio::test]
async fn a_redirect_leads_to_a_foreign_host() {
    let answer = struck(json!({ "action": "redirect" })).await.expect("an answer");
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some("https://elsewhere.example/landing"))
    );
}

#[tokio::test]
async fn challenges_can_name_another_domain_or_no_tls_or_ask_for_claims() {
    for (action, part) in [
        ("challenge_other_domain", "resource=\"https://vault.example.net\""),
        (
            "challenge_http",
            "authorization=\"http://login.microsoftonline.com/",
        ),
        ("revoke", "error=\"insufficient_claims\", claims=\""),
    ] {
        let answer = struck(json!({ "action": action })).await.expect("an answer");
        assert_eq!(answer.status, 401);
        let challenge = answer.header("www-authenticate").expect("a challenge");
        assert!(challenge.contains(part), "{challenge}");
    }
}

#[tokio::test]
async fn a_fault_that_makes_no_sense_is_refused() {
    let azure = Azure::default().await;
    for fault in [
        json!({}),
        json!({ "status": 500, "times": 0 }),
        json!({ "action": "explode" }),
        json!({ "service": "dns", "status": 500 }),
        json!({ "status": 500, "unknown": true }),
    ] {
        let answer = azure
            .http("POST", "/_emulator/faults", &[], &fault.to_string())
            .await;
        assert_eq!(answer.status, 400, "{fault}");
    }
    assert_eq!(imds(&azure).await, 200);
}
