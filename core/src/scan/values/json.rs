//! JSON, also with comments and commas at the end of lists.

use super::{Style, Value, double_quoted, path};

/// An object or array that is open.
struct Level<'t> {
    is_object: bool,
    /// The name of the member that is read; in an array, none.
    key: &'t str,
    /// The text of a member `name` or `key`, which names a `value` beside it.
    name: Option<&'t str>,
}

pub(super) fn values(text: &str) -> Vec<Value> {
    let bytes = text.as_bytes();
    let mut values = Vec::new();
    let mut levels: Vec<Level<'_>> = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let rest = &text.as_bytes()[at..];
        match byte {
            b'/' if rest.starts_with(b"//") => at += length_until(rest, b"\n"),
            b'/' if rest.starts_with(b"/*") => at += length_until(rest, b"*/"),
            b'{' | b'[' => {
                levels.push(Level {
                    is_object: *byte == b'{',
                    key: "",
                    name: None,
                });
            }
            b'}' | b']' => drop(levels.pop()),
            b'"' => {
                let Some(inner) = double_quoted(&text[at..]) else {
                    break; // a quote that is never closed: there is no telling what is a value
                };
                let start = at + 1;
                at += inner.len() + 1;
                let is_key = bytes[at + 1..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
                match levels.last_mut() {
                    Some(level) if level.is_object && is_key => level.key = inner,
                    level => {
                        if let Some(level) = level {
                            level.remember(inner);
                        }
                        let names = levels.iter().enumerate().map(|(depth, level)| {
                            let is_last = depth + 1 == levels.len();
                            level.name_of_member(is_last)
                        });
                        let names: Vec<&str> = names.rev().take(super::DEEPEST).collect();
                        values.push(Value {
                            path: path(names.into_iter().rev().filter(|name| !name.is_empty())),
                            raw: start..start + inner.len(),
                            style: Style::Escaped,
                            fixable: !levels.is_empty(),
                        });
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    values
}

impl<'t> Level<'t> {
    fn remember(&mut self, value: &'t str) {
        if self.is_object
            && ["name", "key"]
                .iter()
                .any(|name| self.key.eq_ignore_ascii_case(name))
        {
            self.name = Some(value);
        }
    }

    fn name_of_member(&self, is_last: bool) -> &'t str {
        match self.name {
            Some(name) if is_last && self.key.eq_ignore_ascii_case("value") => name,
            _ => self.key,
        }
    }
}

/// Up to the last byte of an end.
fn length_until(rest: &[u8], end: &[u8]) -> usize {
    let found = rest
        .windows(end.len())
        .skip(end.len())
        .position(|window| window == end);
    found.map_or(rest.len(), |found| found + 2 * end.len() - 1)
}
