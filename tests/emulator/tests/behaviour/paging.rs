//! Lists and their pages.

use serde_json::{Map, Value, json};

use crate::contoso::Contoso;

/// Secrets `s00`, `s01` and so on, of which the second is disabled.
fn secrets(count: usize) -> Value {
    let secret = |n| json!({ "value": "hidden", "enabled": n != 1 });
    let secrets: Map<String, Value> = (0..count).map(|n| (format!("s{n:02}"), secret(n))).collect();
    json!(secrets)
}

fn expected(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("s{n:02}")).collect()
}

async fn sizes(contoso: &Contoso, list: &str) -> Vec<usize> {
    contoso.pages(list).await.iter().map(Vec::len).collect()
}

#[tokio::test]
async fn a_list_comes_in_pages_of_which_the_second_is_empty() {
    let contoso = Contoso::start(json!({ "secrets": secrets(60) })).await;
    assert_eq!(sizes(&contoso, "/secrets").await, [25, 0, 25, 10]);
    assert_eq!(contoso.names("/secrets").await, expected(60));
    let item = &contoso.pages("/secrets").await[0][1];
    assert_eq!(item["id"], "https://contoso.vault.azure.net/secrets/s01");
    assert_eq!(item["attributes"]["enabled"], false);
    assert_eq!(item.get("value"), None);
}

#[tokio::test]
async fn which_pages_are_empty_is_configured() {
    for (empty_pages, expected_sizes) in [
        (json!([]), vec![25, 5]),
        (json!([1, 3]), vec![0, 25, 0, 5]),
        (json!([7]), vec![25, 5]),
    ] {
        let contoso = Contoso::start(json!({ "secrets": secrets(30), "empty_pages": empty_pages })).await;
        assert_eq!(sizes(&contoso, "/secrets").await, expected_sizes);
        assert_eq!(contoso.names("/secrets").await, expected(30));
    }
}

#[tokio::test]
async fn a_client_can_ask_for_smaller_pages_only() {
    let contoso = Contoso::start(json!({ "secrets": secrets(5), "empty_pages": [] })).await;
    let list = |size| format!("/secrets?api-version=7.6&maxresults={size}");
    assert_eq!(sizes(&contoso, &list("2")).await, [2, 2, 1]);
    assert_eq!(sizes(&contoso, &list("5")).await, [5]);
    assert_eq!(sizes(&contoso, &list("25")).await, [5]);
    for size in ["0", "26", "-1", "all", ""] {
        let codes = contoso.get(&list(size)).await.codes();
        assert_eq!(codes, (400, "BadParameter".into(), String::new()), "{size}");
    }
    let invented = contoso.get("/secrets?api-version=7.6&$skiptoken=invented").await;
    assert_eq!(invented.codes().1, "BadParameter");
}

#[tokio::test]
async fn a_page_goes_on_where_the_last_one_ended_whatever_was_deleted_meanwhile() {
    let contoso = Contoso::start(json!({ "secrets": secrets(4), "empty_pages": [] })).await;
    let page = contoso.get("/secrets?api-version=7.6&maxresults=2").await.json();
    contoso.delete("/secrets/s00").await;
    contoso.delete("/secrets/s01").await;
    let next = page["nextLink"].as_str().expect("a link");
    let path = next
        .strip_prefix("https://contoso.vault.azure.net:443")
        .expect("an absolute link");
    assert_eq!(contoso.names(path).await, ["s02", "s03"]);
}

#[tokio::test]
async fn versions_and_deleted_secrets_come_in_pages_too() {
    let contoso = Contoso::start(json!({ "secrets": secrets(30) })).await;
    for _ in 0..29 {
        contoso.set("s00", "again").await;
    }
    assert_eq!(sizes(&contoso, "/secrets/s00/versions").await, [25, 0, 5]);
    let mut versions = contoso.names("/secrets/s00/versions").await;
    versions.sort();
    versions.dedup();
    assert_eq!(versions.len(), 30);
    for name in expected(30) {
        contoso.delete(&format!("/secrets/{name}")).await;
    }
    assert_eq!(sizes(&contoso, "/deletedsecrets").await, [25, 0, 5]);
    assert_eq!(contoso.names("/deletedsecrets").await, expected(30));
}

#[tokio::test]
async fn an_unknown_name_has_no_versions() {
    let contoso = Contoso::default().await;
    let answer = contoso.get("/secrets/nothing/versions").await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({ "value": [], "nextLink": null }))
    );
}

#[tokio::test]
async fn on_a_local_name_links_keep_the_port() {
    let contoso = Contoso::start(json!({ "secrets": secrets(26) })).await;
    let port = contoso.azure.emulator.https_addr.port();
    let token = contoso.azure.imds_token("https://vault.azure.net").await;
    let authorization = format!("Bearer {token}");
    let answer = contoso
        .azure
        .direct(
            &format!("localhost:{port}"),
            "/secrets?api-version=7.6",
            &[("Authorization", &authorization)],
        )
        .await;
    let link = answer.json()["nextLink"].as_str().expect("a link").to_owned();
    let start = format!("https://localhost:{port}/secrets?api-version=7.6&$skiptoken=");
    assert!(link.starts_with(&start), "{link}");
}
