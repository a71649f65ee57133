//! Tokens of other issuers, and what they buy: Azure Pipelines, GitHub Actions, files, and the token proxy of AKS.

use serde_json::{Value, json};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use crate::support::{APP, AUTHORITY, Answer, Azure, TENANT, claims_of, config, error_code, form, trusting};

const PIPELINES: &str =
    "/azure_pipelines/oidctoken?api-version=7.1&serviceConnectionId=77777777-7777-4777-8777-777777777777";
const GITHUB: &str = "/github_actions/token?api-version=2.0";
const JSON: (&str, &str) = ("Content-Type", "application/json");
const SUPPRESS: (&str, &str) = ("X-TFS-FedAuthRedirect", "Suppress");
const PIPELINES_TOKEN: (&str, &str) = ("Authorization", "Bearer emulator-system-access-token");
const GITHUB_TOKEN: (&str, &str) = ("Authorization", "Bearer emulator-request-token");
const PIPELINES_ISSUER: &str = "https://vstoken.dev.azure.com/88888888-8888-4888-8888-888888888888";
const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";
const OWN_ISSUER: &str = "https://oidc.emulator.example/";
const POD: &str = "system:serviceaccount:shop:basket";

async fn trusting_all() -> Azure {
    let mut config = config();
    config["app_registrations"][0]["federated"] = json!([
        { "issuer": PIPELINES_ISSUER, "subject": "sc://contoso/shop/azure" },
        { "issuer": GITHUB_ISSUER, "subject": "repo:contoso/shop:ref:refs/heads/main" },
        { "issuer": OWN_ISSUER, "subject": POD },
    ]);
    Azure::start(config).await
}

fn exchange_form(assertion: &str) -> String {
    form(&[
        ("grant_type", "client_credentials"),
        ("client_id", APP),
        ("scope", "https://vault.azure.net/.default"),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", assertion),
    ])
}

async fn exchange(azure: &Azure, assertion: &str) -> Answer {
    let path = format!("/{TENANT}/oauth2/v2.0/token");
    azure
        .https("POST", AUTHORITY, &path, &[], &exchange_form(assertion))
        .await
}

async fn opens_the_vault(azure: &Azure, answer: &Answer) -> bool {
    let token = answer.json()["access_token"]
        .as_str()
        .expect(&answer.text)
        .to_owned();
    azure.read(&format!("Bearer {token}")).await.status == 200
}

#[tokio::test]
async fn a_pipeline_gets_a_token_to_exchange() {
    let azure = trusting_all().await;
    let headers = [PIPELINES_TOKEN, JSON, SUPPRESS];
    let answer = azure.http("POST", PIPELINES, &headers, "").await.json();
    let token = answer["oidcToken"].as_str().expect("a token");
    let claims = claims_of(token);
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&json!(PIPELINES_ISSUER), &json!("api://AzureADTokenExchange"))
    );
    assert!(opens_the_vault(&azure, &exchange(&azure, token).await).await);
    let real = azure
        .https("POST", "dev.azure.com", PIPELINES, &headers, "")
        .await;
    assert!(real.json()["oidcToken"].is_string());
    let log = azure.log().await;
    assert_eq!(
        (&log[0]["service"], &log[0]["authorized"]),
        (&json!("azure_pipelines"), &json!(true))
    );
}

#[tokio::test]
async fn a_pipeline_without_its_token_is_sent_to_sign_in_unless_it_says_otherwise() {
    let azure = trusting_all().await;
    let wrong = ("Authorization", "Bearer wrong");
    let redirect = azure.http("POST", PIPELINES, &[wrong, JSON], "").await;
    assert_eq!(redirect.status, 302);
    assert!(
        redirect
            .header("location")
            .is_some_and(|target| target.contains("_signin"))
    );
    let other = PIPELINES.replace("77777777", "00000000");
    let old = PIPELINES.replace("7.1", "5.0");
    for (method, path, headers, status) in [
        ("POST", PIPELINES, &[wrong, JSON, SUPPRESS][..], 401),
        ("POST", PIPELINES, &[JSON, SUPPRESS], 401),
        ("GET", PIPELINES, &[PIPELINES_TOKEN, JSON], 405),
        ("POST", PIPELINES, &[PIPELINES_TOKEN], 415),
        ("POST", &old, &[PIPELINES_TOKEN, JSON], 400),
        ("POST", &other, &[PIPELINES_TOKEN, JSON], 404),
    ] {
        assert_eq!(
            azure.http(method, path, headers, "").await.status,
            status,
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn a_github_job_gets_a_token_for_the_audience_it_names() {
    let azure = trusting_all().await;
    let path = format!("{GITHUB}&audience=api://AzureADTokenExchange");
    for answer in [
        azure.http("GET", &path, &[GITHUB_TOKEN], "").await,
        azure
            .https(
                "GET",
                "pipelines.actions.githubusercontent.com",
                &path,
                &[GITHUB_TOKEN],
                "",
            )
            .await,
    ] {
        let answer = answer.json();
        let token = answer["value"].as_str().expect("a token");
        let claims = claims_of(token);
        let life = claims["exp"]
            .as_u64()
            .zip(claims["iat"].as_u64())
            .map(|(end, start)| end - start);
        assert_eq!((&claims["iss"], life), (&json!(GITHUB_ISSUER), Some(300)));
        assert!(opens_the_vault(&azure, &exchange(&azure, token).await).await);
    }
    let default = azure.http("GET", GITHUB, &[GITHUB_TOKEN], "").await.json();
    let refused = exchange(&azure, default["value"].as_str().expect("a token")).await;
    assert_eq!(error_code(&refused).2, 700_212);
    for (method, path, headers, status) in [
        ("GET", GITHUB, &[][..], 401),
        ("POST", GITHUB, &[GITHUB_TOKEN], 405),
        ("GET", "/github_actions/token?audience=x", &[GITHUB_TOKEN], 400),
    ] {
        assert_eq!(
            azure.http(method, path, headers, "").await.status,
            status,
            "{method} {path}"
        );
    }
}

async fn federated_token(azure: &Azure, wish: Value) -> String {
    let answer = azure.admin("POST", "federated-token", wish).await.json();
    answer["token"].as_str().expect("a token").into()
}

#[tokio::test]
async fn a_test_can_have_the_token_of_a_pod() {
    let azure = trusting_all().await;
    let token = federated_token(&azure, json!({ "subject": POD })).await;
    assert!(opens_the_vault(&azure, &exchange(&azure, &token).await).await);
    for (wish, code) in [
        (json!({ "subject": POD, "lifetime_s": -10 }), 700_024),
        (json!({ "subject": "another" }), 700_213),
        (
            json!({ "subject": POD, "audience": "api://AKSIdentityBinding" }),
            700_212,
        ),
        (
            json!({ "subject": POD, "issuer": "https://another.example/" }),
            700_211,
        ),
    ] {
        let token = federated_token(&azure, wish.clone()).await;
        assert_eq!(error_code(&exchange(&azure, &token).await).2, code, "{wish}");
    }
    let over = claims_of(&federated_token(&azure, json!({ "subject": POD, "lifetime_s": -10 })).await);
    assert!(over["iat"].as_u64() < over["exp"].as_u64());
    let foreign = federated_token(&Azure::default().await, json!({ "subject": POD })).await;
    assert_eq!(
        error_code(&exchange(&azure, &foreign).await).2,
        700_027,
        "another emulator's key"
    );
}

#[tokio::test]
async fn the_token_proxy_relays_for_those_who_know_its_name_and_authority() {
    let azure = trusting_all().await;
    let token = federated_token(&azure, json!({ "subject": POD })).await;
    let body = exchange_form(&token);
    let path = format!("/token-proxy/{TENANT}/oauth2/v2.0/token");
    let own =
        CertificateDer::from_pem_slice(azure.emulator.token_proxy_ca_pem.as_bytes()).expect("a certificate");
    let other = CertificateDer::from_pem_slice(azure.emulator.ca_pem.as_bytes()).expect("a certificate");
    let name = azure.emulator.token_proxy_server_name();
    let right = trusting(&[own]);
    let answer = azure
        .token_proxy(&right, name, "POST", &path, &body)
        .await
        .expect("an answer");
    assert!(opens_the_vault(&azure, &answer).await);
    assert_eq!(azure.log().await[0]["service"], "token_proxy");
    let unknown = azure
        .token_proxy(&right, name, "POST", &path.replace("/token-proxy", ""), &body)
        .await;
    assert_eq!(unknown.expect("an answer").status, 404);
    for wrong_name in ["login.microsoftonline.com", "127.0.0.1"] {
        assert!(
            azure
                .token_proxy(&right, wrong_name, "POST", &path, &body)
                .await
                .is_err(),
            "{wrong_name}"
        );
    }
    let careless = trusting(&[other]);
    assert!(
        azure
            .token_proxy(&careless, name, "POST", &path, &body)
            .await
            .is_err()
    );
}
