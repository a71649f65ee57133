//! Reading the JSON that bindings pass, options and operations: every name must be known, every value possible, and
//! what is not is told with its path.
//!
//! A struct with defaults lists its fields once, with [`record!`]. Serde's derive reads the same; but it writes some
//! kilobytes of code for every struct, twice for those inside a tagged enum, and the edge has to load them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::json::{self, Object, decimal};
use crate::time::UnixTime;

/// What is wrong, as a sentence without its full stop. No text that the user gave stands in it, but for names.
pub(crate) type Wrong = String;

/// Bounds how deep chains of chains of credentials may go.
const LONGEST_PATH: usize = 1000;

/// Something that can stand in options and operations.
pub(crate) trait Field: Sized {
    /// Whether `null` is one of its values.
    const TAKES_NULL: bool = false;

    /// Reads what stands at `path`.
    fn read(raw: &str, path: &str) -> Result<Self, Wrong>;
}

/// Several fields in one object.
pub(crate) trait Record: Sized {
    /// Reads those that belong to it; whether they were right is told by the [end](Fields::end) of the object.
    fn of(fields: &mut Fields<'_>) -> Self;
}

/// The fields of one JSON object.
pub(crate) struct Fields<'a> {
    path: &'a str,
    object: Object<'a>,
    known: Vec<&'static str>,
    wrong: Option<Wrong>,
    missing: Option<Wrong>,
}

impl<'a> Fields<'a> {
    /// The fields of what stands at `path`.
    pub(crate) fn at(path: &'a str, raw: &'a str) -> Result<Self, Wrong> {
        if !raw.starts_with('{') {
            return Err(wrong(path, "an object", raw));
        }
        if path.len() > LONGEST_PATH {
            return Err("it is nested too deeply".into());
        }
        let object = Object::of_valid(raw).ok_or_else(|| format!("{path} has names that cannot be read"))?;
        Ok(Self {
            path,
            object,
            known: Vec::new(),
            wrong: None,
            missing: None,
        })
    }

    /// A field that may be absent.
    pub(crate) fn optional<T: Field>(&mut self, name: &'static str) -> Option<T> {
        let (raw, path) = self.take(name)?;
        match T::read(raw, &path) {
            Ok(value) => Some(value),
            Err(why) => {
                self.refuse(why);
                None
            }
        }
    }

    /// A field that may be absent and is then its type's default.
    pub(crate) fn or_default<T: Field + Default>(&mut self, name: &'static str) -> T {
        self.optional(name).unwrap_or_default()
    }

    /// A field that must be there.
    pub(crate) fn required<T: Field + Default>(&mut self, name: &'static str) -> T {
        self.optional(name).unwrap_or_else(|| {
            let why = format!("{} is missing", self.path_of(name));
            self.missing.get_or_insert(why);
            T::default()
        })
    }

    /// Sets `field` if it is given.
    pub(crate) fn set<T: Field>(&mut self, name: &'static str, field: &mut T) {
        if let Some(value) = self.optional(name) {
            *field = value;
        }
    }

    /// Notes what is wrong; the first is told.
    pub(crate) fn refuse(&mut self, why: Wrong) {
        self.wrong.get_or_insert(why);
    }

    /// Takes all names for known.
    pub(crate) fn pass_over(&mut self) {
        self.object = Object::default();
    }

    /// Tells what was wrong. A name that nobody asked for comes before one that is missing: it may be the same,
    /// misspelt.
    pub(crate) fn end(self) -> Result<(), Wrong> {
        let mut names = self.object.members().map(|(name, _)| name);
        let unknown = names
            .find(|name| !self.known.contains(name))
            .map(|name| unknown(&self.path_of(name), &self.known));
        match self.wrong.or(unknown).or(self.missing) {
            Some(why) => Err(why),
            None => Ok(()),
        }
    }

    /// What is given under a name, and where that stands.
    fn take(&mut self, name: &'static str) -> Option<(&'a str, String)> {
        self.known.push(name);
        let (raw, again) = {
            let mut given = self.object.members().filter(|(other, _)| *other == name);
            (given.next()?.1, given.next().is_some())
        };
        let path = self.path_of(name);
        if again {
            self.refuse(format!("{path} is given twice"));
        }
        Some((raw, path))
    }

    fn path_of(&self, name: &str) -> String {
        match self.path {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }
}

/// Reads a JSON text.
pub(crate) fn read<T: Field>(text: &str) -> Result<T, Wrong> {
    let raw = json::valid(text).map_err(|at| format!("from byte {at} on it is no JSON"))?;
    T::read(raw, "")
}

/// Reads one of several names.
pub(crate) fn one_of<T: Copy>(names: &[(&str, T)], raw: &str, path: &str) -> Result<T, Wrong> {
    let given = String::read(raw, path)?;
    match names.iter().find(|(name, _)| *name == given) {
        Some((_, meaning)) => Ok(*meaning),
        None => {
            let names: Vec<_> = names.iter().map(|(name, _)| *name).collect();
            Err(format!("{path}: {}", unknown(&given, &names)))
        }
    }
}

/// The sentence for a name that does not stand among the `known` ones.
pub(crate) fn unknown(name: &str, known: &[&str]) -> Wrong {
    format!("`{}` is unknown; known are `{}`", name, known.join("`, `"))
}

/// The sentence for a value that is not what was `expected`. Texts are not quoted: one may be a secret that stands
/// where it should not.
fn wrong(path: &str, expected: &str, raw: &str) -> Wrong {
    let given = match raw.as_bytes().first() {
        Some(b'"') => "a text",
        Some(b'[') => "a list",
        Some(b'{') => "an object",
        _ => raw,
    };
    let path = if path.is_empty() { "the text" } else { path };
    format!("{path} must be {expected}, not {given}")
}

/// A value that the parser finds, else the sentence that it is not what was `expected`.
fn found<T>(value: Option<T>, raw: &str, path: &str, expected: &str) -> Result<T, Wrong> {
    value.ok_or_else(|| wrong(path, expected, raw))
}

/// Lists the fields of structs that have a default.
macro_rules! record {
    ($($record:ident { $($field:ident),* $(,)? })*) => {$(
        impl $crate::config::fields::Record for $record {
            fn of(fields: &mut $crate::config::fields::Fields<'_>) -> Self {
                let mut record = Self::default();
                let Self { $($field),* } = &mut record;
                $(fields.set(stringify!($field), $field);)*
                record
            }
        }
    )*};
}
pub(crate) use record;

impl<T: Record> Field for T {
    fn read(raw: &str, path: &str) -> Result<Self, Wrong> {
        let mut fields = Fields::at(path, raw)?;
        let record = T::of(&mut fields);
        fields.end()?;
        Ok(record)
    }
}

impl Field for bool {
    fn read(raw: &str, path: &str) -> Result<Self, Wrong> {
        found(raw.parse().ok(), raw, path, "true or false")
    }
}

impl Field for f64 {
    fn read(raw: &str, path: &str) -> Result<Self, Wrong> {
        found(decimal(raw), raw, path, "a number")
    }
}

impl Field for u16 {
    fn read(raw: &str, path: &str) -> Result<Self, Wrong> {
        found(raw.parse().ok(), raw, path, "a whole number below 65,536")
    }
}

impl Field for u32 {
    fn read(raw: &str, path: &str) -> Result<Self, Wrong> {
        found(raw.parse().ok(), raw, path, "a whole number")
    }
}

impl Field for usize {
    fn read(raw: &str, path: &str) -> Result<Self, Wrong> {
        found(raw.parse().ok(), raw, path, "a whole number")
    }
}

impl Field for String {
    fn read(raw: &str, path: &str) -> Result<Self, Wrong> {
        found(json::text(raw), raw, path, "a text")
    }
}

/// Seconds since 1970, fractions allowed.
impl Field for UnixTime {
    fn read(raw: &str, path: &str) -> Result<Self, Wrong> {
        let seconds = decimal(raw).filter(|seconds| (0.0..253_402_300_800.0).contains(seconds));
        let time = seconds.map(|seconds| UnixTime::from_millis((seconds * 1000.0) as i64));
        found(
            time,
            raw,
            path,
            "a time in seconds since 1970, up to the year 9999",
        )
    }
}

/// Seconds, fractions allowed.
impl Field for Duration {
    fn read(raw: &str, path: &str) -> Result<Self, Wrong> {
        let seconds = decimal(raw).filter(|seconds| (0.0..=315_360_000.0).contains(seconds));
        let duration = seconds.map(Duration::from_secs_f64);
        found(duration, raw, path, "a duration in seconds (0 to ten years)")
    }
}

impl<T: Field> Field for Vec<T> {
    fn read(raw: &str, path: &str) -> Result<Self, Wrong> {
        let list = found(json::items(raw), raw, path, "a list")?;
        let read = |(at, item)| T::read(item, &format!("{path}[{at}]"));
        list.into_iter().enumerate().map(read).collect()
    }
}

impl Field for BTreeMap<String, String> {
    fn read(raw: &str, path: &str) -> Result<Self, Wrong> {
        let object = found(Object::of_valid(raw), raw, path, "an object")?;
        // One by one: collected at once they would be sorted first, by an algorithm for millions.
        let mut texts = Self::new();
        for (name, raw) in object.members() {
            texts.insert(name.to_owned(), String::read(raw, &format!("{path}.{name}"))?);
        }
        Ok(texts)
    }
}

/// `null` counts as absent, unless it means something of its own.
impl<T: Field> Field for Option<T> {
    const TAKES_NULL: bool = true;

    fn read(raw: &str, path: &str) -> Result<Self, Wrong> {
        match raw {
            "null" if !T::TAKES_NULL => Ok(None),
            raw => T::read(raw, path).map(Some),
        }
    }
}
