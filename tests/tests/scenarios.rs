//! Plays every scenario through the engine, with either way of renewal.

use std::collections::BTreeSet;
use std::fs;

use nightlatch_tests::scenario::check::differences;
use nightlatch_tests::scenario::play::{callers, play};
use nightlatch_tests::scenario::{folder, index, load};

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

#[test]
fn there_are_enough_of_them() {
    assert!(index().len() >= 60, "{}", index().len());
}
