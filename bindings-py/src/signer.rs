//! Signing with a key that came as a file or text: the key stays on this side of the border.

use nightlatch_core::effect::Algorithm;
use nightlatch_core::sensitive::Sensitive;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// A key and how it signs.
#[pyclass(frozen, module = "nightlatch._native")]
pub(crate) struct Signer {
    key: Sensitive,
    algorithm: Algorithm,
}

impl Signer {
    pub(crate) fn new(key: Sensitive, algorithm: Algorithm) -> Self {
        Self { key, algorithm }
    }
}

#[pymethods]
impl Signer {
    /// Signs.
    fn sign<'py>(&self, py: Python<'py>, message: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let signature = py.detach(|| nightlatch_signing::sign(self.key.expose(), self.algorithm, message));
        match signature {
            Ok(signature) => Ok(PyBytes::new(py, &signature)),
            Err(fault) => Err(PyValueError::new_err(fault.to_string())),
        }
    }

    fn __repr__(&self) -> &'static str {
        "<nightlatch signing key>"
    }
}
