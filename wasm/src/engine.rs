//! The engine as a JavaScript class. Each call that may bring outputs about is one *turn*: call, drain, convert; it
//! returns everything at once, since a crossing costs more than what crosses.

use hashbrown::HashMap;
use js_sys::{Array, Date};
use nightlatch_core::cache::store::Entry;
use nightlatch_core::config::{Config, Environment};
use nightlatch_core::effect::{EffectId, Fault, FaultKind, Outcome, Response};
use nightlatch_core::engine::Engine as Core;
use nightlatch_core::error::Error;
use nightlatch_core::operation::{OpId, Output, Task};
use nightlatch_core::secret::{Secret, SecretId, SecretIdRef, SecretName, SecretVersion, VaultUrl};
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::{Instant, Now, UnixTime};
use wasm_bindgen::prelude::*;

use crate::convert::{self, record};
use crate::error;

#[wasm_bindgen]
extern "C" {
    /// Milliseconds of the clock that only goes forward.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn monotonic() -> f64;
}

/// One credential with all its state: tokens, cached secrets, limits.
#[wasm_bindgen]
pub struct Engine {
    core: Core,
    /// Set by tests; else the machine's clocks are read.
    clock: Option<Now>,
    /// What each unfinished operation asked for, so that its caller gets the cache's own object.
    asked: HashMap<OpId, SecretId>,
    made: ReadyMade,
    /// Vault URLs as callers spell them, so that a cached read parses none.
    vaults: HashMap<String, VaultUrl>,
}

#[wasm_bindgen]
impl Engine {
    /// Makes an engine; see `EngineFactory.create`.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str, environment: Array, secrets: Array, seed: &[u8]) -> Result<Engine, JsValue> {
        let environment = Environment::from_iter(convert::pairs::<Sensitive>(&environment));
        let secrets = secrets
            .iter()
            .map(|value| convert::secret_value(&value))
            .collect();
        let core = Config::from_json(options, environment, secrets)
            .and_then(|config| Core::new(config, read_seed(seed)))
            .map_err(|why| error::object(&why))?;
        Ok(Self {
            core,
            clock: None,
            asked: HashMap::new(),
            made: ReadyMade::default(),
            vaults: HashMap::new(),
        })
    }

    /// Begins an operation (JSON), with the secret value that it takes, if any.
    pub fn start(&mut self, operation: &str, value: &JsValue) -> Result<JsValue, JsValue> {
        let operation = self
            .core
            .operation(operation)
            .and_then(|operation| match value.is_undefined() {
                true => Ok(operation),
                false => operation.with_value(convert::secret_value(value)),
            })
            .map_err(|why| error::object(&why))?;
        let id = match &operation.task {
            Task::GetSecret { id, .. } => Some(id.clone()),
            _ => None,
        };
        let now = self.now();
        let op = self.core.start(operation, now);
        self.asked.extend(id.map(|id| (op, id)));
        Ok(record([("op", convert::number(op.0)), ("turn", self.turn(now))]))
    }

    /// The caller of an operation has gone.
    pub fn cancel(&mut self, op: f64) -> JsValue {
        let (op, now) = (OpId(op as u64), self.now());
        self.asked.remove(&op);
        self.core.cancel(op, now);
        self.turn(now)
    }

    /// An HTTP answer arrived.
    #[wasm_bindgen(js_name = completeHttp)]
    pub fn complete_http(&mut self, id: f64, status: u16, headers: Array, body: Vec<u8>) -> JsValue {
        let response = Response {
            status,
            headers: convert::pairs(&headers),
            body: body.into(),
        };
        self.complete(id, Outcome::Http(response))
    }

    /// A file was read; `shared`: others than its owner may read it.
    #[wasm_bindgen(js_name = completeFile)]
    pub fn complete_file(&mut self, id: f64, content: Vec<u8>, shared: bool) -> JsValue {
        let content = content.into();
        self.complete(id, Outcome::File { content, shared })
    }

    /// A key signed.
    #[wasm_bindgen(js_name = completeSignature)]
    pub fn complete_signature(&mut self, id: f64, signature: Vec<u8>) -> JsValue {
        self.complete(id, Outcome::Signed(signature))
    }

    /// A function of the user's gave a client assertion.
    #[wasm_bindgen(js_name = completeAssertion)]
    pub fn complete_assertion(&mut self, id: f64, assertion: String) -> JsValue {
        self.complete(id, Outcome::Assertion(assertion.into()))
    }

    /// A person was told where to sign in.
    #[wasm_bindgen(js_name = completePrompt)]
    pub fn complete_prompt(&mut self, id: f64) -> JsValue {
        self.complete(id, Outcome::Prompted)
    }

    /// The host gave what only operations ask for that the module for the edge leaves out; see `js/engine.ts`.
    #[wasm_bindgen(js_name = completeGiven)]
    #[cfg_attr(not(feature = "manage"), allow(unused_variables))]
    pub fn complete_given(&mut self, id: f64, what: &str, value: &JsValue) -> JsValue {
        let outcome = match what {
            #[cfg(feature = "manage")]
            "made" => Outcome::Made(convert::secret_value(value)),
            #[cfg(feature = "manage")]
            "done" => Outcome::Done,
            #[cfg(feature = "encryption")]
            "random" => Outcome::Random(convert::secret_value(value)),
            _ => Outcome::Failed(Fault::new(FaultKind::Unsupported, String::new())),
        };
        self.complete(id, outcome)
    }

    /// The browser came back to `redirect_uri` with a query or form.
    #[wasm_bindgen(js_name = completeReturn)]
    pub fn complete_return(&mut self, id: f64, redirect_uri: String, answer: String) -> JsValue {
        let answer = answer.into();
        self.complete(id, Outcome::Returned { redirect_uri, answer })
    }

    /// A program ended.
    #[wasm_bindgen(js_name = completeRun)]
    pub fn complete_run(
        &mut self,
        id: f64,
        status: Option<i32>,
        stdout: Vec<u8>,
        stderr: Vec<u8>,
    ) -> JsValue {
        let (stdout, stderr) = (stdout.into(), stderr.into());
        self.complete(
            id,
            Outcome::Ran {
                status,
                stdout,
                stderr,
            },
        )
    }

    /// A foreign credential gave a token.
    #[wasm_bindgen(js_name = completeToken)]
    pub fn complete_token(
        &mut self,
        id: f64,
        token: String,
        expires_on: f64,
        refresh_on: Option<f64>,
    ) -> JsValue {
        let outcome = Outcome::Token {
            token: token.into(),
            expires_on: UnixTime::from_millis(expires_on as i64),
            refresh_on: refresh_on.map(|millis| UnixTime::from_millis(millis as i64)),
        };
        self.complete(id, outcome)
    }

    /// An effect could not be done; a `kind` that is none of `faultKinds` counts as `other`.
    pub fn fail(&mut self, id: f64, kind: &str, detail: String) -> JsValue {
        let kind = FaultKind::from_name(kind).unwrap_or(FaultKind::Other);
        self.complete(id, Outcome::Failed(Fault::new(kind, detail)))
    }

    /// The time that the last turn named has come.
    #[wasm_bindgen(js_name = handleTimeout)]
    pub fn handle_timeout(&mut self) -> JsValue {
        let now = self.now();
        self.core.handle_timeout(now);
        self.turn(now)
    }

    /// The cached read.
    pub fn peek(&mut self, vault: &str, name: &str, version: Option<String>) -> Result<JsValue, JsValue> {
        if !self.vaults.contains_key(vault) {
            let url = self.core.vault(vault).map_err(|why| error::object(&why))?;
            self.vaults.insert(vault.to_owned(), url);
        }
        let Some(url) = self.vaults.get(vault) else {
            return Ok(JsValue::UNDEFINED);
        };
        let version = version.as_deref().filter(|version| !version.is_empty());
        let key = SecretIdRef {
            vault: url,
            name,
            version,
        };
        let (store, now) = (self.core.store(), self.now().instant);
        let made = &mut self.made;
        let found = store.read(&key, now, |entry| made.of(entry));
        Ok(found.unwrap_or(JsValue::UNDEFINED))
    }

    /// Forgets one secret, or all.
    pub fn invalidate(
        &mut self,
        vault: &str,
        name: Option<String>,
        version: Option<String>,
    ) -> Result<(), JsValue> {
        match name {
            None => self.core.invalidate_all(),
            Some(name) => {
                let id = self
                    .identify(vault, &name, version)
                    .map_err(|why| error::object(&why))?;
                self.core.invalidate(&id);
            }
        }
        self.drop_discarded();
        Ok(())
    }

    /// What every unfinished operation waits for.
    pub fn pending(&self) -> Array {
        let now = self.now().instant;
        self.core
            .pending()
            .into_iter()
            .map(|pending| {
                record([
                    ("op", convert::number(pending.op.0)),
                    ("sinceMs", convert::millis(now.since(pending.since))),
                    ("waitsFor", pending.waits_for.into()),
                ])
            })
            .collect()
    }

    /// What the cache holds and has done (JSON).
    #[wasm_bindgen(js_name = cacheInfo)]
    pub fn cache_info(&self) -> String {
        serde_json::to_string(&self.core.cache_info(self.now())).unwrap_or_default()
    }

    /// Replaces the machine's clocks by one that stands where it is set.
    #[wasm_bindgen(js_name = setClock)]
    pub fn set_clock(&mut self, instant_ms: f64, unix_ms: f64) {
        self.clock = Some(Now {
            instant: Instant::from_millis(instant_ms as u64),
            unix: UnixTime::from_millis(unix_ms as i64),
        });
    }
}

impl Engine {
    fn now(&self) -> Now {
        self.clock.unwrap_or_else(|| Now {
            instant: Instant::from_millis(monotonic() as u64),
            unix: UnixTime::from_millis(Date::now() as i64),
        })
    }

    fn complete(&mut self, id: f64, outcome: Outcome) -> JsValue {
        let now = self.now();
        self.core.complete(EffectId(id as u64), outcome, now);
        self.turn(now)
    }

    fn turn(&mut self, now: Now) -> JsValue {
        let mut outputs = Array::new();
        while let Some(output) = self.core.poll_output() {
            let asked = match &output {
                Output::Finished { op, .. } => self.asked.remove(op),
                _ => None,
            };
            let (store, made) = (self.core.store(), &mut self.made);
            outputs.extend(convert::output(output, asked.as_ref(), |secret, id| {
                match id.and_then(|id| store.get(id, now.instant)) {
                    Some((entry, _)) if entry.value == *secret => made.of(&entry),
                    _ => convert::secret(secret),
                }
            }));
        }
        self.drop_discarded();
        let timeout = match self.core.poll_timeout() {
            Some((instant, _)) => convert::millis(instant.since(now.instant)),
            None => JsValue::NULL,
        };
        record([("outputs", outputs.into()), ("timeoutMs", timeout)])
    }

    fn drop_discarded(&mut self) {
        for entry in self.core.take_discarded() {
            self.made.forget(&entry);
        }
    }

    fn identify(&self, vault: &str, name: &str, version: Option<String>) -> Result<SecretId, Error> {
        Ok(SecretId {
            vault: self.core.vault(vault)?,
            name: SecretName::parse(name)?,
            version: version
                .filter(|version| !version.is_empty())
                .map(|version| SecretVersion::parse(&version))
                .transpose()?,
        })
    }
}

/// The objects made of cached secrets. They stand here and not in the entries themselves, since a slot holds only
/// what may cross threads: it holds the object's number.
#[derive(Default)]
struct ReadyMade {
    objects: HashMap<u64, JsValue>,
    last: u64,
}

impl ReadyMade {
    fn of(&mut self, entry: &Entry<Secret>) -> JsValue {
        if let Some(object) = Self::number(entry).and_then(|number| self.objects.get(&number)) {
            return object.clone();
        }
        let object = convert::secret(&entry.value);
        self.last += 1;
        if entry.slot.set(Box::new(self.last)).is_ok() {
            self.objects.insert(self.last, object.clone());
        }
        object
    }

    fn forget(&mut self, entry: &Entry<Secret>) {
        Self::number(entry).map(|number| self.objects.remove(&number));
    }

    fn number(entry: &Entry<Secret>) -> Option<u64> {
        entry.slot.get()?.downcast_ref::<u64>().copied()
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
