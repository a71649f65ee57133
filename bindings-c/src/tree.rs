//! Planting values into the trees that the core reads: options and operations.

use std::sync::{Mutex, MutexGuard, PoisonError};

use nightlatch_core::error::{Error, ErrorKind};
use serde_json::{Map, Value};

/// Deeper than any option lies.
const DEEPEST: usize = 12;

/// A lock that a panic elsewhere does not close for good: what it guards is always whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts `value` at a path such as `cache.ttl` or `credential.sources.0.type`, in place of what is there.
pub(crate) fn plant(tree: &mut Value, path: &str, value: Value) -> Result<(), Error> {
    *place(tree, path)? = value;
    Ok(())
}

/// Adds `value` to the end of the list at a path.
pub(crate) fn append(tree: &mut Value, path: &str, value: Value) -> Result<(), Error> {
    let place = place(tree, path)?;
    if place.is_null() {
        *place = Value::Array(Vec::new());
    }
    match place {
        Value::Array(items) => items.push(value),
        _ => return Err(refused(path, "is not a list")),
    }
    Ok(())
}

/// A number as JSON writes it: whole ones without a fraction, since counts are read as integers.
pub(crate) fn number(value: f64) -> Result<Value, Error> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        return Ok(Value::from(value as i64));
    }
    serde_json::Number::from_f64(value)
        .map(Value::Number)
        .ok_or_else(|| Error::new(ErrorKind::InvalidArgument, format!("{value} is not a number.")))
}

fn place<'a>(tree: &'a mut Value, path: &str) -> Result<&'a mut Value, Error> {
    if path.split('.').count() > DEEPEST {
        return Err(refused("that path", "is too deep"));
    }
    let mut place = tree;
    for part in path.split('.') {
        if part.is_empty() || part.len() > 64 {
            return Err(refused("that path", "has a part that is empty or too long"));
        }
        place = match part.parse::<usize>() {
            Ok(index) => item(place, index, path)?,
            Err(_) => field(place, part, path)?,
        };
    }
    Ok(place)
}

fn field<'a>(place: &'a mut Value, name: &str, path: &str) -> Result<&'a mut Value, Error> {
    if place.is_null() {
        *place = Value::Object(Map::new());
    }
    match place {
        Value::Object(fields) => Ok(fields.entry(name).or_insert(Value::Null)),
        _ => Err(refused(path, "leads through something that has no parts")),
    }
}

fn item<'a>(place: &'a mut Value, index: usize, path: &str) -> Result<&'a mut Value, Error> {
    if place.is_null() {
        *place = Value::Array(Vec::new());
    }
    let Value::Array(items) = place else {
        return Err(refused(path, "counts the parts of something that is not a list"));
    };
    if index == items.len() {
        items.push(Value::Null);
    }
    items
        .get_mut(index)
        .ok_or_else(|| refused(path, "leaves out parts of a list"))
}

fn refused(path: &str, why: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("The option {path} {why}."))
}
