//! The token endpoint and the documents around it.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use crate::support::{
    APP, APP_SECRET, AUTHORITY, Answer, Azure, OTHER_TENANT, TENANT, config, error_code, form,
};

const ISSUER: &str = "https://cluster.example/";
const SUBJECT: &str = "system:serviceaccount:shop:basket";
const SHARED: &str = "shared with the cluster";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

async fn token(azure: &Azure, tenant: &str, changed: &[(&str, &str)]) -> Answer {
    let mut fields = vec![
        ("grant_type", "client_credentials"),
        ("client_id", APP),
        ("scope", "https://vault.azure.net/.default"),
        ("client_secret", APP_SECRET),
    ];
    fields.retain(|(name, _)| changed.iter().all(|(other, _)| name != other));
    fields.extend(changed.iter().filter(|(_, value)| !value.is_empty()));
    let body = form(&fields);
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    azure
        .https(
            "POST",
            AUTHORITY,
            &format!("/{tenant}/oauth2/v2.0/token"),
            &headers,
            &body,
        )
        .await
}

#[tokio::test]
async fn a_secret_buys_a_token_that_opens_the_vault() {
    let azure = Azure::default().await;
    for tenant in [TENANT, "contoso.example"] {
        let answer = token(&azure, tenant, &[]).await;
        assert_eq!(answer.header("cache-control"), Some("no-store, no-cache"));
        let body = answer.json();
        assert_eq!(
            (&body["token_type"], &body["expires_in"]),
            (&json!("Bearer"), &json!(3599))
        );
        let authorization = format!("Bearer {}", body["access_token"].as_str().expect("a token"));
        assert_eq!(azure.read(&authorization).await.status, 200);
    }
}

#[tokio::test]
async fn each_mistake_has_its_code() {
    let azure = Azure::default().await;
    let unknown = "dddddddd-0000-4000-8000-000000000001";
    for (tenant, changed, expected) in [
        (
            TENANT,
            ("client_secret", "wrong"),
            (401, "invalid_client", 7_000_215),
        ),
        (TENANT, ("client_secret", ""), (401, "invalid_client", 7_000_216)),
        (
            TENANT,
            ("client_id", unknown),
            (400, "unauthorized_client", 700_016),
        ),
        (
            OTHER_TENANT,
            ("grant_type", "client_credentials"),
            (400, "unauthorized_client", 700_016),
        ),
        (
            unknown,
            ("grant_type", "client_credentials"),
            (400, "invalid_request", 90_002),
        ),
        (
            "not a tenant",
            ("grant_type", "client_credentials"),
            (400, "invalid_request", 900_023),
        ),
        (
            TENANT,
            ("grant_type", "magic"),
            (400, "unsupported_grant_type", 70_003),
        ),
        (TENANT, ("grant_type", ""), (400, "invalid_request", 900_144)),
        (
            TENANT,
            ("scope", "https://vault.azure.net/all"),
            (400, "invalid_scope", 1_002_012),
        ),
        (
            TENANT,
            ("scope", "https://vault.azure.net/.default openid"),
            (400, "invalid_scope", 70_011),
        ),
        (
            TENANT,
            ("scope", "https://nobody.example/.default"),
            (400, "invalid_resource", 500_011),
        ),
        (TENANT, ("claims", "{"), (400, "invalid_request", 90_013)),
    ] {
        let tenant = tenant.replace(' ', "%20");
        let (status, error, number) = error_code(&token(&azure, &tenant, &[changed]).await);
        assert_eq!((status, error.as_str(), number), expected, "{tenant} {changed:?}");
    }
}

#[tokio::test]
async fn a_client_that_handles_claims_challenges_is_marked_in_its_token() {
    let azure = Azure::default().await;
    let claims = r#"{"access_token":{"xms_cc":{"values":["CP1"]}}}"#;
    for (changed, expected) in [
        (("claims", claims), json!(["CP1"])),
        (("claims", "{}"), Value::Null),
    ] {
        let body = token(&azure, TENANT, &[changed]).await.json();
        let payload = body["access_token"]
            .as_str()
            .expect("a token")
            .split('.')
            .nth(1)
            .expect("claims");
        let payload: Value =
            serde_json::from_slice(&BASE64URL.decode(payload).expect("base64")).expect("JSON");
        assert_eq!(payload["xms_cc"], expected);
    }
}

fn claims(changed: Value) -> Value {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    let audience = "api://AzureADTokenExchange";
    let mut claims =
        json!({ "iss": ISSUER, "sub": SUBJECT, "aud": [audience], "nbf": now, "exp": now + 600 });
    claims
        .as_object_mut()
        .expect("claims")
        .extend(changed.as_object().expect("changes").clone());
    claims
}

fn signed(algorithm: &str, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let header = json!({ "alg": algorithm, "typ": "JWT" });
    let text = format!(
        "{}.{}",
        BASE64URL.encode(header.to_string()),
        BASE64URL.encode(claims.to_string())
    );
    let signature = BASE64URL.encode(sign(text.as_bytes()));
    format!("{text}.{signature}")
}

fn by_shared_key(secret: &str, claims: &Value) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    signed("HS256", claims, |text| hmac::sign(&key, text).as_ref().to_vec())
}

async fn trusting(key: Value) -> Azure {
    let mut trust = json!({ "issuer": ISSUER, "subject": SUBJECT });
    trust
        .as_object_mut()
        .expect("a trust")
        .extend(key.as_object().expect("a key").clone());
    let mut config = config();
    config["app_registrations"][0]["federated"] = json!([trust]);
    Azure::start(config).await
}

async fn exchange(azure: &Azure, assertion: &str) -> Answer {
    let fields = [
        ("client_secret", ""),
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", assertion),
    ];
    token(azure, TENANT, &fields).await
}

#[tokio::test]
async fn a_federated_assertion_buys_a_token() {
    let azure = trusting(json!({ "hmac": SHARED })).await;
    let answer = exchange(&azure, &by_shared_key(SHARED, &claims(json!({})))).await;
    let authorization = format!(
        "Bearer {}",
        answer.json()["access_token"].as_str().expect(&answer.text)
    );
    assert_eq!(azure.read(&authorization).await.status, 200);
}

#[tokio::test]
async fn each_claim_of_an_assertion_is_checked() {
    let azure = trusting(json!({ "hmac": SHARED })).await;
    for (changed, expected) in [
        (
            json!({ "iss": "https://cluster.example" }),
            (401, "invalid_client", 700_211),
        ),
        (
            json!({ "aud": "https://kubernetes.default.svc" }),
            (401, "invalid_client", 700_212),
        ),
        (
            json!({ "sub": "system:serviceaccount:shop:other" }),
            (401, "invalid_client", 700_213),
        ),
        (json!({ "exp": 1_700_000_000 }), (401, "invalid_client", 700_024)),
        (
            json!({ "nbf": 4_000_000_000_u64, "exp": 4_000_000_600_u64 }),
            (401, "invalid_client", 700_024),
        ),
        (json!({ "exp": null }), (400, "invalid_request", 50_027)),
        (json!({ "sub": null }), (400, "invalid_request", 50_027)),
    ] {
        let (status, error, number) =
            error_code(&exchange(&azure, &by_shared_key(SHARED, &claims(changed.clone()))).await);
        assert_eq!((status, error.as_str(), number), expected, "{changed}");
    }
    assert_eq!(error_code(&exchange(&azure, "no token").await).2, 50_027);
}

#[tokio::test]
async fn an_assertion_needs_the_issuers_signature_if_its_key_is_known() {
    let claims = claims(json!({}));
    let azure = trusting(json!({ "hmac": SHARED })).await;
    assert_eq!(
        error_code(&exchange(&azure, &by_shared_key("another", &claims)).await).2,
        700_027
    );
    let unsigned = signed("none", &claims, |_| Vec::new());
    assert_eq!(error_code(&exchange(&azure, &unsigned).await).2, 700_027);
    let careless = trusting(json!({})).await;
    assert_eq!(
        exchange(&careless, &by_shared_key("another", &claims))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn public_keys_come_as_jwk_or_pem() {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random)
        .expect("a key");
    let point = key.public_key().as_ref();
    let (x, y) = (BASE64URL.encode(&point[1..33]), BASE64URL.encode(&point[33..]));
    let mut info = vec![
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
        0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    info.extend(point);
    let body = base64::prelude::BASE64_STANDARD.encode(info);
    let (first, second) = body.split_at(64);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n");
    for trusted in [
        json!({ "jwk": { "kty": "EC", "crv": "P-256", "x": x, "y": y } }),
        json!({ "pem": pem }),
    ] {
        let azure = trusting(trusted.clone()).await;
        let assertion = signed("ES256", &claims(json!({})), |text| {
            key.sign(&random, text).expect("signed").as_ref().to_vec()
        });
        assert_eq!(exchange(&azure, &assertion).await.status, 200, "{trusted}");
        assert_eq!(
            error_code(&exchange(&azure, &by_shared_key(&pem, &claims(json!({})))).await).2,
            700_027
        );
    }
}

#[tokio::test]
async fn an_application_without_trust_takes_no_assertion() {
    let azure = Azure::default().await;
    let answer = exchange(&azure, &by_shared_key(SHARED, &claims(json!({})))).await;
    assert_eq!(error_code(&answer), (401, "invalid_client".into(), 70_025));
}

#[tokio::test]
async fn discovery_leads_to_the_token_endpoint() {
    let azure = Azure::default().await;
    let endpoint = format!("https://{AUTHORITY}/{TENANT}/oauth2/v2.0/authorize");
    let path = format!("/common/discovery/instance?api-version=1.1&authorization_endpoint={endpoint}");
    let instance = azure.https("GET", AUTHORITY, &path, &[], "").await.json();
    let next = format!("https://{AUTHORITY}/{TENANT}/v2.0/.well-known/openid-configuration");
    assert_eq!(instance["tenant_discovery_endpoint"], next);
    let path = next
        .strip_prefix(&format!("https://{AUTHORITY}"))
        .expect("the same host");
    let document = azure.https("GET", AUTHORITY, path, &[], "").await.json();
    assert_eq!(
        document["token_endpoint"],
        format!("https://{AUTHORITY}/{TENANT}/oauth2/v2.0/token")
    );
    assert_eq!(document["issuer"], format!("https://{AUTHORITY}/{TENANT}/v2.0"));

    let foreign = "/common/discovery/instance?authorization_endpoint=https://evil.example/x/authorize";
    let refused = azure.https("GET", AUTHORITY, foreign, &[], "").await;
    assert_eq!(
        (refused.status, &refused.json()["error"]),
        (400, &json!("invalid_instance"))
    );
}
