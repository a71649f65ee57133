//! An operation by its name and arguments, for the calls that have one each.

use std::ffi::c_char;
use std::sync::Arc;

use nightlatch_core::error::{Error, ErrorKind};
use nightlatch_core::sensitive::Sensitive;
use serde_json::{Map, Value, json};

use crate::blocking::{Driver, Functions};
use crate::changes::nightlatch_changes;
use crate::door::null_argument;
use crate::operation::with_value;
use crate::reads::nightlatch_vault;
use crate::reply::Content;
use crate::slice::text;

/// More is a mistake in the count.
const MOST_NAMES: usize = 100_000;

/// One operation, as the core reads it.
pub(crate) struct Asked(Map<String, Value>);

impl Asked {
    pub(crate) fn new(op: &str) -> Self {
        Self(Map::from_iter([("op".to_owned(), op.into())]))
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// A text that may be left out.
    pub(crate) fn with_text(self, name: &str, value: &str) -> Self {
        match value {
            "" => self,
            value => self.with(name, value),
        }
    }

    /// A number that may be left out.
    pub(crate) fn with_number(self, name: &str, value: u32) -> Self {
        match value {
            0 => self,
            value => self.with(name, value),
        }
    }

    /// A time that may be left out.
    pub(crate) fn with_seconds(self, name: &str, ms: u64) -> Self {
        match ms {
            0 => self,
            // More than ten years are as good as ten.
            ms => self.with(name, json!((ms as f64 / 1000.0).min(315_360_000.0))),
        }
    }

    pub(crate) fn with_changes(mut self, changes: Option<&nightlatch_changes>) -> Self {
        self.0
            .extend(changes.map(nightlatch_changes::arguments).unwrap_or_default());
        self
    }

    /// Carries it out in a vault, and waits for its end.
    pub(crate) fn of(
        self,
        vault: &nightlatch_vault,
        timeout_ms: u64,
        value: Option<Sensitive>,
    ) -> Result<Content, Error> {
        self.with("vault", vault.url.as_str())
            .by(&vault.driver, timeout_ms, value)
    }

    /// Carries out the rotation of a secret of a vault by these functions, and waits for its end.
    pub(crate) fn rotating(
        self,
        vault: &nightlatch_vault,
        timeout_ms: u64,
        functions: &dyn Functions,
    ) -> Result<Content, Error> {
        let asked = self.with("vault", vault.url.as_str());
        asked.carried_out(&vault.driver, timeout_ms, None, Some(functions))
    }

    /// Carries it out, and waits for its end.
    pub(crate) fn by(
        self,
        driver: &Arc<Driver>,
        timeout_ms: u64,
        value: Option<Sensitive>,
    ) -> Result<Content, Error> {
        self.carried_out(driver, timeout_ms, value, None)
    }

    fn carried_out(
        self,
        driver: &Arc<Driver>,
        timeout_ms: u64,
        value: Option<Sensitive>,
        functions: Option<&dyn Functions>,
    ) -> Result<Content, Error> {
        let text = Value::Object(self.with_seconds("timeout", timeout_ms).0).to_string();
        // A callback may free the handle that lends this one.
        let driver = Arc::clone(driver);
        let operation = with_value(driver.with_engine(|engine| engine.operation(&text))?, value)?;
        driver.call_with(operation, None, functions)
    }
}

/// Many names, as C passes them: `count` texts and their lengths.
///
/// # Safety
/// `names` and `lens` are NULL or readable for `count` items, and each name as [`text`] wants it.
pub(crate) unsafe fn names_of(
    names: *const *const c_char,
    lens: *const usize,
    count: usize,
) -> Result<Vec<Value>, Error> {
    if count != 0 && (names.is_null() || lens.is_null()) {
        return Err(null_argument("names"));
    }
    if count > MOST_NAMES {
        let text = format!("More than {MOST_NAMES} names were given.");
        return Err(Error::new(ErrorKind::InvalidArgument, text));
    }
    // SAFETY: not NULL, and as long as the caller says.
    let one = |index| unsafe { text(*names.add(index), *lens.add(index)).map(Value::from) };
    (0..count).map(one).collect()
}
