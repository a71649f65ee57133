//! Random schedules: many callers, answers in any order, faults, departures, timeouts, invalidations, forks. What
//! must hold whatever happens is watched by the world itself; here are the schedules, and what can be said only
//! when a run is over.
//!
//! `SEED=17 cargo test -p nightlatch-tests --test interleavings` replays one seed and prints its log; `SEEDS=100000`
//! tries more of them.

use std::collections::BTreeMap;

use nightlatch_core::config::{Config, Environment};
use nightlatch_core::effect::{Effect, Fault, FaultKind, Outcome, Response};
use nightlatch_core::operation::Task;
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::Now;
use nightlatch_tests::seeds::every_seed;
use nightlatch_tests::token::unsigned;
use nightlatch_tests::world::{Action, Entry, Host, Log, World};
use serde_json::{Value, json};

const SEEDS: u64 = 12_000;
const VAULT: &str = "https://contoso.vault.azure.net";
const SCOPE: &str = "https://vault.azure.net/.default";

#[test]
fn whatever_the_order_everything_ends_well() {
    every_seed(SEEDS, run);
}

/// One run from its beginning to its end.
fn run(seed: u64) -> Log {
    let mut random = fastrand::Rng::with_seed(seed);
    let limits = Limits::any(&mut random);
    let config = config(&mut random, &limits);
    let claims = config.environment.get("IDENTITY_ENDPOINT").is_none();
    let host = Chaos {
        claims,
        random: fastrand::Rng::with_seed(!seed),
        trouble: random.u8(0..=60),
        slowest: [30, 900, 45_000][random.usize(0..3)],
    };
    let mut world = World::new(config, seed, host).expect("the configuration is sound");
    let callers = schedule(&mut world, &mut random);
    world.run();
    for caller in &callers {
        assert!(world.ended(caller).is_some(), "{caller} never ended");
    }
    assert_eq!(world.all_ended().len(), callers.len());
    limits.check(&world.log);
    world.log
}

fn config(random: &mut fastrand::Rng, limits: &Limits) -> Config {
    let tenant = "72f9a8bf-5d4c-4f1e-9b3a-0123456789ab";
    let secret = json!({"type": "ClientSecretCredential", "tenant_id": tenant, "client_id": "app", "client_secret": 0});
    let cli = json!({"type": "AzureCliCredential"});
    let (credential, environment): (Value, &[(&str, &str)]) = match random.u8(0..8) {
        0 => (secret, &[]),
        1 => (json!({"type": "ManagedIdentityCredential"}), &[]),
        2 => (
            json!({"type": "ManagedIdentityCredential"}),
            &[
                ("IDENTITY_ENDPOINT", "http://127.0.0.1:4/msi"),
                ("IDENTITY_HEADER", "header"),
            ],
        ),
        3 => (json!({"type": "DefaultAzureCredential"}), &[]),
        4 => (
            json!({"type": "WorkloadIdentityCredential", "tenant_id": tenant, "client_id": "app", "token_file_path": "/token"}),
            &[],
        ),
        5 => (
            json!({"type": "AzureDeveloperCliCredential"}),
            &[("HOME", "/home/dev")],
        ),
        6 => (
            json!({"type": "AzurePowerShellCredential"}),
            &[("HOME", "/home/dev")],
        ),
        _ => (
            json!({"type": "ChainedTokenCredential", "sources": [cli, secret]}),
            &[("HOME", "/home/dev")],
        ),
    };
    let options = json!({
        "credential": credential,
        "cache": {
            "ttl": ([0, 5, 300][random.usize(0..3)]),
            "max_entries": ([1000, 2][usize::from(random.u8(0..4) == 0)]),
            "refresh_interval": ([0, 1][random.usize(0..2)]),
        },
        "limits": {
            "secret_per_second": limits.secret.0, "secret_burst": limits.secret.1,
            "vault_per_second": limits.vault.0, "vault_burst": limits.vault.1,
        },
        "retry": {"tries": random.u32(1..=5), "operation_timeout": ([3, 60][random.usize(0..2)])},
        "host": {"platform": "linux", "renewal": (["caller", "detached"][random.usize(0..2)])},
    });
    let secrets = vec![Sensitive::from("the-client-secret")];
    Config::from_json(
        &options.to_string(),
        Environment::from_iter(environment.iter().copied()),
        secrets,
    )
    .expect("the options are sound")
}

/// Plans callers and what befalls them; returns their names.
fn schedule(world: &mut World<Chaos>, random: &mut fastrand::Rng) -> Vec<String> {
    let callers = random.usize(1..=24);
    let span = [5, 2_000, 20_000, 700_000][random.usize(0..4)];
    let invalidates = random.u8(0..3) == 0;
    let mut names = Vec::new();
    for nr in 0..callers {
        let at = random.u64(0..=span);
        let name = ["db", "api-key", "DB"][random.usize(0..3)];
        let mut operation = match random.u8(0..8) {
            0 => json!({"op": "get_token", "request": {"scopes": [SCOPE], "enable_cae": true}}),
            1 => json!({"op": "get_secret", "vault": VAULT, "name": name, "version": "0a1b"}),
            kind => json!({"op": "get_secret", "vault": VAULT, "name": name, "refresh": kind == 2}),
        };
        if random.u8(0..3) == 0 {
            operation["timeout"] = (random.f64() * 8.0).into();
        }
        let operation = world
            .engine()
            .operation(&operation.to_string())
            .expect("a sound call");
        let caller = format!("caller-{nr}");
        if let (true, Task::GetSecret { id, .. }) = (invalidates && random.u8(0..4) == 0, &operation.task) {
            let id = id.clone();
            world.at(random.u64(0..=span), Action::Invalidate(id));
        }
        world.at(at, Action::Call(caller.clone(), operation));
        if random.u8(0..4) == 0 {
            world.at(at + random.u64(0..=3_000), Action::Cancel(caller.clone()));
        }
        names.push(caller);
    }
    if invalidates && random.bool() {
        world.at(random.u64(0..=span), Action::InvalidateAll);
    }
    if random.u8(0..8) == 0 {
        world.at(
            random.u64(0..=span + 100),
            Action::Fork(random.u128(..).to_le_bytes()),
        );
    }
    if random.u8(0..8) == 0 {
        let by = random.i64(-100_000_000..100_000_000);
        world.at(random.u64(0..=span), Action::SetWallClock(by));
    }
    names
}

/// A world in which anything may happen.
struct Chaos {
    random: fastrand::Rng,
    /// How many answers of a hundred are trouble.
    trouble: u8,
    slowest: u64,
    /// Whether vaults send claims challenges. App Service's endpoint takes no claims: asked with and without them at
    /// the same moment, it is asked the same twice.
    claims: bool,
}

impl Host for Chaos {
    fn perform(&mut self, effect: &Effect, now: Now) -> (Outcome, u64) {
        let delay = if self.random.u8(0..4) == 0 {
            0
        } else {
            self.random.u64(0..=self.slowest)
        };
        let troubled = self.random.u8(0..100) < self.trouble;
        let outcome = match effect {
            Effect::Http { .. } if troubled => self.trouble(),
            Effect::Http { request, .. } if request.url.starts_with(VAULT) => {
                secret(&request.url, &mut self.random)
            }
            Effect::Http { .. } => token(now),
            _ if troubled => self.fault(),
            Effect::ReadFile { path, .. } if path == "/token" => Outcome::File {
                content: "a.b.c".into(),
                shared: false,
            },
            // Now and then somebody else signs in.
            Effect::ReadFile { path, .. } if path.starts_with("/home/dev/") => Outcome::File {
                content: self.random.u8(0..3).to_string().into(),
                shared: false,
            },
            Effect::ReadFile { .. } => Outcome::File {
                content: "7783-7084-3265-9085-8269-3286-77".into(),
                shared: false,
            },
            Effect::Run { .. } => Outcome::Ran {
                status: Some(0),
                stdout: tool_output(now).into(),
                stderr: Sensitive::default(),
            },
            other => panic!("nobody configured {other:?}"),
        };
        (outcome, delay)
    }
}

impl Chaos {
    fn trouble(&mut self) -> Outcome {
        if self.random.bool() {
            return self.fault();
        }
        let status = [400, 401, 403, 404, 408, 410, 429, 429, 500, 503, 302, 200][self.random.usize(0..12)];
        let mut headers = Vec::new();
        if self.random.bool() {
            headers.push(("Retry-After".into(), self.random.u32(0..90).to_string()));
        }
        if status == 401 {
            let challenge = [
                r#"Bearer resource="https://vault.azure.net""#,
                r#"Bearer resource="https://evil.example""#,
                r#"Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7InZhbHVlIjoiMSJ9fX0""#,
            ];
            let nr = self.random.usize(if self.claims { 0..3 } else { 0..2 });
            headers.push(("WWW-Authenticate".into(), challenge[nr].into()));
        }
        let body = [
            "",
            "<html>",
            r#"{"error":"x","error_description":"y"}"#,
            r#"{"error":{"code":"x"}}"#,
        ];
        answer(status, headers, body[self.random.usize(0..4)].into())
    }

    fn fault(&mut self) -> Outcome {
        let kinds = FaultKind::ALL;
        Outcome::Failed(Fault::new(kinds[self.random.usize(0..kinds.len())], "chaos"))
    }
}

fn secret(url: &str, random: &mut fastrand::Rng) -> Outcome {
    let path = url.split('?').next().unwrap_or_default().trim_end_matches('/');
    let version = random.u8(0..3);
    let body = json!({"value": "s3cr3t", "id": format!("{path}/{version}"), "attributes": {"enabled": true}});
    let body = if path.ends_with("/0a1b") {
        json!({"value": "s3cr3t", "id": path})
    } else {
        body
    };
    answer(200, Vec::new(), body.to_string())
}

fn token(now: Now) -> Outcome {
    let end = (now.unix.as_secs() + 400).to_string();
    let body = json!({"token_type": "Bearer", "expires_in": 400, "expires_on": end, "access_token": jwt()});
    answer(200, Vec::new(), body.to_string())
}

/// What every tool understands.
fn tool_output(now: Now) -> String {
    let end = now.unix.as_secs() + 4000;
    json!({"accessToken": jwt(), "token": jwt(), "expires_on": end, "expiresOn": end}).to_string()
}

fn jwt() -> String {
    unsigned(&json!({"tid": "t", "oid": "o", "appid": "a"}))
}

fn answer(status: u16, headers: Vec<(String, String)>, body: String) -> Outcome {
    Outcome::Http(Response {
        status,
        headers,
        body: body.into(),
    })
}

/// The rates of a run: a second, and at once.
struct Limits {
    secret: (f64, u32),
    vault: (f64, u32),
}

impl Limits {
    fn any(random: &mut fastrand::Rng) -> Self {
        let one = |random: &mut fastrand::Rng| {
            let rate = [0.0, 0.7, 5.0, 200.0][random.usize(0..4)];
            (rate, random.u32(1..=5))
        };
        Self {
            secret: one(random),
            vault: one(random),
        }
    }

    /// No span of time holds more requests than its length allows.
    fn check(&self, log: &Log) {
        let mut sent: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for line in &log.0 {
            if let Entry::Asked { request, .. } = &line.entry
                && let Some(path) = request.strip_prefix("GET https://contoso.vault.azure.net/secrets/")
            {
                let name = path.split('/').next().unwrap_or_default().to_ascii_lowercase();
                sent.entry(name).or_default().push(line.at_ms);
            }
        }
        // Whom one limit holds back has paid the other before it goes, see `Limiter::reserve`.
        let waits = log.events().into_iter().filter(|event| event["by"] == "limiter");
        let longest = waits
            .filter_map(|event| event["wait_ms"].as_u64())
            .max()
            .unwrap_or(0);
        let slack = |other: f64| if other == 0.0 { 0 } else { longest };
        for (name, times) in &sent {
            within(self.secret, slack(self.vault.0), times, name, log);
        }
        let mut all: Vec<u64> = sent.into_values().flatten().collect();
        all.sort_unstable();
        within(self.vault, slack(self.secret.0), &all, "the vault", log);
    }
}

fn within((rate, burst): (f64, u32), slack: u64, times: &[u64], what: &str, log: &Log) {
    for (at, first) in times.iter().enumerate() {
        for (nr, last) in times[at..].iter().enumerate() {
            // Each grant is rounded up to a whole millisecond.
            let allowed = f64::from(burst) + rate * (last - first + 1 + slack) as f64 / 1000.0;
            assert!(
                rate == 0.0 || (nr + 1) as f64 <= allowed,
                "{} requests for {what} within {} ms, {rate}/s and {burst} at once are allowed\n{log}",
                nr + 1,
                last - first
            );
        }
    }
}
