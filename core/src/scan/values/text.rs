//! Anything else, such as programs: texts in quotes, named by what they are assigned to.

use super::{Style, Value, lines, path};

const QUOTES: [u8; 3] = *b"\"'`";

/// So far before a quote a name may begin.
const NAME_WITHIN: usize = 128;

pub(super) fn values(text: &str) -> Vec<Value> {
    let mut values = Vec::new();
    for (start, line) in lines(text) {
        let mut at = 0;
        let mut quotes: Vec<u8> = QUOTES.to_vec();
        while let Some(found) = line.bytes().skip(at).position(|byte| quotes.contains(&byte)) {
            let open = at + found;
            let quote = line.as_bytes()[open];
            let Some(length) = length_of(&line[open + 1..], quote) else {
                // An apostrophe, perhaps: what follows may be in other quotes.
                quotes.retain(|other| *other != quote);
                at = open + 1;
                continue;
            };
            let name = name_before(&line[..open]);
            values.push(Value {
                path: path(name.into_iter()),
                raw: start + open + 1..start + open + 1 + length,
                style: Style::Plain,
                fixable: false,
            });
            at = open + length + 2;
        }
    }
    values
}

fn length_of(inner: &str, quote: u8) -> Option<usize> {
    let mut escaped = false;
    inner.bytes().position(|byte| {
        let ends = byte == quote && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

/// The name that a text in quotes is assigned to: `name = `, `"name": `, `name => `, `name:`.
fn name_before(line: &str) -> Option<&str> {
    let from = (0..=line.len().saturating_sub(NAME_WITHIN))
        .rev()
        .find(|at| line.is_char_boundary(*at))?;
    let line = line[from..]
        .trim_end_matches(['b', 'f', 'r', 'u', '@', '$'])
        .trim_end();
    let left = ["=>", ":=", "=", ":"]
        .iter()
        .find_map(|sign| line.strip_suffix(sign))?;
    if left.ends_with(['=', '!', '<', '>']) {
        return None; // compared, not assigned
    }
    let left = left.trim_end().trim_end_matches(['"', '\'', ']']);
    let at = left
        .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
        .map_or(0, |at| at + 1);
    let name = left.get(at..)?;
    (!name.is_empty()).then_some(name)
}
