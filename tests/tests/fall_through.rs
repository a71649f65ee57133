//! What a managed identity answers in trouble never sends the chain on: wherever the host says that it has one, the
//! next source, here the Azure CLI with somebody's account, is not even asked. Every order of two answers, and many
//! longer ones among several callers.
//!
//! `SEED=17 cargo test -p nightlatch-tests --test fall_through` replays one of the longer ones.

use nightlatch_core::config::{Config, Environment};
use nightlatch_core::effect::{Effect, Fault, FaultKind, Outcome, Response};
use nightlatch_core::time::Now;
use nightlatch_tests::token::unsigned;
use nightlatch_tests::world::{Action, World};
use serde_json::json;

const CHASSIS: &str = "/sys/class/dmi/id/chassis_asset_tag";
const AZURE: &str = "7783-7084-3265-9085-8269-3286-77";
const TRIES: usize = 2;
const SEEDS: u64 = 3000;

/// What tells that a managed identity is here: variables, and files.
type Evidence = (
    &'static [(&'static str, &'static str)],
    &'static [(&'static str, &'static str)],
);

const EVIDENCE: [Evidence; 8] = [
    // Service Fabric
    (
        &[
            ("IDENTITY_ENDPOINT", "https://127.0.0.1:4/fabric"),
            ("IDENTITY_HEADER", "header"),
            (
                "IDENTITY_SERVER_THUMBPRINT",
                "0123456789abcdef0123456789abcdef01234567",
            ),
        ],
        &[],
    ),
    // App Service
    (
        &[
            ("IDENTITY_ENDPOINT", "http://127.0.0.1:4/msi"),
            ("IDENTITY_HEADER", "header"),
        ],
        &[],
    ),
    // Azure Arc, by variables and by its program
    (
        &[
            (
                "IDENTITY_ENDPOINT",
                "http://127.0.0.1:4/metadata/identity/oauth2/token",
            ),
            ("IMDS_ENDPOINT", "http://127.0.0.1:4"),
        ],
        &[],
    ),
    (&[], &[("/opt/azcmagent/bin/himds", "")]),
    // Azure Machine Learning, App Service of old
    (
        &[
            ("MSI_ENDPOINT", "http://127.0.0.1:4/msi"),
            ("MSI_SECRET", "secret"),
        ],
        &[],
    ),
    // Cloud Shell
    (&[("MSI_ENDPOINT", "http://127.0.0.1:4/msi")], &[]),
    // IMDS: a machine of Azure, and an address that somebody set
    (&[], &[(CHASSIS, AZURE)]),
    (
        &[("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:4")],
        &[],
    ),
];

/// Everything that can go wrong in one exchange.
fn troubles() -> Vec<Outcome> {
    let fault = |kind: &FaultKind| Outcome::Failed(Fault::new(*kind, ""));
    let answer = |status: u16, body: &str, header: (&str, &str)| {
        Outcome::Http(Response {
            status,
            headers: vec![(header.0.into(), header.1.into())],
            body: body.into(),
        })
    };
    let mut troubles: Vec<Outcome> = FaultKind::ALL.iter().map(fault).collect();
    for status in [
        200, 302, 400, 401, 403, 404, 408, 410, 429, 500, 501, 502, 503, 504,
    ] {
        for body in ["<html>", r#"{"error":"x","error_description":"y"}"#] {
            troubles.push(answer(status, body, ("retry-after", "1")));
        }
    }
    let key = "Basic realm=/var/opt/azcmagent/tokens/one.key";
    troubles.push(answer(401, "", ("www-authenticate", key)));
    troubles.push(answer(401, "", ("www-authenticate", "Basic realm=/etc/shadow")));
    troubles
}

/// Whether an answer is one that this effect can have: a file is not answered by HTTP.
fn answers(outcome: &Outcome, effect: &Effect) -> bool {
    matches!(effect, Effect::Http { .. }) || matches!(outcome, Outcome::Failed(_))
}

fn config(evidence: &Evidence) -> Config {
    let options = json!({
        "credential": {"type": "DefaultAzureCredential"},
        "retry": {"tries": TRIES, "operation_timeout": 60},
        "host": {"platform": "linux"},
    });
    let environment = Environment::from_iter(evidence.0.iter().copied());
    Config::from_json(&options.to_string(), environment, Vec::new()).expect("options")
}

/// A host of that evidence, whose managed identity answers as `next` says; the Azure CLI is signed in.
fn host(
    evidence: Evidence,
    mut next: impl FnMut(&Effect) -> (Outcome, u64),
) -> impl FnMut(&Effect, Now) -> (Outcome, u64) {
    move |effect, now| match effect {
        Effect::ReadFile { path, .. }
            if path == CHASSIS || path.contains("/bin/") || path.contains("himds") =>
        {
            let found = evidence.1.iter().find(|(known, _)| known == path);
            let outcome = match found {
                Some((_, text)) => Outcome::File {
                    content: (*text).into(),
                    shared: false,
                },
                None => Outcome::Failed(Fault::new(FaultKind::NotFound, "")),
            };
            (outcome, 1)
        }
        Effect::Run { .. } => {
            let token = unsigned(&json!({"oid": "somebody else"}));
            let stdout = json!({"accessToken": token, "expires_on": now.unix.as_secs() + 4000}).to_string();
            let outcome = Outcome::Ran {
                status: Some(0),
                stdout: stdout.into(),
                stderr: "".into(),
            };
            (outcome, 1)
        }
        effect => next(effect),
    }
}

fn call<H: nightlatch_tests::world::Host>(world: &mut World<H>, at: u64, name: &str, timeout: Option<f64>) {
    let mut json = json!({"op": "get_token", "request": {"scopes": ["https://vault.azure.net/.default"]}});
    if let Some(timeout) = timeout {
        json["timeout"] = timeout.into();
    }
    let operation = world.engine().operation(&json.to_string()).expect("a call");
    world.at(at, Action::Call(name.into(), operation));
}

#[test]
fn no_two_answers_reach_the_next_source() {
    let troubles = troubles();
    for evidence in EVIDENCE {
        for first in &troubles {
            for second in &troubles {
                let mut asked = 0;
                let host = host(evidence, |effect| {
                    asked += 1;
                    let outcome = if asked % 2 == 1 { first } else { second };
                    let outcome = if answers(outcome, effect) {
                        outcome.clone()
                    } else {
                        unreadable()
                    };
                    // Interruptions are repeated at once, as often as they come.
                    let outcome = if asked > 40 { timeout() } else { outcome };
                    (outcome, 1)
                });
                let mut world = World::new(config(&evidence), 1, host).expect("a world");
                call(&mut world, 0, "one", None);
                world.run();
                let ended = world.ended("one").and_then(|ended| ended.result.as_ref());
                assert!(
                    ended.is_some_and(Result::is_err),
                    "{evidence:?} {first:?} {second:?}"
                );
                assert!(
                    world.log.commands().is_empty(),
                    "{evidence:?} {first:?} {second:?}\n{}",
                    world.log
                );
            }
        }
    }
}

#[test]
fn no_order_among_callers_reaches_the_next_source() {
    let only = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let troubles = troubles();
    for seed in only.map_or(0..SEEDS, |seed| seed..seed + 1) {
        let mut random = fastrand::Rng::with_seed(seed);
        let evidence = EVIDENCE[random.usize(0..EVIDENCE.len())];
        let (slowest, callers) = ([5, 900, 40_000][random.usize(0..3)], random.usize(1..=6));
        let plan: Vec<(u64, Option<f64>, Option<u64>)> = (0..callers)
            .map(|_| {
                let timeout = (random.u8(0..3) == 0).then(|| random.f64() * 8.0);
                let leaves = (random.u8(0..4) == 0).then(|| random.u64(0..3000));
                (random.u64(0..20_000), timeout, leaves)
            })
            .collect();
        let host = host(evidence, |effect| {
            let outcome = &troubles[random.usize(0..troubles.len())];
            let outcome = if answers(outcome, effect) {
                outcome.clone()
            } else {
                unreadable()
            };
            (outcome, random.u64(0..=slowest))
        });
        let mut world = World::new(config(&evidence), seed, host).expect("a world");
        for (nr, (at, timeout, leaves)) in plan.into_iter().enumerate() {
            let name = format!("caller-{nr}");
            call(&mut world, at, &name, timeout);
            if let Some(after) = leaves {
                world.at(at + after, Action::Cancel(name));
            }
        }
        world.run();
        assert!(
            world.log.commands().is_empty(),
            "seed {seed}, {evidence:?}\n{}",
            world.log
        );
    }
}

/// A key file that cannot be read.
fn unreadable() -> Outcome {
    Outcome::Failed(Fault::new(FaultKind::PermissionDenied, ""))
}

fn timeout() -> Outcome {
    Outcome::Failed(Fault::new(FaultKind::Timeout, ""))
}
