//! XML: attributes, and elements that hold nothing but text.

use zeroize::Zeroizing;

use crate::sensitive::Sensitive;

use super::{Style, Value, path};

pub(super) fn values(text: &str) -> Vec<Value> {
    let mut values = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('<') {
        let start = at + found;
        let rest = &text[start..];
        let skipped = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<!", ">")];
        if let Some((_, end)) = skipped.iter().find(|(begin, _)| rest.starts_with(begin)) {
            let Some(length) = rest.find(end) else { break };
            at = start + length + end.len();
            continue;
        }
        let Some(length) = tag_length(rest) else { break };
        let tag = &rest[1..length - 1];
        at = start + length;
        if tag.starts_with('/') {
            open.pop();
            continue;
        }
        let name = tag
            .split(|c: char| c.is_ascii_whitespace() || c == '/')
            .next()
            .unwrap_or_default();
        // The root names a kind of file, and no part of a setting.
        let from = open.len().saturating_sub(super::DEEPEST).max(1).min(open.len());
        let parents = open[from..].to_vec();
        let named = attributes(tag, start + 1, name, &parents, &mut values);
        if tag.ends_with('/') {
            continue;
        }
        open.push(named.unwrap_or(name));
        let inner = &text[at..at + text[at..].find('<').unwrap_or(0)];
        if text[at + inner.len()..].starts_with("</") {
            let blanks = inner.len() - inner.trim_start().len();
            values.push(Value {
                path: path(named_path(&parents, named.unwrap_or(name))),
                raw: at + blanks..at + blanks + inner.trim().len(),
                style: Style::Xml,
                fixable: true,
            });
        }
    }
    values
}

/// An element `value` is named by the one around it.
fn named_path<'t>(parents: &[&'t str], name: &'t str) -> impl DoubleEndedIterator<Item = &'t str> {
    let is_value = name.eq_ignore_ascii_case("value") && !parents.is_empty();
    parents.iter().copied().chain((!is_value).then_some(name))
}

/// The length of a tag, in which a `>` may stand between quotes.
fn tag_length(rest: &str) -> Option<usize> {
    let mut quote = None;
    rest.bytes()
        .position(|byte| {
            match (quote, byte) {
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), byte) if open == byte => quote = None,
                (None, b'>') => return true,
                _ => {}
            }
            false
        })
        .map(|end| end + 1)
}

/// Reads the attributes; gives the text of `key` or `name`, by which the others go.
fn attributes<'t>(
    tag: &'t str,
    start: usize,
    element: &'t str,
    parents: &[&'t str],
    values: &mut Vec<Value>,
) -> Option<&'t str> {
    let mut found = Vec::new();
    let mut at = element.len();
    while let Some(equals) = tag[at..].find('=') {
        let name = tag[at..at + equals].trim();
        let value = tag[at + equals + 1..].trim_start();
        let quote = value.bytes().next().filter(|byte| matches!(byte, b'"' | b'\''))?;
        let from = tag.len() - value.len() + 1;
        let length = tag[from..].bytes().position(|byte| byte == quote)?;
        found.push((name, from..from + length));
        at = from + length + 1;
    }
    let key = found
        .iter()
        .find(|(name, _)| ["key", "name"].iter().any(|key| name.eq_ignore_ascii_case(key)));
    let key = key.map(|(_, range)| &tag[range.clone()]);
    for (name, range) in &found {
        let takes_key = ["value", "connectionString"]
            .iter()
            .any(|one| name.eq_ignore_ascii_case(one));
        let own = match key {
            Some(key) if takes_key => key,
            _ => name,
        };
        values.push(Value {
            path: path(parents.iter().copied().chain([own])),
            raw: start + range.start..start + range.end,
            style: Style::Xml,
            fixable: true,
        });
    }
    key
}

/// The entities that XML has of its own, and numbers; nothing if there are others. An entity is never shorter than what it
/// stands for.
pub(super) fn unescaped(raw: &str) -> Option<Sensitive> {
    let mut value = Zeroizing::new(Vec::with_capacity(raw.len()));
    let mut parts = raw.split('&');
    value.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let (entity, rest) = part.split_once(';')?;
        let plain = match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = entity.strip_prefix('#')?;
                let code = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => number.parse(),
                };
                code.ok().and_then(char::from_u32)?
            }
        };
        value.extend_from_slice(plain.encode_utf8(&mut [0; 4]).as_bytes());
        value.extend_from_slice(rest.as_bytes());
    }
    Some(Sensitive::from(std::mem::take(&mut *value)))
}
