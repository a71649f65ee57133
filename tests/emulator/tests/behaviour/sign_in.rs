//! People: the sign-in page, codes, refresh tokens, passwords, and acting on their behalf.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::support::{
    APP, APP_SECRET, AUTHORITY, Answer, Azure, OTHER_TENANT, TENANT, claims_of, config, error_code, form,
};

const DEVELOPER: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
const SCOPE: &str = "https://vault.azure.net/.default openid profile offline_access";
const VERIFIER: &str = "a-verifier-of-forty-three-characters-or-more";
const REDIRECT: &str = "http://localhost:8400";
const ADA: &str = "cccccccc-0000-4000-8000-00000000000a";
const BOB: &str = "cccccccc-0000-4000-8000-00000000000b";
const CAROL: &str = "cccccccc-0000-4000-8000-00000000000c";
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const OBO_GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

async fn with(sign_in: Value) -> Azure {
    let mut config = config();
    config["users"] = json!([
        { "name": "ada@contoso.example", "object_id": ADA, "password": "open sesame" },
        { "name": "bob@contoso.example", "object_id": BOB, "password": "swordfish", "needs_mfa": true },
        { "name": "carol@elsewhere.example", "object_id": CAROL, "tenant": OTHER_TENANT },
    ]);
    config["app_registrations"][0]["redirect_uris"] = json!(["https://shop.example/signed-in"]);
    let all = [ADA, BOB].map(|who| json!({ "principal": who, "secrets": ["get"] }));
    config["vaults"][0]["access"] = json!(all);
    config["sign_in"] = sign_in;
    Azure::start(config).await
}

async fn post(azure: &Azure, path: &str, fields: &[(&str, &str)]) -> Answer {
    azure.https("POST", AUTHORITY, path, &[], &form(fields)).await
}

/// A request to the token endpoint by the developers' own client, unless the fields name another.
async fn token(azure: &Azure, fields: &[(&str, &str)]) -> Answer {
    let usual = [("client_id", DEVELOPER), ("scope", SCOPE)];
    let usual = usual
        .iter()
        .filter(|(name, _)| fields.iter().all(|(other, _)| other != name));
    let given = fields.iter().filter(|(_, value)| !value.is_empty());
    let fields: Vec<_> = usual.chain(given).copied().collect();
    post(azure, "/organizations/oauth2/v2.0/token", &fields).await
}

async fn opens_the_vault(azure: &Azure, answer: &Answer) -> bool {
    let token = answer.json()["access_token"]
        .as_str()
        .expect(&answer.text)
        .to_owned();
    azure.read(&format!("Bearer {token}")).await.status == 200
}

fn member(answer: &Answer, name: &str) -> String {
    answer.json()[name].as_str().expect(&answer.text).to_owned()
}

fn challenge() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()))
}

/// Opens the sign-in page, with some of the usual parameters changed or (if empty) left out.
async fn open(azure: &Azure, changed: &[(&str, &str)]) -> Answer {
    let challenge = challenge();
    let mut fields = vec![
        ("client_id", DEVELOPER),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("scope", SCOPE),
        ("state", "a&b"),
        ("nonce", "n-1"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    fields.retain(|(name, _)| changed.iter().all(|(other, _)| name != other));
    fields.extend(changed.iter().filter(|(_, value)| !value.is_empty()));
    let path = format!("/organizations/oauth2/v2.0/authorize?{}", form(&fields));
    azure.https("GET", AUTHORITY, &path, &[], "").await
}

fn sent_back(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.status, 302, "{}", answer.text);
    let target = answer.header("location").expect("a target");
    let query = target.strip_prefix(&format!("{REDIRECT}?")).expect(target);
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn value(pairs: &[(String, String)], name: &str) -> Option<String> {
    pairs
        .iter()
        .find(|(own, _)| own == name)
        .map(|(_, value)| value.clone())
}

async fn redeem(azure: &Azure, code: &str, changed: &[(&str, &str)]) -> Answer {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    fields.retain(|(name, _)| changed.iter().all(|(other, _)| name != other));
    fields.extend(changed);
    token(azure, &fields).await
}

async fn code(azure: &Azure) -> String {
    value(&sent_back(&open(azure, &[]).await), "code").expect("a code")
}

#[tokio::test]
async fn a_browser_comes_back_with_a_code_that_buys_tokens_once() {
    let azure = with(json!({})).await;
    let back = sent_back(&open(&azure, &[]).await);
    assert_eq!(value(&back, "state").as_deref(), Some("a&b"));
    let code = value(&back, "code").expect("a code");
    let answer = redeem(&azure, &code, &[("client_info", "1")]).await;
    assert!(opens_the_vault(&azure, &answer).await);
    let id = claims_of(&member(&answer, "id_token"));
    assert_eq!(
        (&id["nonce"], &id["aud"], &id["oid"]),
        (&json!("n-1"), &json!(DEVELOPER), &json!(ADA))
    );
    let access = claims_of(&member(&answer, "access_token"));
    assert_eq!(
        (&access["upn"], &access["tid"]),
        (&json!("ada@contoso.example"), &json!(TENANT))
    );
    assert!(answer.json()["client_info"].is_string() && answer.json()["refresh_token"].is_string());
    assert_eq!(
        error_code(&redeem(&azure, &code, &[]).await),
        (400, "invalid_grant".into(), 54_005)
    );
}

#[tokio::test]
async fn a_code_is_no_good_without_the_rest() {
    let azure = with(json!({})).await;
    for (changed, expected) in [
        (("code_verifier", "another"), 50_148),
        (("redirect_uri", "http://localhost:8401"), 500_112),
        (("code", "another"), 70_000),
        (("client_id", APP), 7_000_218),
        (("client_secret", "x"), 700_025),
    ] {
        let code = code(&azure).await;
        assert_eq!(
            error_code(&redeem(&azure, &code, &[changed]).await).2,
            expected,
            "{changed:?}"
        );
    }
    let late = with(json!({ "outcome": "expired" })).await;
    let code = code(&late).await;
    assert_eq!(error_code(&redeem(&late, &code, &[]).await).2, 70_008);
}

#[tokio::test]
async fn a_page_can_answer_with_a_form() {
    let azure = with(json!({})).await;
    let page = open(&azure, &[("response_mode", "form_post")]).await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    assert!(
        page.text.contains(&format!("action=\"{REDIRECT}\"")),
        "{}",
        page.text
    );
    assert!(
        page.text.contains("name=\"state\" value=\"a&amp;b\""),
        "{}",
        page.text
    );
    for (asked, mode, status) in [("form_post", "query", 302), ("query", "form_post", 200)] {
        azure
            .admin("PUT", "sign-in", json!({ "response_mode": mode }))
            .await;
        assert_eq!(
            open(&azure, &[("response_mode", asked)]).await.status,
            status,
            "{mode}"
        );
    }
}

#[tokio::test]
async fn what_goes_wrong_on_the_page_goes_back_to_the_client() {
    let azure = with(json!({})).await;
    for (settings, changed, error) in [
        (json!({ "outcome": "declined" }), ("x", ""), "access_denied"),
        (
            json!({ "error": "interaction_required" }),
            ("x", ""),
            "interaction_required",
        ),
        (json!({}), ("response_type", "token"), "unsupported_response_type"),
        (json!({}), ("code_challenge_method", "plain"), "invalid_request"),
        (json!({}), ("code_challenge", ""), "invalid_request"),
        (
            json!({ "user": "nobody@contoso.example" }),
            ("x", ""),
            "access_denied",
        ),
    ] {
        azure.admin("PUT", "sign-in", settings).await;
        let back = sent_back(&open(&azure, &[changed]).await);
        assert_eq!(value(&back, "error").as_deref(), Some(error), "{changed:?}");
        assert_eq!(value(&back, "state").as_deref(), Some("a&b"));
        assert_eq!(value(&back, "code"), None);
    }
    for (changed, code) in [
        (("redirect_uri", "https://evil.example/"), "AADSTS50011"),
        (("redirect_uri", "http://localhost.evil.example/"), "AADSTS50011"),
        (("client_id", ADA), "AADSTS700016"),
    ] {
        let page = open(&azure, &[changed]).await;
        assert_eq!((page.status, page.header("location")), (400, None));
        assert!(page.text.starts_with(code), "{}", page.text);
    }
    let registered = [
        ("client_id", APP),
        ("redirect_uri", "https://shop.example/signed-in"),
    ];
    azure.admin("PUT", "sign-in", json!({})).await;
    let target = open(&azure, &registered).await;
    assert!(
        target
            .header("location")
            .is_some_and(|target| target.starts_with("https://shop.example/signed-in?code="))
    );
}

#[tokio::test]
async fn the_user_is_the_hinted_or_the_configured_one() {
    let azure = with(json!({ "user": "bob@contoso.example" })).await;
    for (hint, user) in [("", BOB), ("ada@contoso.example", ADA)] {
        let back = sent_back(&open(&azure, &[("login_hint", hint)]).await);
        let answer = redeem(&azure, &value(&back, "code").expect("a code"), &[]).await;
        assert_eq!(claims_of(&member(&answer, "access_token"))["oid"], user, "{hint}");
    }
}

async fn begin(azure: &Azure) -> Answer {
    let fields = [("client_id", DEVELOPER), ("scope", SCOPE)];
    post(azure, "/organizations/oauth2/v2.0/devicecode", &fields).await
}

async fn poll(azure: &Azure, code: &str) -> Answer {
    token(azure, &[("grant_type", DEVICE_GRANT), ("device_code", code)]).await
}

#[tokio::test]
async fn a_device_waits_for_its_user() {
    let azure = with(json!({ "device": { "pending": 2, "slow_down": 1, "interval": 7 } })).await;
    let begun = begin(&azure).await;
    let body = begun.json();
    assert_eq!((&body["interval"], &body["expires_in"]), (&json!(7), &json!(900)));
    assert!(member(&begun, "message").contains(&member(&begun, "user_code")));
    assert_eq!(body.get("verification_uri_complete"), None);
    let code = member(&begun, "device_code");
    for error in ["authorization_pending", "authorization_pending", "slow_down"] {
        assert_eq!(
            error_code(&poll(&azure, &code).await),
            (400, error.into(), 70_016)
        );
    }
    assert!(opens_the_vault(&azure, &poll(&azure, &code).await).await);
    assert_eq!(
        error_code(&poll(&azure, &code).await),
        (400, "bad_verification_code".into(), 70_018)
    );
}

#[tokio::test]
async fn a_device_may_wait_in_vain() {
    for (settings, expected) in [
        (
            json!({ "outcome": "declined", "device": { "pending": 0 } }),
            ("authorization_declined", 65_004),
        ),
        (
            json!({ "outcome": "expired", "device": { "pending": 0 } }),
            ("expired_token", 70_020),
        ),
        (
            json!({ "device": { "expires_in": 0 } }),
            ("expired_token", 70_020),
        ),
        (
            json!({ "device": { "pending": null } }),
            ("authorization_pending", 70_016),
        ),
    ] {
        let azure = with(settings.clone()).await;
        let code = member(&begin(&azure).await, "device_code");
        let answer = poll(&azure, &code).await;
        assert_eq!(
            error_code(&answer),
            (400, expected.0.into(), expected.1),
            "{settings}"
        );
        if settings["device"]["pending"].is_null() && expected.0 == "authorization_pending" {
            azure
                .admin("PUT", "sign-in", json!({ "device": { "pending": 0 } }))
                .await;
            assert_eq!(poll(&azure, &code).await.status, 200, "the test let it go on");
        }
    }
    let azure = with(json!({})).await;
    assert_eq!(error_code(&poll(&azure, "unknown").await).2, 70_018);
}

async fn refresh(azure: &Azure, refresh_token: &str) -> Answer {
    token(
        azure,
        &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)],
    )
    .await
}

#[tokio::test]
async fn a_refresh_token_brings_a_new_one_until_it_is_revoked() {
    let azure = with(json!({})).await;
    let first = member(&redeem(&azure, &code(&azure).await, &[]).await, "refresh_token");
    let answer = refresh(&azure, &first).await;
    assert!(opens_the_vault(&azure, &answer).await);
    let second = member(&answer, "refresh_token");
    assert_ne!(second, first);
    assert_eq!(
        refresh(&azure, &first).await.status,
        200,
        "Entra ID takes it again"
    );
    azure
        .admin("PUT", "sign-in", json!({ "single_use_refresh_tokens": true }))
        .await;
    assert_eq!(refresh(&azure, &first).await.status, 200);
    assert_eq!(
        error_code(&refresh(&azure, &first).await),
        (400, "invalid_grant".into(), 70_000)
    );
    let stolen = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &second),
        ("client_id", APP),
        ("client_secret", APP_SECRET),
    ];
    assert_eq!(
        error_code(&token(&azure, &stolen).await).2,
        70_000,
        "another client's"
    );
    azure.admin("POST", "revoke-refresh-tokens", Value::Null).await;
    let revoked = refresh(&azure, &second).await;
    assert_eq!(
        (error_code(&revoked).2, &revoked.json()["suberror"]),
        (50_173, &json!("bad_token"))
    );
}

async fn password(azure: &Azure, tenant: &str, name: &str, password: &str) -> Answer {
    let fields = [
        ("grant_type", "password"),
        ("client_id", DEVELOPER),
        ("scope", SCOPE),
        ("username", name),
        ("password", password),
    ];
    post(azure, &format!("/{tenant}/oauth2/v2.0/token"), &fields).await
}

#[tokio::test]
async fn a_password_serves_those_without_a_second_factor() {
    let azure = with(json!({})).await;
    let ada = "ada@contoso.example";
    for tenant in ["organizations", TENANT] {
        assert!(opens_the_vault(&azure, &password(&azure, tenant, ada, "open sesame").await).await);
    }
    let realm = azure
        .https(
            "GET",
            AUTHORITY,
            &format!("/common/userrealm/{ada}?api-version=1.0"),
            &[],
            "",
        )
        .await;
    assert_eq!(realm.json()["account_type"], "Managed");
    for (tenant, name, secret, expected) in [
        (TENANT, ada, "wrong", (400, "invalid_grant", 50_126)),
        (
            TENANT,
            "nobody@contoso.example",
            "x",
            (400, "invalid_grant", 50_034),
        ),
        (
            TENANT,
            "carol@elsewhere.example",
            "",
            (400, "invalid_grant", 50_126),
        ),
        (OTHER_TENANT, ada, "open sesame", (400, "invalid_grant", 50_034)),
        (
            TENANT,
            "bob@contoso.example",
            "swordfish",
            (400, "interaction_required", 50_076),
        ),
    ] {
        let answer = password(&azure, tenant, name, secret).await;
        assert_eq!(
            error_code(&answer),
            (expected.0, expected.1.into(), expected.2),
            "{name}"
        );
        assert_eq!(answer.json()["claims"].is_string(), expected.2 == 50_076);
    }
}

async fn on_behalf_of(azure: &Azure, assertion: &str, changed: &[(&str, &str)]) -> Answer {
    let mut fields = vec![
        ("grant_type", OBO_GRANT),
        ("client_id", APP),
        ("client_secret", APP_SECRET),
        ("assertion", assertion),
        ("requested_token_use", "on_behalf_of"),
        ("scope", SCOPE),
    ];
    fields.retain(|(name, _)| changed.iter().all(|(other, _)| name != other));
    fields.extend(changed.iter().filter(|(_, value)| !value.is_empty()));
    post(azure, &format!("/{TENANT}/oauth2/v2.0/token"), &fields).await
}

async fn minted(azure: &Azure, principal: &str, resource: &str) -> String {
    let wish = json!({ "principal": principal, "resource": resource });
    member(&azure.admin("POST", "token", wish).await, "access_token")
}

#[tokio::test]
async fn an_application_acts_on_behalf_of_its_caller() {
    let azure = with(json!({})).await;
    for resource in [APP.to_owned(), format!("api://{APP}")] {
        let assertion = minted(&azure, "ada@contoso.example", &resource).await;
        let answer = on_behalf_of(&azure, &assertion, &[]).await;
        assert!(opens_the_vault(&azure, &answer).await);
        let claims = claims_of(&member(&answer, "access_token"));
        assert_eq!((&claims["oid"], &claims["appid"]), (&json!(ADA), &json!(APP)));
    }
    let ada = minted(&azure, "ada@contoso.example", APP).await;
    for (assertion, changed, expected) in [
        ("no token".to_owned(), ("x", ""), (400, "invalid_grant", 50_013)),
        (
            minted(&azure, "ada@contoso.example", "https://vault.azure.net").await,
            ("x", ""),
            (400, "invalid_grant", 500_131),
        ),
        (
            minted(&azure, APP, APP).await,
            ("x", ""),
            (400, "invalid_grant", 7_000_114),
        ),
        (
            minted(&azure, "bob@contoso.example", APP).await,
            ("x", ""),
            (400, "interaction_required", 50_076),
        ),
        (
            ada.clone(),
            ("client_secret", "wrong"),
            (401, "invalid_client", 7_000_215),
        ),
        (
            ada.clone(),
            ("client_secret", ""),
            (401, "invalid_client", 7_000_216),
        ),
        (
            ada.clone(),
            ("requested_token_use", ""),
            (400, "invalid_request", 900_144),
        ),
    ] {
        let answer = on_behalf_of(&azure, &assertion, &[changed]).await;
        assert_eq!(
            error_code(&answer),
            (expected.0, expected.1.into(), expected.2),
            "{changed:?}"
        );
    }
    azure.admin("POST", "expire-tokens", Value::Null).await;
    assert_eq!(error_code(&on_behalf_of(&azure, &ada, &[]).await).2, 500_133);
}

#[tokio::test]
async fn an_application_alone_must_name_its_tenant() {
    let azure = with(json!({})).await;
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", APP),
        ("client_secret", APP_SECRET),
    ];
    assert_eq!(error_code(&token(&azure, &fields).await).2, 50_059);
    let path = "/organizations/v2.0/.well-known/openid-configuration";
    let document = azure.https("GET", AUTHORITY, path, &[], "").await.json();
    assert_eq!(
        document["issuer"],
        format!("https://{AUTHORITY}/{{tenantid}}/v2.0")
    );
}

#[tokio::test]
async fn a_scope_that_was_granted_need_not_be_said_again() {
    let azure = with(json!({ "device": { "pending": 0 } })).await;
    let device = member(&begin(&azure).await, "device_code");
    let code = code(&azure).await;
    let by_code = redeem(&azure, &code, &[("scope", "")]).await;
    let refresh_token = member(&by_code, "refresh_token");
    for answer in [
        by_code,
        token(
            &azure,
            &[
                ("grant_type", DEVICE_GRANT),
                ("device_code", &device),
                ("scope", ""),
            ],
        )
        .await,
        token(
            &azure,
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", &refresh_token),
                ("scope", ""),
            ],
        )
        .await,
    ] {
        assert!(opens_the_vault(&azure, &answer).await);
    }
}
