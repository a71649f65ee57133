//! The references among the values of a configuration, and in JSON text.
//!
//! Only a whole value can be a reference; names never are. A value that means to be one and is none is found too, as what
//! is wrong with it, so that a report can name every one of them.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};
use crate::identity::cloud::VaultDomain;
use crate::json::{push_text, text, unescape, valid};
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

/// JSON text with the references among its texts, at any depth.
#[derive(Clone)]
pub struct JsonDocument<'a> {
    text: &'a str,
    found: Vec<Finding>,
    /// Where each of them stands in the text, quotes included.
    places: Vec<Range<usize>>,
}

impl<'a> JsonDocument<'a> {
    /// Looks through JSON (RFC 8259, perhaps behind a byte order mark).
    ///
    /// [`ErrorKind::InvalidConfiguration`] if the text is no JSON, or holds a text with half a surrogate pair, which may
    /// mean anything.
    pub fn parse(text: &'a str, domain: &VaultDomain) -> Result<Self, Error> {
        let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
        valid(&text[start..])
            .map_err(|at| no_json(text, start + at, "The text is not JSON: it cannot go on so"))?;
        let (mut found, mut places) = (Vec::new(), Vec::new());
        let half = |at| no_json(text, at, "A text holds half a surrogate pair");
        walk(text, start, |path, place| {
            let value = unescape(&text[place.clone()]).ok_or_else(|| half(place.start))?;
            if let Some(finding) = Finding::of(&path.pointer(), &value, domain) {
                found.push(finding);
                places.push(place);
            }
            Ok(())
        })?;
        Ok(Self { text, found, places })
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
            let reference = finding.reference.as_ref().map_err(|wrong| {
                Error::from(*wrong).with(|d| {
                    d.message = format!(
                        "The Key Vault reference at {} is not valid: {wrong}.",
                        finding.name
                    )
                })
            })?;
            values.push(value_of(finding, reference)?);
        }
        // Large enough from the start: what grows leaves copies behind.
        let most: usize = values.iter().map(|value| value.len() * 6 + 2).sum();
        let mut out = Zeroizing::new(Vec::with_capacity(self.text.len() + most));
        let mut at = 0;
        for (place, (value, finding)) in self.places.iter().zip(values.iter().zip(&self.found)) {
            let value = value.expose_str().ok_or_else(|| {
                let message = format!(
                    "The secret for {} is no text, and JSON holds only texts.",
                    finding.name
                );
                Error::new(ErrorKind::Unsupported, message)
            })?;
            out.extend_from_slice(&self.text.as_bytes()[at..place.start]);
            push_text(&mut out, value);
            at = place.end;
        }
        out.extend_from_slice(&self.text.as_bytes()[at..]);
        Ok(Sensitive::from(std::mem::take(&mut *out)))
    }
}

/// Where a value stands: the way to it from the outside.
#[derive(Default)]
struct Path(Vec<Level>);

enum Level {
    /// The name of the member, once it has been read.
    Object(Option<String>),
    /// The number of the item.
    Array(usize),
}

impl Path {
    /// As JSON Pointer.
    fn pointer(&self) -> String {
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
fn walk(
    json: &str,
    start: usize,
    mut visit: impl FnMut(&Path, Range<usize>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut path = Path::default();
    let mut at = start;
    while let Some(byte) = json.as_bytes().get(at) {
        let end = match byte {
            b'"' => at + literal(&json[at..]),
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
fn literal(json: &str) -> usize {
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

fn no_json(json: &str, at: usize, what: &str) -> Error {
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
