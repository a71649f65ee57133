//! The engine, for one JavaScript thread: each worker makes its own.
//!
//! Each call that may bring outputs about is one *turn*: call, drain, convert. It returns everything at once, since a
//! crossing costs more than what crosses.

use std::collections::HashMap;
use std::rc::Rc;

use napi::bindgen_prelude::{Either, Object, Uint8Array, Unknown};
use napi::{Env, Error as Thrown, Result, Status};
use napi_derive::napi;
use nightlatch_core::cache::freshness::Freshness;
use nightlatch_core::config::{Config, Environment};
use nightlatch_core::effect::{EffectId, Fault, FaultKind, Outcome, Response};
use nightlatch_core::engine::Engine as Core;
use nightlatch_core::error::{Error, ErrorKind};
use nightlatch_core::operation::{OpId, Output, Pending, Task};
use nightlatch_core::secret::{Secret, SecretId, SecretName, SecretVersion};
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::{Instant, Now, UnixTime};

use crate::clock::Clock;
use crate::reader::{self, Cache};
use crate::{convert, error};

/// Version of the module.
#[napi]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The environment variables that a host passes to an engine.
#[napi]
pub fn environment_names() -> Vec<&'static str> {
    Environment::NAMES.to_vec()
}

/// Name and number of every kind of error.
#[napi]
pub fn error_kinds() -> Vec<(&'static str, u32)> {
    ErrorKind::ALL
        .iter()
        .map(|kind| (kind.name(), u32::from(kind.code())))
        .collect()
}

/// Name of every sort of fault that a host may answer with.
#[napi]
pub fn fault_kinds() -> Vec<&'static str> {
    FaultKind::ALL.iter().map(|kind| kind.name()).collect()
}

/// A secret value as JavaScript has it.
pub(crate) type Value = Either<String, Uint8Array>;

/// One credential with all its state: tokens, cached secrets, limits.
#[napi]
pub struct Engine {
    core: Option<Core>,
    cache: Rc<Cache>,
    /// What each unfinished operation asked for, so that its caller gets the object of the cached copy.
    asked: HashMap<OpId, SecretId>,
}

#[napi]
impl Engine {
    /// Options as JSON; environment variables, secret values and randomness beside them.
    #[napi(constructor)]
    pub fn new(
        env: Env,
        options: String,
        environment: Vec<(String, String)>,
        secrets: Vec<Value>,
        seed: &[u8],
    ) -> Result<Self> {
        let environment = Environment::from_iter(environment);
        let secrets = secrets.into_iter().map(sensitive).collect();
        let core = Config::from_json(&options, environment, secrets)
            .and_then(|config| Core::new(config, read_seed(seed)))
            .map_err(|why| error::throw(&env, &why))?;
        Ok(Self {
            cache: Rc::new(Cache::new(core.store(), Clock::default())),
            core: Some(core),
            asked: HashMap::new(),
        })
    }

    /// Begins an operation (JSON), with the secret value that it takes, if any.
    #[napi]
    pub fn start<'env>(
        &mut self,
        env: &'env Env,
        operation: String,
        value: Option<Value>,
    ) -> Result<Object<'env>> {
        let operation = self
            .core()?
            .operation(&operation)
            .and_then(|operation| match value {
                Some(value) => operation.with_value(sensitive(value)),
                None => Ok(operation),
            })
            .map_err(|why| error::throw(env, &why))?;
        let wanted = match &operation.task {
            Task::GetSecret { id, .. } => Some(id.clone()),
            _ => None,
        };
        let mut op = OpId(0);
        let turn = self.turn(env, |core, asked, now| {
            op = core.start(operation, now);
            asked.extend(wanted.map(|id| (op, id)));
        })?;
        let mut started = Object::new(env)?;
        started.set("op", convert::number(op.0))?;
        started.set("turn", turn)?;
        Ok(started)
    }

    /// The caller of an operation has gone.
    #[napi]
    pub fn cancel<'env>(&mut self, env: &'env Env, op: f64) -> Result<Object<'env>> {
        let op = OpId(op as u64);
        self.turn(env, |core, asked, now| {
            asked.remove(&op);
            core.cancel(op, now);
        })
    }

    /// An HTTP answer arrived.
    #[napi]
    pub fn complete_http<'env>(
        &mut self,
        env: &'env Env,
        effect: f64,
        status: u16,
        headers: Vec<(String, String)>,
        body: &[u8],
    ) -> Result<Object<'env>> {
        let response = Response {
            status,
            headers,
            body: Sensitive::from(body.to_vec()),
        };
        self.complete(env, effect, Outcome::Http(response))
    }

    /// A file was read; `shared`: others than its owner may read it.
    #[napi]
    pub fn complete_file<'env>(
        &mut self,
        env: &'env Env,
        effect: f64,
        content: &[u8],
        shared: bool,
    ) -> Result<Object<'env>> {
        let content = Sensitive::from(content.to_vec());
        self.complete(env, effect, Outcome::File { content, shared })
    }

    /// A key signed.
    #[napi]
    pub fn complete_signature<'env>(
        &mut self,
        env: &'env Env,
        effect: f64,
        signature: &[u8],
    ) -> Result<Object<'env>> {
        self.complete(env, effect, Outcome::Signed(signature.to_vec()))
    }

    /// A function of the user's gave a client assertion.
    #[napi]
    pub fn complete_assertion<'env>(
        &mut self,
        env: &'env Env,
        effect: f64,
        assertion: String,
    ) -> Result<Object<'env>> {
        self.complete(env, effect, Outcome::Assertion(assertion.into()))
    }

    /// A person was told where to sign in.
    #[napi]
    pub fn complete_prompt<'env>(&mut self, env: &'env Env, effect: f64) -> Result<Object<'env>> {
        self.complete(env, effect, Outcome::Prompted)
    }

    /// The host gave what few operations ask for; see `wasm/js/engine.ts`.
    #[napi]
    pub fn complete_given<'env>(
        &mut self,
        env: &'env Env,
        effect: f64,
        what: String,
        value: Option<Value>,
    ) -> Result<Object<'env>> {
        let value = value.map_or_else(|| "".into(), sensitive);
        let outcome = match what.as_str() {
            "made" => Outcome::Made(value),
            "done" => Outcome::Done,
            "random" => Outcome::Random(value),
            _ => Outcome::Failed(Fault::new(FaultKind::Unsupported, String::new())),
        };
        self.complete(env, effect, outcome)
    }

    /// The browser came back to `redirect_uri` with a query or form.
    #[napi]
    pub fn complete_return<'env>(
        &mut self,
        env: &'env Env,
        effect: f64,
        redirect_uri: String,
        answer: String,
    ) -> Result<Object<'env>> {
        let answer = answer.into();
        self.complete(env, effect, Outcome::Returned { redirect_uri, answer })
    }

    /// A program ended; by a signal if there is no status.
    #[napi]
    pub fn complete_run<'env>(
        &mut self,
        env: &'env Env,
        effect: f64,
        status: Option<i32>,
        stdout: &[u8],
        stderr: &[u8],
    ) -> Result<Object<'env>> {
        let [stdout, stderr] = [stdout, stderr].map(|bytes| Sensitive::from(bytes.to_vec()));
        self.complete(
            env,
            effect,
            Outcome::Ran {
                status,
                stdout,
                stderr,
            },
        )
    }

    /// A foreign credential gave a token.
    #[napi]
    pub fn complete_token<'env>(
        &mut self,
        env: &'env Env,
        effect: f64,
        token: String,
        expires_on_ms: f64,
        refresh_on_ms: Option<f64>,
    ) -> Result<Object<'env>> {
        let outcome = Outcome::Token {
            token: token.into(),
            expires_on: unix(expires_on_ms),
            refresh_on: refresh_on_ms.map(unix),
        };
        self.complete(env, effect, outcome)
    }

    /// An effect could not be done; `kind` is one of `faultKinds()`.
    #[napi]
    pub fn fail<'env>(
        &mut self,
        env: &'env Env,
        effect: f64,
        kind: String,
        detail: String,
    ) -> Result<Object<'env>> {
        let kind = FaultKind::from_name(&kind).unwrap_or(FaultKind::Other);
        self.complete(env, effect, Outcome::Failed(Fault::new(kind, detail)))
    }

    /// The time that the last turn named has come.
    #[napi]
    pub fn handle_timeout<'env>(&mut self, env: &'env Env) -> Result<Object<'env>> {
        self.turn(env, |core, _, now| core.handle_timeout(now))
    }

    /// A function that reads the cached secrets of one vault: it takes a name, perhaps a version, and returns the
    /// number of an entry that may be served, or undefined, which obliges the caller to start an operation.
    #[napi(ts_return_type = "(name: string, version?: string) => number | undefined")]
    pub fn reader<'env>(&mut self, env: &'env Env, vault: String) -> Result<Unknown<'env>> {
        let vault = self
            .core()?
            .vault(&vault)
            .map_err(|why| error::throw(env, &why))?;
        reader::function(env, Rc::clone(&self.cache), vault)
    }

    /// A kept secret that has not reached the end of its life.
    #[napi]
    pub fn kept<'env>(
        &mut self,
        env: &'env Env,
        vault: String,
        name: String,
        version: Option<String>,
    ) -> Result<Option<Object<'env>>> {
        let Ok(id) = self.identify(&vault, &name, version)? else {
            return Ok(None);
        };
        match self.cache.store.get(&id, self.cache.clock.now().instant) {
            Some((entry, Freshness::Fresh | Freshness::RefreshDue)) => {
                convert::secret(env, &entry.value).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Forgets a secret, or all of them, and returns the numbers of entries that are gone.
    #[napi]
    pub fn invalidate(
        &mut self,
        env: Env,
        vault: String,
        name: Option<String>,
        version: Option<String>,
    ) -> Result<Vec<u32>> {
        match name {
            Some(name) => {
                let id = self
                    .identify(&vault, &name, version)?
                    .map_err(|why| error::throw(&env, &why))?;
                self.core()?.invalidate(&id);
            }
            None => self.core()?.invalidate_all(),
        }
        Ok(self.discard())
    }

    /// What every unfinished operation waits for.
    #[napi]
    pub fn pending<'env>(&mut self, env: &'env Env) -> Result<Vec<Object<'env>>> {
        let now = self.cache.clock.now().instant;
        let describe = |waiting: Pending| {
            let mut raw = Object::new(env)?;
            raw.set("op", convert::number(waiting.op.0))?;
            raw.set("sinceMs", now.since(waiting.since).as_secs_f64() * 1000.0)?;
            raw.set("waitsFor", waiting.waits_for)?;
            Ok(raw)
        };
        self.core()?.pending().into_iter().map(describe).collect()
    }

    /// What the cache holds and has done (JSON).
    #[napi]
    pub fn cache_info(&mut self) -> Result<String> {
        let now = self.cache.clock.now();
        let info = self.core()?.cache_info(now);
        Ok(serde_json::to_string(&info).unwrap_or_default())
    }

    /// Stops both clocks at these readings, for tests.
    #[napi]
    pub fn set_clock(&self, instant_ms: f64, unix_ms: f64) {
        self.cache.clock.set(Now {
            instant: Instant::from_millis(instant_ms as u64),
            unix: unix(unix_ms),
        });
    }

    /// Ends the engine and wipes what it kept.
    #[napi]
    pub fn free(&mut self) {
        if let Some(mut core) = self.core.take() {
            core.invalidate_all();
        }
    }
}

impl Engine {
    fn core(&mut self) -> Result<&mut Core> {
        self.core.as_mut().ok_or_else(freed)
    }

    fn complete<'env>(&mut self, env: &'env Env, effect: f64, outcome: Outcome) -> Result<Object<'env>> {
        self.turn(env, |core, _, now| {
            core.complete(EffectId(effect as u64), outcome, now)
        })
    }

    fn turn<'env>(
        &mut self,
        env: &'env Env,
        act: impl FnOnce(&mut Core, &mut HashMap<OpId, SecretId>, Now),
    ) -> Result<Object<'env>> {
        let now = self.cache.clock.now();
        let core = self.core.as_mut().ok_or_else(freed)?;
        act(core, &mut self.asked, now);
        let mut outputs = env.create_array(0)?;
        while let Some(output) = core.poll_output() {
            let asked = match &output {
                Output::Finished { op, .. } => self.asked.remove(op),
                _ => None,
            };
            let kept = |id: &SecretId, found: &Secret| self.cache.number_of(id, found, now.instant);
            let unknown = convert::output(env, &mut outputs, output, asked.as_ref(), &kept)?;
            if let Some(id) = unknown {
                let fault = Fault::new(FaultKind::Unsupported, String::new());
                core.complete(id, Outcome::Failed(fault), now);
            }
        }
        let due = core.poll_timeout();
        let mut turn = Object::new(env)?;
        turn.set("outputs", outputs)?;
        let wait = due.map(|(instant, _)| instant.since(now.instant).as_secs_f64() * 1000.0);
        turn.set("timeoutMs", wait)?;
        turn.set("discarded", self.discard())?;
        Ok(turn)
    }

    /// Numbers of entries that have left the cache, so that JavaScript drops what it keeps under them.
    fn discard(&mut self) -> Vec<u32> {
        let left = self.core.as_mut().map(Core::take_discarded).unwrap_or_default();
        self.cache.release(&left)
    }

    fn identify(
        &mut self,
        vault: &str,
        name: &str,
        version: Option<String>,
    ) -> Result<std::result::Result<SecretId, Error>> {
        let core = self.core()?;
        Ok((|| {
            Ok(SecretId {
                vault: core.vault(vault)?,
                name: SecretName::parse(name)?,
                // The SDKs pass an empty version for the latest.
                version: version
                    .filter(|v| !v.is_empty())
                    .map(|v| SecretVersion::parse(&v))
                    .transpose()?,
            })
        })())
    }
}

fn freed() -> Thrown {
    Thrown::new(Status::GenericFailure, "the engine was freed".to_owned())
}

pub(crate) fn sensitive(value: Value) -> Sensitive {
    match value {
        Either::A(text) => text.into(),
        Either::B(bytes) => bytes.to_vec().into(),
    }
}

fn unix(millis: f64) -> UnixTime {
    UnixTime::from_millis(millis as i64)
}

/// Eight bytes would do for jitter; whatever is missing counts as zero.
fn read_seed(seed: &[u8]) -> [u8; 16] {
    let mut whole = [0; 16];
    for (to, from) in whole.iter_mut().zip(seed) {
        *to = *from;
    }
    whole
}
