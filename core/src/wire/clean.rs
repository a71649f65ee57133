//! Service texts made fit to show: in an error, a log, a terminal.

/// The longest text that is shown, in characters.
const LONGEST: usize = 600;

/// The most of a text that is looked at, in bytes.
const LOOKED_AT: usize = 8 * 1024;

/// Makes a service's text fit to show: one line of at most 600 characters, without control and
/// invisible characters, with everything that looks like a credential replaced by `***`.
///
/// A credential is a JSON Web Token, what follows `Bearer`, the value behind a telling name
/// (`access_token`, `accessToken`, `client_secret`, …), or a long run of mixed letters and digits.
pub fn clean(text: &str) -> String {
    let flat = flatten(head(text));
    shorten(redact_runs(&redact_named(&flat)))
}

/// As [`clean`], line by line; empty lines are left out, and so is what follows the fortieth.
pub fn clean_lines(text: &str) -> Vec<String> {
    head(text)
        .lines()
        .map(clean)
        .filter(|line| !line.is_empty())
        .take(40)
        .collect()
}

/// The beginning of a text, cut at a blank if there is one, so that no half of a token remains.
fn head(text: &str) -> &str {
    if text.len() <= LOOKED_AT {
        return text;
    }
    let end = (0..=LOOKED_AT).rev().find(|at| text.is_char_boundary(*at));
    let cut = &text[..end.unwrap_or(0)];
    cut.rfind(char::is_whitespace).map_or(cut, |at| &cut[..at])
}

/// One line with single blanks between words.
fn flatten(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || c.is_whitespace() {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else if !is_invisible(c) {
            out.push(c);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Characters that change how others are shown: direction marks, joiners, byte order marks, tags.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Names whose value is nobody's business, without case and separators.
const TELLING: [&str; 12] = [
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "oidctoken",
    "bearertoken",
    "clientsecret",
    "clientassertion",
    "password",
    "passwd",
    "sharedaccesskey",
    "accountkey",
    "identityheader",
];

/// Replaces the values of `name: value`, `"name": "value"` and `name=value`, and what follows
/// `Bearer`.
fn redact_named(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let (before, word_on) = rest.split_at(start);
        let length = word_on
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
            .unwrap_or(word_on.len());
        let (word, after) = word_on.split_at(length);
        out.push_str(before);
        out.push_str(word);
        rest = after;
        let hidden = if word.eq_ignore_ascii_case("bearer") {
            bearer_value(after)
        } else if is_telling(word) {
            named_value(after)
        } else {
            None
        };
        if let Some((from, to)) = hidden {
            out.push_str(&after[..from]);
            out.push_str("***");
            rest = &after[to..];
        }
    }
    out.push_str(rest);
    out
}

fn is_telling(word: &str) -> bool {
    let letters = || word.bytes().filter(|b| b.is_ascii_alphanumeric());
    letters().count() <= 20
        && TELLING
            .iter()
            .any(|name| letters().map(|b| b.to_ascii_lowercase()).eq(name.bytes()))
}

/// Where the value begins and ends, in the text behind a telling name.
fn named_value(after: &str) -> Option<(usize, usize)> {
    let rest = after.trim_start_matches(['"', '\'', '\\', ' ']);
    let rest = rest.strip_prefix([':', '='])?.trim_start();
    let opened = rest.trim_start_matches('\\');
    let (value, end) = match opened.chars().next()? {
        quote @ ('"' | '\'') => (&opened[1..], quoted_end(&opened[1..], quote)),
        _ => (
            rest,
            rest.find([' ', ',', ';', '&', '"', '\'', '}'])
                .unwrap_or(rest.len()),
        ),
    };
    let from = after.len() - value.len();
    (end > 0).then_some((from, from + end))
}

/// The end of a quoted value. An escaped quote does not end it, unless what follows says that the
/// text was escaped as a whole.
fn quoted_end(value: &str, quote: char) -> usize {
    for (at, _) in value.match_indices(quote) {
        let after = value[at + 1..].trim_start();
        if !value[..at].ends_with('\\') || after.is_empty() || after.starts_with([',', '}', '.', ';']) {
            return at;
        }
    }
    value.len()
}

/// The run behind `Bearer`, if it is long enough for a token (challenges go on with short words).
fn bearer_value(after: &str) -> Option<(usize, usize)> {
    let rest = after.trim_start_matches([':', ' ']);
    let end = rest.find(|c: char| !is_run(c)).unwrap_or(rest.len());
    let from = after.len() - rest.len();
    (end >= 20 && from > 0).then_some((from, from + end))
}

/// Replaces runs that look like a JWT, a key or a client secret, wherever they stand.
fn redact_runs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_run) {
        let (before, run_on) = rest.split_at(start);
        let (run, after) = run_on.split_at(run_on.find(|c| !is_run(c)).unwrap_or(run_on.len()));
        out.push_str(before);
        match run.find("eyJ") {
            Some(at) if run.len() - at >= 12 && !run[..at].ends_with(|c: char| c.is_ascii_alphanumeric()) => {
                out.push_str(&run[..at]);
                out.push_str("***");
            }
            _ if run.split(['/', '.']).any(is_random) => out.push_str("***"),
            _ => out.push_str(run),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Letters of base64, base64url, JWTs and Entra's client secrets.
fn is_run(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+/=_-.~".contains(c)
}

/// Long, of both cases and digits, and restless: neither a name, nor an identifier, nor a
/// hexadecimal thumbprint.
fn is_random(part: &str) -> bool {
    let class = |b: u8| match b {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 3,
    };
    let has = |wanted| part.bytes().any(|b| class(b) == wanted);
    let changes = part
        .as_bytes()
        .windows(2)
        .filter(|w| class(w[0]) != class(w[1]))
        .count();
    part.len() >= 32 && has(0) && has(1) && has(2) && changes * 3 >= part.len()
}

fn shorten(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
        None => text,
    }
}
