//! Any text can be searched: nothing breaks, what is told is there, the time grows with the length alone, and what has been
//! replaced is not found again.

use std::time::{Duration, Instant};

use nightlatch_core::scan::{Kind, Scan, reference};
use nightlatch_core::secret::VaultUrl;
use proptest::prelude::*;

const KINDS: [Kind; 7] = [
    Kind::Env,
    Kind::Json,
    Kind::Yaml,
    Kind::Toml,
    Kind::Ini,
    Kind::Xml,
    Kind::Text,
];

/// Pieces of which files and secrets are made.
const PIECES: [&str; 48] = [
    "\n",
    "\r\n",
    " ",
    "    ",
    "\t",
    "\"",
    "'",
    "`",
    "\\",
    "=",
    ":",
    ": ",
    ";",
    ",",
    "#",
    " # ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    "</",
    "<!--",
    "-->",
    "//",
    "/*",
    "://",
    "@",
    "$",
    "&amp;",
    "\u{feff}",
    "\u{e4}\u{20ac}",
    "password",
    "API_TOKEN",
    "name",
    "value",
    "hunter2",
    "Tr0ub4dor&3",
    "aB3dE5fG7hI9jK1mN3pQ5rS7tU9v",
    "AccountKey=",
    "sig=",
    "eyJ",
    "-----BEGIN ",
    "PRIVATE KEY-----",
    "|",
    "export ",
];

fn texts() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60);
    prop_oneof![4 => pieces.prop_map(|pieces| pieces.concat()), 1 => any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_told_is_there(text in texts(), kind in prop::sample::select(&KINDS[..])) {
        let scan = Scan::new(&text, kind);
        let mut end = 0;
        for found in scan.findings() {
            prop_assert!(found.range.start >= end && !found.range.is_empty());
            end = found.range.end;
            prop_assert!(text.get(found.range.clone()).is_some());
            let line = text.split('\n').nth(found.line - 1).unwrap();
            prop_assert!(found.column <= line.chars().count() + 1);
            prop_assert!(!found.fixable || scan.value(found).is_some());
        }
    }

    #[test]
    fn what_is_replaced_is_not_found_again(text in texts(), kind in prop::sample::select(&KINDS[..])) {
        let vault = VaultUrl::parse("https://contoso.vault.azure.net", false).unwrap();
        let scan = Scan::new(&text, kind);
        let (fixed, left): (Vec<_>, Vec<_>) = scan.findings().iter().partition(|found| found.fixable);
        let references: Vec<String> = fixed.iter().map(|found| reference(Some(&vault), &found.name)).collect();
        let places: Vec<_> = fixed.iter().copied().zip(references.iter().map(|text| &**text)).collect();
        let replaced = scan.replaced(&places).unwrap();
        let replaced = replaced.expose_str().unwrap();
        let again = Scan::new(replaced, kind);
        prop_assert!(again.findings().len() <= left.len(), "{replaced:?}");
        prop_assert!(again.findings().iter().all(|found| !found.fixable), "{replaced:?}");
    }
}

#[test]
fn the_time_grows_with_the_length_alone() {
    let patterns = [
        "\"",
        "'",
        "\\'",
        "\\\"",
        "a='",
        "a=\"\\\"\n",
        "=",
        "\"\":",
        "[",
        "{\"a\":",
        "<a ",
        "<a b='",
        "<a>",
        "- ",
        "a:\n ",
        "://",
        "a://b:",
        "@",
        "eyJ",
        "eyJa.",
        "glpat-a.",
        "-----BEGIN ",
        "AccountKey=",
        "sig=",
        "a/",
        "+",
        "A1 ",
        "a=b;",
        "a,",
        "\n",
        "[a.",
        "a.",
        "password='hunter2' ",
        "password=hunter2\n",
        "\u{20ac}",
        "&amp;",
    ];
    for pattern in patterns {
        let text = pattern.repeat((1 << 15) / pattern.len());
        for kind in KINDS {
            let begin = Instant::now();
            let _scan = Scan::new(&text, kind);
            // A hundredth of a second, as a rule; if each byte looked at all others, half a minute.
            assert!(
                begin.elapsed() < Duration::from_secs(5),
                "{pattern:?} as {kind:?}: {:?}",
                begin.elapsed()
            );
        }
    }
}
