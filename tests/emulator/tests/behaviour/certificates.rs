//! Assertions that an application signs with its own certificate.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::{
    BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD as BASE64URL,
};
use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::support::{APP, AUTHORITY, Answer, Azure, OTHER_TENANT, TENANT, config, error_code, form};

const RSA_KEY: &str = include_str!("rsa_key.pem");
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A certificate of the key in `rsa_key.pem`.
struct Certificate {
    pem: String,
    der: Vec<u8>,
}

/// An authority that signs such certificates.
struct Ca {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

fn named(name: &str, not_after: Duration) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = OffsetDateTime::now_utc() - Duration::days(2);
    params.not_after = OffsetDateTime::now_utc() + not_after;
    params
}

impl Certificate {
    fn self_signed(not_after: Duration) -> Certificate {
        let key = KeyPair::from_pem(RSA_KEY).expect("a key");
        let certificate = named("app", not_after).self_signed(&key).expect("a certificate");
        Certificate {
            pem: certificate.pem(),
            der: certificate.der().to_vec(),
        }
    }

    fn sha1(&self) -> Vec<u8> {
        digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.der).as_ref().into()
    }

    fn sha256(&self) -> Vec<u8> {
        digest(&SHA256, &self.der).as_ref().into()
    }
}

impl Ca {
    fn new(name: &str) -> Ca {
        let key = KeyPair::generate().expect("a key");
        let mut params = named(name, Duration::days(1));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Ca {
            pem,
            issuer: Issuer::new(params, key),
        }
    }

    fn certify(&self, name: &str) -> Certificate {
        let key = KeyPair::from_pem(RSA_KEY).expect("a key");
        let signed = named(name, Duration::days(1))
            .signed_by(&key, &self.issuer)
            .expect("a certificate");
        Certificate {
            pem: signed.pem(),
            der: signed.der().to_vec(),
        }
    }
}

fn token_url() -> String {
    format!("https://{AUTHORITY}/{TENANT}/oauth2/v2.0/token")
}

fn claims(changed: &Value) -> Value {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    let mut claims = json!({
        "aud": token_url(), "iss": APP, "sub": APP, "jti": "once", "nbf": now, "exp": now + 600,
    });
    claims
        .as_object_mut()
        .expect("claims")
        .extend(changed.as_object().expect("changes").clone());
    claims
}

/// Signs with the key of `rsa_key.pem`.
fn assertion(header: &Value, claims: &Value) -> String {
    let pem = RSA_KEY
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect::<String>();
    let key = RsaKeyPair::from_pkcs8(&BASE64_STANDARD.decode(pem).expect("base64")).expect("a key");
    let encoding: &dyn RsaEncoding = if header["alg"] == "PS256" {
        &RSA_PSS_SHA256
    } else {
        &RSA_PKCS1_SHA256
    };
    let text = format!(
        "{}.{}",
        BASE64URL.encode(header.to_string()),
        BASE64URL.encode(claims.to_string())
    );
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(encoding, &SystemRandom::new(), text.as_bytes(), &mut signature)
        .expect("signed");
    format!("{text}.{}", BASE64URL.encode(signature))
}

/// A certificate to register, and an assertion signed with it.
pub(crate) fn certificate_and_assertion() -> (String, String) {
    let certificate = Certificate::self_signed(Duration::days(1));
    let header = json!({ "alg": "RS256", "typ": "JWT", "x5t": BASE64URL.encode(certificate.sha1()) });
    (certificate.pem.clone(), assertion(&header, &claims(&json!({}))))
}

async fn with_application(changed: Value) -> Azure {
    let mut config = config();
    let application = config["app_registrations"][0]
        .as_object_mut()
        .expect("an application");
    application.extend(changed.as_object().expect("members").clone());
    Azure::start(config).await
}

async fn exchange_at(azure: &Azure, path: &str, assertion: &str) -> Answer {
    let body = form(&[
        ("grant_type", "client_credentials"),
        ("client_id", APP),
        ("scope", "https://vault.azure.net/.default"),
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", assertion),
    ]);
    azure.https("POST", AUTHORITY, path, &[], &body).await
}

async fn exchange(azure: &Azure, assertion: &str) -> Answer {
    exchange_at(azure, &format!("/{TENANT}/oauth2/v2.0/token"), assertion).await
}

async fn opens_the_vault(azure: &Azure, answer: &Answer) -> bool {
    let token = answer.json()["access_token"]
        .as_str()
        .expect(&answer.text)
        .to_owned();
    azure.read(&format!("Bearer {token}")).await.status == 200
}

#[tokio::test]
async fn both_signatures_and_every_spelling_of_a_thumbprint_are_taken() {
    let certificate = Certificate::self_signed(Duration::days(1));
    let azure = with_application(json!({ "certificates": [certificate.pem] })).await;
    let (sha1, sha256) = (certificate.sha1(), certificate.sha256());
    for engine in [
        &BASE64_STANDARD,
        &BASE64_STANDARD_NO_PAD,
        &BASE64_URL_SAFE,
        &BASE64URL,
    ] {
        for header in [
            json!({ "alg": "RS256", "x5t": engine.encode(&sha1) }),
            json!({ "alg": "RS256", "x5t#S256": engine.encode(&sha256) }),
            json!({ "alg": "PS256", "x5t": engine.encode(&sha1), "x5t#S256": engine.encode(&sha256) }),
        ] {
            let answer = exchange(&azure, &assertion(&header, &claims(&json!({})))).await;
            assert!(opens_the_vault(&azure, &answer).await, "{header}");
        }
    }
}

#[tokio::test]
async fn padded_parts_are_read_as_well() {
    let certificate = Certificate::self_signed(Duration::days(1));
    let azure = with_application(json!({ "certificates": [certificate.pem] })).await;
    let header = json!({ "alg": "RS256", "x5t": BASE64URL.encode(certificate.sha1()) });
    let signature_is_padded = format!("{}==", assertion(&header, &claims(&json!({}))));
    assert_eq!(exchange(&azure, &signature_is_padded).await.status, 200);
}

#[tokio::test]
async fn each_mistake_of_an_assertion_has_its_code() {
    let certificate = Certificate::self_signed(Duration::days(1));
    let azure = with_application(json!({ "certificates": [certificate.pem] })).await;
    let good = json!({ "alg": "PS256", "x5t#S256": BASE64URL.encode(certificate.sha256()) });
    for (changed, expected) in [
        (json!({ "iss": OTHER_TENANT }), (401, "invalid_client", 700_021)),
        (json!({ "sub": OTHER_TENANT }), (401, "invalid_client", 700_021)),
        (
            json!({ "aud": format!("https://{AUTHORITY}/{OTHER_TENANT}/oauth2/v2.0/token") }),
            (401, "invalid_client", 700_023),
        ),
        (json!({ "exp": 1_700_000_000 }), (401, "invalid_client", 700_024)),
        (
            json!({ "nbf": 4_000_000_000_u64, "exp": 4_000_000_600_u64 }),
            (401, "invalid_client", 700_024),
        ),
        (json!({ "jti": null }), (400, "invalid_request", 50_027)),
    ] {
        let answer = exchange(&azure, &assertion(&good, &claims(&changed))).await;
        assert_eq!(
            error_code(&answer),
            (expected.0, expected.1.into(), expected.2),
            "{changed}"
        );
    }
    let foreign = Certificate::self_signed(Duration::hours(1));
    for header in [
        json!({ "alg": "PS256" }),
        json!({ "alg": "PS256", "x5t#S256": BASE64URL.encode(foreign.sha256()) }),
        json!({ "alg": "PS256", "x5t": BASE64URL.encode(foreign.sha1()), "x5t#S256": BASE64URL.encode(certificate.sha256()) }),
        json!({ "alg": "PS256", "x5t#S256": BASE64URL.encode(foreign.sha256()), "x5c": [BASE64_STANDARD.encode(&foreign.der)] }),
        json!({ "alg": "HS256", "x5t#S256": BASE64URL.encode(certificate.sha256()) }),
    ] {
        let answer = exchange(&azure, &assertion(&header, &claims(&json!({})))).await;
        assert_eq!(
            error_code(&answer),
            (401, "invalid_client".into(), 700_027),
            "{header}"
        );
    }
    let mut tampered = assertion(&good, &claims(&json!({})));
    tampered.replace_range(tampered.len() - 8..tampered.len() - 4, "AAAA");
    assert_eq!(error_code(&exchange(&azure, &tampered).await).2, 700_027);
}

#[tokio::test]
async fn an_expired_certificate_signs_nothing() {
    let certificate = Certificate::self_signed(-Duration::days(1));
    let azure = with_application(json!({ "certificates": [certificate.pem] })).await;
    let header = json!({ "alg": "RS256", "x5t": BASE64URL.encode(certificate.sha1()) });
    let answer = exchange(&azure, &assertion(&header, &claims(&json!({})))).await;
    assert_eq!(error_code(&answer).2, 700_027);
    assert!(answer.text.contains("expired"), "{}", answer.text);
}

#[tokio::test]
async fn an_application_may_refuse_to_see_an_assertion_twice() {
    let certificate = Certificate::self_signed(Duration::days(1));
    let header = json!({ "alg": "RS256", "x5t": BASE64URL.encode(certificate.sha1()) });
    let assertion = assertion(&header, &claims(&json!({})));
    for (single, second) in [(false, 200), (true, 400)] {
        let members = json!({ "certificates": [certificate.pem], "single_use_assertions": single });
        let azure = with_application(members).await;
        assert_eq!(exchange(&azure, &assertion).await.status, 200);
        assert_eq!(
            exchange(&azure, &assertion).await.status,
            second,
            "single: {single}"
        );
    }
}

#[tokio::test]
async fn a_trusted_subject_brings_its_certificate_along() {
    let ca = Ca::new("factory CA");
    let azure = with_application(json!({ "trusted_subjects": [{ "name": "app", "issuer": ca.pem }] })).await;
    let ask = async |certificate: &Certificate, sent: &[&Certificate]| {
        let chain: Vec<_> = sent.iter().map(|one| BASE64_STANDARD.encode(&one.der)).collect();
        let thumbprint = BASE64URL.encode(certificate.sha256());
        let header = json!({ "alg": "PS256", "x5t#S256": thumbprint, "x5c": chain });
        exchange(&azure, &assertion(&header, &claims(&json!({})))).await
    };
    let good = ca.certify("app");
    assert!(opens_the_vault(&azure, &ask(&good, &[&good]).await).await);
    let mut refused = ask(&good, &[]).await;
    assert_eq!(error_code(&refused).2, 700_027, "its certificate is missing");
    for stranger in [
        ca.certify("other"),
        Ca::new("factory CA").certify("app"),
        Certificate::self_signed(Duration::days(1)),
    ] {
        refused = ask(&stranger, &[&stranger]).await;
        assert_eq!(error_code(&refused), (401, "invalid_client".into(), 700_030));
    }
}

#[tokio::test]
async fn ad_fs_takes_the_old_form_only() {
    let certificate = Certificate::self_signed(Duration::days(1));
    let azure = with_application(json!({ "certificates": [certificate.pem] })).await;
    let claims = claims(&json!({ "aud": format!("https://{AUTHORITY}/adfs/oauth2/token") }));
    for (header, status) in [
        (
            json!({ "alg": "RS256", "x5t": BASE64URL.encode(certificate.sha1()) }),
            200,
        ),
        (
            json!({ "alg": "PS256", "x5t": BASE64URL.encode(certificate.sha1()) }),
            401,
        ),
        (
            json!({ "alg": "RS256", "x5t#S256": BASE64URL.encode(certificate.sha256()) }),
            401,
        ),
    ] {
        let answer = exchange_at(&azure, "/adfs/oauth2/token", &assertion(&header, &claims)).await;
        assert_eq!(answer.status, status, "{header} {}", answer.text);
    }
    let document = azure
        .https(
            "GET",
            AUTHORITY,
            "/adfs/.well-known/openid-configuration",
            &[],
            "",
        )
        .await
        .json();
    assert_eq!(
        document["token_endpoint"],
        format!("https://{AUTHORITY}/adfs/oauth2/token")
    );
}
