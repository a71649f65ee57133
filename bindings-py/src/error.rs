//! Errors of the core as Python exceptions. The classes are Python's own, in `nightlatch.errors`; which one belongs to
//! which kind is said there, by the kind's name.

use nightlatch_core::error::Error;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// An exception of its own for each caller, since raising one writes into it.
pub(crate) fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let details = error.details();
    let facts = PyDict::new(py);
    facts.set_item("source", details.source.as_deref())?;
    facts.set_item(
        "identity",
        details
            .identity
            .as_ref()
            .map(|i| (&i.tenant, &i.client, &i.object, &i.resource)),
    )?;
    facts.set_item("status_code", details.status)?;
    facts.set_item("error_code", details.code.as_deref())?;
    facts.set_item("inner_code", details.inner_code.as_deref())?;
    facts.set_item("request_id", details.request_id.as_deref())?;
    facts.set_item("retry_after", details.retry_after.map(|wait| wait.as_secs_f64()))?;
    let attempts = details
        .attempts
        .iter()
        .map(|a| (&a.source, a.ending, &a.reason))
        .collect::<Vec<_>>();
    facts.set_item("attempts", attempts)?;
    facts.set_item("advice", details.advice.as_deref())?;
    facts.set_item("help", details.help.map(|help| help.code()))?;
    MAKE.import(py, "nightlatch.errors", "from_native")?.call1((
        details.kind.name(),
        &details.message,
        error.to_string(),
        facts,
    ))
}

/// The error as something to return from a native method.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    match exception(py, error) {
        Ok(exception) => PyErr::from_value(exception),
        Err(why) => {
            let outer = PyRuntimeError::new_err(error.to_string());
            outer.set_cause(py, Some(why));
            outer
        }
    }
}
