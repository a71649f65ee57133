//! A JSON object whose values stay where they are: raw text inside the body.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{self, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::json_text::unescape;
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
        if body.trim_ascii_start().first() != Some(&b'{') {
            return None;
        }
        serde_json::from_slice(body).ok()
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
        serde_json::from_str(self.raw(name)?).ok()
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
        self.0.iter().filter_map(|(name, raw)| {
            let value = serde_json::from_str(raw.get()).ok()?;
            Some((name.clone(), value))
        })
    }
}

/// A number in JSON's spelling (RFC 8259 section 6). Rust's own parser also takes "inf" and "nan", and brings a table
/// of 10 KB to round the last bit of numbers that nobody sends.
pub(crate) fn decimal(text: &str) -> Option<f64> {
    serde_json::from_str(text).ok()
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
