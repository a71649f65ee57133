//! Reading the JSON that bindings pass, options and operations: every name must be known, every value possible, and
//! what is not is told with its path.
//!
//! A struct with defaults lists its fields once, with [`record!`]. Serde's derive reads the same; but it writes some
//! kilobytes of code for every struct, twice for those inside a tagged enum, and the edge has to load them.

use std::time::Duration;

use serde_json::{Map, Value};

/// What is wrong, as a sentence without its full stop. No text that the user gave stands in it, but for names.
pub(crate) type Wrong = String;

/// Something that can stand in options and operations.
pub(crate) trait Field: Sized {
    /// Whether `null` is one of its values.
    const TAKES_NULL: bool = false;

    /// Reads what stands at `path`.
    fn read(value: &Value, path: &str) -> Result<Self, Wrong>;
}

/// Several fields in one object.
pub(crate) trait Record: Sized {
    /// Reads those that belong to it; the caller [ends](Fields::end) the object.
    fn of(fields: &mut Fields<'_>) -> Result<Self, Wrong>;
}

/// The fields of one JSON object.
pub(crate) struct Fields<'a> {
    path: &'a str,
    object: &'a Map<String, Value>,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The fields of what stands at `path`.
    pub(crate) fn at(path: &'a str, value: &'a Value) -> Result<Self, Wrong> {
        let object = value.as_object().ok_or_else(|| wrong(path, "an object", value))?;
        Ok(Self {
            path,
            object,
            known: Vec::new(),
        })
    }

    /// A field that may be absent.
    pub(crate) fn optional<T: Field>(&mut self, name: &'static str) -> Result<Option<T>, Wrong> {
        self.known.push(name);
        match self.object.get(name) {
            None => Ok(None),
            Some(value) => T::read(value, &self.path_of(name)).map(Some),
        }
    }

    /// A field that may be absent and is then its type's default.
    pub(crate) fn or_default<T: Field + Default>(&mut self, name: &'static str) -> Result<T, Wrong> {
        self.optional(name).map(Option::unwrap_or_default)
    }

    /// A field that must be there.
    pub(crate) fn required<T: Field>(&mut self, name: &'static str) -> Result<T, Wrong> {
        self.optional(name)?
            .ok_or_else(|| format!("{} is missing", self.path_of(name)))
    }

    /// Sets `field` if it is given.
    pub(crate) fn set<T: Field>(&mut self, name: &'static str, field: &mut T) -> Result<(), Wrong> {
        if let Some(value) = self.optional(name)? {
            *field = value;
        }
        Ok(())
    }

    /// Refuses the names that nobody asked for.
    pub(crate) fn end(&self) -> Result<(), Wrong> {
        match self.object.keys().find(|name| !self.known.contains(&&***name)) {
            None => Ok(()),
            Some(name) => Err(format!(
                "{} is unknown; known are {}",
                self.path_of(name),
                self.known.join(", ")
            )),
        }
    }

    fn path_of(&self, name: &str) -> String {
        match self.path {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }
}

/// Reads a JSON text that holds one value.
pub(crate) fn read<T: Field>(text: &str) -> Result<T, Wrong> {
    // The parser's own words name the place and quote nothing.
    let value: Value = serde_json::from_str(text).map_err(|why| why.to_string())?;
    T::read(&value, "")
}

/// Reads one of several names.
pub(crate) fn one_of<T: Copy>(names: &[(&str, T)], value: &Value, path: &str) -> Result<T, Wrong> {
    let given = value.as_str().ok_or_else(|| wrong(path, "a name", value))?;
    match names.iter().find(|(name, _)| *name == given) {
        Some((_, meaning)) => Ok(*meaning),
        None => {
            let names: Vec<_> = names.iter().map(|(name, _)| *name).collect();
            Err(format!(
                "{path} cannot be {given:?}; it can be {}",
                names.join(", ")
            ))
        }
    }
}

/// The sentence for a value that is not what was `expected`. Texts are not quoted: one may be a secret that stands
/// where it should not.
pub(crate) fn wrong(path: &str, expected: &str, value: &Value) -> Wrong {
    let given = match value {
        Value::Null => "null".into(),
        Value::Bool(given) => given.to_string(),
        Value::Number(given) => given.to_string(),
        Value::String(_) => "a text".into(),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
    };
    match path {
        "" => format!("{expected} is expected, not {given}"),
        path => format!("{path} must be {expected}, not {given}"),
    }
}

/// Lists the fields of structs that have a default.
macro_rules! record {
    ($($record:ident { $($field:ident),* $(,)? })*) => {$(
        impl $crate::config::fields::Record for $record {
            fn of(
                fields: &mut $crate::config::fields::Fields<'_>,
            ) -> Result<Self, $crate::config::fields::Wrong> {
                let mut record = Self::default();
                let Self { $($field),* } = &mut record;
                $(fields.set(stringify!($field), $field)?;)*
                Ok(record)
            }
        }
    )*};
}
pub(crate) use record;

impl<T: Record> Field for T {
    fn read(value: &Value, path: &str) -> Result<Self, Wrong> {
        let mut fields = Fields::at(path, value)?;
        let record = T::of(&mut fields)?;
        fields.end()?;
        Ok(record)
    }
}

impl Field for bool {
    fn read(value: &Value, path: &str) -> Result<Self, Wrong> {
        value.as_bool().ok_or_else(|| wrong(path, "true or false", value))
    }
}

impl Field for f64 {
    fn read(value: &Value, path: &str) -> Result<Self, Wrong> {
        value.as_f64().ok_or_else(|| wrong(path, "a number", value))
    }
}

impl Field for u32 {
    fn read(value: &Value, path: &str) -> Result<Self, Wrong> {
        let number = value.as_u64().and_then(|number| number.try_into().ok());
        number.ok_or_else(|| wrong(path, "a whole number", value))
    }
}

impl Field for usize {
    fn read(value: &Value, path: &str) -> Result<Self, Wrong> {
        let number = value.as_u64().and_then(|number| number.try_into().ok());
        number.ok_or_else(|| wrong(path, "a whole number", value))
    }
}

impl Field for String {
    fn read(value: &Value, path: &str) -> Result<Self, Wrong> {
        let text = value.as_str().ok_or_else(|| wrong(path, "a text", value))?;
        Ok(text.to_owned())
    }
}

/// Seconds, fractions allowed.
impl Field for Duration {
    fn read(value: &Value, path: &str) -> Result<Self, Wrong> {
        let seconds = value
            .as_f64()
            .filter(|seconds| (0.0..=315_360_000.0).contains(seconds));
        seconds
            .map(Duration::from_secs_f64)
            .ok_or_else(|| wrong(path, "a duration in seconds (0 to ten years)", value))
    }
}

impl<T: Field> Field for Vec<T> {
    fn read(value: &Value, path: &str) -> Result<Self, Wrong> {
        let list = value.as_array().ok_or_else(|| wrong(path, "a list", value))?;
        let read = |(at, item)| T::read(item, &format!("{path}[{at}]"));
        list.iter().enumerate().map(read).collect()
    }
}

/// `null` counts as absent, unless it means something of its own.
impl<T: Field> Field for Option<T> {
    const TAKES_NULL: bool = true;

    fn read(value: &Value, path: &str) -> Result<Self, Wrong> {
        match value {
            Value::Null if !T::TAKES_NULL => Ok(None),
            value => T::read(value, path).map(Some),
        }
    }
}
