//! Tokens that a build service signs for its jobs, to be exchanged for others.
//!
//! Sources: *OpenID Connect reference* of GitHub Actions, *Oidctoken - Create* of the Azure DevOps REST API.

use crate::effect::{Method, Request};
use crate::json::Object;
use crate::sensitive::Sensitive;
use crate::wire::{Malformed, query};

/// Asks GitHub Actions (`ACTIONS_ID_TOKEN_REQUEST_URL`, `ACTIONS_ID_TOKEN_REQUEST_TOKEN`). The answer is called
/// `value`.
pub fn github_actions(url: &str, token: &Sensitive, audience: &str) -> Request {
    Request::new(Method::Get, query(url, &[("audience", audience)]))
        .header("accept", "application/json")
        .header("authorization", bearer(token))
}

/// Asks Azure Pipelines (`SYSTEM_OIDCREQUESTURI`, the job's `System.AccessToken`). The answer is called `oidcToken`.
/// Without the last header the service answers a bad token with a redirect to a sign-in page.
pub fn azure_pipelines(url: &str, token: &Sensitive, service_connection: &str) -> Request {
    let pairs = [
        ("api-version", "7.1"),
        ("serviceConnectionId", service_connection),
    ];
    Request::new(Method::Post, query(url, &pairs))
        .header("content-type", "application/json")
        .header("accept", "application/json")
        .header("authorization", bearer(token))
        .header("x-tfs-fedauthredirect", "Suppress")
}

/// The token that the answer calls `name`.
pub fn parse_assertion(body: &Sensitive, name: &str) -> Result<Sensitive, Malformed> {
    let answer = Object::parse(body.expose())
        .ok_or_else(|| Malformed::new("The answer to the request for a job's token is not a JSON object."))?;
    answer
        .sensitive(name)
        .filter(|token| !token.is_empty())
        .ok_or_else(|| Malformed::new(format!("The answer holds no {name}.")))
}

fn bearer(token: &Sensitive) -> Sensitive {
    Sensitive::concat(&[b"Bearer ", token.expose()])
}
