//! Rust sources as text, as far as a search for words needs to understand them: comments, strings and tests are
//! told apart from code.

use std::fs;
use std::path::{Path, PathBuf};

/// One file.
pub struct Source {
    /// Its path below the folder that was read, with forward slashes.
    pub path: String,
    /// Its code: comments, texts and test modules are blanked, and lines stay where they were.
    pub code: String,
}

impl Source {
    /// The lines that hold `word`, as `path:line: text`.
    pub fn lines_with(&self, word: &str) -> Vec<String> {
        self.code
            .lines()
            .enumerate()
            .filter(|(_, line)| holds(line, word))
            .map(|(nr, line)| format!("{}:{}: {}", self.path, nr + 1, line.trim()))
            .collect()
    }
}

/// The workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All files below `folder` whose names end so, in order, as `(path, text)`.
pub fn files(folder: &Path, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries = fs::read_dir(&next).unwrap_or_else(|why| panic!("{}: {why}", next.display()));
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                let text =
                    fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
                let name = path.strip_prefix(folder).unwrap_or(&path);
                found.push((name.to_string_lossy().replace('\\', "/"), text));
            }
        }
    }
    found.sort();
    found
}

/// The Rust files below `folder`, as code.
pub fn rust(folder: &Path) -> Vec<Source> {
    let code = |(path, text): (String, String)| Source {
        path,
        code: without_tests(&blank(&text)),
    };
    files(folder, ".rs").into_iter().map(code).collect()
}

/// Whether `word` stands in `line` with no letter, digit or underscore around it.
fn holds(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let goes_on_before = before.is_some_and(is_part) && word.starts_with(is_part);
        let goes_on_after = after.is_some_and(is_part) && word.ends_with(is_part);
        !goes_on_before && !goes_on_after
    })
}

/// Blanks comments, and texts with their quotes.
pub fn blank(text: &str) -> String {
    code(text, false)
}

/// Blanks comments, and leaves texts as they are.
pub fn without_comments(text: &str) -> String {
    code(text, true)
}

fn code(text: &str, keep_texts: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = literal(rest, out.chars().next_back()) {
            if keep_texts {
                out.push_str(&rest[..length]);
                at += length;
                continue;
            }
            length
        } else {
            let c = rest.chars().next().map_or(1, char::len_utf8);
            out.push_str(&rest[..c]);
            at += c;
            continue;
        };
        out.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        at += length;
    }
    out
}

/// The length of the text or character literal at the beginning, if there is one.
fn literal(rest: &str, before: Option<char>) -> Option<usize> {
    let begins_word = !before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if begins_word && (rest.starts_with("r\"") || rest.starts_with("r#")) {
        let hashes = rest[1..].bytes().take_while(|b| *b == b'#').count();
        let body = rest[1 + hashes..].strip_prefix('"')?;
        let end = body.find(&format!("\"{}", "#".repeat(hashes)))?;
        return Some(1 + hashes + 1 + end + 1 + hashes);
    }
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if quote == '\'' && !escaped && (at > 1 && !rest.starts_with("'\\")) && c != '\'' {
            // A lifetime.
            return None;
        }
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Blanks every module behind `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    while let Some(at) = out.find("#[cfg(test)]") {
        let Some(open) = out[at..].find('{').map(|open| at + open) else {
            break;
        };
        let mut depth = 0;
        let end = out[open..].char_indices().find_map(|(i, c)| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            (depth == 0).then_some(open + i + 1)
        });
        let end = end.unwrap_or(out.len());
        let blanked: String = out[at..end]
            .chars()
            .map(|c| if c == '\n' { '\n' } else { ' ' })
            .collect();
        out.replace_range(at..end, &blanked);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_is_left() {
        let text = "let a = \"b // \\\" c\"; // d\nlet e: &'static str = r#\"f \"g\"#; let h = 'i'; let j = '\\''; k\n\
                    #[cfg(test)]\nmod tests { fn l() { m } }\nn /* o\np */ q";
        let code = without_tests(&blank(text));
        let words: Vec<&str> = code.split_whitespace().collect();
        assert_eq!(
            words.join(" "),
            "let a = ; let e: &'static str = ; let h = ; let j = ; k n q"
        );
        assert_eq!(code.lines().count(), text.lines().count());
    }

    #[test]
    fn words_are_found_whole() {
        assert!(holds("use std::fs;", "std::fs") && !holds("use std::fsx;", "std::fs"));
        assert!(holds("async fn", "async") && !holds("is_async()", "async"));
    }
}
