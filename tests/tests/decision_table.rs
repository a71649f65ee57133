//! The chain's decision table: every ending of every source, with every evidence, in the default chain and in a chain of
//! the user. What the engine does in each case is found out by asking it, and the table that comes out is compared with
//! the one that the documentation prints.

use std::cell::Cell;
use std::fmt::Write as _;
use std::fs;
use std::rc::Rc;
use std::time::Duration;

use nightlatch_core::config::{Config, Environment};
use nightlatch_core::effect::{Effect, Fault, FaultKind, Outcome, Response};
use nightlatch_core::error::ErrorKind;
use nightlatch_core::operation::Reply;
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::Now;
use nightlatch_tests::source::workspace;
use nightlatch_tests::token::unsigned;
use nightlatch_tests::world::{Action, World};
use serde_json::{Value, json};

const TENANT: &str = "72f9a8bf-5d4c-4f1e-9b3a-0123456789ab";
const BROWSER: &str = "InteractiveBrowserCredential";
const CHASSIS: &str = "/sys/class/dmi/id/chassis_asset_tag";
const AZURE: &str = "7783-7084-3265-9085-8269-3286-77";

/// How a source is made to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Token,
    Unavailable,
    Refused,
    Transient,
}

const ENDINGS: [Ending; 4] = [
    Ending::Token,
    Ending::Unavailable,
    Ending::Refused,
    Ending::Transient,
];

/// A source and what is known of it beforehand.
#[derive(Clone, Copy)]
struct Case {
    source: &'static str,
    evidence: &'static str,
    /// Its variables.
    environment: &'static [(&'static str, &'static str)],
    /// What its effect looks like: a part of a URL or the name of a program.
    at: &'static str,
    /// What the chassis tag says: a text, or no file.
    chassis: Option<&'static str>,
    /// What brings the ending about, if this source can end so.
    answer: fn(Ending, Now) -> Option<Outcome>,
}

const SECRET: &[(&str, &str)] = &[
    ("AZURE_TENANT_ID", TENANT),
    ("AZURE_CLIENT_ID", "app"),
    ("AZURE_CLIENT_SECRET", "the-client-secret"),
];
const WORKLOAD: &[(&str, &str)] = &[
    ("AZURE_TENANT_ID", TENANT),
    ("AZURE_CLIENT_ID", "app"),
    ("AZURE_FEDERATED_TOKEN_FILE", "/token"),
];
const APP_SERVICE: &[(&str, &str)] = &[
    ("IDENTITY_ENDPOINT", "http://127.0.0.1:4/msi"),
    ("IDENTITY_HEADER", "header"),
    ("AZURE_CLIENT_ID", "app"),
];
const VISUAL_STUDIO: &[(&str, &str)] = &[("HOME", "/home/dev")];

fn cases() -> Vec<Case> {
    let case = |source, evidence, environment, at, chassis, answer| Case {
        source,
        evidence,
        environment,
        at,
        chassis,
        answer,
    };
    vec![
        case(
            "EnvironmentCredential",
            "its variables",
            SECRET,
            "oauth2",
            Some("none"),
            entra,
        ),
        case(
            "WorkloadIdentityCredential",
            "its variables",
            WORKLOAD,
            "oauth2",
            Some("none"),
            entra,
        ),
        case(
            "ManagedIdentityCredential",
            "its variables",
            APP_SERVICE,
            "/msi",
            Some("none"),
            app_service,
        ),
        case(
            "ManagedIdentityCredential",
            "an Azure machine",
            &[],
            "/metadata/",
            Some(AZURE),
            imds,
        ),
        case(
            "ManagedIdentityCredential",
            "unknown, and it answers the probe",
            &[],
            "/metadata/",
            None,
            imds,
        ),
        case(
            "ManagedIdentityCredential",
            "unknown, and no answer",
            &[],
            "/metadata/",
            None,
            silent,
        ),
        case(
            "ManagedIdentityCredential",
            "another maker's machine",
            &[],
            "/metadata/",
            Some("none"),
            silent,
        ),
        case(
            "VisualStudioCredential",
            "none",
            VISUAL_STUDIO,
            "/vs",
            Some("none"),
            visual_studio,
        ),
        case("AzureCliCredential", "none", &[], "az ", Some("none"), azure_cli),
        case(
            "AzurePowerShellCredential",
            "none",
            &[],
            "pwsh ",
            Some("none"),
            powershell,
        ),
        case(
            "AzureDeveloperCliCredential",
            "none",
            &[],
            "azd ",
            Some("none"),
            azure_developer_cli,
        ),
        case(BROWSER, "asked for", &[], "oauth2", Some("none"), entra),
        case("HostCredential", "none", &[], "host 0", Some("none"), host),
    ]
}

fn response(status: u16, body: Value) -> Option<Outcome> {
    Some(Outcome::Http(Response {
        status,
        headers: Vec::new(),
        body: body.to_string().into(),
    }))
}

fn own() -> String {
    unsigned(&json!({"tid": "t", "oid": "own"}))
}

fn grant(now: Now) -> Value {
    json!({"access_token": own(), "token_type": "Bearer", "expires_on": now.unix.as_secs() + 4000, "expires_in": 4000})
}

fn ran(status: i32, stdout: Value, stderr: &str) -> Option<Outcome> {
    Some(Outcome::Ran {
        status: Some(status),
        stdout: stdout.to_string().into(),
        stderr: stderr.into(),
    })
}

fn fault(kind: FaultKind) -> Option<Outcome> {
    Some(Outcome::Failed(Fault::new(kind, "")))
}

/// These sources exist as soon as they are configured; unconfigured they are unavailable, see [`environment`].
fn entra(ending: Ending, now: Now) -> Option<Outcome> {
    match ending {
        Ending::Token => response(200, grant(now)),
        Ending::Unavailable => Some(Outcome::Prompted),
        Ending::Refused => response(
            401,
            json!({"error": "invalid_client", "error_description": "AADSTS7000215: no"}),
        ),
        Ending::Transient => response(503, json!({"error": "temporarily_unavailable"})),
    }
}

fn app_service(ending: Ending, now: Now) -> Option<Outcome> {
    let unknown = "No User Assigned or Delegated Managed Identity found for specified ClientId";
    match ending {
        Ending::Token => response(200, grant(now)),
        Ending::Unavailable => response(400, json!({"statusCode": 400, "message": unknown})),
        Ending::Refused => response(401, json!({"statusCode": 401, "message": "no"})),
        Ending::Transient => response(500, json!({"statusCode": 500, "message": "later"})),
    }
}

fn imds(ending: Ending, now: Now) -> Option<Outcome> {
    match ending {
        Ending::Token => response(200, grant(now)),
        Ending::Unavailable => response(
            400,
            json!({"error": "invalid_request", "error_description": "Identity not found"}),
        ),
        Ending::Refused => response(
            400,
            json!({"error": "invalid_resource", "error_description": "no"}),
        ),
        Ending::Transient => fault(FaultKind::Timeout),
    }
}

/// Nobody is there to end in another way.
fn silent(ending: Ending, _: Now) -> Option<Outcome> {
    (ending == Ending::Unavailable).then(|| Outcome::Failed(Fault::new(FaultKind::Timeout, "")))
}

/// A tool answers from this machine: nothing about it is transient.
fn tool(ending: Ending, printed: Value) -> Option<Outcome> {
    match ending {
        Ending::Token => ran(0, printed, ""),
        Ending::Unavailable => fault(FaultKind::NotFound),
        Ending::Refused => ran(1, Value::Null, "AADSTS50076: MFA"),
        Ending::Transient => None,
    }
}

fn azure_cli(ending: Ending, now: Now) -> Option<Outcome> {
    tool(
        ending,
        json!({"accessToken": own(), "expires_on": now.unix.as_secs() + 4000}),
    )
}

fn azure_developer_cli(ending: Ending, _: Now) -> Option<Outcome> {
    tool(
        ending,
        json!({"token": own(), "expiresOn": "2026-10-26T09:33:20Z"}),
    )
}

fn powershell(ending: Ending, now: Now) -> Option<Outcome> {
    tool(
        ending,
        json!({"Token": own(), "ExpiresOn": now.unix.as_secs() + 4000}),
    )
}

fn visual_studio(ending: Ending, now: Now) -> Option<Outcome> {
    tool(ending, grant(now))
}

fn host(ending: Ending, now: Now) -> Option<Outcome> {
    match ending {
        Ending::Token => Some(Outcome::Token {
            token: own().into(),
            expires_on: now.unix + Duration::from_secs(4000),
            refresh_on: None,
        }),
        Ending::Unavailable => fault(FaultKind::Unavailable),
        Ending::Refused => fault(FaultKind::Refused),
        Ending::Transient => fault(FaultKind::Timeout),
    }
}

/// Variables that are there. Without its own a source that stands on them is unavailable.
fn environment(case: &Case, ending: Ending) -> Environment {
    let configured = case.at != "oauth2" || ending != Ending::Unavailable;
    let used = if configured { case.environment } else { &[] };
    Environment::from_iter(used.iter().copied())
}

/// The chain: all of the default one's, or the source and one more.
fn credential(case: &Case, default: bool) -> Value {
    let next = json!({"type": "HostCredential", "handle": 1, "name": "TheNextCredential"});
    match case.source {
        BROWSER if default => {
            json!({"type": "DefaultAzureCredential", "exclude_interactive_browser_credential": false})
        }
        _ if default => json!({"type": "DefaultAzureCredential"}),
        "HostCredential" => json!({"type": "ChainedTokenCredential", "sources": [
            {"type": "HostCredential", "handle": 0, "name": "HostCredential"}, next,
        ]}),
        source => json!({"type": "ChainedTokenCredential", "sources": [{"type": source}, next]}),
    }
}

/// Whether an effect is the source's own.
fn is_of(case: &Case, effect: &Effect) -> bool {
    match effect {
        Effect::Http { request, .. } => request.url.contains(case.at),
        Effect::Run { argv, .. } => argv.join(" ").starts_with(case.at),
        Effect::HostToken { handle, .. } => case.at == format!("host {handle}"),
        _ => false,
    }
}

/// What the chain did.
fn decide(case: &Case, ending: Ending, default: bool) -> Option<&'static str> {
    (case.answer)(ending, Now::default())?;
    let options = json!({
        "credential": credential(case, default),
        "host": {"platform": "linux"},
        "retry": {"tries": 2, "operation_timeout": 40},
    });
    let config =
        Config::from_json(&options.to_string(), environment(case, ending), Vec::new()).expect("options");
    // The first call meets the ending; the second meets a source that says no.
    let lost = Rc::new(Cell::new(false));
    let host = {
        let (case, lost) = (*case, Rc::clone(&lost));
        move |effect: &Effect, now: Now| {
            let probe = matches!(effect, Effect::Http { request, .. }
                if request.url.contains("/metadata/") && request.headers.is_empty());
            let outcome = match effect {
                _ if probe && ending == Ending::Unavailable && case.evidence.ends_with("no answer") => {
                    Outcome::Failed(Fault::new(FaultKind::Timeout, ""))
                }
                _ if probe => response(
                    400,
                    json!({"error": "invalid_request", "error_description": "header"}),
                )
                .expect("an answer"),
                Effect::Browse { .. } if ending == Ending::Unavailable => {
                    Outcome::Failed(Fault::new(FaultKind::Unsupported, ""))
                }
                Effect::Browse { state, .. } => Outcome::Returned {
                    redirect_uri: "http://localhost:8400".into(),
                    answer: format!("code=c&state={state}").into(),
                },
                effect if is_of(&case, effect) => {
                    let ending = if lost.get() { Ending::Refused } else { ending };
                    (case.answer)(ending, now).expect("this source ends so")
                }
                Effect::ReadFile { path, .. } if path == CHASSIS => case.chassis.map_or_else(absent, file),
                Effect::ReadFile { path, .. } if path == "/token" => file("a.b.c"),
                Effect::ReadFile { path, .. } if path.ends_with("tokenprovider.json") => {
                    file(r#"{"TokenProviders":[{"Path":"/vs","Preference":1}]}"#)
                }
                Effect::HostToken { handle: 1, .. } => Outcome::Token {
                    token: unsigned(&json!({"tid": "t", "oid": "next"})).into(),
                    expires_on: now.unix + Duration::from_secs(4000),
                    refresh_on: None,
                },
                Effect::ReadFile { .. } | Effect::Run { .. } => absent(),
                other => panic!("{} asks for {other:?}", case.source),
            };
            (outcome, 10)
        }
    };
    let mut world = World::new(config, 1, host).expect("a world");
    let call = |world: &mut World<_>, name: &str, scope: &str| {
        let json = json!({"op": "get_token", "request": {"scopes": [scope]}}).to_string();
        let operation = world.engine().operation(&json).expect("a call");
        world.at(world.now_ms(), Action::Call(name.into(), operation));
        world.run_until_ended(name);
    };
    call(&mut world, "first", "https://vault.azure.net/.default");
    let first = world
        .ended("first")
        .and_then(|ended| ended.result.as_ref())
        .expect("an end");
    let decision = match first {
        Ok(Reply::Token { token, .. }) if token.expose_str() == Some(&own()) => "token",
        Ok(Reply::Token { .. }) => "next",
        Ok(other) => panic!("{other:?}"),
        // The last of the default chain has no next: the walk ends as one in which nothing was there.
        Err(error) => {
            let last = error.details().attempts.last().expect("attempts");
            let ended_here = last.source == case.source;
            let walked_on = error.kind() == ErrorKind::CredentialUnavailable
                && (!ended_here || ["AzureDeveloperCliCredential", BROWSER].contains(&case.source));
            if walked_on { "next" } else { "stop" }
        }
    };
    if decision != "token" {
        return Some(decision);
    }
    // Once chosen it stays: what it refuses later is the answer, and nobody else is asked.
    lost.set(true);
    call(&mut world, "second", "https://other.example/.default");
    let second = world
        .ended("second")
        .and_then(|ended| ended.result.as_ref())
        .expect("an end");
    let error = second.as_ref().expect_err("a refusal");
    assert!(
        error.details().attempts.is_empty(),
        "{}: walked again: {error}",
        case.source
    );
    Some("take it, stay")
}

fn absent() -> Outcome {
    Outcome::Failed(Fault::new(FaultKind::NotFound, ""))
}

fn file(text: &str) -> Outcome {
    Outcome::File {
        content: Sensitive::from(text),
        shared: false,
    }
}

fn table() -> Vec<String> {
    let mut rows = vec![
        "| source | evidence | token | unavailable | refused | transient |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    for case in cases() {
        let mut row = format!("| `{}` | {} |", case.source, case.evidence);
        for ending in ENDINGS {
            let in_default = (case.source != "HostCredential").then(|| decide(&case, ending, true));
            let of_user = decide(&case, ending, false);
            let cell = match (in_default.flatten(), of_user) {
                (None, None) => "–".to_owned(),
                (Some(default), Some(user)) if default == user => default.to_owned(),
                (None, Some(user)) => user.to_owned(),
                (default, user) => format!("{}; {}", default.unwrap_or("–"), user.unwrap_or("–")),
            };
            let _ = write!(row, " {cell} |");
        }
        rows.push(row);
    }
    rows
}

#[test]
fn the_documentation_prints_the_table_that_the_engine_follows() {
    let table = table();
    for (file, before) in [("core/src/credential/chain.rs", "//! "), ("README.md", "")] {
        let text = fs::read_to_string(workspace().join(file)).expect("the documentation");
        let printed: Vec<&str> = text
            .lines()
            .skip_while(|line| *line != format!("{before}{}", table[0]))
            .map_while(|line| line.strip_prefix(before).filter(|line| line.starts_with('|')))
            .collect();
        assert_eq!(printed, table, "{file} must print\n{}", table.join("\n"));
    }
}
