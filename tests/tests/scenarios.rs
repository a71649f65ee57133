//! Plays every scenario through the engine, with either way of renewal.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use nightlatch_core::wire::token::aadsts;
use nightlatch_tests::scenario::check::differences;
use nightlatch_tests::scenario::play::{callers, play};
use nightlatch_tests::scenario::{folder, index, load};
use serde_json::Value;

/// Several seeds, so that nothing holds by the luck of one jitter.
const SEEDS: u64 = 5;

#[test]
fn every_scenario_holds() {
    let only = std::env::var("SCENARIO").unwrap_or_default();
    let mut wrong = Vec::new();
    for path in index().into_iter().filter(|path| path.contains(&only)) {
        let scenario = load(&path);
        let renewals = match scenario.renewal.as_deref() {
            Some(renewal) => vec![renewal],
            None => vec!["caller", "detached"],
        };
        'plays: for renewal in renewals {
            for seed in 0..SEEDS {
                let played = play(&scenario, renewal, seed);
                let found = differences(&scenario, &played);
                if !found.is_empty() {
                    let log = played
                        .world
                        .map(|world| world.log.to_string())
                        .unwrap_or_default();
                    let found = found.join("\n  ");
                    wrong.push(format!("{path} ({renewal}, seed {seed})\n  {found}\n{log}"));
                    break 'plays;
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} scenarios fail\n\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_scenario_is_in_the_index_once() {
    let listed = index();
    let unique: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), unique.len(), "a scenario is listed twice");
    let mut present = BTreeSet::new();
    for subject in fs::read_dir(folder()).expect("the folder").flatten() {
        if !subject.path().is_dir() {
            continue;
        }
        for case in fs::read_dir(subject.path()).expect("a subject").flatten() {
            let (subject, case) = (subject.file_name(), case.file_name());
            present.insert(format!(
                "{}/{}",
                subject.to_string_lossy(),
                case.to_string_lossy()
            ));
        }
    }
    assert_eq!(unique, present);
}

#[test]
fn names_are_unique_and_calls_are_in_the_order_of_time() {
    let mut names = BTreeSet::new();
    for path in index() {
        let scenario = load(&path);
        assert!(
            names.insert(scenario.name.clone()),
            "{path}: its name occurs twice"
        );
        assert!(
            scenario.calls.is_sorted_by_key(|call| call.at_ms),
            "{path}: a call goes back in time"
        );
        let callers: Vec<String> = scenario
            .calls
            .iter()
            .filter(|c| !c.caller.is_empty())
            .flat_map(callers)
            .collect();
        let unique: BTreeSet<&String> = callers.iter().collect();
        assert_eq!(callers.len(), unique.len(), "{path}: two callers have one name");
        let overlapping = |call: &nightlatch_tests::scenario::format::Call| {
            call.cancel_at_ms.is_some() || call.count.is_some()
        };
        assert!(
            !scenario.sequential || !scenario.calls.iter().any(overlapping),
            "{path}: cannot be sequential"
        );
    }
}

/// Codes have seven digits at most.
const CODES: std::ops::Range<u32> = 0..10_000_000;

#[test]
fn every_code_of_the_sign_in_service_with_advice_is_played() {
    let mut played = BTreeSet::new();
    for path in index() {
        for ending in load(&path).calls.into_iter().filter_map(|call| call.expect) {
            let code = ending
                .code
                .as_deref()
                .and_then(|code| code.strip_prefix("AADSTS")?.parse().ok());
            let advice = code.and_then(aadsts).map_or("", |(_, advice)| advice);
            let wanted = &ending.advice_contains;
            if !wanted.is_empty() && wanted.iter().all(|text| advice.contains(text.as_str())) {
                played.extend(code);
            }
        }
    }
    let known: BTreeSet<u32> = CODES.filter(|code| aadsts(*code).is_some()).collect();
    assert!(known.len() >= 40, "{}", known.len());
    let missing: Vec<&u32> = known.difference(&played).collect();
    assert!(
        missing.is_empty(),
        "no scenario expects the advice after AADSTS{missing:?}"
    );
}

/// Of a row without scenarios the file says why.
#[test]
fn every_row_of_what_azure_does_is_played() {
    let text = fs::read_to_string(folder().join("rows.json")).expect("the rows");
    let subjects: BTreeMap<String, BTreeMap<String, Value>> = serde_json::from_str(&text).expect("subjects");
    let present: BTreeSet<String> = index().into_iter().collect();
    for (subject, rows) in &subjects {
        for (row, played) in rows {
            let scenarios = played.as_array().map(Vec::as_slice).unwrap_or_default();
            let why_not = played.as_str().unwrap_or_default();
            assert!(
                !scenarios.is_empty() || !why_not.is_empty(),
                "{subject}: {row} is not played"
            );
            for scenario in scenarios {
                let known = scenario.as_str().is_some_and(|path| present.contains(path));
                assert!(known, "{subject}: {row}: there is no {scenario}");
            }
        }
    }
}

#[test]
fn there_are_enough_of_them() {
    assert!(index().len() >= 900, "{}", index().len());
}
