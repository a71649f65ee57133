//! Other issuers, whose tokens an application may exchange: Azure Pipelines, GitHub Actions, and whatever a test wants.

use std::sync::Arc;

use hyper::header::LOCATION;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock;
use crate::config::{AzurePipelines, Config, GithubActions, TOKEN_EXCHANGE};
use crate::jwt::{SigningKey, VerifyingKey};
use crate::message::{Answer, Reply, Request};
use crate::world::World;

/// The issuer of tokens that a test asks for, unless it says another.
const OWN_ISSUER: &str = "https://oidc.emulator.example/";
const PIPELINES_LIFETIME: i64 = 600;
const GITHUB_LIFETIME: i64 = 300;
const GITHUB_AUDIENCE: &str = "https://github.com/contoso";

/// The issuers; all share one key.
pub(crate) struct Issuers {
    key: Arc<SigningKey>,
    pipelines: AzurePipelines,
    github: GithubActions,
}

/// A token of another issuer that is wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FederatedTokenWish {
    subject: String,
    #[serde(default = "own_issuer")]
    issuer: String,
    #[serde(default = "token_exchange")]
    audience: String,
    /// How long it lives; below zero it is over already.
    #[serde(default = "an_hour")]
    lifetime_s: i64,
}

impl Issuers {
    pub(crate) fn new(config: &Config, key: &Arc<SigningKey>) -> Issuers {
        Issuers {
            key: key.clone(),
            pipelines: config.azure_pipelines.clone(),
            github: config.github_actions.clone(),
        }
    }

    /// The key of an issuer that the emulator plays.
    pub(crate) fn key_of(&self, issuer: &str) -> Option<VerifyingKey> {
        let played = [OWN_ISSUER, &self.pipelines.issuer, &self.github.issuer];
        played.contains(&issuer).then(|| self.key.verifying_key())
    }

    pub(crate) fn federated_token(&self, wish: &FederatedTokenWish) -> Value {
        json!({ "token": self.mint(&wish.issuer, &wish.subject, &wish.audience, wish.lifetime_s) })
    }

    fn mint(&self, issuer: &str, subject: &str, audience: &str, lifetime: i64) -> String {
        let now = clock::now().cast_signed();
        // One that is over already began as long ago.
        let issued = now + lifetime.min(0) * 2;
        self.key.sign(&json!({
            "iss": issuer, "sub": subject, "aud": audience, "jti": Uuid::new_v4().to_string(),
            "iat": issued, "nbf": issued, "exp": now + lifetime,
        }))
    }
}

/// The job's own endpoint in Azure Pipelines.
pub(crate) fn pipelines(world: &World, request: &Request) -> Answer {
    let AzurePipelines {
        access_token,
        service_connection_id,
        issuer,
        subject,
    } = &world.issuers.pipelines;
    let refused =
        |status, message: &str| Answer::refused(Reply::json(status, &json!({ "message": message })));
    if request.method != "POST" {
        return refused(405, "The requested resource does not support this method.");
    }
    if request.bearer_token() != Some(access_token) {
        return match request.header("x-tfs-fedauthredirect") {
            Some("Suppress") => refused(401, "The access token is missing, wrong or expired."),
            _ => Answer::refused(
                Reply::empty(302).with(LOCATION, "https://spsprodweu1.vssps.visualstudio.com/_signin"),
            ),
        };
    }
    if request
        .header("content-type")
        .is_none_or(|form| !form.starts_with("application/json"))
    {
        return refused(415, "The content type must be application/json.");
    }
    if request.parameter("api-version").as_deref() != Some("7.1") {
        return refused(400, "The api-version is missing or not supported.");
    }
    if request.parameter("serviceConnectionId").as_ref() != Some(service_connection_id) {
        return refused(404, "There is no such service connection.");
    }
    let token = world
        .issuers
        .mint(issuer, subject, TOKEN_EXCHANGE, PIPELINES_LIFETIME);
    Answer::granted(subject, Reply::json(200, &json!({ "oidcToken": token })))
}

/// The job's own endpoint in GitHub Actions.
pub(crate) fn github(world: &World, request: &Request) -> Answer {
    let GithubActions {
        request_token,
        issuer,
        subject,
    } = &world.issuers.github;
    let refused =
        |status, message: &str| Answer::refused(Reply::json(status, &json!({ "message": message })));
    if request.method != "GET" {
        return refused(405, "Only GET is allowed.");
    }
    if request.bearer_token() != Some(request_token) {
        return refused(401, "The request token is missing or wrong.");
    }
    if request.parameter("api-version").is_none() {
        return refused(400, "The request URL lost its own query.");
    }
    let audience = request.parameter("audience");
    let audience = audience.as_deref().unwrap_or(GITHUB_AUDIENCE);
    let token = world.issuers.mint(issuer, subject, audience, GITHUB_LIFETIME);
    Answer::granted(
        subject,
        Reply::json(200, &json!({ "count": token.len(), "value": token })),
    )
}

fn own_issuer() -> String {
    OWN_ISSUER.into()
}

fn token_exchange() -> String {
    TOKEN_EXCHANGE.into()
}

fn an_hour() -> i64 {
    3600
}
