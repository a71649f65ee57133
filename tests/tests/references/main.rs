//! Key Vault references: whatever text a configuration holds, a reference is read as what it says, and none is handed
//! through. `tests/vectors/references.json` has the single cases.

mod mask;
mod resolving;
mod tables;

use nightlatch_core::error::Error;
use nightlatch_core::identity::cloud::VaultDomain;
use nightlatch_core::reference::app_configuration::CONTENT_TYPE;
use nightlatch_core::reference::document::{Document, Finding, find};
use nightlatch_core::reference::dotenv::variables;
use nightlatch_core::reference::parse::PREFIX;
use nightlatch_core::reference::{Flaw, InvalidSyntax, Reference, toml, yaml};
use nightlatch_core::sensitive::Sensitive;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

/// What may stand in a setting and must not stand in an error.
const CANARY: &str = "Va1ue7kQ9zX3mB5n";

/// Pieces of references, so that random texts come close to them.
const PIECES: [&str; 20] = [
    PREFIX,
    "@microsoft.keyvault",
    "SecretUri=",
    "VaultName=",
    "secretname=",
    "SecretVersion=",
    "https://",
    "http://",
    "contoso",
    ".vault.azure.net",
    "/secrets/",
    "/",
    ";",
    "=",
    ")",
    "(",
    "@",
    "%2F",
    " ",
    CANARY,
];

fn domain() -> VaultDomain {
    VaultDomain::default()
}

/// A text of any characters and pieces.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => select(&PIECES[..]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn blanks() -> impl Strategy<Value = String> {
    let blank = select(
        &[
            ' ', '\t', '\r', '\n', '\u{a0}', '\u{3000}', '\u{200b}', '\u{feff}',
        ][..],
    );
    vec(blank, 0..3).prop_map(|blanks| blanks.into_iter().collect())
}

/// A text in any mixture of small letters and capitals.
fn cased(text: String) -> impl Strategy<Value = String> {
    vec(any::<bool>(), text.len()).prop_map(move |capitals| {
        let letters = text
            .chars()
            .zip(capitals.into_iter().chain(std::iter::repeat(false)));
        letters
            .map(|(c, capital)| {
                if capital {
                    c.to_ascii_uppercase()
                } else {
                    c.to_ascii_lowercase()
                }
            })
            .collect()
    })
}

/// A sound reference, and the identifier it stands for.
fn reference() -> impl Strategy<Value = (String, String)> {
    let name = |most| {
        vec(select(&['a', 'B', '7', '-'][..]), 1..most).prop_map(|c| c.into_iter().collect::<String>())
    };
    let version = proptest::option::of(Just("4387e9f3d6e14c459867679a90fd0f79"));
    (name(20), name(128), version, 0..4_usize, any::<bool>()).prop_map(
        |(vault, name, version, form, slash)| {
            let vault = format!("v0{}9", vault.replace('-', "")).to_lowercase();
            let version_path = version.map(|version| format!("/{version}")).unwrap_or_default();
            let id = format!("https://{vault}.vault.azure.net/secrets/{name}{version_path}");
            let mut parts = [
                Some(format!("VaultName={vault}")),
                Some(format!("SecretName={name}")),
                version.map(|version| format!("SecretVersion={version}")),
            ];
            parts.rotate_left(form % 3);
            let inner = match form {
                0 => format!("SecretUri={id}{}", if slash { "/" } else { "" }),
                _ => parts.into_iter().flatten().collect::<Vec<_>>().join(";"),
            };
            (format!("{PREFIX}{inner})"), id)
        },
    )
}

/// A text for `.env` files: in single quotes if they can hold it, else in double ones.
fn env_line(name: &str, value: &str) -> String {
    if value.contains('\'') {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
        format!("export {name} = \"{escaped}\" # comment\n")
    } else {
        format!("{name}='{value}'\n")
    }
}

/// What each way in makes of a value.
fn every_way_in(value: &str) -> Vec<Result<Option<Reference>, InvalidSyntax>> {
    let first = |found: &[Finding]| match found {
        [] => Ok(None),
        [finding] => finding.reference.clone().map(Some),
        more => panic!("one value, and {more:?}"),
    };
    let sensitive = Sensitive::from(value);
    let json = format!("{{\"a\": [{}]}}", Value::from(value));
    let json = Document::json(&json, &domain()).expect("JSON");
    let env = variables(&env_line("A", value)).expect("a variable");
    assert_eq!(env[0].value.expose_str(), Some(value));
    vec![
        Reference::parse(value, &domain()),
        Reference::parse_value(&sensitive, &domain()),
        Reference::from_app_configuration("", value, &domain()),
        first(&find([("A", &sensitive)], &domain())),
        first(json.found()),
        first(&find(env.iter().map(|v| (&*v.name, &v.value)), &domain())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_begins_like_a_reference_is_never_handed_through(
        before in blanks(), prefix in cased(PREFIX.into()), after in text(),
    ) {
        let value = format!("{before}{prefix}{after}");
        for read in every_way_in(&value) {
            prop_assert_ne!(&read, &Ok(None), "{:?}", &value);
            prop_assert!(before.is_empty() || read.is_err(), "{:?}", &value);
        }
        prop_assert!(Reference::from_app_configuration(CONTENT_TYPE, &value, &domain()).is_err());
        let bytes = [value.as_bytes(), b"\xff"].concat();
        prop_assert!(Reference::parse_value(&Sensitive::from(bytes), &domain()).is_err());
    }

    #[test]
    fn all_ways_in_agree_and_no_error_repeats_the_value(value in text()) {
        let all = every_way_in(&value);
        prop_assert!(all.iter().all(|read| read == &all[0]), "{:?}: {:?}", value, all);
        let configured = Reference::from_app_configuration(CONTENT_TYPE, &value, &domain());
        for wrong in [all[0].clone().err(), configured.err()].into_iter().flatten() {
            prop_assert!((1..=value.chars().count() + 1).contains(&wrong.column), "{}: {}", value, wrong);
            let error = Error::from(wrong);
            let printed = format!("{wrong} {wrong:?} {error} {error:?}");
            prop_assert!(!printed.contains(CANARY), "{}", printed);
        }
    }

    #[test]
    fn a_sound_reference_is_read_and_prints_as_one((value, id) in reference()) {
        let read = Reference::parse(&value, &domain()).expect("it is sound").expect("a reference");
        prop_assert_eq!(read.id().to_string(), id.clone());
        let printed = read.to_string();
        prop_assert_eq!(Reference::parse(&printed, &domain()), Ok(Some(read.clone())));
        prop_assert_eq!(every_way_in(&printed), vec![Ok(Some(read.clone())); 6]);
        let configured = format!("{{\"uri\":\"{id}\"}}");
        prop_assert_eq!(Reference::from_app_configuration(CONTENT_TYPE, &configured, &domain()), Ok(Some(read)));
    }

    #[test]
    fn capitals_do_not_matter((value, id) in reference().prop_flat_map(|(value, id)| (cased(value), Just(id)))) {
        let read = Reference::parse(&value, &domain()).expect("it is sound").expect("a reference");
        prop_assert!(read.id().to_string().eq_ignore_ascii_case(&id), "{} {:?}", value, read);
    }

    #[test]
    fn no_slip_of_the_pen_makes_a_plain_value((value, _) in reference(), at: Index, c: char, edit in 0..3_usize) {
        let mut letters: Vec<char> = value.chars().collect();
        let at = at.index(letters.len());
        match edit {
            0 => letters.insert(at, c),
            1 => letters[at] = c,
            _ => drop(letters.remove(at)),
        }
        let slip: String = letters.into_iter().collect();
        prop_assert_ne!(Reference::parse(&slip, &domain()), Ok(None), "{}", slip);
    }

    #[test]
    fn what_stands_around_a_reference_is_refused((value, _) in reference(), before in text(), after in text()) {
        let whole = Reference::parse(&format!("{before}{value}{after}"), &domain());
        let is_alone = before.is_empty() && after.is_empty();
        prop_assert_eq!(whole.is_ok(), is_alone, "{:?}", whole);
    }

    #[test]
    fn json_keeps_every_byte_but_those_of_references(
        json in json(), pretty: bool, values in vec(text(), 1..5),
    ) {
        let written = if pretty { serde_json::to_string_pretty(&json) } else { serde_json::to_string(&json) }.expect("JSON");
        let document = Document::json(&written, &domain()).expect("JSON");
        // JSON is YAML.
        let as_yaml = yaml::document(&written, &domain()).expect("YAML");
        prop_assert_eq!(as_yaml.found(), document.found());
        for finding in document.found() {
            let value = json.pointer(&finding.name).and_then(Value::as_str).expect("a text stands there");
            prop_assert_eq!(Reference::parse(value, &domain()).transpose(), Some(finding.reference.clone()));
        }
        if document.found().iter().any(|finding| finding.reference.is_err()) {
            let filled = document.fill(|_, _| Ok(Sensitive::from("x")));
            prop_assert!(filled.is_err());
            return Ok(());
        }
        // What stands there already changes nothing.
        let same = |finding: &Finding, _: &Reference| {
            Ok(Sensitive::from(json.pointer(&finding.name).and_then(Value::as_str).expect("a text")))
        };
        let filled = document.fill(same).expect("text");
        prop_assert_eq!(filled.expose_str(), Some(&*written));
        // Another value stands where it belongs, and nowhere else.
        let mut expected = json.clone();
        let mut values = values.iter().cycle();
        let filled = document.fill(|finding, _| {
            let value = values.next().expect("a cycle");
            *expected.pointer_mut(&finding.name).expect("a place") = Value::from(value.as_str());
            Ok(Sensitive::from(value.as_str()))
        });
        let filled = filled.expect("text");
        prop_assert_eq!(serde_json::from_slice::<Value>(filled.expose()).expect("JSON"), expected);
    }

    #[test]
    fn broken_files_are_refused_or_read_and_never_repeated(file in vec(prop_oneof![text(), select(&["\n", "\"", "'", "A=", "{", "}", "[", ":", ",", "\\", "#"][..]).prop_map(str::to_owned)], 0..12)) {
        let file = file.concat();
        let errors = [
            variables(&file).err(),
            Document::json(&file, &domain()).err(),
            yaml::document(&file, &domain()).err(),
            toml::document(&file, &domain()).err(),
        ];
        for error in errors.into_iter().flatten() {
            prop_assert!(!format!("{error} {error:?}").contains(CANARY), "{}", error);
        }
        for variable in variables(&file).unwrap_or_default() {
            let printed = format!("{variable:?}");
            prop_assert!(!printed.contains(CANARY) || variable.name.contains(CANARY), "{}", printed);
            prop_assert!(file.contains(&variable.name) && file.lines().count() >= variable.line);
        }
    }
}

/// JSON with references, sound ones and others, among its texts.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<i32>().prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
        4 => reference().prop_map(|(value, _)| Value::from(value)),
    ];
    let name = prop_oneof![
        any::<String>(),
        reference().prop_map(|(value, _)| value),
        Just("a/b~1".to_owned())
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name.clone(), inner), 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Each flaw is found by a row of the vectors, under its own word.
#[test]
fn every_flaw_has_a_case() {
    let path = nightlatch_tests::source::workspace().join("tests/vectors/references.json");
    let rows: Value =
        serde_json::from_str(&std::fs::read_to_string(path).expect("the vectors")).expect("JSON");
    let rows = rows.as_array().expect("rows");
    assert!(rows.len() >= 100);
    for flaw in Flaw::ALL {
        let word = flaw.name();
        assert!(rows.iter().any(|row| row["expect"]["invalid"] == word), "{word}");
        assert_eq!(
            Flaw::ALL.iter().filter(|other| other.name() == word).count(),
            1,
            "{word}"
        );
    }
}
