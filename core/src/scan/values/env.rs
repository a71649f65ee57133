//! `.env` files, read as [`crate::reference::dotenv`] does, but for lines that are none of a variable.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::sensitive::Sensitive;

use super::{Style, Value, double_quoted, path, single_quoted};

pub(super) fn values(text: &str) -> Vec<Value> {
    let mut values = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let mut taken = line.len();
        if let Some(variable) = variable(rest, line) {
            values.push(Value {
                path: path([variable.name].into_iter()),
                raw: at + variable.raw.start..at + variable.raw.end,
                style: variable.style,
                fixable: true,
            });
            taken = taken.max(variable.raw.end);
        }
        // A quoted value may have ended within another line.
        let end = text[at + taken..].find('\n');
        at = end.map_or(text.len(), |end| at + taken + end + 1);
    }
    values
}

struct Variable<'t> {
    name: &'t str,
    raw: Range<usize>,
    style: Style,
}

/// The variable that begins with `rest`, whose first line is `line`.
fn variable<'t>(rest: &'t str, line: &'t str) -> Option<Variable<'t>> {
    let (left, right) = line.split_once('=')?;
    let left = left.trim_start_matches('\u{feff}').trim();
    let exported = left
        .strip_prefix("export")
        .filter(|rest| rest.starts_with([' ', '\t']));
    let name = exported.unwrap_or(left).trim();
    if name.is_empty()
        || !name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
    {
        return None;
    }
    let start = line.len() - right.trim_start().len();
    let (start, length, style) = match rest[start..].bytes().next() {
        Some(b'"') => (start + 1, double_quoted(&rest[start..])?.len(), Style::Env),
        Some(b'\'') => (start + 1, single_quoted(&rest[start..])?.len(), Style::Plain),
        _ => (start, bare(&line[start..]).len(), Style::Plain),
    };
    Some(Variable {
        name,
        raw: start..start + length,
        style,
    })
}

/// A value without quotes, up to a comment.
pub(super) fn bare(text: &str) -> &str {
    let mut comments = text.match_indices('#').map(|(at, _)| at);
    let end = comments.find(|at| text[..*at].ends_with([' ', '\t']));
    text[..end.unwrap_or(text.len())].trim_end()
}

/// What stands between double quotes, in one allocation: an escape is never shorter than what it stands for.
pub(super) fn unescaped(raw: &str) -> Sensitive {
    let mut value = Zeroizing::new(Vec::with_capacity(raw.len()));
    let mut bytes = raw.bytes().peekable();
    while let Some(byte) = bytes.next() {
        let plain = match bytes.peek() {
            Some(b'n') => Some(b'\n'),
            Some(b'r') => Some(b'\r'),
            Some(b't') => Some(b'\t'),
            Some(escape @ (b'"' | b'\\' | b'\'' | b'$')) => Some(*escape),
            _ => None,
        };
        let plain = plain.filter(|_| byte == b'\\');
        value.push(plain.unwrap_or(byte));
        if plain.is_some() {
            bytes.next();
        }
    }
    Sensitive::from(std::mem::take(&mut *value))
}
