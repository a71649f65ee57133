//! What is done with keys, and when it may not be.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};

use crate::contoso::Contoso;
use crate::keys::{RSA_KEY, jwk, with_keys};
use crate::support::Answer;

/// Every operation with its inverse.
const PAIRS: [(&str, &str); 2] = [("wrapkey", "unwrapkey"), ("encrypt", "decrypt")];
const OPERATIONS: [&str; 4] = ["encrypt", "wrapkey", "decrypt", "unwrapkey"];

async fn apply(contoso: &Contoso, path: &str, algorithm: &str, value: &str) -> Answer {
    let body = json!({ "alg": algorithm, "value": value });
    contoso.post(path, body).await
}

fn value(answer: &Answer) -> String {
    answer.json()["value"].as_str().expect(&answer.text).to_owned()
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("after 1970").as_secs()
}

/// The codes of each operation on a key, of which the last two get back what its public half encrypted.
async fn codes(contoso: &Contoso, name: &str, wrapped: &str) -> Vec<(u16, String)> {
    let mut codes = Vec::new();
    for operation in OPERATIONS {
        let value = if operation.starts_with(['d', 'u']) {
            wrapped
        } else {
            "AQID"
        };
        let answer = apply(
            contoso,
            &format!("/keys/{name}/{operation}"),
            "RSA-OAEP-256",
            value,
        )
        .await;
        codes.push(match answer.status {
            200 => (200, String::new()),
            status => (status, answer.codes().2),
        });
    }
    codes
}

fn expected(encrypting: (u16, &str), decrypting: (u16, &str)) -> Vec<(u16, String)> {
    [encrypting, encrypting, decrypting, decrypting]
        .map(|(status, code)| (status, code.to_owned()))
        .to_vec()
}

#[tokio::test]
async fn what_was_wrapped_is_unwrapped_by_the_same_version() {
    let contoso =
        with_keys(json!({ "kek": { "pem": RSA_KEY }, "twin": { "jwk": jwk() }, "other": {} })).await;
    let kid = contoso.get("/keys/kek").await.json()["key"]["kid"].clone();
    let path = kid
        .as_str()
        .and_then(|kid| kid.strip_prefix("https://contoso.vault.azure.net"));
    let path = path.expect("a path").to_owned();
    for algorithm in ["RSA-OAEP-256", "RSA-OAEP", "RSA1_5"] {
        for (there, back) in PAIRS {
            let plain = BASE64URL.encode([7; 32]);
            let wrapped = apply(&contoso, &format!("{path}/{there}"), algorithm, &plain).await;
            assert_eq!(
                (wrapped.status, &wrapped.json()["kid"]),
                (200, &kid),
                "{}",
                wrapped.text
            );
            let wrapped = value(&wrapped);
            assert_eq!(BASE64URL.decode(&wrapped).expect("base64url").len(), 256);
            // Without a version too, as it is the latest; and the same key under another name.
            for path in [&path, "/keys/kek", "/keys/twin"] {
                let unwrapped = apply(&contoso, &format!("{path}/{back}"), algorithm, &wrapped).await;
                assert_eq!(value(&unwrapped), plain, "{algorithm} {path}");
            }
            let refused = apply(&contoso, &format!("/keys/other/{back}"), algorithm, &wrapped).await;
            assert_eq!(refused.codes().1, "BadParameter");
        }
    }
    let wrapped = value(&apply(&contoso, "/keys/kek/wrapkey", "RSA-OAEP-256", "AQID").await);
    contoso.post("/keys/kek/rotate", Value::Null).await;
    let refused = apply(&contoso, "/keys/kek/unwrapkey", "RSA-OAEP-256", &wrapped).await;
    assert_eq!(refused.codes().0, 400, "the latest is another key now");
    let unwrapped = apply(&contoso, &format!("{path}/unwrapkey"), "RSA-OAEP-256", &wrapped).await;
    assert_eq!(value(&unwrapped), "AQID");
}

#[tokio::test]
async fn the_padding_is_the_one_of_the_algorithm() {
    let contoso = with_keys(json!({ "kek": { "pem": RSA_KEY } })).await;
    let wrapped = value(&apply(&contoso, "/keys/kek/wrapkey", "RSA-OAEP-256", "AQID").await);
    let refused = apply(&contoso, "/keys/kek/unwrapkey", "RSA-OAEP", &wrapped).await;
    assert_eq!(refused.codes(), (400, "BadParameter".into(), String::new()));
    // RFC 8017: the modulus less two hashes and two bytes, or less eleven bytes.
    for (algorithm, longest) in [("RSA-OAEP-256", 190), ("RSA-OAEP", 214), ("RSA1_5", 245)] {
        for (length, status) in [(longest, 200), (longest + 1, 400)] {
            let plain = BASE64URL.encode(vec![1; length]);
            let answer = apply(&contoso, "/keys/kek/encrypt", algorithm, &plain).await;
            assert_eq!(answer.status, status, "{algorithm} {length}");
        }
    }
}

#[tokio::test]
async fn a_bad_request_is_a_bad_parameter() {
    let contoso = with_keys(json!({ "kek": { "pem": RSA_KEY } })).await;
    let wrapped = value(&apply(&contoso, "/keys/kek/wrapkey", "RSA-OAEP-256", "AQID").await);
    let mut tampered = BASE64URL.decode(&wrapped).expect("base64url");
    tampered[200] ^= 1;
    for body in [
        json!({}),
        json!({ "alg": "RSA-OAEP-256" }),
        json!({ "value": wrapped }),
        json!({ "alg": "RSA-OAEP-256", "value": "" }),
        json!({ "alg": "RSA-OAEP-256", "value": BASE64URL.encode(&tampered) }),
        json!({ "alg": "RSA-OAEP-256", "value": BASE64URL.encode([1; 255]) }),
    ] {
        let refused = contoso.post("/keys/kek/unwrapkey", body.clone()).await;
        assert_eq!(
            refused.codes(),
            (400, "BadParameter".into(), String::new()),
            "{body}"
        );
    }
    for text in ["not base64url!", "ab+c", "ab/c", "a"] {
        let refused = apply(&contoso, "/keys/kek/wrapkey", "RSA-OAEP-256", text).await;
        assert_eq!(refused.codes().1, "BadParameter", "{text}");
    }
}

#[tokio::test]
async fn an_algorithm_that_is_not_the_keys_is_a_bad_parameter() {
    let contoso = with_keys(json!({ "kek": { "pem": RSA_KEY } })).await;
    for algorithm in ["RSA-OAEP-512", "A256KW", "rsa-oaep-256", "RSA1_5 ", ""] {
        for operation in ["wrapkey", "encrypt"] {
            let refused = apply(&contoso, &format!("/keys/kek/{operation}"), algorithm, "AQID").await;
            assert_eq!(refused.codes(), (400, "BadParameter".into(), String::new()));
            let words = format!("Algorithm '{algorithm}' is not supported");
            assert!(refused.message().starts_with(&words), "{}", refused.message());
        }
    }
}

#[tokio::test]
async fn a_disabled_key_gives_nothing_back() {
    let contoso = with_keys(json!({ "kek": { "pem": RSA_KEY } })).await;
    let wrapped = value(&apply(&contoso, "/keys/kek/wrapkey", "RSA-OAEP-256", "AQID").await);
    assert_eq!(
        codes(&contoso, "kek", &wrapped).await,
        expected((200, ""), (200, ""))
    );
    contoso
        .patch("/keys/kek", json!({ "attributes": { "enabled": false } }))
        .await;
    let disabled = expected((200, ""), (403, "KeyDisabled"));
    assert_eq!(codes(&contoso, "kek", &wrapped).await, disabled);
    assert_eq!(contoso.get("/keys/kek").await.status, 200, "it can be looked at");
    let refused = apply(&contoso, "/keys/kek/decrypt", "RSA-OAEP-256", &wrapped).await;
    assert_eq!(
        refused.message(),
        "Operation decrypt is not allowed on a disabled key."
    );
    let refused = apply(&contoso, "/keys/kek/unwrapkey", "RSA-OAEP-256", &wrapped).await;
    assert_eq!(
        refused.message(),
        "Operation unwrapKey is not allowed on a disabled key."
    );
}

#[tokio::test]
async fn outside_its_time_a_key_only_gives_back() {
    let key = |nbf: u64, exp: u64| json!({ "pem": RSA_KEY, "not_before": nbf, "expires": exp });
    let (now, hour) = (now(), 3_600);
    let contoso = with_keys(json!({
        "valid": key(now - hour, now + hour),
        "early": key(now + hour, now + 2 * hour),
        "late": key(now - 2 * hour, now - hour),
    }))
    .await;
    let wrapped = value(&apply(&contoso, "/keys/valid/wrapkey", "RSA-OAEP-256", "AQID").await);
    let open = expected((200, ""), (200, ""));
    let early = expected((403, "KeyNotYetValid"), (200, ""));
    let late = expected((403, "KeyExpired"), (200, ""));
    assert_eq!(codes(&contoso, "valid", &wrapped).await, open);
    assert_eq!(codes(&contoso, "early", &wrapped).await, early);
    assert_eq!(codes(&contoso, "late", &wrapped).await, late);
    contoso.advance(3_600.0 - 360.0).await;
    assert_eq!(codes(&contoso, "early", &wrapped).await, early);
    contoso.advance(120.0).await;
    assert_eq!(codes(&contoso, "early", &wrapped).await, open, "with leeway");
    contoso.advance(240.0 + 240.0).await;
    assert_eq!(codes(&contoso, "valid", &wrapped).await, open, "with leeway");
    contoso.advance(120.0).await;
    assert_eq!(
        codes(&contoso, "valid", &wrapped).await,
        late,
        "the vault's clock counts"
    );
}

#[tokio::test]
async fn a_key_does_only_what_it_is_for() {
    let contoso = with_keys(json!({
        "kek": { "pem": RSA_KEY, "key_ops": ["wrapKey", "unwrapKey"] },
        "both": { "pem": RSA_KEY },
    }))
    .await;
    let encrypted = value(&apply(&contoso, "/keys/both/encrypt", "RSA-OAEP-256", "AQID").await);
    let found = codes(&contoso, "kek", &encrypted).await;
    let forbidden = (403, "KeyOperationForbidden".to_owned());
    let done = (200, String::new());
    assert_eq!(found, [forbidden.clone(), done.clone(), forbidden, done]);
    let refused = apply(&contoso, "/keys/kek/decrypt", "RSA-OAEP-256", &encrypted).await;
    assert_eq!(
        refused.message(),
        "Operation decrypt is not permitted on this key."
    );
}

#[tokio::test]
async fn what_is_not_done_with_keys_says_so() {
    let contoso = with_keys(json!({ "kek": { "pem": RSA_KEY } })).await;
    let body = json!({ "alg": "RS256", "value": "AQID", "digest": "AQID" });
    for (method, path) in [
        ("POST", "/keys/kek/sign"),
        ("POST", "/keys/kek/verify"),
        ("GET", "/keys/kek/rotationpolicy"),
        ("PUT", "/keys/kek/rotationpolicy"),
        ("POST", "/keys/kek/release"),
        ("POST", "/rng"),
    ] {
        assert_eq!(
            contoso.call(method, path, &body).await.status,
            501,
            "{method} {path}"
        );
    }
}
