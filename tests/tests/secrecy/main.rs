//! No secret, token or credential shows in anything that is printed: errors, events, debug prints. The servers here
//! are hostile or broken: they echo what they were sent, and put it where no reader expects it.

mod calls;
mod hostile;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::LazyLock;

use nightlatch_core::error::Error;
use nightlatch_core::operation::Reply;
use proptest::prelude::*;

use self::calls::{Calls, world};

const VAULT: &str = "https://contoso.vault.azure.net";
const OTHER: &str = "https://contoso.vaults.example";
const ARC: &str = "http://localhost:40342/token";
const ARC_KEY: &str = "/var/opt/azcmagent/tokens/a.key";

/// The secret's value.
const VALUE: &str = "Va1ue7kQ9zX3mB5nR8tY2wE6uI0oP4aS1dF5gH7jKq";
/// The client secret, in the form that Entra gives them.
const CLIENT: &str = "c1I8Q~eNt5sEcReT9kJhM3bVfD7sL2pO6iU0yT4rE.wQ_x";
/// `IDENTITY_HEADER`.
const HEADER: &str = "H3adEr5Gg9fD1sA7qW4eR8tZ2uK6lJ0hB3vC9xN5mT";
/// An access token, and a token of Kubernetes: header, claims, signature.
const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJ0aWQiOiJ0ZW5hbnQiLCJvaWQiOiJvYmplY3QiLCJhcHBpZCI6ImFwcCJ9.T0kEnS1gNaTuRe4mNb6vCx8zLk2jHg0fDs3aPo5iUy7tRe9wQa1";
const ASSERTION: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6YTpiIn0.As5Ert1oNsIgN8qAz2wSx4eDc6rFv0tGb3yHn5uJm7iKo9lP1";
/// A certificate with its key, and a line of the key.
const PEM: &str = include_str!("../../data/certificates/app.pem");
const KEY: &str = "t8cZNdmLhwYGw2S+d+aggjoHg3aE7zEZMzuO1wM0NwKBgQDnckDIdbKMqUOZkbDT";
/// The same, encrypted: its password is the client secret above.
const ENCRYPTED: &str = include_str!("../../data/certificates/password_of_secrecy.pem");
/// A code that a browser or a device is given, and a refresh token.
const CODE: &str = "0.AXkAc0dE9bV4nM7kL2jH5gF8dS1aQ6wE3rT0yU9iO4pZ";
const REFRESH: &str = "1.AXkAr3fReSh7nB2vC5xZ8lK1jH4gF6dS9aP0oI3uY5tR";
const CANARIES: [&str; 8] = [VALUE, CLIENT, HEADER, TOKEN, ASSERTION, KEY, CODE, REFRESH];

/// How many kinds of credentials there are.
const KINDS: usize = 26;

/// So many characters of a canary are a leak.
const LEAK: usize = 12;

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_printed_holds_a_secret(
        kind in 0..KINDS,
        calls in prop::sample::select(&Calls::ALL[..]),
        choices in prop::collection::vec(any::<u16>(), 1..40),
    ) {
        let leaks = run(kind, calls, &choices);
        prop_assert!(leaks.is_empty(), "{leaks:#?}");
    }
}

#[test]
fn a_leak_would_be_found() {
    for canary in CANARIES {
        let end = &canary[canary.len() - LEAK..];
        assert_eq!(leaks(&format!("so it says: {end}")).len(), 1, "{canary}");
    }
    assert!(leaks("eyJhbGciOiJSUzI1NiJ9.").is_empty(), "every token begins so");
}

#[test]
fn an_honest_run_gives_the_value_and_prints_it_nowhere() {
    for kind in 0..KINDS {
        let told = Rc::new(RefCell::new(Vec::new()));
        let calls = if kind % 2 == 1 {
            Calls::Writes
        } else {
            Calls::Reads
        };
        let mut world = world(kind, calls, &[0], &told);
        world.run();
        let secret = match &world.ended("db").expect("an end").result {
            Some(Ok(Reply::Secret(secret))) => secret.clone(),
            other => panic!("{kind}: {other:?}"),
        };
        assert_eq!(secret.value().expose_str(), Some(VALUE), "{kind}");
        assert!(told.borrow().len() > 10 && told.borrow().iter().all(|text| leaks(text).is_empty()));
    }
}

#[test]
fn an_honest_report_tells_much_and_no_secret() {
    for kind in 0..KINDS {
        let told = Rc::new(RefCell::new(Vec::new()));
        let mut world = world(kind, Calls::Consultations, &[0], &told);
        world.run();
        match &world.ended("db").expect("an end").result {
            Some(Ok(Reply::Report(report))) => assert!(report.ok && report.text.len() > 200, "{report:#?}"),
            other => panic!("{kind}: {other:?}"),
        }
        assert!(told.borrow().iter().all(|text| leaks(text).is_empty()));
    }
}

/// The canaries of which a part stands in the text.
fn leaks(text: &str) -> Vec<String> {
    static PARTS: LazyLock<HashMap<&[u8], &str>> = LazyLock::new(|| {
        let mut parts = HashMap::new();
        for canary in CANARIES {
            // What every token begins with is no secret.
            let secret = canary.strip_prefix("eyJhbGciOiJSUzI1NiJ9.").unwrap_or(canary);
            parts.extend(secret.as_bytes().windows(LEAK).map(|part| (part, canary)));
        }
        parts
    });
    static BEGINNINGS: LazyLock<HashSet<[u8; 2]>> =
        LazyLock::new(|| PARTS.keys().map(|part| [part[0], part[1]]).collect());
    let begins = |part: &&[u8]| BEGINNINGS.contains(&[part[0], part[1]]);
    let found: BTreeSet<&str> = text
        .as_bytes()
        .windows(LEAK)
        .filter(begins)
        .filter_map(|part| PARTS.get(part).copied())
        .collect();
    found
        .into_iter()
        .map(|canary| format!("{} … in {text}", &canary[..6]))
        .collect()
}

fn run(kind: usize, calls: Calls, choices: &[u16]) -> Vec<String> {
    let told = Rc::new(RefCell::new(Vec::new()));
    let mut world = world(kind, calls, choices, &told);
    while world.step() {
        let pending = format!("{:?}", world.engine().pending());
        told.borrow_mut().push(pending);
    }
    for ended in world.all_ended().values() {
        if let Some(Err(error)) = &ended.result {
            told.borrow_mut().extend(prints(error));
        }
    }
    told.borrow_mut().push(world.log.to_string());
    let mut found: Vec<String> = told.borrow().iter().flat_map(|text| leaks(text)).collect();
    found.truncate(3);
    found
}

/// Every way to print an error.
fn prints(error: &Error) -> [String; 4] {
    [
        error.to_string(),
        format!("{error:?}"),
        format!("{error:#?}"),
        serde_json::to_string(error.details()).unwrap_or_default(),
    ]
}
