//! The references among the values of a configuration, and in texts of JSON, YAML and TOML.
//!
//! Only a whole value can be a reference; names never are. A value that means to be one and is none is found too, as what
//! is wrong with it, so that a report can name every one of them.

use std::ops::Range;

use crate::error::{Error, ErrorKind};
use crate::identity::cloud::VaultDomain;
use crate::json::{self, literal, splice, text, unescape, valid};
use crate::sensitive::Sensitive;

use super::{InvalidSyntax, Reference};

/// A value that is a reference, or means to be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where it stands: the value's name, or its JSON Pointer (RFC 6901).
    pub name: String,
    /// What it refers to, or what is wrong with it.
    pub reference: Result<Reference, InvalidSyntax>,
}

impl Finding {
    fn of(name: &str, value: &Sensitive, domain: &VaultDomain) -> Option<Self> {
        let reference = Reference::parse_value(value, domain).transpose()?;
        let name = name.to_owned();
        Some(Self { name, reference })
    }
}

/// The references among values with names, such as environment variables, in their order.
pub fn find<'a>(
    values: impl IntoIterator<Item = (&'a str, &'a Sensitive)>,
    domain: &VaultDomain,
) -> Vec<Finding> {
    let values = values.into_iter();
    values
        .filter_map(|(name, value)| Finding::of(name, value, domain))
        .collect()
}

/// A text with the references among its values, at any depth.
#[derive(Clone)]
pub struct Document<'a> {
    text: &'a str,
    found: Vec<Finding>,
    /// Where each of them stands in the text, quotes included.
    places: Vec<Range<usize>>,
    /// How a text is written there.
    literal: fn(&str) -> Sensitive,
}

impl<'a> Document<'a> {
    /// Looks through JSON (RFC 8259, perhaps behind a byte order mark).
    ///
    /// [`ErrorKind::InvalidConfiguration`] if the text is no JSON, or holds a text with half a surrogate pair, which may
    /// mean anything.
    pub fn json(text: &'a str, domain: &VaultDomain) -> Result<Self, Error> {
        let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
        valid(&text[start..])
            .map_err(|at| no_json(text, start + at, "The text is not JSON: it cannot go on so"))?;
        let mut document = Self::new(text, literal);
        let half = |at| no_json(text, at, "A text holds half a surrogate pair");
        walk(text, start, |path, place| {
            let value = unescape(&text[place.clone()]).ok_or_else(|| half(place.start))?;
            document.look(&path.pointer(), &value, place, domain);
            Ok(())
        })?;
        Ok(document)
    }

    /// One in which nothing has been found yet.
    pub(super) fn new(text: &'a str, literal: fn(&str) -> Sensitive) -> Self {
        Self {
            text,
            found: Vec::new(),
            places: Vec::new(),
            literal,
        }
    }

    /// Notes a value, if it is a reference or means to be one. They must come in their order.
    pub(super) fn look(&mut self, name: &str, value: &Sensitive, place: Range<usize>, domain: &VaultDomain) {
        if let Some(finding) = Finding::of(name, value, domain) {
            self.found.push(finding);
            self.places.push(place);
        }
    }

    /// The references, in their order.
    pub fn found(&self) -> &[Finding] {
        &self.found
    }

    /// The text with a value in the place of each reference, and otherwise the same to the byte.
    ///
    /// `value_of` is asked for each reference in order. If it fails, or if a reference is not valid, that is the error:
    /// a text in which one is left is never made.
    pub fn fill(
        &self,
        mut value_of: impl FnMut(&Finding, &Reference) -> Result<Sensitive, Error>,
    ) -> Result<Sensitive, Error> {
        let mut values = Vec::with_capacity(self.found.len());
        for finding in &self.found {
            let reference = finding.reference.as_ref();
            let reference = reference.map_err(|wrong| wrong.error_in(&finding.name))?;
            let value = value_of(finding, reference)?;
            values.push((self.literal)(
                value.expose_str().ok_or_else(|| no_text(&finding.name))?,
            ));
        }
        Ok(splice(self.text, self.places.iter().cloned().zip(&values)))
    }
}

/// Where a value stands: the way to it from the outside.
#[derive(Default)]
pub(crate) struct Path(pub(super) Vec<Level>);

pub(crate) enum Level {
    /// The name of the member, once it has been read.
    Object(Option<String>),
    /// The number of the item.
    Array(usize),
}

impl Path {
    /// As JSON Pointer.
    pub(crate) fn pointer(&self) -> String {
        let mut pointer = String::new();
        for level in &self.0 {
            pointer.push('/');
            match level {
                Level::Object(name) => {
                    let name = name.as_deref().unwrap_or_default();
                    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                }
                Level::Array(index) => pointer.push_str(&index.to_string()),
            }
        }
        pointer
    }
}

/// Shows every text that is a value to `visit`, in JSON that is valid from `start` on: there a quote begins a text, and in
/// an object the first of each member is its name.
pub(crate) fn walk(
    json: &str,
    start: usize,
    mut visit: impl FnMut(&Path, Range<usize>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut path = Path::default();
    let mut at = start;
    while let Some(byte) = json.as_bytes().get(at) {
        let end = match byte {
            b'"' => at + literal_length(&json[at..]),
            _ => at + 1,
        };
        match (byte, path.0.last_mut()) {
            (b'"', Some(Level::Object(name @ None))) => {
                // A name that cannot be read is shown as it is written.
                let raw = &json[at..end];
                *name = Some(text(raw).unwrap_or_else(|| raw.to_owned()));
            }
            (b'"', _) => visit(&path, at..end)?,
            (b'{', _) => path.0.push(Level::Object(None)),
            (b'[', _) => path.0.push(Level::Array(0)),
            (b'}' | b']', _) => drop(path.0.pop()),
            (b',', Some(Level::Object(name))) => *name = None,
            (b',', Some(Level::Array(index))) => *index += 1,
            _ => {}
        }
        at = end;
    }
    Ok(())
}

/// The length of the text literal at the beginning, quotes included.
fn literal_length(json: &str) -> usize {
    let mut escaped = false;
    let is_end = |byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    };
    json.bytes()
        .skip(1)
        .position(is_end)
        .map_or(json.len(), |at| at + 2)
}

/// A JSON object of texts with their names.
pub(crate) fn object(values: &[(&str, Sensitive)]) -> Result<Sensitive, Error> {
    json::object(values).ok_or_else(|| {
        let odd = values.iter().find(|(_, value)| value.expose_str().is_none());
        no_text(odd.map_or("", |(name, _)| name))
    })
}

fn no_text(name: &str) -> Error {
    let message = format!("The secret for {name} is no text, and such a document holds only texts.");
    Error::new(ErrorKind::Unsupported, message).advise("Set it anew in an encoding, such as Base64.")
}

pub(crate) fn no_json(json: &str, at: usize, what: &str) -> Error {
    let (line, column) = place(json, at);
    Error::new(
        ErrorKind::InvalidConfiguration,
        format!("{what} (line {line}, character {column})."),
    )
    .advise("Give plain JSON: comments, single quotes and commas at the end of a list are none.")
}

/// Line and character of the byte `at`, from 1 on.
pub(super) fn place(text: &str, at: usize) -> (usize, usize) {
    let at = (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at));
    let before = &text[..at.unwrap_or(0)];
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::super::Flaw;
    use super::*;

    const A: &str = "@Microsoft.KeyVault(VaultName=contoso;SecretName=a)";
    const B: &str = "@Microsoft.KeyVault(VaultName=contoso;SecretName=b)";

    fn parse(json: &str) -> Result<Document<'_>, Error> {
        Document::json(json, &VaultDomain::default())
    }

    /// The name of the secret for its value.
    fn named(_: &Finding, reference: &Reference) -> Result<Sensitive, Error> {
        Ok(Sensitive::from(format!("\"{}\"\n", reference.id().name).as_str()))
    }

    #[test]
    fn only_whole_values_are_found() {
        let [a, plain, slip] = [A, "hunter2", "@Microsoft.KeyVault(x)"].map(Sensitive::from);
        let broken = Sensitive::from(b"\xff@Microsoft.KeyVault(".to_vec());
        let values = [
            ("A", &a),
            ("B", &plain),
            (A, &plain),
            ("C", &slip),
            ("D", &broken),
        ];
        let found = find(values, &VaultDomain::default());
        let names: Vec<&str> = found.iter().map(|finding| &*finding.name).collect();
        assert_eq!(names, ["A", "C", "D"]);
        assert_eq!(
            found[0].reference.as_ref().unwrap().id().to_string(),
            "https://contoso.vault.azure.net/secrets/a"
        );
        let flaws = [1, 2].map(|at: usize| found[at].reference.as_ref().unwrap_err().flaw);
        assert_eq!(flaws, [Flaw::NotAPart, Flaw::Character]);
    }

    #[test]
    fn json_is_filled_and_otherwise_left_alone() {
        let json = format!(
            "\u{feff} {{\"{A}\" : 1.50 ,\n\t\"x/~\": [ \"{A}\", {{\"\": \"{B}\",\"\\u0061\":\"p\\\"l\"}} ],\"\\\\\":\"@Microsoft\\u002eKeyVault(VaultName=contoso;SecretName=b)\"}}\r\n"
        );
        let document = parse(&json).unwrap();
        let pointers: Vec<&str> = document.found().iter().map(|f| &*f.name).collect();
        assert_eq!(pointers, ["/x~1~0/0", "/x~1~0/1/", "/\\"]);
        let filled = document.fill(named).unwrap();
        let expected = format!(
            "\u{feff} {{\"{A}\" : 1.50 ,\n\t\"x/~\": [ \"\\\"a\\\"\\u000a\", {{\"\": \"\\\"b\\\"\\u000a\",\"\\u0061\":\"p\\\"l\"}} ],\"\\\\\":\"\\\"b\\\"\\u000a\"}}\r\n"
        );
        assert_eq!(filled.expose_str(), Some(&*expected));
        let alone = format!("\"{A}\"");
        let alone = parse(&alone).unwrap();
        assert_eq!(alone.found()[0].name, "");
        assert_eq!(
            alone.fill(named).unwrap().expose_str(),
            Some("\"\\\"a\\\"\\u000a\"")
        );
    }

    #[test]
    fn nothing_is_filled_by_halves() {
        let json = format!("[\"{A}\", \"x{B}\"]");
        let document = parse(&json).unwrap();
        let error = document.fill(named).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        assert!(error.to_string().contains(" in /1 is not valid"), "{error}");

        let json = format!("[\"{A}\"]");
        let document = parse(&json).unwrap();
        let missing = |_: &Finding, _: &Reference| Err(Error::new(ErrorKind::NotFound, "no"));
        assert_eq!(document.fill(missing).unwrap_err().kind(), ErrorKind::NotFound);
        let bytes = |_: &Finding, _: &Reference| Ok(Sensitive::from(vec![0xff]));
        assert_eq!(document.fill(bytes).unwrap_err().kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn what_is_no_json_is_refused_and_not_repeated() {
        for (json, place) in [
            ("", "line 1, character 1"),
            ("{\"hunter2\": 1,}", "line 1, character 15"),
            ("{\n  // hunter2\n}", "line 2, character 3"),
            ("[\"hunter2\\ud800\"]", "line 1, character 2"),
            ("[1,\n\"\u{e4}\" \"hunter2\"]", "line 2, character 5"),
        ] {
            let error = parse(json).map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfiguration, "{json}");
            assert!(
                error.to_string().contains(place) && !error.to_string().contains("hunter2"),
                "{json}: {error}"
            );
        }
    }
}
