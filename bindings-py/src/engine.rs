//! The engine behind a lock.
//!
//! Each call that may bring outputs about is one *turn*: lock, call, drain, unlock, convert. It returns
//! everything at once, since a crossing costs more than what crosses.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nightlatch_core::config::{Config, Environment};
use nightlatch_core::effect::{EffectId, Fault, FaultKind, Outcome, Response};
use nightlatch_core::engine::{Engine as Core, SecretStore};
use nightlatch_core::operation::{OpId, Output, Task};
use nightlatch_core::secret::{SecretId, SecretName, SecretVersion, VaultUrl};
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::{Now, UnixTime};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::clock::{Clock, ManualClock};
use crate::{convert, error};

/// One credential with all its state: tokens, cached secrets, limits.
#[pyclass(frozen, module = "nightlatch._native")]
pub(crate) struct Engine {
    state: Mutex<State>,
    pub(crate) store: Arc<SecretStore>,
    pub(crate) clock: Clock,
}

struct State {
    core: Core,
    /// What each unfinished operation asked for, so that its caller gets the cache's own object.
    asked: HashMap<OpId, SecretId>,
    /// The vaults of all readers. Keys of the cache share their text, so that a cached read compares pointers.
    vaults: Vec<VaultUrl>,
}

/// A secret value as Python has it.
#[derive(FromPyObject)]
pub(crate) enum Secret {
    Text(String),
    Bytes(Vec<u8>),
}

impl Secret {
    pub(crate) fn into_sensitive(self) -> Sensitive {
        match self {
            Secret::Text(text) => text.into(),
            Secret::Bytes(bytes) => bytes.into(),
        }
    }
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
        secrets: Vec<Secret>,
        seed: &[u8],
        clock: Option<&ManualClock>,
    ) -> PyResult<Self> {
        let environment = Environment::from_iter(environment);
        let secrets = secrets.into_iter().map(Secret::into_sensitive).collect();
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

    /// Begins an operation (JSON, and the secret value that it takes, if any) and returns its number with the
    /// turn.
    #[pyo3(signature = (operation, value=None))]
    fn start<'py>(
        &self,
        py: Python<'py>,
        operation: &str,
        value: Option<Secret>,
    ) -> PyResult<(u64, Bound<'py, PyTuple>, Option<f64>)> {
        // In two steps: the lock goes before Python makes the exception.
        let parsed = self.lock().core.operation(operation);
        let parsed = parsed.and_then(|operation| match value {
            Some(value) => operation.with_value(value.into_sensitive()),
            None => Ok(operation),
        });
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

    /// A file was read; `shared`: others than its owner may read it.
    fn complete_file<'py>(
        &self,
        py: Python<'py>,
        effect: u64,
        content: &[u8],
        shared: bool,
    ) -> PyResult<Turn<'py>> {
        let content = content.to_vec().into();
        self.complete(py, effect, Outcome::File { content, shared })
    }

    /// A key signed.
    fn complete_signature<'py>(&self, py: Python<'py>, effect: u64, signature: &[u8]) -> PyResult<Turn<'py>> {
        self.complete(py, effect, Outcome::Signed(signature.to_vec()))
    }

    /// A function of the user's gave a client assertion.
    fn complete_assertion<'py>(
        &self,
        py: Python<'py>,
        effect: u64,
        assertion: String,
    ) -> PyResult<Turn<'py>> {
        self.complete(py, effect, Outcome::Assertion(assertion.into()))
    }

    /// A person was told where to sign in.
    fn complete_prompt<'py>(&self, py: Python<'py>, effect: u64) -> PyResult<Turn<'py>> {
        self.complete(py, effect, Outcome::Prompted)
    }

    /// The browser came back to `redirect_uri` with a query or form.
    fn complete_return<'py>(
        &self,
        py: Python<'py>,
        effect: u64,
        redirect_uri: String,
        answer: String,
    ) -> PyResult<Turn<'py>> {
        let answer = answer.into();
        let outcome = Outcome::Returned { redirect_uri, answer };
        self.complete(py, effect, outcome)
    }

    /// A function of the user's made a new value for a secret.
    fn complete_made<'py>(&self, py: Python<'py>, effect: u64, value: String) -> PyResult<Turn<'py>> {
        self.complete(py, effect, Outcome::Made(value.into()))
    }

    /// A function of the user's did what it does when a secret is rotated.
    fn complete_done<'py>(&self, py: Python<'py>, effect: u64) -> PyResult<Turn<'py>> {
        self.complete(py, effect, Outcome::Done)
    }

    /// Random bytes were drawn.
    fn complete_random<'py>(&self, py: Python<'py>, effect: u64, bytes: &[u8]) -> PyResult<Turn<'py>> {
        self.complete(py, effect, Outcome::Random(bytes.to_vec().into()))
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

    /// A vault's URL in its one form.
    fn vault(&self, py: Python<'_>, vault_url: &str) -> PyResult<String> {
        let vault = self.intern(vault_url).map_err(|why| error::raise(py, &why))?;
        Ok(vault.as_str().to_owned())
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

    /// What the cache holds and has done, as JSON.
    fn cache_info(&self) -> String {
        let info = self.lock().core.cache_info(self.clock.now());
        serde_json::to_string(&info).unwrap_or_default()
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

    /// A vault's URL in its one form, sharing its text with all readers of that vault.
    pub(crate) fn intern(&self, vault_url: &str) -> Result<VaultUrl, nightlatch_core::error::Error> {
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
        let kept = |id: &SecretId| self.store.get(id, now.instant).map(|(entry, _)| entry);
        let mut tuples = Vec::with_capacity(outputs.len());
        for (output, asked) in outputs {
            tuples.extend(convert::output(py, output, asked.as_ref(), &kept)?);
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
