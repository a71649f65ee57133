//! Hides secrets in a stream of bytes, such as what a program prints.
//!
//! A secret is found as it is, in Base64 (RFC 4648, also as a part of something longer that was encoded, such as an
//! `Authorization` header), URL-encoded (RFC 3986) and escaped as in JSON (RFC 8259), wherever the stream is cut into
//! chunks. What has been fed comes out at once, but for an end that may be the beginning of a secret.
//!
//! Values under four bytes stay: they occur in any text, and hiding them would say what they are.

use zeroize::Zeroizing;

use crate::base64::{encode, encode_url};
use crate::sensitive::Sensitive;

/// What stands for a secret.
const MASK: &[u8] = b"***";

/// Shorter forms are not looked for.
const SHORTEST: usize = 4;

/// Hides secrets in one stream. Programs have two, of what they print and of what they complain.
#[derive(Clone)]
pub struct Masker {
    /// All forms of all secrets, by their first byte.
    forms: Vec<Form>,
    /// Whether a form begins with the byte.
    begins: [bool; 256],
    /// The end that may be the beginning of a secret.
    held: Form,
    /// How many bytes at the beginning of `held` belong to a secret that was found already.
    covered: usize,
}

type Form = Zeroizing<Vec<u8>>;

impl Masker {
    /// Hides these values.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a Sensitive>) -> Self {
        let values = values.into_iter().filter(|value| value.len() >= SHORTEST);
        let mut forms: Vec<Form> = values.flat_map(|value| forms_of(value.expose())).collect();
        forms.retain(|form| form.len() >= SHORTEST);
        // A form stands before the longer ones that begin with it.
        forms.sort_by(|one, other| one.as_slice().cmp(other.as_slice()));
        forms.dedup();
        let mut begins = [false; 256];
        for form in &forms {
            begins[usize::from(form[0])] = true;
        }
        Self {
            forms,
            begins,
            held: Form::default(),
            covered: 0,
        }
    }

    /// Takes the next bytes of the stream, and gives what can go on.
    pub fn feed(&mut self, chunk: &[u8]) -> Vec<u8> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.held.len() + chunk.len()));
        bytes.extend_from_slice(&self.held);
        bytes.extend_from_slice(chunk);
        let (out, hold_from) = self.pass(&bytes, false);
        self.held = Zeroizing::new(bytes[hold_from..].to_vec());
        out
    }

    /// Gives what was held back: the stream has ended.
    pub fn finish(&mut self) -> Vec<u8> {
        let bytes = std::mem::take(&mut self.held);
        let (out, _) = self.pass(&bytes, true);
        self.covered = 0;
        out
    }

    /// What comes of `bytes`, and from where on they are held back. Secrets that overlap are one.
    fn pass(&mut self, bytes: &[u8], is_end: bool) -> (Vec<u8>, usize) {
        let mut out = Vec::with_capacity(bytes.len());
        let (mut at, mut covered) = (0, self.covered);
        while at < bytes.len() {
            if !self.begins[usize::from(bytes[at])] {
                if at < covered {
                    at += 1;
                    continue;
                }
                let plain = bytes[at..]
                    .iter()
                    .position(|byte| self.begins[usize::from(*byte)]);
                let end = plain.map_or(bytes.len(), |plain| at + plain);
                out.extend_from_slice(&bytes[at..end]);
                at = end;
                continue;
            }
            match self.found(&bytes[at..], is_end) {
                Found::Maybe => break,
                Found::Secret(length) => {
                    if at >= covered {
                        out.extend_from_slice(MASK);
                    }
                    covered = covered.max(at + length);
                }
                Found::Nothing if at >= covered => out.push(bytes[at]),
                Found::Nothing => {}
            }
            at += 1;
        }
        self.covered = covered.saturating_sub(at);
        (out, at)
    }

    /// The longest form at the beginning of `rest`; maybe one, if more bytes could make one, or a longer one.
    fn found(&self, rest: &[u8], is_end: bool) -> Found {
        let first = self.forms.partition_point(|form| form[0] < rest[0]);
        let mut found = Found::Nothing;
        for form in self.forms[first..].iter().take_while(|form| form[0] == rest[0]) {
            if rest.starts_with(form) {
                found = Found::Secret(form.len());
            } else if !is_end && form.starts_with(rest) {
                return Found::Maybe;
            }
        }
        found
    }
}

enum Found {
    Nothing,
    /// A secret of this length.
    Secret(usize),
    Maybe,
}

fn forms_of(value: &[u8]) -> Vec<Form> {
    let mut forms = vec![Zeroizing::new(value.to_vec())];
    forms.extend((0..3).flat_map(|before| base64_forms(value, before)));
    // What is left as it is: by the RFC, in a path, by JavaScript's encodeURIComponent, in a form.
    for (kept, blank) in [
        ("-._~", "%20"),
        ("-._~/", "%20"),
        ("-._~!'()*", "%20"),
        ("-._*", "+"),
    ] {
        forms.push(url_encoded(value, kept.as_bytes(), blank, b"0123456789ABCDEF"));
        forms.push(url_encoded(value, kept.as_bytes(), blank, b"0123456789abcdef"));
    }
    forms.extend(std::str::from_utf8(value).ok().and_then(json_escaped));
    forms
}

/// The digits of a value that is encoded behind so many bytes of a group of three: those that it alone decides, and all, if
/// it stands at the end.
fn base64_forms(value: &[u8], before: usize) -> Vec<Form> {
    let mut bytes = Zeroizing::new(vec![0; before]);
    bytes.extend_from_slice(value);
    let (first, last) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
    let mut forms = Vec::new();
    for text in [encode(&bytes), encode_url(&bytes)] {
        let text = Zeroizing::new(text.into_bytes());
        let unpadded = text.len() - text.iter().rev().take_while(|byte| **byte == b'=').count();
        forms.extend([last, unpadded, text.len()].map(|end| Zeroizing::new(text[first..end].to_vec())));
    }
    forms
}

fn url_encoded(value: &[u8], kept: &[u8], blank: &str, digits: &[u8; 16]) -> Form {
    // Large enough from the start: what grows leaves copies behind.
    let mut form = Zeroizing::new(Vec::with_capacity(value.len() * 3));
    for byte in value {
        match byte {
            b' ' => form.extend_from_slice(blank.as_bytes()),
            byte if byte.is_ascii_alphanumeric() || kept.contains(byte) => form.push(*byte),
            byte => form.extend([
                b'%',
                digits[usize::from(byte >> 4)],
                digits[usize::from(byte & 15)],
            ]),
        }
    }
    form
}

fn json_escaped(value: &str) -> Option<Form> {
    let mut form = Zeroizing::new(Vec::with_capacity(value.len() * 6 + 2));
    serde_json::to_writer(&mut *form, value).ok()?;
    Some(Zeroizing::new(form[1..form.len() - 1].to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(secrets: &[&str], chunks: &[&str]) -> Vec<String> {
        let secrets: Vec<Sensitive> = secrets.iter().map(|secret| Sensitive::from(*secret)).collect();
        let mut masker = Masker::new(&secrets);
        let mut out: Vec<Vec<u8>> = chunks.iter().map(|chunk| masker.feed(chunk.as_bytes())).collect();
        out.push(masker.finish());
        out.into_iter()
            .map(|out| String::from_utf8(out).unwrap())
            .collect()
    }

    #[test]
    fn what_cannot_be_a_secret_goes_on_at_once() {
        assert_eq!(
            masked(&["s3cr3t"], &["Name: ", "s3c", "r3t", "s3x s3"]),
            ["Name: ", "", "***", "s3x ", "s3"]
        );
    }

    #[test]
    fn secrets_that_overlap_are_one() {
        assert_eq!(
            masked(&["abcdef", "defghi"], &["<abcde", "fghi>"]).concat(),
            "<***>"
        );
        assert_eq!(
            masked(&["abcd", "abcdefgh"], &["abcdef", "abcdefgh", "abcd"]).concat(),
            "***ef******"
        );
        assert_eq!(masked(&["abab"], &["xababab"]).concat(), "x***");
    }

    #[test]
    fn other_forms_are_hidden() {
        let secret = "p@ss \"wörd\"\n/!";
        for (text, expected) in [
            // echo -n … | base64, alone and behind a user's name, and for URLs.
            ("<cEBzcyAid8O2cmQiCi8h>", "<***>"),
            ("Basic YWRtaW46cEBzcyAid8O2cmQiCi8h", "Basic YWRtaW46***"),
            ("Basic cm9vdDpwQHNzICJ3w7ZyZCIKLyE=", "Basic cm9vdDp***"),
            ("?p=p%40ss%20%22w%C3%B6rd%22%0A%2F%21&", "?p=***&"),
            ("?p=p%40ss+%22w%c3%b6rd%22%0a%2f%21&", "?p=***&"),
            ("?p=p%40ss%20%22w%C3%B6rd%22%0A%2F!&", "?p=***&"),
            ("{\"p\":\"p@ss \\\"wörd\\\"\\n/!\"}", "{\"p\":\"***\"}"),
        ] {
            assert_eq!(masked(&[secret], &[text]).concat(), expected);
        }
    }

    #[test]
    fn short_values_stay() {
        assert_eq!(masked(&["", "1", "abc"], &["abc 1"]).concat(), "abc 1");
    }
}
