//! What the command line needs of references besides the engine: the reader of `.env` files, and the mask over a stream.

use std::sync::{Mutex, PoisonError};

use nightlatch_core::reference::dotenv::variables;
use nightlatch_core::reference::mask::Masker as Core;
use nightlatch_core::sensitive::Sensitive;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::engine::Secret;
use crate::{convert, error};

/// The variables of an `.env` file in their order, as they stand there.
#[pyfunction]
pub(crate) fn read_dotenv<'py>(py: Python<'py>, text: &str) -> PyResult<Vec<(String, Bound<'py, PyString>)>> {
    let found = variables(text).map_err(|why| error::raise(py, &why))?;
    let texts = found
        .into_iter()
        .map(|one| (one.name, convert::text(py, &one.value)));
    Ok(texts.collect())
}

/// Hides secrets in one stream of bytes, also those that are cut into chunks.
#[pyclass(frozen, module = "nightlatch._native")]
pub(crate) struct Masker(Mutex<Core>);

#[pymethods]
impl Masker {
    #[new]
    fn new(values: Vec<Secret>) -> Self {
        let values: Vec<Sensitive> = values.into_iter().map(Secret::into_sensitive).collect();
        Self(Mutex::new(Core::new(&values)))
    }

    /// Takes the next bytes of the stream, and gives what can go on.
    fn feed<'py>(&self, py: Python<'py>, chunk: &[u8]) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.with(py, |masker| masker.feed(chunk)))
    }

    /// Gives what was held back: the stream has ended.
    fn finish<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.with(py, Core::finish))
    }

    fn __repr__(&self) -> &'static str {
        "<nightlatch mask>"
    }
}

impl Masker {
    /// The interpreter is left to other threads meanwhile, and its lock is not waited for with this one held.
    fn with(&self, py: Python<'_>, act: impl FnOnce(&mut Core) -> Vec<u8> + Send) -> Vec<u8> {
        py.detach(|| act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}
