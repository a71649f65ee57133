//! TOML, line by line: strings in one line. Inline tables, arrays and texts over several lines are left out.

use super::{Style, Value, double_quoted, lines, path, single_quoted};

pub(super) fn values(text: &str) -> Vec<Value> {
    let mut values = Vec::new();
    let mut table: Vec<&str> = Vec::new();
    let mut until: Option<&str> = None;
    for (start, line) in lines(text) {
        if let Some(end) = until {
            until = (!line.contains(end)).then_some(end);
            continue;
        }
        let content = line.trim();
        if let Some(header) = content.strip_prefix('[') {
            let header = header.trim_start_matches('[');
            table = parts(header.split(']').next().unwrap_or_default());
            continue;
        }
        let Some((key, value)) = content.split_once('=').filter(|_| !content.starts_with('#')) else {
            continue;
        };
        let value = value.trim_start();
        let value_start = start + (line.len() - line.trim_start().len()) + content.len() - value.len();
        let long = ["\"\"\"", "'''"]
            .into_iter()
            .find(|quote| value.starts_with(quote));
        if let Some(quote) = long {
            until = (!value[3..].contains(quote)).then_some(quote);
            continue;
        }
        let found = double_quoted(value).map(|inner| (inner, Style::Escaped));
        let Some((inner, style)) = found.or_else(|| single_quoted(value).map(|inner| (inner, Style::Plain)))
        else {
            continue;
        };
        values.push(Value {
            path: path(table.iter().copied().chain(parts(key))),
            raw: value_start + 1..value_start + 1 + inner.len(),
            style,
            fixable: true,
        });
    }
    values
}

/// The parts of a dotted name, of which the last ones count.
fn parts(name: &str) -> Vec<&str> {
    let parts = name.rsplit('.').take(super::DEEPEST);
    let mut parts: Vec<&str> = parts.map(|part| part.trim().trim_matches(['"', '\''])).collect();
    parts.reverse();
    parts
}
