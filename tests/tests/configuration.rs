//! A configuration of many secrets: as fast as the limits allow, and a reload costs the list alone.

use std::cell::RefCell;
use std::rc::Rc;

use nightlatch_core::config::{Config, Environment};
use nightlatch_core::effect::{Effect, Outcome, Response};
use nightlatch_core::operation::Reply;
use nightlatch_core::time::Now;
use nightlatch_tests::world::{Action, Host, World};
use serde_json::{Map, Value, json};

const VAULT: &str = "https://contoso.vault.azure.net";
const SECRETS: usize = 500;
const ON_A_PAGE: usize = 25;

/// What the limits of design are by default: so many requests at once, and so many a second from then on.
const BURST: u64 = 400;
const PER_SECOND: u64 = 200;

/// A vault with many secrets that answers in ten milliseconds, and notes when it was asked for what.
struct Vault(Rc<RefCell<Vec<(u64, String)>>>);

impl Host for Vault {
    fn perform(&mut self, effect: &Effect, now: Now) -> (Outcome, u64) {
        let Effect::Http { request, .. } = effect else {
            unreachable!("only requests are made")
        };
        let attributes = json!({"enabled": true, "created": 1_700_000_000, "updated": 1_700_000_000});
        let path = request.url.strip_prefix(VAULT).unwrap_or_default();
        let body = if let Some(rest) = path.strip_prefix("/secrets/") {
            let name = rest.split(['/', '?']).next().unwrap_or_default();
            json!({"value": format!("value of {name}"), "id": format!("{VAULT}/secrets/{name}/0123456789abcdef"), "attributes": attributes})
        } else if path.starts_with("/secrets?") {
            let from = request
                .url
                .split_once("from=")
                .map_or(0, |(_, from)| from.parse().unwrap_or(0));
            let item = |nr| json!({"id": format!("{VAULT}/secrets/s{nr}"), "attributes": attributes});
            let next = from + ON_A_PAGE;
            let link =
                (next < SECRETS).then(|| format!("{VAULT}/secrets?api-version=2025-07-01&from={next}"));
            json!({"value": (from..next).map(item).collect::<Vec<_>>(), "nextLink": link})
        } else {
            json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "token"})
        };
        let asked = path.split('?').next().unwrap_or_default().to_owned();
        self.0.borrow_mut().push((now.instant.as_millis(), asked));
        let body = body.to_string().into();
        (
            Outcome::Http(Response {
                status: 200,
                headers: Vec::new(),
                body,
            }),
            10,
        )
    }
}

#[test]
fn five_hundred_secrets_are_loaded_as_fast_as_the_limits_allow_and_reloaded_for_the_list() {
    let options = json!({"credential": {"type": "ClientSecretCredential", "tenant_id": "t", "client_id": "c", "client_secret": 0}});
    let config = Config::from_json(&options.to_string(), Environment::default(), vec!["s".into()]);
    let asked = Rc::new(RefCell::new(Vec::new()));
    let mut world = World::new(config.expect("options"), 1, Vault(Rc::clone(&asked))).expect("a world");
    for (at, caller) in [(0, "cold"), (900_000, "again")] {
        let operation = json!({"op": "load_secrets", "vault": VAULT}).to_string();
        let operation = world.engine().operation(&operation).expect("a call");
        world.at(at, Action::Call(caller.into(), operation));
    }
    world.run();

    for caller in ["cold", "again"] {
        let Some(Ok(Reply::Resolved { text: Some(text), .. })) = &world.ended(caller).expect("an end").result
        else {
            panic!("{caller} got nothing")
        };
        let values: Map<String, Value> = serde_json::from_slice(text.expose()).expect("an object");
        assert_eq!(
            (values.len(), &values["s499"]),
            (SECRETS, &json!("value of s499"))
        );
    }

    let cold = world.ended("cold").expect("an end");
    let pages = (SECRETS / ON_A_PAGE) as u64;
    let requests = pages + SECRETS as u64;
    // The limit, and what passes one after the other: a token, the pages, the last secret.
    let limit = (requests - BURST) * 1000 / PER_SECOND;
    let least = 10 * (1 + pages);
    let took = cold.ended_ms - cold.began_ms;
    assert!(
        (limit.max(least)..=limit + least + 20).contains(&took),
        "{took} ms"
    );

    let asked = asked.borrow();
    let begin = asked[0].0;
    let of_vault: Vec<u64> = asked
        .iter()
        .filter(|(_, what)| !what.is_empty())
        .map(|(at, _)| at - begin)
        .collect();
    for (nr, at) in of_vault.iter().enumerate() {
        let allowed = BURST + at * PER_SECOND / 1000 + 1;
        assert!(nr as u64 <= allowed, "request {nr} at {at} ms");
    }
    let again = asked
        .iter()
        .filter(|(at, _)| at - begin >= 900_000)
        .filter(|(_, what)| !what.is_empty());
    assert_eq!(
        again.map(|(_, what)| &**what).collect::<Vec<_>>(),
        vec!["/secrets"; pages as usize]
    );
}
