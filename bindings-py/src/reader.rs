//! The cached read, which must cost no more than a Python method over a dict: no lock, no operation, no allocation.

use std::sync::{Arc, OnceLock};

use nightlatch_core::cache::freshness::Freshness;
use nightlatch_core::engine::SecretStore;
use nightlatch_core::secret::{SecretIdRef, VaultUrl};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::clock::Clock;
use crate::engine::Engine;
use crate::{convert, error};

/// Where a vault's secrets are kept.
struct Source {
    store: Arc<SecretStore>,
    clock: Clock,
    vault: VaultUrl,
}

impl Source {
    /// The secret if it may be served as it is. `None` obliges the caller to ask the engine: nothing is kept, or it is
    /// stale, or this caller was chosen to renew it.
    #[inline]
    fn read<'py>(
        &self,
        name: &Bound<'py, PyString>,
        version: Option<&Bound<'py, PyString>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = name.py();
        let version = match version {
            Some(version) => Some(version.to_str()?).filter(|v| !v.is_empty()),
            None => None,
        };
        let key = SecretIdRef {
            vault: &self.vault,
            name: name.to_str()?,
            version,
        };
        let now = self.clock.about_now();
        match self.store.read(&key, now, |entry| convert::in_slot(py, entry)) {
            Some(Some(object)) => Ok(Some(object)),
            // The first hit: Python makes the object, outside of the read.
            Some(None) => self
                .store
                .get(&key, now)
                .map(|(entry, _)| convert::ready_made(py, &entry))
                .transpose(),
            None => Ok(None),
        }
    }
}

/// The latest versions of a vault's secrets, as far as they are cached: `cached[name]` is the secret, or `None` if
/// the engine must be asked.
///
/// A subscript because Python reaches it without parsing arguments, which is half the cost of a call.
#[pyclass(frozen, module = "nightlatch._native")]
pub(crate) struct CachedSecrets(Arc<Source>);

#[pymethods]
impl CachedSecrets {
    fn __getitem__<'py>(&self, name: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.read(name, None)
    }
}

/// The base class of clients: reads from the cache without lock, operation or allocation, and calls into Python
/// only when the cache cannot answer.
#[pyclass(subclass, frozen, module = "nightlatch._native")]
pub(crate) struct SecretReader(OnceLock<Arc<Source>>);

#[pymethods]
impl SecretReader {
    /// Arguments are the subclass's own; `_open` says what to read from.
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self(OnceLock::new())
    }

    /// Says once which engine's cache and which vault to read from; returns the vault's URL in its one form, and the
    /// view of what is cached.
    fn _open(&self, py: Python<'_>, engine: &Engine, vault_url: &str) -> PyResult<(String, CachedSecrets)> {
        let vault = engine.intern(vault_url).map_err(|why| error::raise(py, &why))?;
        let url = vault.as_str().to_owned();
        let source = Arc::new(Source {
            store: Arc::clone(&engine.store),
            clock: engine.clock.clone(),
            vault,
        });
        let cached = CachedSecrets(Arc::clone(&source));
        self.0
            .set(source)
            .map_err(|_| PyRuntimeError::new_err("the client is open already"))?;
        Ok((url, cached))
    }

    /// Gets a secret: from the cache if a fresh copy is there, else from the vault.
    ///
    /// :param name: the secret's name
    /// :param version: one version of it; the latest if not given
    /// :keyword out_content_type: the form in which the secret behind a certificate is wanted, such as
    ///     ``ContentType.PEM``. The service converts, and the answer is not cached
    /// :keyword timeout: seconds this call may take in all; the client's `operation_timeout` if not given
    /// :returns: a `KeyVaultSecret`; the same object for as long as the cached copy lives
    /// :raises ResourceNotFoundError: there is no such secret or version
    /// :raises ClientAuthenticationError: no identity was found here, or it was refused
    /// :raises ForbiddenError: the identity may not read this secret, or the network is not allowed
    /// :raises NightlatchError: the base of these and all other errors
    #[pyo3(signature = (name, version=None, *, out_content_type=None, timeout=None))]
    fn get_secret<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyString>,
        version: Option<&Bound<'py, PyString>>,
        out_content_type: Option<&Bound<'py, PyString>>,
        timeout: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if out_content_type.is_none()
            && let Some(source) = slf.get().0.get()
            && let Some(object) = source.read(name, version)?
        {
            return Ok(object);
        }
        let arguments = (name, version, timeout, false, out_content_type);
        slf.call_method1(pyo3::intern!(slf.py(), "_fetch_secret"), arguments)
    }

    /// The cached secret if it may be served as it is; `None` obliges the caller to ask the engine.
    #[pyo3(signature = (name, version))]
    fn _cached<'py>(
        &self,
        name: &Bound<'py, PyString>,
        version: Option<&Bound<'py, PyString>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.get().map_or(Ok(None), |source| source.read(name, version))
    }

    /// The cached secret, or `None`. Never asks the vault, and never waits.
    ///
    /// A copy past its life (`cache_ttl`) is not shown, even while `stale_if_error` would still allow it to serve.
    #[pyo3(signature = (name, version=None))]
    fn peek<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        version: Option<&str>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(source) = self.0.get() else {
            return Ok(None);
        };
        let version = version.filter(|v| !v.is_empty());
        let key = SecretIdRef {
            vault: &source.vault,
            name,
            version,
        };
        match source.store.get(&key, source.clock.now().instant) {
            Some((entry, Freshness::Fresh | Freshness::RefreshDue)) => {
                convert::ready_made(py, &entry).map(Some)
            }
            _ => Ok(None),
        }
    }
}
