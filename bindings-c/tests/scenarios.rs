//! Every scenario, through the extern functions.

mod player;

use std::collections::BTreeSet;

use nightlatch_tests::scenario::{index, load};
use player::{check, world};
use serde_json::Value;

#[test]
fn every_scenario_holds() {
    let only = std::env::var("SCENARIO").unwrap_or_default();
    let (mut wrong, mut plays) = (Vec::new(), 0);
    for path in index().into_iter().filter(|path| path.contains(&only)) {
        let scenario = load(&path);
        let renewals = match scenario.renewal.as_deref() {
            Some(renewal) => vec![renewal],
            None => vec!["caller", "detached"],
        };
        for renewal in renewals {
            let (played, mut found) = world::play(&scenario, renewal);
            found.extend(check::differences(&scenario, &played));
            plays += 1;
            if !found.is_empty() {
                wrong.push(format!("{path} ({renewal})\n  {}", found.join("\n  ")));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {plays} plays differ\n\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(plays >= 100 || !only.is_empty(), "only {plays} plays");
}

/// The names of all facts of a report, but of the secret, whose properties have their own place.
fn names_in(told: &Value, names: &mut BTreeSet<String>) {
    for (name, field) in told.as_object().into_iter().flatten() {
        if name != "secret" {
            names.insert(name.clone());
            names_in(field, names);
        }
    }
    told.as_array()
        .into_iter()
        .flatten()
        .for_each(|item| names_in(item, names));
}

#[test]
fn every_fact_of_the_reports_is_in_the_readme() {
    let mut names = BTreeSet::new();
    let reporting = ["doctor/", "references/", "configuration/"];
    let is_asked = |path: &String| reporting.iter().any(|folder| path.starts_with(folder));
    for path in index().into_iter().filter(is_asked) {
        let (played, _) = world::play(&load(&path), "caller");
        for ended in played.iter().flat_map(|world| world.ended.values()) {
            if let check::Result::Reply(_, rest) = &ended.result {
                names_in(&rest["told"], &mut names);
            }
        }
    }
    let readme = include_str!("../README.md");
    let paths = readme
        .split("| paths of | |")
        .nth(1)
        .and_then(|rest| rest.split("\n\n").next());
    let paths = paths.expect("a table of paths");
    let is_there = |name: &&String| {
        ["`", "."]
            .iter()
            .any(|before| paths.contains(&format!("{before}{name}")))
    };
    let missing: Vec<_> = names.iter().filter(|name| !is_there(name)).collect();
    assert!(
        missing.is_empty() && names.len() > 50,
        "{missing:?} of {}",
        names.len()
    );
}

#[test]
fn a_wrong_expectation_is_noticed() {
    let mut scenario = load(&index()[0]);
    let (played, _) = world::play(&scenario, "caller");
    assert!(check::differences(&scenario, &played).is_empty());
    for call in &mut scenario.calls {
        let expected = call.expect.get_or_insert_default();
        (expected.value, expected.token, expected.error) = (Some("other".into()), Some("other".into()), None);
    }
    scenario.expect.requests = Some(Vec::new());
    assert!(check::differences(&scenario, &played).len() >= 2);
}
