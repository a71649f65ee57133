//! The values of a file with their names and places, as far as its lines tell them: no reader here refuses anything, and
//! what one does not understand it leaves out. What is left out is still searched for known formats.

mod env;
mod ini;
mod json;
mod text;
mod toml;
mod xml;
mod yaml;

use std::ops::Range;

use crate::json::unescape;
use crate::sensitive::Sensitive;

use super::Kind;

/// A name may have so many parts; those above them are left out.
const DEEPEST: usize = 8;

/// A part of a name is cut off at so many bytes.
pub(super) const LONGEST: usize = 127;

/// A value of a setting.
#[derive(Debug)]
pub(super) struct Value {
    /// The names that lead to it, the last one its own.
    pub(super) path: Vec<String>,
    /// Its bytes, without quotes.
    pub(super) raw: Range<usize>,
    pub(super) style: Style,
    /// Whether the bytes are the whole value, so that another may take their place.
    pub(super) fixable: bool,
}

impl Value {
    /// Its own name.
    pub(super) fn key(&self) -> &str {
        self.path.last().map_or("", |key| key)
    }
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// As it is.
    Plain,
    /// As it is, where a reference needs quotes: `@` begins no plain scalar of YAML.
    YamlPlain,
    /// Between double quotes, with the escapes of JSON; those of YAML and TOML are more.
    Escaped,
    /// Between double quotes in an `.env` file.
    Env,
    /// Between single quotes in YAML, where two stand for one.
    YamlSingle,
    /// XML, with entities.
    Xml,
}

impl Style {
    /// The value that the text stands for; nothing if it has escapes that are not known here.
    pub(super) fn decoded(self, raw: &str) -> Option<Decoded<'_>> {
        let plain = match self {
            Self::YamlSingle if raw.contains("''") => Sensitive::concat(&doubled(raw)),
            Self::Escaped if raw.contains('\\') => {
                let literal = Sensitive::concat(&[b"\"", raw.as_bytes(), b"\""]);
                unescape(literal.expose_str()?)?
            }
            Self::Env if raw.contains('\\') => env::unescaped(raw),
            Self::Xml if raw.contains('&') => xml::unescaped(raw)?,
            _ => return Some(Decoded::Raw(raw)),
        };
        Some(Decoded::Plain(plain))
    }

    /// What a reference must have on both sides.
    pub(super) fn quote(self) -> &'static str {
        if self == Self::YamlPlain { "\"" } else { "" }
    }
}

/// What a text stands for.
pub(super) enum Decoded<'t> {
    /// Itself.
    Raw(&'t str),
    /// A text that its escapes stand for.
    Plain(Sensitive),
}

impl Decoded<'_> {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Raw(raw) => raw,
            Self::Plain(plain) => plain.expose_str().unwrap_or_default(),
        }
    }
}

/// The values of a text.
pub(super) fn of(text: &str, kind: Kind) -> Vec<Value> {
    match kind {
        Kind::Env => env::values(text),
        Kind::Json => json::values(text),
        Kind::Yaml => yaml::values(text),
        Kind::Toml => toml::values(text),
        Kind::Ini => ini::values(text),
        Kind::Xml => xml::values(text),
        Kind::Text => text::values(text),
    }
}

/// The last parts of a name.
fn path<'a>(parts: impl DoubleEndedIterator<Item = &'a str>) -> Vec<String> {
    let mut path: Vec<String> = parts.rev().take(DEEPEST).map(shortened).collect();
    path.reverse();
    path
}

fn shortened(part: &str) -> String {
    let end = (0..=part.len().min(LONGEST))
        .rev()
        .find(|end| part.is_char_boundary(*end));
    part[..end.unwrap_or(0)].to_owned()
}

/// The lines with the bytes at which they begin, without their ends.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    text[at..].split('\n').map(move |line| {
        let start = at;
        at += line.len() + 1;
        (start, line.strip_suffix('\r').unwrap_or(line))
    })
}

/// The bytes between double quotes, of which `text` begins with the first one.
fn double_quoted(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('"')?;
    let mut escaped = false;
    let end = inner.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    Some(&inner[..end])
}

/// The bytes between single quotes, without escapes.
fn single_quoted(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('\'')?;
    inner.find('\'').map(|end| &inner[..end])
}

/// A text in which two single quotes stand for one, in parts.
fn doubled(raw: &str) -> Vec<&[u8]> {
    let parts = raw.split("''").flat_map(|part| [part.as_bytes(), b"'"]);
    let mut parts: Vec<&[u8]> = parts.collect();
    parts.pop();
    parts
}
