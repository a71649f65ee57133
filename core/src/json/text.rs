//! JSON string literals, into wiped memory and out of it.
//!
//! `serde_json` un-escapes strings through a scratch buffer that it does not wipe; a secret must not
//! pass through it.

#[cfg(feature = "reference")]
use std::ops::Range;

use zeroize::Zeroizing;

use crate::sensitive::Sensitive;

/// Un-escapes a JSON string literal, quotes included (RFC 8259 section 7), in one allocation.
/// `None` when it is no string, or holds a bad escape or half a surrogate pair.
pub(crate) fn unescape(literal: &str) -> Option<Sensitive> {
    let mut rest = literal.strip_prefix('"')?.strip_suffix('"')?.as_bytes();
    // An escape is never shorter than what it stands for, so this never grows. If we give up half
    // way, the wrapper wipes what is there.
    let mut text = Zeroizing::new(Vec::with_capacity(rest.len()));
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'\\' => {
                let (&escape, tail) = rest.split_first()?;
                rest = tail;
                let plain = match escape {
                    b'"' | b'\\' | b'/' => escape,
                    b'b' => 0x08,
                    b'f' => 0x0c,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'u' => {
                        let (c, tail) = unicode(rest)?;
                        rest = tail;
                        text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                        continue;
                    }
                    _ => return None,
                };
                text.push(plain);
            }
            b'"' | 0..0x20 => return None,
            _ => text.push(byte),
        }
    }
    Some(Sensitive::from(std::mem::take(&mut *text)))
}

/// The character of `XXXX` or `XXXX\uXXXX`, and what follows it.
fn unicode(text: &[u8]) -> Option<(char, &[u8])> {
    let (first, rest) = hex4(text)?;
    match first {
        0xd800..0xdc00 => {
            let (second, rest) = hex4(rest.strip_prefix(b"\\u")?)?;
            if !(0xdc00..0xe000).contains(&second) {
                return None;
            }
            let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            Some((char::from_u32(code)?, rest))
        }
        _ => Some((char::from_u32(first)?, rest)),
    }
}

fn hex4(text: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_at_checked(4)?;
    let mut code = 0;
    for &digit in digits {
        code = code << 4 | char::from(digit).to_digit(16)?;
    }
    Some((code, rest))
}

/// Writes a text as a JSON string literal: at most six bytes for each of its own, and two quotes.
pub(crate) fn push_text(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            0..0x20 => {
                out.extend(b"\\u00");
                out.extend([HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// A text as a JSON string literal, in one allocation.
#[cfg(feature = "reference")]
pub(crate) fn literal(text: &str) -> Sensitive {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len() * 6 + 2));
    push_text(&mut out, text);
    Sensitive::from(std::mem::take(&mut *out))
}

/// A text as a literal that YAML 1.2 and TOML 1.1 read alike (and JSON too): the characters that they want escaped are.
#[cfg(feature = "formats")]
pub(crate) fn wide_literal(text: &str) -> Sensitive {
    let plain = literal(text);
    let is_odd = |c: char| {
        matches!(
            c,
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
    };
    let plain = plain.expose_str().unwrap_or_default();
    let mut out = Zeroizing::new(Vec::with_capacity(plain.len() * 6));
    for c in plain.chars() {
        match is_odd(c) {
            true => out.extend_from_slice(format!("\\u{:04x}", c as u32).as_bytes()),
            false => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Sensitive::from(std::mem::take(&mut *out))
}

/// A text with others in the places of some of its parts, in their order; in one allocation.
#[cfg(feature = "reference")]
pub(crate) fn splice<'a>(
    text: &str,
    parts: impl Iterator<Item = (Range<usize>, &'a Sensitive)> + Clone,
) -> Sensitive {
    let more: usize = parts.clone().map(|(_, part)| part.len()).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(text.len() + more));
    let mut at = 0;
    for (place, part) in parts {
        out.extend_from_slice(&text.as_bytes()[at..place.start]);
        out.extend_from_slice(part.expose());
        at = place.end;
    }
    out.extend_from_slice(&text.as_bytes()[at..]);
    Sensitive::from(std::mem::take(&mut *out))
}

/// A JSON object of texts with their names, in one allocation. `None` if a value is no text.
#[cfg(feature = "reference")]
pub(crate) fn object(values: &[(&str, Sensitive)]) -> Option<Sensitive> {
    let most = values
        .iter()
        .map(|(name, value)| (name.len() + value.len()) * 6 + 6);
    let mut out = Zeroizing::new(Vec::with_capacity(most.sum::<usize>() + 2));
    out.push(b'{');
    for (at, (name, value)) in values.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push_text(&mut out, name);
        out.push(b':');
        push_text(&mut out, value.expose_str()?);
    }
    out.push(b'}');
    Some(Sensitive::from(std::mem::take(&mut *out)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_serde_json() {
        for literal in [
            r#""""#,
            r#""plain""#,
            r#""\"\\\/\b\f\n\r\t""#,
            r#""\u00e4\u20AC\u0000""#,
            r#""\ud83d\ude00 ok""#,
            "\"ä€😀\"",
        ] {
            let expected: String = serde_json::from_str(literal).unwrap();
            assert_eq!(
                unescape(literal).unwrap().expose_str(),
                Some(&*expected),
                "{literal}"
            );
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text: String = (0..0x300).filter_map(char::from_u32).collect();
        let mut literal = Vec::new();
        push_text(&mut literal, &text);
        assert_eq!(serde_json::from_slice::<String>(&literal).unwrap(), text);
    }

    #[test]
    fn bad_literals_are_none() {
        for literal in [
            "",
            "\"",
            "a",
            "null",
            "12",
            r#""\"#,
            r#""\""#,
            r#""\x""#,
            r#""\u12""#,
            r#""\u+123""#,
            r#""\ud83d""#,
            r#""\ud83dx""#,
            r#""\ud83d\u0041""#,
            r#""\ude00""#,
            "\"\n\"",
            r#""a"b""#,
        ] {
            assert!(unescape(literal).is_none(), "{literal}");
        }
    }
}
