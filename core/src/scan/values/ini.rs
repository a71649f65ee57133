//! INI files, `.properties`, `.npmrc`, `.pypirc`: a name and a value in each line, perhaps below headings.

use super::{Style, Value, double_quoted, lines, path, single_quoted};

pub(super) fn values(text: &str) -> Vec<Value> {
    let mut values = Vec::new();
    let mut section = "";
    for (start, line) in lines(text) {
        let content = line.trim();
        if content.starts_with(['#', ';', '!']) {
            continue;
        }
        if let Some(header) = content.strip_prefix('[') {
            section = header.split(']').next().unwrap_or_default().trim();
            continue;
        }
        let Some((key, value)) = content.split_once('=').or_else(|| content.split_once(':')) else {
            continue;
        };
        let value = value.trim_start();
        let value_start = start + (line.len() - line.trim_start().len()) + content.len() - value.len();
        let quoted = double_quoted(value).or_else(|| single_quoted(value));
        let (from, inner) = match quoted.filter(|inner| inner.len() + 2 == value.len()) {
            Some(inner) => (1, inner),
            None => (0, value),
        };
        // Readers differ in whether a comment may stand behind a value, what a backslash is, and how a line goes on.
        let is_plain = !inner.contains(" #") && !inner.contains(" ;") && !inner.contains('\\');
        let parts = [section, key.trim()].into_iter().filter(|part| !part.is_empty());
        values.push(Value {
            path: path(parts),
            raw: value_start + from..value_start + from + inner.len(),
            style: Style::Plain,
            fixable: is_plain,
        });
    }
    values
}
