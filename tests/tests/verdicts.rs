//! The verdicts: the table that the documentation prints is the one of the code, and each of them is reached by a case.

use std::collections::BTreeSet;
use std::fs;

use nightlatch_core::verdict::{Explanation, Verdict};
use nightlatch_tests::scenario::{folder, index};
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

#[test]
fn each_verdict_has_a_case() {
    let vectors = workspace().join("tests/vectors/service_errors.json");
    let cases = index()
        .into_iter()
        .map(|path| folder().join(path))
        .chain([vectors]);
    let mut named = BTreeSet::new();
    for path in cases {
        let text = fs::read_to_string(path).expect("a case");
        let codes = text.split("\"help\": \"").skip(1);
        named.extend(codes.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    }
    let known: BTreeSet<String> = Verdict::ALL
        .iter()
        .map(|verdict| verdict.code().to_owned())
        .collect();
    let lacking: Vec<&String> = known.difference(&named).collect();
    let unknown: Vec<&String> = named.difference(&known).collect();
    assert!(lacking.is_empty(), "no case for {lacking:?}");
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
