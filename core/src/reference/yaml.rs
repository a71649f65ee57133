//! The references in YAML (YAML 1.2, <https://yaml.org/spec/1.2.2>).
//!
//! `@` begins no plain text there, so a reference stands in quotes. One in a block (`|`, `>`) is refused: what stands in its
//! place would have to keep the block's indentation.
//!
//! The parser leaves copies of what it reads in memory; resolved secrets never pass through it.

use std::ops::Range;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use crate::error::{Error, ErrorKind};
use crate::identity::cloud::VaultDomain;
use crate::json::wide_literal;
use crate::sensitive::Sensitive;

use super::Reference;
use super::document::{Document, Level, Path, place};

/// Looks through YAML, of one document or several.
///
/// [`ErrorKind::InvalidConfiguration`] if the text is no YAML, or a reference stands in a block.
pub fn document<'a>(text: &'a str, domain: &VaultDomain) -> Result<Document<'a>, Error> {
    let mut document = Document::new(text, wide_literal);
    let mut bytes = Bytes::of(text);
    let mut path = Path::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|why| {
            no_yaml(
                text,
                bytes.at(*why.marker()),
                "The text is not YAML: it cannot go on so",
            )
        })?;
        match event {
            Event::Scalar(value, style, ..) => {
                if path.is_at_name() {
                    path.name(&value);
                    continue;
                }
                let value = Sensitive::from(value.as_ref());
                let range = bytes.range(span);
                let place = literal(&text[range.clone()], style);
                if place.is_none() && is_reference(&value, domain) {
                    let what = "A reference must stand in quotes, and on one line";
                    return Err(no_yaml(text, range.start, what));
                }
                let place = place.unwrap_or_default();
                let range = range.start + place.start..range.start + place.end;
                document.look(&path.pointer(), &value, range, domain);
                path.done();
            }
            Event::Alias(_) => match path.is_at_name() {
                true => path.name("*"),
                false => path.done(),
            },
            Event::MappingStart(..) => path.0.push(Level::Object(None)),
            Event::SequenceStart(..) => path.0.push(Level::Array(0)),
            Event::MappingEnd | Event::SequenceEnd => {
                path.0.pop();
                match path.is_at_name() {
                    // A whole mapping or list as a name.
                    true => path.name("?"),
                    false => path.done(),
                }
            }
            _ => {}
        }
    }
    Ok(document)
}

impl Path {
    /// Whether the next is the name of a member.
    fn is_at_name(&self) -> bool {
        matches!(self.0.last(), Some(Level::Object(None)))
    }

    fn name(&mut self, name: &str) {
        if let Some(Level::Object(slot)) = self.0.last_mut() {
            *slot = Some(name.to_owned());
        }
    }

    /// The value has been read; what follows is the next name or item.
    fn done(&mut self) {
        match self.0.last_mut() {
            Some(Level::Object(name)) => *name = None,
            Some(Level::Array(index)) => *index += 1,
            None => {}
        }
    }
}

fn is_reference(value: &Sensitive, domain: &VaultDomain) -> bool {
    Reference::parse_value(value, domain) != Ok(None)
}

/// Where a text with its quotes stands in what the parser shows of it: behind anchor and tag, before a comment. `None` for
/// one that has no quotes, or more than one line.
fn literal(raw: &str, style: ScalarStyle) -> Option<Range<usize>> {
    let quote = match style {
        ScalarStyle::SingleQuoted => b'\'',
        ScalarStyle::DoubleQuoted => b'"',
        _ => return None,
    };
    let mut start = 0;
    while raw[start..].starts_with(['&', '!']) {
        start += raw[start..].find([' ', '\t', '\r', '\n'])?;
        start = raw.len() - raw[start..].trim_ascii_start().len();
    }
    let mut rest = raw.as_bytes()[start..].strip_prefix(&[quote])?.iter();
    loop {
        match *rest.next()? {
            b'\n' => return None,
            b'\\' if quote == b'"' => drop(rest.next()),
            byte if byte == quote => match rest.as_slice().first() {
                // Two of them are one in the text.
                Some(b'\'') if quote == b'\'' => drop(rest.next()),
                _ => return Some(start..raw.len() - rest.len()),
            },
            _ => {}
        }
    }
}

fn no_yaml(text: &str, at: usize, what: &str) -> Error {
    let (line, column) = place(text, at);
    let message = format!("{what} (line {line}, character {column}).");
    Error::new(ErrorKind::InvalidConfiguration, message)
        .advise("Give YAML 1.2, with references in quotes: password: \"@Microsoft.KeyVault(…)\".")
}

/// Where characters stand in the bytes of a text. The parser counts characters, and mostly forwards.
struct Bytes<'a> {
    text: &'a str,
    /// A character, and the byte at which it begins.
    known: (usize, usize),
}

impl<'a> Bytes<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, known: (0, 0) }
    }

    fn at(&mut self, marker: Marker) -> usize {
        if marker.index() < self.known.0 {
            self.known = (0, 0);
        }
        let (character, byte) = self.known;
        let rest = &self.text[byte..];
        let further = rest.char_indices().nth(marker.index() - character);
        let at = byte + further.map_or(rest.len(), |(at, _)| at);
        if further.is_some() {
            self.known = (marker.index(), at);
        }
        at
    }

    fn range(&mut self, span: Span) -> Range<usize> {
        let start = self.at(span.start);
        start..self.at(span.end).max(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "@Microsoft.KeyVault(VaultName=contoso;SecretName=a)";

    fn filled(yaml: &str) -> Result<(Vec<String>, String), Error> {
        let document = document(yaml, &VaultDomain::default())?;
        let names = document
            .found()
            .iter()
            .map(|finding| finding.name.clone())
            .collect();
        let text = document.fill(|_, _| Ok(Sensitive::from("it's \"a\"\n\u{7f}\u{85}")))?;
        Ok((names, text.expose_str().unwrap_or_default().to_owned()))
    }

    #[test]
    fn references_are_filled_and_the_rest_is_left_alone() {
        let yaml = format!(
            "# ä: '{A}'\r\ndb: # {A}\n  password: &p '{A}' # why\n  again: *p\n  \"{A}\": plain\nlist:\n- \"{A}\"\n- {{x: [1, '{A}']}}\n? [a, b]\n: !!str \"{A}\"\ntext: |\n  {A}x\n---\n\u{e4}\u{1f600}: \"\\x40Microsoft.KeyVault(VaultName=contoso;SecretName=a)\"\n...\n"
        );
        let yaml = yaml.replace(&format!("  {A}x\n"), "  plain\n");
        let value = r#""it's \"a\"\u000a\u007f\u0085""#;
        let (names, text) = filled(&yaml).unwrap();
        assert_eq!(
            names,
            ["/db/password", "/list/0", "/list/1/x/1", "/?", "/\u{e4}\u{1f600}"]
        );
        let expected = yaml
            .replace(&format!("&p '{A}'"), &format!("&p {value}"))
            .replace(&format!("- \"{A}\""), &format!("- {value}"))
            .replace(&format!("[1, '{A}']"), &format!("[1, {value}]"))
            .replace(&format!("!!str \"{A}\""), &format!("!!str {value}"))
            .replace(
                "\"\\x40Microsoft.KeyVault(VaultName=contoso;SecretName=a)\"",
                value,
            );
        assert_eq!(text, expected);
        let (names, text) = filled(&format!("'{A}'")).unwrap();
        assert_eq!((names, &*text), (vec![String::new()], value));
        assert_eq!(filled("").unwrap().1, "");
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_not_repeated() {
        for (yaml, place) in [
            (format!("a: {A}"), "line 1, character 4"),
            (format!("hunter2: 1\nb: |\n  {A}\n"), "line 3"),
            (format!("b: >-\n  {A}\n"), "line 2"),
            ("hunter2: [".to_owned(), "line"),
            ("a: 'hunter2".to_owned(), "line 1"),
            ("a: 1\n b: hunter2\n".to_owned(), "line 2"),
        ] {
            let error = filled(&yaml).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfiguration, "{yaml}");
            assert!(
                error.to_string().contains(place) && !error.to_string().contains("hunter2"),
                "{yaml}: {error}"
            );
        }
    }
}
