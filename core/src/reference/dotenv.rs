//! `.env` files: variables, one a line.
//!
//! ```text
//! # a comment
//! export DB_HOST=db.example.net   # what follows a blank and # is a comment
//! DB_PASSWORD=@Microsoft.KeyVault(VaultName=contoso;SecretName=db-password)
//! GREETING="several\nlines, or \"quotes\""
//! PATTERN='^\w+$ # all of it, to the letter'
//! ```
//!
//! Nobody has written down what these files are, and their readers (npm `dotenv`, `python-dotenv`, Docker Compose) differ
//! in escapes and comments; this is how they are read here. `export` may stand before the name, and blanks around the equals sign. Without quotes a value
//! goes to the end of the line, without the blanks around it, or to a `#` behind a blank. Quotes may stand over several lines. Within double ones `\n`,
//! `\r`, `\t`, `\"`, `\\`, `\'` and `\$` are escapes, other backslashes stand for themselves; within single ones nothing
//! is an escape. Of several variables of one name the last one counts. `$NAME` and `${NAME}` are not replaced. A line
//! that is none of this is an error: a variable that is silently left out is found later, and elsewhere.

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};
use crate::sensitive::Sensitive;

use super::document::place;

/// A variable of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value, which may be a secret.
    pub value: Sensitive,
    /// The line in which it begins, from 1 on.
    pub line: usize,
}

/// Reads the text of a file, perhaps behind a byte order mark.
///
/// [`ErrorKind::InvalidConfiguration`] for a line that is neither a variable nor a comment.
pub fn variables(text: &str) -> Result<Vec<Variable>, Error> {
    let mut variables: Vec<Variable> = Vec::new();
    let mut reader = Reader {
        text,
        at: if text.starts_with('\u{feff}') { 3 } else { 0 },
    };
    while let Some(variable) = reader.variable()? {
        variables.retain(|earlier| earlier.name != variable.name);
        variables.push(variable);
    }
    Ok(variables)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// The next variable; nothing at the end.
    fn variable(&mut self) -> Result<Option<Variable>, Error> {
        loop {
            self.skip(char::is_whitespace);
            match self.rest().chars().next() {
                None => return Ok(None),
                Some('#') => self.skip(|c| c != '\n'),
                Some(_) => break,
            }
        }
        let (line, _) = place(self.text, self.at);
        let name = self.name()?.to_owned();
        self.skip(is_blank);
        let quote = self.rest().chars().next().filter(|c| matches!(c, '"' | '\''));
        let value = match quote {
            Some(quote) => self.quoted(quote)?,
            None => self.bare(),
        };
        Ok(Some(Variable { name, value, line }))
    }

    /// A name with the equals sign behind it.
    fn name(&mut self) -> Result<&'a str, Error> {
        let export = self.rest().strip_prefix("export");
        if export.is_some_and(|rest| rest.starts_with(is_blank)) {
            self.at += "export".len();
            self.skip(is_blank);
        }
        let start = self.at;
        self.skip(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
        let name = &self.text[start..self.at];
        self.skip(is_blank);
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            self.at = start;
            return Err(self.wrong("no variable begins here"));
        }
        if !self.rest().starts_with('=') {
            return Err(self.wrong("an equals sign is missing"));
        }
        self.at += 1;
        Ok(name)
    }

    /// A value without quotes.
    fn bare(&mut self) -> Sensitive {
        let rest = self.rest();
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let mut signs = line.match_indices('#').map(|(at, _)| at);
        let comment = signs.find(|at| self.text[..self.at + at].ends_with(is_blank));
        self.at += line.len();
        Sensitive::from(line[..comment.unwrap_or(line.len())].trim())
    }

    /// A value in quotes, with what may stand behind them.
    fn quoted(&mut self, quote: char) -> Result<Sensitive, Error> {
        let inner = &self.rest()[1..];
        let mut escaped = false;
        let is_end = |c| {
            let ends = c == quote && !escaped;
            escaped = c == '\\' && quote == '"' && !escaped;
            ends
        };
        let Some(end) = inner.find(is_end) else {
            return Err(self.wrong("this quote is never closed"));
        };
        self.at += end + 2;
        self.skip(is_blank);
        match self.rest().chars().next() {
            None | Some('\n' | '#') => self.skip(|c| c != '\n'),
            Some(_) => return Err(self.wrong("something stands behind the closing quote")),
        }
        Ok(match quote {
            '"' => unescape(&inner[..end]),
            _ => Sensitive::from(&inner[..end]),
        })
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip(&mut self, is_skipped: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(is_skipped).len();
    }

    /// What is wrong where the reader stands; nothing of the text, which may be a secret.
    fn wrong(&self, what: &str) -> Error {
        let (line, column) = place(self.text, self.at);
        Error::new(
            ErrorKind::InvalidConfiguration,
            format!("The .env text is not valid in line {line}: {what} (character {column})."),
        )
        .advise("Write each variable as NAME=VALUE in a line of its own; put a value that holds blanks around it, # or quotes in single quotes.")
    }
}

/// A blank within a line; the carriage return belongs to the line's end.
fn is_blank(c: char) -> bool {
    c != '\n' && c.is_whitespace()
}

/// What stands between double quotes, in one allocation: an escape is never shorter than what it stands for.
fn unescape(inner: &str) -> Sensitive {
    let mut value = Zeroizing::new(Vec::with_capacity(inner.len()));
    let mut bytes = inner.bytes().peekable();
    while let Some(byte) = bytes.next() {
        let escape = bytes.peek().filter(|_| byte == b'\\').copied();
        match escape.and_then(plain) {
            Some(plain) => {
                bytes.next();
                value.push(plain);
            }
            None => value.push(byte),
        }
    }
    Sensitive::from(std::mem::take(&mut *value))
}

/// What the character behind a backslash stands for.
fn plain(escape: u8) -> Option<u8> {
    Some(match escape {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'"' | b'\\' | b'\'' | b'$' => escape,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and values, as text.
    fn read(text: &str) -> Vec<(String, String)> {
        let variables = variables(text).unwrap();
        variables
            .into_iter()
            .map(|v| (v.name, v.value.expose_str().unwrap().to_owned()))
            .collect()
    }

    #[test]
    fn values_are_read_in_every_spelling() {
        for (line, expected) in [
            ("A=b", "b"),
            ("A =  b\t ", "b"),
            ("export A=b", "b"),
            ("export\tA = b\r", "b"),
            ("  A=b", "b"),
            ("\u{feff}A=b", "b"),
            ("A=", ""),
            ("A=  # nothing", ""),
            ("A=b # comment", "b"),
            ("A=b#c", "b#c"),
            ("A=#c", "#c"),
            ("A=b=c;d e", "b=c;d e"),
            ("A=it's \"so\"", "it's \"so\""),
            ("A=`b`", "`b`"),
            ("A=$B${C}", "$B${C}"),
            ("A=b\\nc", "b\\nc"),
            ("A='b # \\n \"c\" '  # comment", "b # \\n \"c\" "),
            ("A='b\\'", "b\\"),
            ("A='b\n c'", "b\n c"),
            ("A=\"b # 'c' \"", "b # 'c' "),
            (r#"A="b\n\r\t\"\\\'\$\x\é""#, "b\n\r\t\"\\'$\\x\\é"),
            ("A=\"b\r\nc\"\r", "b\r\nc"),
            ("A=\"\"", ""),
            (r#"A="b\\" # "c""#, r"b\"),
            ("A=\u{e4}\u{20ac}", "\u{e4}\u{20ac}"),
        ] {
            assert_eq!(read(line), [("A".to_owned(), expected.to_owned())], "{line}");
        }
    }

    #[test]
    fn lines_are_told_apart() {
        let text = "# comment\n\nA=1\n  # another 'one\nB.c-d='x\ny'\nexported=2\nA=3\n";
        let read = variables(text).unwrap();
        let lines: Vec<(&str, usize)> = read.iter().map(|v| (&*v.name, v.line)).collect();
        assert_eq!(
            lines,
            [("B.c-d", 5), ("exported", 7), ("A", 8)],
            "the last A counts"
        );
        assert!(variables("").unwrap().is_empty() && variables("# x").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_variable_is_refused_and_not_repeated() {
        for (text, place) in [
            ("A=1\nhunter2", "line 2: an equals sign is missing (character 8)"),
            ("=hunter2", "line 1: no variable begins here (character 1)"),
            ("export =hunter2", "line 1: no variable begins here (character 8)"),
            ("1A=hunter2", "line 1: no variable begins here (character 1)"),
            ("A: hunter2", "line 1: an equals sign is missing (character 2)"),
            (
                "export A B=hunter2",
                "line 1: an equals sign is missing (character 10)",
            ),
            (
                "A=1\nB=\"hunter2\nC=2\n",
                "line 2: this quote is never closed (character 3)",
            ),
            ("A='hunter2", "line 1: this quote is never closed (character 3)"),
            (
                "A=\"x\"hunter2",
                "line 1: something stands behind the closing quote (character 6)",
            ),
            ("\u{e4}=hunter2", "line 1: no variable begins here (character 1)"),
        ] {
            let error = variables(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfiguration, "{text}");
            assert!(
                error.to_string().contains(place) && !error.to_string().contains("hunter2"),
                "{text}: {error}"
            );
        }
    }
}
