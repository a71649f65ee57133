//! Servers, tools and people that answer well or badly, and put secrets where no reader expects them.

use std::cell::RefCell;
use std::rc::Rc;

use nightlatch_core::effect::{Effect, Fault, FaultKind, Outcome, Request, Response, RotationStep};
use nightlatch_core::time::{Now, UnixTime};
use nightlatch_tests::world::Host;
use serde_json::{Value, json};

use crate::{ARC, ARC_KEY, ASSERTION, CANARIES, CODE, ENCRYPTED, OTHER, PEM, REFRESH, TOKEN, VALUE, VAULT};

/// Answers well while the choice is 0 or the choices are used up, else badly.
pub(crate) struct Hostile {
    pub(crate) choices: Vec<u16>,
    pub(crate) next: usize,
    pub(crate) told: Rc<RefCell<Vec<String>>>,
}

impl Hostile {
    fn choose(&mut self) -> u16 {
        self.next += 1;
        self.choices.get(self.next - 1).copied().unwrap_or(0)
    }
}

impl Host for Hostile {
    fn perform(&mut self, effect: &Effect, now: Now) -> (Outcome, u64) {
        let choice = self.choose();
        let good = choice.is_multiple_of(3);
        let outcome = match effect {
            Effect::Http { request, .. } if good && request.url.contains("/secrets/") => {
                let bare = request.headers.iter().all(|(name, _)| name != "authorization");
                if request.url.starts_with(OTHER) && bare {
                    challenge(r#"Bearer authorization="https://login.windows.net/tenant", resource="https://vaults.example""#.into())
                } else {
                    let vault = if request.url.starts_with(OTHER) {
                        OTHER
                    } else {
                        VAULT
                    };
                    answer(200, vec![], bundle(vault))
                }
            }
            Effect::Http { request, .. } if good && wants_key(request) => answer(
                401,
                vec![("WWW-Authenticate", format!("Basic realm={ARC_KEY}"))],
                "{}".into(),
            ),
            Effect::Http { .. } if good => answer(200, vec![], grant(now)),
            Effect::Http { .. } => hostile(choice),
            Effect::Assertion { .. } if good => Outcome::Assertion(ASSERTION.into()),
            Effect::Assertion { .. } => {
                Outcome::Failed(Fault::new(FaultKind::Refused, "the function failed"))
            }
            Effect::Rotate {
                step: RotationStep::Make,
                ..
            } if good => Outcome::Made(CODE.into()),
            Effect::Rotate { .. } if good => Outcome::Done,
            Effect::Rotate { .. } => Outcome::Failed(Fault::new(FaultKind::Refused, "the function failed")),
            Effect::Sign { .. } if good => Outcome::Signed(b"signature".to_vec()),
            Effect::Prompt { .. } if good => Outcome::Prompted,
            Effect::Browse { state, .. } if good => Outcome::Returned {
                redirect_uri: "http://localhost:8400".into(),
                answer: format!("code={CODE}&state={state}").into(),
            },
            Effect::Browse { state, .. } if choice.is_multiple_of(2) => Outcome::Returned {
                redirect_uri: "http://localhost:8400".into(),
                answer: format!("error={CODE}&error_description={CODE}&code={CODE}&state={state}").into(),
            },
            Effect::Sign { .. } | Effect::Prompt { .. } | Effect::Browse { .. } => {
                Outcome::Failed(Fault::new(FaultKind::Refused, "nobody is here"))
            }
            Effect::ReadFile { path, .. } if path == "/app.pem" => Outcome::File {
                content: if good { PEM } else { &PEM[..PEM.len() / 2] }.into(),
                shared: true,
            },
            Effect::ReadFile { path, .. } if path == "/encrypted.pem" => Outcome::File {
                content: if good { ENCRYPTED } else { &ENCRYPTED[..ENCRYPTED.len() / 2] }.into(),
                shared: true,
            },
            Effect::HostToken { .. } if good => Outcome::Token {
                token: TOKEN.into(),
                expires_on: UnixTime::from_secs(now.unix.as_secs() + 300),
                refresh_on: None,
            },
            Effect::HostToken { .. } => Outcome::Failed(Fault::new(FaultKind::Refused, "as planned")),
            Effect::ReadFile { limit: 0, .. } => Outcome::Failed(Fault::new(FaultKind::NotFound, "")),
            Effect::ReadFile { path, .. } if path == "/token" || path == ARC_KEY => Outcome::File {
                content: ASSERTION.into(),
                shared: false,
            },
            Effect::ReadFile { path, .. } if path.ends_with("tokenprovider.json") => Outcome::File {
                content: r#"{"TokenProviders":[{"Path":"/opt/vs"}]}"#.into(),
                shared: false,
            },
            // What a profile holds is nobody's business either.
            Effect::ReadFile { path, .. } if path.starts_with("/home/dev/") => Outcome::File {
                content: text(choice).into(),
                shared: false,
            },
            Effect::ReadFile { .. } => Outcome::File {
                content: "7783-7084-3265-9085-8269-3286-77".into(),
                shared: false,
            },
            Effect::Run { .. } => Outcome::Ran {
                status: Some(i32::from(choice % 4)),
                stdout: if good { tool_output(now) } else { text(choice / 3) }.into(),
                stderr: match choice / 2 % 3 {
                    0 => json!({"error": text(choice), "message": text(choice / 5), "suggestion": text(choice / 7)}).to_string(),
                    1 => json!({"type": "consoleMessage", "data": {"message": text(choice)}}).to_string(),
                    _ => text(choice),
                }
                .into(),
            },
            other => panic!("nobody configured {other:?}"),
        };
        self.told
            .borrow_mut()
            .push(format!("{effect:?} {outcome:?} {outcome:#?}"));
        (outcome, 10)
    }
}

/// What every tool understands.
fn tool_output(now: Now) -> String {
    let end = now.unix.as_secs() + 4000;
    json!({"accessToken": TOKEN, "access_token": TOKEN, "token": TOKEN, "expires_on": end, "expiresOn": end})
        .to_string()
}

fn answer(status: u16, headers: Vec<(&str, String)>, body: String) -> Outcome {
    Outcome::Http(Response {
        status,
        headers: headers
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect(),
        body: body.into(),
    })
}

/// Whether this is the first question to the Arc agent.
fn wants_key(request: &Request) -> bool {
    request.url.starts_with(ARC) && request.headers.iter().all(|(name, _)| name != "authorization")
}

fn challenge(header: String) -> Outcome {
    answer(401, vec![("WWW-Authenticate", header)], "{}".into())
}

fn bundle(vault: &str) -> String {
    json!({"value": VALUE, "id": format!("{vault}/secrets/db/0a1b"), "attributes": {"exp": 1}}).to_string()
}

fn grant(now: Now) -> String {
    json!({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300, "expires_on": now.unix.as_secs() + 300,
        "value": ASSERTION, "oidcToken": ASSERTION, "refresh_token": REFRESH, "device_code": CODE, "user_code": "FJC3PQ7B2",
        "verification_uri": "https://microsoft.com/devicelogin", "message": "Go there.", "interval": 5})
    .to_string()
}

/// A sentence that holds a canary.
fn text(choice: u16) -> String {
    let canary = CANARIES[usize::from(choice) % CANARIES.len()];
    match choice % 9 {
        0 => format!("AADSTS7000215: the secret {canary} is wrong."),
        1 => format!("Authorization: Bearer {canary}"),
        2 => format!("client_secret={canary}&grant_type=x"),
        3 => format!("{{\"accessToken\": \"{canary}\"}}"),
        4 => format!("Identity not found {canary}"),
        5 => format!(
            "Caller: appid={canary};oid={canary};iss=x\r\nAction: '{canary}'\r\nClient address: {canary}\r\n\
             Resource: '/subscriptions/{canary}/vaults/{canary}/secrets/db'"
        ),
        6 => format!("<html>{canary}</html>"),
        7 => canary.to_owned(),
        _ => format!("line\r\n\u{1b}[31m{canary}\u{7}"),
    }
}

fn hostile(choice: u16) -> Outcome {
    let (canary, text) = (
        CANARIES[usize::from(choice / 7) % CANARIES.len()],
        text(choice / 5),
    );
    let status = [200, 400, 401, 403, 404, 409, 429, 500, 503, 302][usize::from(choice / 11) % 10];
    let headers = match choice % 8 {
        0 => vec![("x-ms-request-id", canary.to_owned())],
        1 => vec![(
            "WWW-Authenticate",
            format!("Bearer resource=\"https://{canary}/\", claims=\"{canary}\""),
        )],
        2 => vec![(
            "WWW-Authenticate",
            format!(
                "Bearer realm=\"{canary}\", authorization=\"https://login/tenant\", resource=\"https://vault.azure.net\""
            ),
        )],
        3 => vec![("Location", format!("https://evil.example/?{canary}"))],
        4 => vec![("Retry-After", canary.to_owned())],
        5 => vec![("x-ms-keyvault-network-info", format!("addr={canary};{text}"))],
        6 => vec![("Set-Cookie", format!("token={canary}"))],
        _ => vec![
            ("x-ms-keyvault-region", canary.to_owned()),
            ("x-ms-keyvault-service-version", text.clone()),
            ("Date", canary.to_owned()),
        ],
    };
    let body = match choice / 3 % 14 {
        0 => json!({"error": canary, "error_description": text}),
        1 => json!({"error": {"code": canary, "message": text, "innererror": {"code": canary}}}),
        2 => {
            json!({"error": {"code": "Forbidden", "message": text, "innererror": {"code": "ForbiddenByRbac"}}})
        }
        3 => json!({"statusCode": canary, "message": text, "correlationId": canary}),
        4 => json!({"access_token": canary, "token_type": canary, "expires_in": 3000}),
        5 => json!({"access_token": TOKEN, "expires_in": canary, "expires_on": text}),
        6 => json!({"access_token": TOKEN, "expires_in": 3000, "client_id": canary}),
        // A vault may call a version what it likes, in letters and digits.
        7 => json!({"value": VALUE, "id": format!("{VAULT}/secrets/db/?{canary}")}),
        8 => json!({"value": VALUE, "id": text, "attributes": canary}),
        9 => json!({"error": "x", "error_description": text, "trace_id": canary, "error_codes": [canary]}),
        10 => json!({"value": {"nested": VALUE}, "id": canary}),
        11 => Value::String(text),
        12 => {
            return answer(
                status,
                headers,
                format!("{{\"value\":\"{VALUE}\",\"access_token\":\"{TOKEN}"),
            );
        }
        _ => {
            let kinds = FaultKind::ALL;
            // The host's own words are the host's to keep clean.
            return Outcome::Failed(Fault::new(kinds[usize::from(choice) % kinds.len()], "as planned"));
        }
    };
    answer(status, headers, body.to_string())
}
