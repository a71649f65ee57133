//! The engine behind a lock, and the base class of clients with the cached read.
//!
//! Each call that may bring outputs about is one *turn*: lock, call, drain, unlock, convert. It returns
//! everything at once, since a crossing costs more than what crosses.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use nightlatch_core::cache::freshness::Freshness;
use nightlatch_core::config::{Config, Environment};
use nightlatch_core::effect::{EffectId, Fault, FaultKind, Outcome, Response};
use nightlatch_core::engine::{Engine as Core, SecretStore};
use nightlatch_core::operation::{OpId, Output, Task};
use nightlatch_core::secret::{SecretId, SecretIdRef, SecretName, SecretVersion, VaultUrl};
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::{Now, UnixTime};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::clock::{Clock, ManualClock};
use crate::{convert, error};

/// One credential with all its state: tokens, cached secrets, limits.
#[pyclass(frozen, module = "nightlatch._native")]
pub(crate) struct Engine {
    state: Mutex<State>,
    store: Arc<SecretStore>,
    clock: Clock,
}

struct State {
    core: Core,
    /// What each unfinished operation asked for, so that its caller gets the cache's own object.
    asked: HashMap<OpId, SecretId>,
    /// The vaults of all readers. Keys of the cache share their text, so that a cached read compares pointers.
    vaults: Vec<VaultUrl>,
}

/// What a turn brought about: outputs, and seconds until `handle_timeout` is due.
type Turn<'py> = (Bound<'py, PyTuple>, Option<f64>);

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (options, environment, secrets, seed, clock=None))]
    fn new(
        py: Python<'_>,
        options: &str,
        environment: HashMap<String, String>,
        secrets: Vec<String>,
        seed: &[u8],
        clock: Option<&ManualClock>,
    ) -> PyResult<Self> {
        let environment = Environment::from_iter(environment);
        let secrets = secrets.into_iter().map(Sensitive::from).collect();
        let core = Config::from_json(options, environment, secrets)
            .and_then(|config| Core::new(config, read_seed(seed)))
            .map_err(|why| error::raise(py, &why))?;
        Ok(Self {
            store: core.store(),
            state: Mutex::new(State {
                core,
                asked: HashMap::new(),
                vaults: Vec::new(),
            }),
            clock: clock.map_or(Clock::System, |clock| Clock::Manual(Arc::clone(&clock.0))),
        })
    }

    /// Begins an operation (JSON) and returns its number with the turn.
    fn start<'py>(
        &self,
        py: Python<'py>,
        operation: &str,
    ) -> PyResult<(u64, Bound<'py, PyTuple>, Option<f64>)> {
        // In two steps: the lock goes before Python makes the exception.
        let parsed = self.lock().core.operation(operation);
        let mut operation = parsed.map_err(|why| error::raise(py, &why))?;
        let mut begun = OpId(0);
        let (outputs, wait) = self.turn(py, |state, now| {
            let id = match &mut operation.task {
                Task::GetSecret { id, .. } => {
                    if let Some(vault) = state.vaults.iter().find(|vault| **vault == id.vault) {
                        id.vault = vault.clone();
                    }
                    Some(id.clone())
                }
                _ => None,
            };
            begun = state.core.start(operation, now);
            state.asked.extend(id.map(|id| (begun, id)));
        })?;
        Ok((begun.0, outputs, wait))
    }

    /// The caller of an operation has gone.
    fn cancel<'py>(&self, py: Python<'py>, op: u64) -> PyResult<Turn<'py>> {
        self.turn(py, |state, now| {
            state.asked.remove(&OpId(op));
            state.core.cancel(OpId(op), now);
        })
    }

    /// An HTTP answer arrived.
    fn complete_http<'py>(
        &self,
        py: Python<'py>,
        effect: u64,
        status: u16,
        headers: Vec<(String, String)>,
        body: &[u8],
    ) -> PyResult<Turn<'py>> {
        let body = Sensitive::from(body.to_vec());
        self.complete(
            py,
            effect,
            Outcome::Http(Response {
                status,
                headers,
                body,
            }),
        )
    }

    /// A file was read.
    fn complete_file<'py>(&self, py: Python<'py>, effect: u64, content: &[u8]) -> PyResult<Turn<'py>> {
        self.complete(py, effect, Outcome::File(content.to_vec().into()))
    }

    /// A program ended; its status is `None` when a signal ended it.
    #[pyo3(signature = (effect, status, stdout, stderr))]
    fn complete_run<'py>(
        &self,
        py: Python<'py>,
        effect: u64,
        status: Option<i32>,
        stdout: &[u8],
        stderr: &[u8],
    ) -> PyResult<Turn<'py>> {
        let (stdout, stderr) = (stdout.to_vec().into(), stderr.to_vec().into());
        self.complete(
            py,
            effect,
            Outcome::Ran {
                status,
                stdout,
                stderr,
            },
        )
    }

    /// A foreign credential gave a token; times in seconds since 1970.
    #[pyo3(signature = (effect, token, expires_on, refresh_on=None))]
    fn complete_token<'py>(
        &self,
        py: Python<'py>,
        effect: u64,
        token: String,
        expires_on: i64,
        refresh_on: Option<i64>,
    ) -> PyResult<Turn<'py>> {
        let outcome = Outcome::Token {
            token: token.into(),
            expires_on: UnixTime::from_secs(expires_on),
            refresh_on: refresh_on.map(UnixTime::from_secs),
        };
        self.complete(py, effect, outcome)
    }

    /// An effect could not be done; `kind` is one of `FAULT_KINDS`.
    #[pyo3(signature = (effect, kind, detail=""))]
    fn fail<'py>(&self, py: Python<'py>, effect: u64, kind: &str, detail: &str) -> PyResult<Turn<'py>> {
        let kind = FaultKind::from_name(kind)
            .ok_or_else(|| PyValueError::new_err(format!("{kind:?} is none of FAULT_KINDS")))?;
        self.complete(py, effect, Outcome::Failed(Fault::new(kind, detail)))
    }

    /// The time that the last turn named has come.
    fn handle_timeout<'py>(&self, py: Python<'py>) -> PyResult<Turn<'py>> {
        self.turn(py, |state, now| state.core.handle_timeout(now))
    }

    /// Forgets one cached secret.
    #[pyo3(signature = (vault_url, name, version=None))]
    fn invalidate(&self, py: Python<'_>, vault_url: &str, name: &str, version: Option<&str>) -> PyResult<()> {
        let discarded = {
            let mut state = self.lock();
            identify(&state.core, vault_url, name, version).map(|id| {
                state.core.invalidate(&id);
                state.core.take_discarded()
            })
        };
        discarded.map(drop).map_err(|why| error::raise(py, &why))
    }

    /// Forgets all cached secrets.
    fn invalidate_all(&self) {
        let discarded = {
            let mut state = self.lock();
            state.core.invalidate_all();
            state.core.take_discarded()
        };
        drop(discarded);
    }

    /// What every unfinished operation waits for: number, seconds since its start, words.
    fn pending(&self) -> Vec<(u64, f64, String)> {
        let now = self.clock.now().instant;
        let pending = self.lock().core.pending();
        pending
            .into_iter()
            .map(|p| (p.op.0, now.since(p.since).as_secs_f64(), p.waits_for))
            .collect()
    }

    /// In a forked child: forgets what was in flight in the parent and keeps tokens and secrets.
    fn after_fork(&self, seed: &[u8]) {
        let discarded = {
            let mut state = self.lock();
            state.asked.clear();
            state.core.after_fork(read_seed(seed));
            state.core.take_discarded()
        };
        drop(discarded);
    }

    fn __repr__(&self) -> &'static str {
        "<nightlatch engine>"
    }
}

impl Engine {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn intern(&self, vault_url: &str) -> Result<VaultUrl, nightlatch_core::error::Error> {
        let mut state = self.lock();
        let vault = state.core.vault(vault_url)?;
        let known = state.vaults.iter().find(|known| **known == vault).cloned();
        Ok(known.unwrap_or_else(|| {
            state.vaults.push(vault.clone());
            vault
        }))
    }

    fn complete<'py>(&self, py: Python<'py>, effect: u64, outcome: Outcome) -> PyResult<Turn<'py>> {
        self.turn(py, |state, now| {
            state.core.complete(EffectId(effect), outcome, now)
        })
    }

    fn turn<'py>(&self, py: Python<'py>, act: impl FnOnce(&mut State, Now)) -> PyResult<Turn<'py>> {
        let now = self.clock.now();
        let mut outputs = Vec::new();
        let (due, discarded) = {
            let mut state = self.lock();
            act(&mut state, now);
            while let Some(output) = state.core.poll_output() {
                let asked = match &output {
                    Output::Finished { op, .. } => state.asked.remove(op),
                    _ => None,
                };
                outputs.push((output, asked));
            }
            (state.core.poll_timeout(), state.core.take_discarded())
        };
        drop(discarded);
        let mut tuples = Vec::with_capacity(outputs.len());
        for (output, asked) in outputs {
            let kept = asked
                .and_then(|id| self.store.get(&id, now.instant))
                .map(|(entry, _)| entry);
            tuples.extend(convert::output(py, output, kept.as_ref())?);
        }
        let wait = due.map(|(instant, _)| instant.since(now.instant).as_secs_f64());
        Ok((PyTuple::new(py, tuples)?, wait))
    }
}

/// Eight bytes would do for jitter; whatever is missing counts as zero.
fn read_seed(seed: &[u8]) -> [u8; 16] {
    let mut whole = [0; 16];
    for (to, from) in whole.iter_mut().zip(seed) {
        *to = *from;
    }
    whole
}

fn identify(
    core: &Core,
    vault_url: &str,
    name: &str,
    version: Option<&str>,
) -> Result<SecretId, nightlatch_core::error::Error> {
    Ok(SecretId {
        vault: core.vault(vault_url)?,
        name: SecretName::parse(name)?,
        version: version
            .filter(|v| !v.is_empty())
            .map(SecretVersion::parse)
            .transpose()?,
    })
}

/// The base class of clients: reads from the cache without lock, operation or allocation, and calls into Python
/// only when the cache cannot answer.
#[pyclass(subclass, frozen, module = "nightlatch._native")]
pub(crate) struct SecretReader(OnceLock<Source>);

struct Source {
    store: Arc<SecretStore>,
    clock: Clock,
    vault: VaultUrl,
}

#[pymethods]
impl SecretReader {
    /// Arguments are the subclass's own; `_open` says what to read from.
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self(OnceLock::new())
    }

    /// Says once which engine's cache and which vault to read from; returns the vault's URL in its one form.
    fn _open(&self, py: Python<'_>, engine: &Engine, vault_url: &str) -> PyResult<String> {
        let vault = engine.intern(vault_url).map_err(|why| error::raise(py, &why))?;
        let url = vault.as_str().to_owned();
        let source = Source {
            store: Arc::clone(&engine.store),
            clock: engine.clock.clone(),
            vault,
        };
        self.0
            .set(source)
            .map_err(|_| PyRuntimeError::new_err("the client is open already"))?;
        Ok(url)
    }

    /// Gets a secret: from the cache if a fresh copy is there, else from the vault.
    ///
    /// :param name: the secret's name
    /// :param version: one version of it; the latest if not given
    /// :keyword timeout: seconds this call may take in all; the client's `operation_timeout` if not given
    /// :returns: a `KeyVaultSecret`; the same object for as long as the cached copy lives
    /// :raises ResourceNotFoundError: there is no such secret or version
    /// :raises ClientAuthenticationError: no identity was found here, or it was refused
    /// :raises ForbiddenError: the identity may not read this secret, or the network is not allowed
    /// :raises NightlatchError: the base of these and all other errors
    #[pyo3(signature = (name, version=None, *, timeout=None))]
    fn get_secret<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyString>,
        version: Option<&Bound<'py, PyString>>,
        timeout: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        match slf.get().cached(py, name, version)? {
            Some(object) => Ok(object),
            None => slf.call_method1(pyo3::intern!(py, "_fetch_secret"), (name, version, timeout)),
        }
    }

    /// The cached secret if it may be served as it is. `None` obliges the caller to ask the engine: nothing is
    /// kept, or it is stale, or this caller was chosen to renew it.
    #[pyo3(signature = (name, version=None))]
    fn _cached<'py>(
        &self,
        py: Python<'py>,
        name: &Bound<'py, PyString>,
        version: Option<&Bound<'py, PyString>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.cached(py, name, version)
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

impl SecretReader {
    #[inline]
    fn cached<'py>(
        &self,
        py: Python<'py>,
        name: &Bound<'py, PyString>,
        version: Option<&Bound<'py, PyString>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(source) = self.0.get() else {
            return Ok(None);
        };
        let version = match version {
            Some(version) => Some(version.to_str()?).filter(|v| !v.is_empty()),
            None => None,
        };
        let key = SecretIdRef {
            vault: &source.vault,
            name: name.to_str()?,
            version,
        };
        match source.store.read(&key, source.clock.about_now(), |entry| {
            convert::in_slot(py, entry)
        }) {
            Some(Some(object)) => Ok(Some(object)),
            // The first hit: Python makes the object, outside of the read.
            Some(None) => match source.store.get(&key, source.clock.about_now()) {
                Some((entry, _)) => convert::ready_made(py, &entry).map(Some),
                None => Ok(None),
            },
            None => Ok(None),
        }
    }
}
