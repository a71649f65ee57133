//! Limits that really count.

use serde_json::{Value, json};

use crate::contoso::Contoso;
use crate::support::{Azure, CONTOSO, config};

async fn with_limits(limits: Value) -> Azure {
    let mut config = config();
    config["vaults"][0]["limits"] = limits;
    config["vaults"][0]["secrets"]["other"] = json!("x");
    Azure::start(config).await
}

async fn statuses(azure: &Azure, secret: &str, times: usize) -> Vec<u16> {
    let authorization = azure.vault_authorization().await;
    let path = format!("/secrets/{secret}?api-version=7.6");
    let mut statuses = Vec::new();
    for _ in 0..times {
        statuses.push(
            azure
                .https("GET", CONTOSO, &path, &[("Authorization", &authorization)], "")
                .await
                .status,
        );
    }
    statuses
}

#[tokio::test]
async fn a_vault_takes_so_many_requests_and_no_more() {
    let azure = with_limits(json!({ "vault_per_10s": 3 })).await;
    assert_eq!(
        azure
            .https("GET", CONTOSO, "/secrets/other?api-version=7.6", &[], "")
            .await
            .status,
        401
    );
    assert_eq!(
        statuses(&azure, "other", 2).await,
        [200, 200],
        "a challenge does not count"
    );
    assert_eq!(statuses(&azure, "db-password", 3).await, [200, 429, 429]);
    let counts = azure.admin("GET", "counts", Value::Null).await.json();
    assert_eq!(counts["vault_by_status"], json!({ "200": 3, "401": 1, "429": 2 }));
}

#[tokio::test]
async fn a_secret_has_its_own_limit_over_a_sliding_second() {
    let azure = with_limits(json!({ "vault_per_10s": null, "secret_per_1s": 2 })).await;
    assert_eq!(statuses(&azure, "db-password", 3).await, [200, 200, 429]);
    assert_eq!(
        statuses(&azure, "DB-PASSWORD", 1).await,
        [429],
        "it is the same secret"
    );
    assert_eq!(statuses(&azure, "other", 2).await, [200, 200]);
    let second = json!({ "seconds": 1 });
    azure.admin("POST", "advance/contoso", second).await;
    assert_eq!(
        statuses(&azure, "db-password", 3).await,
        [200, 200, 429],
        "what was refused did not count"
    );
}

#[tokio::test]
async fn a_429_says_how_long_only_if_it_is_told_to() {
    for (retry_after, expected) in [(false, false), (true, true)] {
        let azure = with_limits(json!({ "vault_per_10s": 1, "retry_after": retry_after })).await;
        statuses(&azure, "db-password", 1).await;
        let answer = azure.read(&azure.vault_authorization().await).await;
        assert_eq!(answer.codes().0, 429);
        assert_eq!(answer.codes().1, "Throttled");
        assert!(answer.message().ends_with("Reason: VaultRequestTypeLimitReached"));
        let seconds = answer
            .header("retry-after")
            .map(|text| text.parse::<u64>().expect("seconds"));
        assert_eq!(seconds.is_some(), expected);
        assert!(
            seconds.is_none_or(|seconds| (1..=10).contains(&seconds)),
            "{seconds:?}"
        );
    }
}

#[tokio::test]
async fn new_versions_have_a_limit_of_their_own() {
    let contoso = Contoso::start(json!({ "limits": { "creates_per_10s": 1, "vault_per_10s": 2 } })).await;
    assert_eq!(contoso.set("other", "x").await.status, 200);
    assert_eq!(contoso.set("other", "y").await.status, 429);
    for status in [200, 200, 429] {
        assert_eq!(contoso.get("/secrets/other").await.status, status);
    }
    contoso.advance(9.0).await;
    assert_eq!(contoso.set("other", "y").await.status, 429);
    contoso.advance(1.0).await;
    assert_eq!(contoso.set("other", "y").await.status, 200);
    assert_eq!(contoso.delete("/secrets/other").await.status, 200);
}

#[tokio::test]
async fn limits_can_be_replaced_while_it_runs() {
    let azure = Azure::default().await;
    azure
        .admin(
            "PUT",
            "limits/contoso",
            json!({ "vault_per_10s": 1, "secret_per_1s": null, "retry_after": false }),
        )
        .await;
    assert_eq!(statuses(&azure, "db-password", 2).await, [200, 429]);
    azure
        .admin("PUT", "limits/contoso", json!({ "vault_per_10s": null }))
        .await;
    assert_eq!(statuses(&azure, "db-password", 2).await, [200, 200]);
}
