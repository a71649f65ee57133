//! What goes over the wire, as pure functions: requests are built here, answers are read here.
//!
//! Every answer is hostile until it has been read. Reading is lenient (numbers as strings, any case of
//! a name, unknown fields) and strict about what comes out: a token has an end, an identifier is
//! valid, a text that is shown holds no secret. Values that are secret go straight from the body into
//! a [`Sensitive`], with no copy left behind in freed memory.

mod clean;

pub mod challenge;
#[cfg(feature = "encryption")]
pub mod keys;
pub mod retry_after;
pub mod secrets;
pub mod service_error;
pub mod token;

use std::fmt;

use crate::error::{Error, ErrorKind};
use crate::sensitive::Sensitive;

pub use clean::{clean, clean_lines, is_invisible};

/// Why an answer could not be understood. Holds nothing of the answer itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(pub String);

impl Malformed {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Malformed {}

impl From<Malformed> for Error {
    fn from(malformed: Malformed) -> Self {
        Error::new(ErrorKind::MalformedResponse, malformed.0)
    }
}

/// Appends `pairs` to `base` as a query, percent-encoded (RFC 3986). `base` may hold a query already.
pub fn query(base: &str, pairs: &[(&str, &str)]) -> String {
    let mut url = base.as_bytes().to_vec();
    let mut separator = match base.split_once('?') {
        None => Some(b'?'),
        Some((_, rest)) if rest.is_empty() || rest.ends_with('&') => None,
        Some(_) => Some(b'&'),
    };
    for (name, value) in pairs {
        url.extend(separator);
        separator = Some(b'&');
        push_encoded(&mut url, name.as_bytes());
        url.push(b'=');
        push_encoded(&mut url, value.as_bytes());
    }
    // `base` was text, and encoding adds ASCII only.
    String::from_utf8(url).unwrap_or_default()
}

/// A form body (`application/x-www-form-urlencoded`) in one allocation of the exact size, so that no
/// copy of a secret value stays behind. Blanks become `%20`, which every server reads.
pub fn form(pairs: &[(&str, &[u8])]) -> Sensitive {
    let size: usize = pairs
        .iter()
        .map(|(name, value)| encoded_len(name.as_bytes()) + encoded_len(value) + 2)
        .sum();
    let mut body = Vec::with_capacity(size);
    for (name, value) in pairs {
        if !body.is_empty() {
            body.push(b'&');
        }
        push_encoded(&mut body, name.as_bytes());
        body.push(b'=');
        push_encoded(&mut body, value);
    }
    debug_assert!(body.len() <= size, "a body that grows leaves copies behind");
    Sensitive::from(body)
}

/// One segment of a path, percent-encoded.
pub(crate) fn segment(text: &str) -> String {
    let mut out = Vec::with_capacity(encoded_len(text.as_bytes()));
    push_encoded(&mut out, text.as_bytes());
    String::from_utf8(out).unwrap_or_default()
}

fn push_encoded(out: &mut Vec<u8>, bytes: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in bytes {
        if is_unreserved(byte) {
            out.push(byte);
        } else {
            out.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
}

fn encoded_len(bytes: &[u8]) -> usize {
    bytes.iter().map(|&b| if is_unreserved(b) { 1 } else { 3 }).sum()
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_encoded_and_joined() {
        let pairs = [("resource", "https://vault.azure.net"), ("x", "ä &=")];
        let encoded = "resource=https%3A%2F%2Fvault.azure.net&x=%C3%A4%20%26%3D";
        for (base, joined) in [
            ("http://h/t", "http://h/t?"),
            ("http://h/t?", "http://h/t?"),
            ("http://h/t?a=1", "http://h/t?a=1&"),
            ("http://h/t?a=1&", "http://h/t?a=1&"),
        ] {
            assert_eq!(query(base, &pairs), format!("{joined}{encoded}"));
        }
        assert_eq!(query("http://h/t", &[]), "http://h/t");
    }

    #[test]
    fn forms_never_grow() {
        let body = form(&[("client_secret", b"a~8Q/+ %\xff"), ("b", b"")]);
        assert_eq!(body.expose(), b"client_secret=a~8Q%2F%2B%20%25%FF&b=");
    }
}
