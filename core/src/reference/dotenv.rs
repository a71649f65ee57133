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
