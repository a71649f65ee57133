//! The verdicts: the table that the documentation prints is the one of the code, and each of them is reached by a case.

mod answers;
mod reports;

use std::collections::BTreeSet;
use std::fs;

use nightlatch_core::operation::Reply;
use nightlatch_core::verdict::{Explanation, Verdict};
use nightlatch_tests::scenario::play::play;
use nightlatch_tests::scenario::{folder, index, load};
use nightlatch_tests::source::workspace;

fn table() -> String {
    let rows = Verdict::ALL.iter().map(|verdict| {
        let Explanation { seen, means, step } = verdict.explanation();
        format!("| `{}` | {seen} | {means} | {step} |\n", verdict.code())
    });
    format!(
        "| verdict | what was seen | what it means | the missing step |\n|---|---|---|---|\n{}",
        rows.collect::<String>()
    )
}

#[test]
fn the_documentation_prints_the_table_of_the_code() {
    let path = workspace().join("core/VERDICTS.md");
    let text = fs::read_to_string(&path).expect("the documentation");
    let rows = text.split_inclusive('\n').filter(|line| line.starts_with('|'));
    let printed: String = rows.collect();
    assert!(printed == table(), "core/VERDICTS.md must print\n{}", table());
}

/// Three troubles that have cost people days: the scenarios in which a program meets them, and the doctor.
const STORIES: [(&str, &str, &str); 3] = [
    (
        "The identity was granted a role, and never attached",
        "credential/app_service_named_identity_unknown.json",
        "doctor/not_attached_app_service.json",
    ),
    (
        "The firewall lets only some of an App Service's addresses in",
        "secrets/firewall.json",
        "doctor/firewall_app_service.json",
    ),
    (
        "The secret was deleted",
        "secrets/not_found.json",
        "doctor/secret_deleted.json",
    ),
];

#[test]
fn the_documentation_tells_the_stories_as_a_program_hears_them() {
    let printed = fs::read_to_string(workspace().join("core/VERDICTS.md")).expect("the documentation");
    for (title, path, consulted) in STORIES {
        let world = play(&load(path), "caller", 0)
            .world
            .expect("a sound configuration");
        let error = world
            .all_ended()
            .values()
            .find_map(|ended| ended.result.as_ref()?.as_ref().err());
        let error = error.expect("an error");
        let help = error.details().help.expect("a verdict").code();
        let world = play(&load(consulted), "caller", 0)
            .world
            .expect("a sound configuration");
        let report =
            world
                .all_ended()
                .values()
                .find_map(|ended| match ended.result.as_ref()?.as_ref().ok()? {
                    Reply::Report(report) => Some(report.text.clone()),
                    _ => None,
                });
        let report = report.expect("a report");
        let story = format!(
            "### {title}\n\nThe error, with help `{help}`:\n\n```text\n{error}\n```\n\nThe doctor:\n\n```text\n{report}```\n"
        );
        assert!(printed.contains(&story), "core/VERDICTS.md must tell\n{story}");
    }
}

#[test]
fn each_verdict_has_a_case() {
    let vectors = workspace().join("tests/vectors/service_errors.json");
    let cases = index()
        .into_iter()
        .map(|path| folder().join(path))
        .chain([vectors]);
    let known: BTreeSet<String> = Verdict::ALL
        .iter()
        .map(|verdict| verdict.code().to_owned())
        .collect();
    let (mut named, mut told) = (BTreeSet::new(), BTreeSet::new());
    for path in cases {
        let text = fs::read_to_string(path).expect("a case");
        let codes = text.split("\"help\": \"").skip(1);
        named.extend(codes.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        // In a report verdicts stand among the codes of services and warnings.
        let codes = text.split("\"code\": \"").skip(1);
        let codes = codes.filter_map(|rest| Some(rest.split_once('"')?.0));
        told.extend(codes.filter(|code| known.contains(*code)).map(str::to_owned));
    }
    let lacking: Vec<&String> = known
        .iter()
        .filter(|code| !named.contains(*code) && !told.contains(*code))
        .collect();
    let unknown: Vec<&String> = named.difference(&known).collect();
    assert!(lacking.is_empty(), "no case for {lacking:?}");
    assert!(
        told.len() >= 60,
        "only {} verdicts are reached by the doctor",
        told.len()
    );
    assert!(unknown.is_empty(), "no verdict is called {unknown:?}");
}

#[test]
fn codes_are_words_and_texts_are_sentences() {
    let codes: BTreeSet<&str> = Verdict::ALL.iter().map(|verdict| verdict.code()).collect();
    assert_eq!(codes.len(), Verdict::ALL.len());
    for verdict in Verdict::ALL {
        let (code, Explanation { seen, means, step }) = (verdict.code(), verdict.explanation());
        assert!(
            code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
            "{code}"
        );
        assert!(
            !seen.is_empty() && means.ends_with('.') && step.ends_with('.'),
            "{code}"
        );
        assert!(
            ![seen, means, step].iter().any(|text| text.contains('|')),
            "{code}"
        );
    }
}
