//! What the command line needs to search files.

use nightlatch_core::scan::{Kind, Scan, reference};
use nightlatch_core::secret::{SecretName, VaultUrl};
use nightlatch_core::sensitive::Sensitive;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::{convert, error};

/// What was found, without the values: line, column, rule, what it is, a name, and whether it can be replaced.
type Found = (usize, usize, &'static str, &'static str, String, bool);

/// The text of a file, searched for secrets.
#[pyclass(frozen, module = "nightlatch._native")]
pub(crate) struct Scanned {
    text: Sensitive,
    kind: Kind,
}

#[pymethods]
impl Scanned {
    #[new]
    fn new(path: &str, text: String) -> Self {
        Self {
            text: text.into(),
            kind: Kind::of(path),
        }
    }

    /// What was found, in the order of the text.
    fn findings(&self) -> Vec<Found> {
        let scan = self.scan();
        let found = scan.findings().iter();
        found
            .map(|one| {
                (
                    one.line,
                    one.column,
                    one.rule.id,
                    one.rule.what,
                    one.name.to_string(),
                    one.fixable,
                )
            })
            .collect()
    }

    /// The secret of one of them.
    fn value<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Option<Bound<'py, PyString>>> {
        let scan = self.scan();
        let found = scan
            .findings()
            .get(index)
            .ok_or_else(|| PyIndexError::new_err(index))?;
        Ok(scan.value(found).map(|value| convert::text(py, &value)))
    }

    /// The text with references in the place of some of them.
    fn replaced<'py>(
        &self,
        py: Python<'py>,
        references: Vec<(usize, String)>,
    ) -> PyResult<Bound<'py, PyString>> {
        let scan = self.scan();
        let findings = scan.findings();
        let places = references.iter().map(|(index, reference)| {
            let found = findings
                .get(*index)
                .ok_or_else(|| PyIndexError::new_err(*index))?;
            Ok((found, &**reference))
        });
        let places = places.collect::<PyResult<Vec<_>>>()?;
        let replaced = scan.replaced(&places).map_err(|why| error::raise(py, &why))?;
        Ok(convert::text(py, &replaced))
    }

    fn __repr__(&self) -> &'static str {
        "<nightlatch scan>"
    }
}

impl Scanned {
    fn scan(&self) -> Scan<'_> {
        Scan::new(self.text.expose_str().unwrap_or_default(), self.kind)
    }
}

/// The reference that stands for a secret.
#[pyfunction]
#[pyo3(signature = (vault, name))]
pub(crate) fn reference_to(py: Python<'_>, vault: Option<&str>, name: &str) -> PyResult<String> {
    let vault = vault.map(|vault| VaultUrl::parse(vault, true)).transpose();
    let made = vault.and_then(|vault| Ok(reference(vault.as_ref(), &SecretName::parse(name)?)));
    made.map_err(|why| error::raise(py, &why))
}
