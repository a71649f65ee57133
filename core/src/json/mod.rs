//! A JSON object whose values stay where they are: raw text inside the body. Answers of services and what bindings
//! pass are read through it alike.

mod text;

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{self, MapAccess, Visitor};
use serde_json::value::RawValue;

use self::text::unescape;
use crate::sensitive::Sensitive;
use crate::time::UnixTime;

/// Names and raw values in the order of the body. Names are looked up ignoring case, since Azure's
/// services and their imitations differ in it; the first of several equal names counts.
#[derive(Debug)]
pub(crate) struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Object<'a> {
    /// More names than any answer has; bounds the memory that a hostile one can take.
    const LIMIT: usize = 1000;

    /// Reads an object; `None` for anything else. Errors of the parser are dropped, because they
    /// quote the body.
    pub(crate) fn parse(body: &'a [u8]) -> Option<Self> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        Self::parse_strictly(std::str::from_utf8(body).ok()?).ok()
    }

    /// Reads an object, and tells where it is none. The parser's words may quote a text that stands in its place.
    pub(crate) fn parse_strictly(text: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// Names and raw values as they stand there.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, raw)| (&**name, raw.get()))
    }

    /// The raw value of that name, unless it is `null`.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a str> {
        let (_, raw) = self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        Some(raw.get()).filter(|text| *text != "null")
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
        Object::parse(self.raw(name)?.as_bytes())
    }

    /// Names with their values, where these are strings.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (String, String)> {
        self.members()
            .filter_map(|(name, raw)| Some((name.to_owned(), text(raw)?)))
    }
}

/// A string.
pub(crate) fn text(raw: &str) -> Option<String> {
    unescape(raw)?.expose_str().map(str::to_owned)
}

/// The raw items of an array.
pub(crate) fn items(raw: &str) -> Option<Vec<&str>> {
    let items: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
    Some(items.into_iter().map(RawValue::get).collect())
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

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    if fields.len() == Object::LIMIT {
                        return Err(de::Error::custom("too many names"));
                    }
                    fields.push(field);
                }
                Ok(Object(fields))
            }
        }

        deserializer.deserialize_map(Fields)
    }
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
