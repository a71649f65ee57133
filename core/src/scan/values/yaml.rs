//! YAML, line by line: mappings and lists in blocks, with values on the line of their name. Block scalars, flow collections
//! and scalars over several lines are left out.

use super::{Style, Value, double_quoted, env, lines, path};

/// A name whose block is open.
struct Level<'t> {
    indent: usize,
    key: &'t str,
    /// The text of `name` or `key` beside it, which names a `value`.
    name: Option<&'t str>,
}

pub(super) fn values(text: &str) -> Vec<Value> {
    let mut reader = Reader {
        levels: Vec::new(),
        block: None,
        values: Vec::new(),
    };
    let mut lines = lines(text).peekable();
    while let Some((start, line)) = lines.next() {
        let next = lines
            .peek()
            .map(|(_, line)| *line)
            .filter(|line| !line.trim().is_empty());
        reader.line(start, line, next.map_or(0, indent_of));
    }
    reader.values
}

struct Reader<'t> {
    levels: Vec<Level<'t>>,
    /// The indentation of the line that opened a block scalar.
    block: Option<usize>,
    values: Vec<Value>,
}

impl<'t> Reader<'t> {
    fn line(&mut self, start: usize, line: &'t str, next_indent: usize) {
        let indent = indent_of(line);
        let content = &line[indent..];
        if content.trim().is_empty() || content.starts_with('#') {
            return;
        }
        if self.block.is_some_and(|block| indent > block) {
            return;
        }
        self.block = None;
        if content.starts_with("---") || content.starts_with("...") || content.starts_with('%') {
            self.levels.clear();
            return;
        }
        let mut column = indent;
        let mut rest = content;
        while let Some(item) = rest.strip_prefix("- ") {
            let inner = item.trim_start();
            column += rest.len() - inner.len();
            rest = inner;
        }
        let is_item = column > indent;
        let sibling = self.close(column, is_item);
        let Some((key, value_at)) = key_of(rest) else {
            if is_item {
                self.item(start + column, rest, next_indent <= indent);
            }
            return;
        };
        let value = rest[value_at..].trim_start();
        let value_start = start + column + rest.len() - value.len();
        let mut level = Level {
            indent: column,
            key,
            name: sibling.and_then(|sibling| sibling.name),
        };
        let name = match level.name {
            Some(name) if key.eq_ignore_ascii_case("value") => name,
            _ => key,
        };
        if is_block(value) {
            self.block = Some(indent);
        } else if let Some((from, inner, style)) = scalar(value) {
            let parts = self.levels.iter().map(|level| level.key).chain([name]);
            self.values.push(Value {
                path: path(parts),
                raw: value_start + from..value_start + from + inner.len(),
                style,
                fixable: style != Style::YamlPlain || next_indent <= column,
            });
            if ["name", "key"].iter().any(|name| key.eq_ignore_ascii_case(name)) {
                level.name = Some(inner);
            }
        }
        self.levels.push(level);
    }

    /// Closes what is not around this column; gives the last name at the same column of the same list item.
    fn close(&mut self, column: usize, is_item: bool) -> Option<Level<'t>> {
        let mut last = None;
        while self.levels.last().is_some_and(|level| level.indent >= column) {
            last = self.levels.pop();
        }
        last.filter(|level| level.indent == column && !is_item)
    }

    /// An item of a list that is a text: perhaps a variable, as in `environment` of Docker Compose.
    fn item(&mut self, start: usize, text: &'t str, is_whole: bool) {
        let Some((from, inner, style)) = scalar(text) else {
            return;
        };
        let parts = self.levels.iter().map(|level| level.key);
        let (name, at) = match inner.split_once('=') {
            Some((name, _)) if is_variable(name) => (name, name.len() + 1),
            _ => ("", 0),
        };
        let parts = parts.chain((!name.is_empty()).then_some(name));
        // Behind a name the reference begins no scalar, and needs no quotes.
        let style = if at > 0 && style == Style::YamlPlain {
            Style::Plain
        } else {
            style
        };
        self.values.push(Value {
            path: path(parts),
            raw: start + from + at..start + from + inner.len(),
            style,
            fixable: is_whole,
        });
    }
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A name, and where its value begins.
fn key_of(text: &str) -> Option<(&str, usize)> {
    let quoted = double_quoted(text).or_else(|| super::single_quoted(text));
    if let Some(key) = quoted {
        let after = &text[key.len() + 2..];
        let colon = after.trim_start().strip_prefix(':')?;
        return colon
            .is_empty()
            .then_some(())
            .or(colon.starts_with([' ', '\t']).then_some(()))
            .map(|()| (key, text.len() - colon.len()));
    }
    let mut colons = text.match_indices(':').map(|(at, _)| at);
    let at = colons.find(|at| text[at + 1..].is_empty() || text[at + 1..].starts_with([' ', '\t']))?;
    let key = text[..at].trim_end();
    (!key.is_empty() && !key.contains(" #")).then_some((key, at + 1))
}

/// Whether a value is the header of a block scalar.
fn is_block(value: &str) -> bool {
    let header = env::bare(value);
    let header = header.rsplit(' ').next().unwrap_or_default();
    header.starts_with(['|', '>']) && header.len() <= 3
}

/// A value in one line: where it begins, what it is, and how it is written.
fn scalar(value: &str) -> Option<(usize, &str, Style)> {
    match value.bytes().next()? {
        b'"' => double_quoted(value).map(|inner| (1, inner, Style::Escaped)),
        b'\'' => {
            let inner = &value[1..];
            let mut at = 0;
            loop {
                at += inner[at..].find('\'')?;
                match inner[at + 1..].starts_with('\'') {
                    true => at += 2,
                    false => return Some((1, &inner[..at], Style::YamlSingle)),
                }
            }
        }
        b'{' | b'[' | b'!' | b'&' | b'*' | b'#' | b'|' | b'>' => None,
        _ => Some((0, env::bare(value), Style::YamlPlain)),
    }
}
