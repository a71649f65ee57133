//! A JSON object whose values stay where they are: raw text inside the body. Answers of services and what bindings
//! pass are read through it alike.

mod syntax;
mod text;

use std::time::Duration;

pub(crate) use self::syntax::valid;
#[cfg(feature = "formats")]
pub(crate) use self::text::wide_literal;
#[cfg(feature = "reference")]
pub(crate) use self::text::{literal, object, splice};
pub(crate) use self::text::{push_text, unescape};
use crate::sensitive::Sensitive;
use crate::time::UnixTime;

/// Names and raw values in the order of the body. Names are looked up ignoring case, since Azure's
/// services and their imitations differ in it; the first of several equal names counts.
#[derive(Debug, Default)]
pub(crate) struct Object<'a>(Vec<(String, &'a str)>);

impl<'a> Object<'a> {
    /// More names than any answer has; bounds the memory that a hostile one can take.
    const LIMIT: usize = 1000;

    /// Reads an object; `None` for anything else.
    pub(crate) fn parse(body: &'a [u8]) -> Option<Self> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        Self::of_valid(valid(std::str::from_utf8(body).ok()?).ok()?)
    }

    /// Reads an object that stands in JSON found [`valid`].
    pub(crate) fn of_valid(raw: &'a str) -> Option<Self> {
        let members: Option<Vec<_>> = parts_of_object(raw)?.take(Self::LIMIT + 1).collect();
        members.filter(|members| members.len() <= Self::LIMIT).map(Self)
    }

    /// Names and raw values as they stand there.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, raw)| (&**name, *raw))
    }

    /// The raw value of that name, unless it is `null`.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a str> {
        let (_, raw) = self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        Some(*raw).filter(|text| *text != "null")
    }

    /// A string, un-escaped into wiped memory.
    pub(crate) fn sensitive(&self, name: &str) -> Option<Sensitive> {
        unescape(self.raw(name)?)
    }

    /// A string that is no secret.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        text(self.raw(name)?)
    }

    /// A string that is no secret, or a number as it was written.
    pub(crate) fn text_or_number(&self, name: &str) -> Option<String> {
        let raw = self.raw(name)?;
        match raw.as_bytes().first()? {
            b'-' | b'0'..=b'9' => Some(raw.to_owned()),
            _ => self.text(name),
        }
    }

    /// A number, perhaps written as a string.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        decimal(self.text_or_number(name)?.trim())
    }

    /// Seconds since 1970 as a number or string. `None` when out of range (years 1970 to 9999).
    pub(crate) fn unix_time(&self, name: &str) -> Option<UnixTime> {
        let secs = self.number(name)?;
        (0.0..253_402_300_800.0)
            .contains(&secs)
            .then(|| UnixTime::from_millis((secs * 1000.0) as i64))
    }

    /// Seconds as a number or string, from zero up to `limit`.
    pub(crate) fn seconds(&self, name: &str, limit: Duration) -> Option<Duration> {
        let secs = self.number(name)?;
        (0.0..=limit.as_secs_f64())
            .contains(&secs)
            .then(|| Duration::from_secs_f64(secs))
    }

    /// `true` or `false`, perhaps written as a string.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.raw(name)?.trim_matches('"').to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// An object inside this one.
    pub(crate) fn object(&self, name: &str) -> Option<Object<'a>> {
        Object::of_valid(self.raw(name)?)
    }

    /// Names with their values, where these are strings.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (String, String)> {
        self.members()
            .filter_map(|(name, raw)| Some((name.to_owned(), text(raw)?)))
    }
}

/// A text as JSON.
pub(crate) fn quoted(text: &str) -> String {
    let mut literal = Vec::new();
    push_text(&mut literal, text);
    String::from_utf8(literal).unwrap_or_default()
}

/// A string.
pub(crate) fn text(raw: &str) -> Option<String> {
    unescape(raw)?.expose_str().map(str::to_owned)
}

/// The raw items of an array that stands in JSON found [`valid`].
pub(crate) fn items(raw: &str) -> Option<Vec<&str>> {
    let parts = Parts(raw.strip_prefix('[')?.strip_suffix(']')?);
    Some(parts.map(str::trim_ascii).collect())
}

/// The names and raw values of an object, however many, that stands in JSON found [`valid`].
#[cfg(feature = "encryption")]
pub(crate) fn members(raw: &str) -> Option<Vec<(String, &str)>> {
    parts_of_object(raw)?.collect()
}

/// The members of an object one by one; `None` for one whose name cannot be read.
fn parts_of_object(raw: &str) -> Option<impl Iterator<Item = Option<(String, &str)>>> {
    let parts = Parts(raw.strip_prefix('{')?.strip_suffix('}')?);
    Some(parts.map(|member| {
        let (name, value) = member.split_at_checked(end_of_part(member, b':'))?;
        Some((text(name.trim_ascii())?, value.strip_prefix(':')?.trim_ascii()))
    }))
}

/// What stands between the commas of an object or array. In JSON found valid a comma is one of these unless it
/// stands in a string or within further brackets; nothing else needs to be known of it.
struct Parts<'a>(&'a str);

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.0.trim_ascii_start().is_empty() {
            return None;
        }
        let (part, rest) = self.0.split_at_checked(end_of_part(self.0, b','))?;
        self.0 = rest.strip_prefix(',').unwrap_or(rest);
        Some(part)
    }
}

/// Where the first `separator` stands that is in no string and no bracket; else the end.
fn end_of_part(text: &str, separator: u8) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let is_end = |byte| {
        if escaped {
            escaped = false;
            return false;
        }
        match byte {
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => return depth == 0 && byte == separator,
        }
        false
    };
    text.bytes().position(is_end).unwrap_or(text.len())
}

/// A number in JSON's spelling (RFC 8259 section 6), exact to fifteen digits. The ready parsers are exact to the last
/// bit of numbers that nobody sends, by tables that the edge would have to load.
pub(crate) fn decimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    if digits.is_empty() || fraction.is_empty() {
        return None;
    }
    let (mut value, mut scale) = (0.0, exponent);
    for digit in digits.chars().map(|c| c.to_digit(10)) {
        value = value * 10.0 + f64::from(digit?);
    }
    for digit in fraction.trim_end_matches('0').chars().map(|c| c.to_digit(10)) {
        value = value * 10.0 + f64::from(digit?);
        scale = scale.saturating_sub(1);
    }
    // Dividing by a power of ten is exact where multiplying by its inverse is not.
    value = if scale < 0 {
        value / 10_f64.powi(scale.saturating_neg())
    } else {
        value * 10_f64.powi(scale)
    };
    let value = if digits.len() < whole.len() { -value } else { value };
    Some(value).filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_objects_are_objects() {
        for body in [
            "",
            " ",
            "null",
            "[]",
            "\"hunter2\"",
            "{",
            "{\"a\":}",
            "<html>",
            "{\"a\":1}x",
        ] {
            assert!(Object::parse(body.as_bytes()).is_none(), "{body}");
        }
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200_000), "]".repeat(200_000));
        assert!(Object::parse(deep.as_bytes()).is_none_or(|o| o.object("a").is_none()));
    }

    #[test]
    fn members_and_items_are_told_apart() {
        let body = r#" { "a\"," : [1, {"b":",]"}, "\\" ] , "":{},"c":"}:{" } "#;
        let object = Object::parse(body.as_bytes()).unwrap();
        let members: Vec<_> = object.members().collect();
        assert_eq!(
            members,
            [
                ("a\",", r#"[1, {"b":",]"}, "\\" ]"#),
                ("", "{}"),
                ("c", r#""}:{""#)
            ]
        );
        assert_eq!(items(members[0].1).unwrap(), ["1", r#"{"b":",]"}"#, r#""\\""#]);
        assert_eq!(items("[ ]").unwrap(), [""; 0]);
        assert!(object.object("").unwrap().members().next().is_none());
        assert_eq!(object.text("c").as_deref(), Some("}:{"));
    }

    #[test]
    fn numbers_agree_with_serde_json() {
        for text in [
            "0",
            "-0",
            "-5",
            "1.5",
            "0.1",
            "0.001",
            "3.599e3",
            "3599E-3",
            "1e+2",
            "1793086399.123",
            "315360000",
            "100.000",
            "9007199254740991",
        ] {
            assert_eq!(decimal(text), serde_json::from_str(text).ok(), "{text}");
        }
        for text in [
            "", "-", ".", "1.", ".5", "+1", "inf", "NaN", "1e", "e3", "1e999", "1_0", "0x1", "1 ", "１",
        ] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn values_are_read_in_every_spelling() {
        let body = br#"{"N":"3599","m":3599,"f":3.599e3,"inf":"inf","z":null,"Flag":"True","o":{"x":1},"s":"\u00e4"}"#;
        let object = Object::parse(body).unwrap();
        for name in ["n", "m", "f"] {
            assert_eq!(
                object
                    .seconds(name, Duration::from_secs(9999))
                    .map(|d| d.as_secs()),
                Some(3599)
            );
        }
        assert_eq!(object.number("inf"), None);
        assert_eq!(object.raw("z"), None);
        assert_eq!(object.flag("flag"), Some(true));
        assert_eq!(object.object("o").unwrap().number("x"), Some(1.0));
        assert_eq!(object.text("s").as_deref(), Some("ä"));
    }
}
