//! Every scenario, through the extern functions.

mod player;

use nightlatch_tests::scenario::{index, load};
use player::{check, world};

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
