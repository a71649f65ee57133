//! The smallest host: one caller, a clock that is a variable, and a world of two servers in memory.
//!
//! A real host differs in three places. It reads its clocks instead of setting a variable, `answer` sends the request,
//! and many callers share the engine. The loop is the whole contract: drain, perform, complete, and mind the timer.
//!
//! ```text
//! cargo run --package nightlatch-core --example in_memory
//! ```
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use nightlatch_core::config::{Config, Environment};
use nightlatch_core::effect::{Effect, Outcome, Response};
use nightlatch_core::engine::Engine;
use nightlatch_core::error::Error;
use nightlatch_core::operation::{Output, Reply};
use nightlatch_core::time::{Instant, Now, UnixTime};

fn main() -> Result<(), Error> {
    // An App Service gives its programs these two variables; nothing else needs to be configured.
    let environment = [
        ("IDENTITY_ENDPOINT", "http://127.0.0.1:41056/msi/token/"),
        ("IDENTITY_HEADER", "rotated by the platform"),
    ];
    let config = Config::from_json("{}", Environment::from_iter(environment), Vec::new())?;
    // Sixteen random bytes in earnest: waits and request ids come from them.
    let mut engine = Engine::new(config, [7; 16])?;
    let mut now = Now {
        instant: Instant::from_millis(0),
        unix: UnixTime::from_secs(1_793_000_000),
    };
    let call = r#"{"op":"get_secret","vault":"https://contoso.vault.azure.net","name":"db"}"#;
    let operation = engine.operation(call)?;
    engine.start(operation, now);
    loop {
        // Drain first: everything that can be done now comes out at once.
        let mut to_do = Vec::new();
        while let Some(output) = engine.poll_output() {
            match output {
                Output::Perform { id, effect, .. } => to_do.push((id, effect)),
                // Nobody waits for it any more: a real host closes the connection.
                Output::Abort(gone) => to_do.retain(|(id, _)| *id != gone),
                Output::Event(event) => println!("{event:?}"),
                Output::Finished { result, .. } => {
                    if let Reply::Secret(secret) = result? {
                        println!(
                            "{} is here, {} bytes",
                            secret.properties().name,
                            secret.value().len()
                        );
                    }
                    return Ok(());
                }
                _ => {}
            }
        }
        if let Some((at, why)) = engine.poll_timeout().filter(|_| to_do.is_empty()) {
            // Nothing to do but wait. A clock that is a variable need not.
            println!("waiting for {why}");
            now = later(now, at.since(now.instant));
            engine.handle_timeout(now);
        }
        for (id, effect) in to_do {
            println!("{effect:?}");
            now = later(now, Duration::from_millis(20));
            engine.complete(id, answer(&effect), now);
        }
    }
}

fn later(now: Now, by: Duration) -> Now {
    Now {
        instant: now.instant + by,
        unix: now.unix + by,
    }
}

/// The world: an identity endpoint and a vault. They check what real ones would.
fn answer(effect: &Effect) -> Outcome {
    let Effect::Http { request, .. } = effect else {
        unreachable!("only HTTP is needed here: {effect:?}")
    };
    let sent = |name: &str, value: &str| {
        let mut headers = request.headers.iter();
        headers.any(|(n, v)| n == name && v.expose_str() == Some(value))
    };
    let (status, body) = match request.url.split('?').next() {
        Some("http://127.0.0.1:41056/msi/token/") if sent("x-identity-header", "rotated by the platform") => {
            (
                200,
                r#"{"access_token":"a-token","expires_on":"1793086400","token_type":"Bearer"}"#,
            )
        }
        Some("https://contoso.vault.azure.net/secrets/db/") if sent("authorization", "Bearer a-token") => (
            200,
            r#"{"value":"hunter2","id":"https://contoso.vault.azure.net/secrets/db/0a1b"}"#,
        ),
        _ => (404, "{}"),
    };
    Outcome::Http(Response {
        status,
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.into(),
    })
}
