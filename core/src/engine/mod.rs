//! The engine: what a host calls.
//!
//! # The host contract
//!
//! 1. After any call that takes `now`, drain [`Engine::poll_output`] until it is empty, then arrange to call
//!    [`Engine::handle_timeout`] at [`Engine::poll_timeout`].
//! 2. More output appears only after `start`, `complete`, `cancel` or `handle_timeout`.
//! 3. Answer each [`Output::Perform`] once with [`Engine::complete`]. An answer to an aborted effect is ignored.
//! 4. Try [`Engine::cached`] before [`Engine::start`]. Once in a while it says `None` for a copy that is still good:
//!    that caller is the one who renews it.
//!
//! An **event loop** drains, begins or aborts the IO, settles its callers, and arms one timer. With **blocking
//! threads** the callers are the workers: under one lock a caller drains; if its operation has finished it
//! returns; else it takes an effect (its own first, else the oldest), performs it unlocked, and completes it; with
//! nothing to take it waits until the timeout or until another brings news. A caller who is interrupted completes
//! its effect with [`FaultKind::Interrupted`](crate::effect::FaultKind::Interrupted) on the way out, and a waiter
//! repeats it.
//!
//! A panic inside an operation ends that operation, and the flight it was in, with `Internal`; the engine lives on.

#[cfg(feature = "encryption")]
mod encryption;
mod run;

use std::sync::Arc;
use std::time::Duration;

use crate::cache::store::{CacheInfo, Entry};
use crate::config::Config;
use crate::credential::build;
use crate::credential::provider::TokenProvider;
#[cfg(feature = "doctor")]
use crate::doctor::Doctor;
use crate::effect::{EffectId, Outcome};
use crate::error::Error;
use crate::exec::{Context, Executor};
#[cfg(feature = "doctor")]
use crate::operation::consultation::{CHECK_TIMEOUT, Consultation};
use crate::operation::{OpId, Operation, Output, Pending};
#[cfg(feature = "manage")]
use crate::operation::{Task, rotate_call::ROTATION_TIMEOUT};
use crate::secret::{Secret, SecretId, SecretIdRef, VaultUrl};
use crate::time::{Instant, Now};
#[cfg(feature = "encryption")]
use crate::vault::data_keys::DataKeys;
use crate::vault::secrets::Secrets;

use self::run::Run;

pub use crate::vault::secrets::SecretStore;

/// Finding an identity may take this much longer than the rest of an operation: so long may IMDS be away while it
/// is updated. A person who has to sign in may take what the credential allows, if that is more.
const PATIENCE: Duration = Duration::from_secs(75);

/// One credential, any number of vaults, all state. See the module's documentation for how to host it.
pub struct Engine {
    context: Context,
    executor: Executor,
    config: Arc<Config>,
    tokens: Arc<TokenProvider>,
    secrets: Arc<Secrets>,
    #[cfg(feature = "doctor")]
    doctor: Arc<Doctor>,
    #[cfg(feature = "encryption")]
    data_keys: Arc<DataKeys>,
}

impl Engine {
    /// Builds an engine. `seed` is 16 bytes from the operating system's random source: whoever can guess them can guess
    /// what [`random`](crate::random) makes of them.
    pub fn new(config: Config, seed: [u8; 16]) -> Result<Engine, Error> {
        let credential = build::credential(&config, &config.options.credential)?;
        let (pin, renewal) = (config.options.expect.clone(), config.options.host.renewal);
        let tokens = Arc::new(TokenProvider::new(credential, pin, renewal));
        let config = Arc::new(config);
        let secrets = Arc::new(Secrets::new(Arc::clone(&config), Arc::clone(&tokens)));
        Ok(Self {
            context: Context::new(seed),
            executor: Executor::default(),
            #[cfg(feature = "doctor")]
            doctor: Arc::new(Doctor::new(
                Arc::clone(&config),
                Arc::clone(&tokens),
                Arc::clone(&secrets),
            )),
            #[cfg(feature = "encryption")]
            data_keys: Arc::new(DataKeys::new(Arc::clone(&secrets))),
            config,
            tokens,
            secrets,
        })
    }

    /// The secrets at hand, for readers that must not wait for the engine's lock.
    pub fn store(&self) -> Arc<SecretStore> {
        Arc::clone(self.secrets.store())
    }

    /// A copy that may be served as it is: no operation, no effect. `None` also tells this one caller, of all, to
    /// `start` an operation because the copy wants renewing.
    pub fn cached(&self, id: &SecretIdRef<'_>, now: Now) -> Option<Secret> {
        self.secrets
            .store()
            .read(id, now.instant, |entry| entry.value.clone())
    }

    /// Reads an operation from JSON, see [`Operation::from_json`].
    pub fn operation(&self, json: &str) -> Result<Operation, Error> {
        Operation::from_json(json, &self.config.options.vault)
    }

    /// Reads a vault URL by this engine's rules.
    pub fn vault(&self, url: &str) -> Result<VaultUrl, Error> {
        VaultUrl::parse(url, self.config.options.vault.allow_http_loopback)
    }

    /// What an operation may take: as its caller says, or else as configured; a rotation, whose functions are the
    /// caller's, a quarter of an hour.
    pub fn allowance(&self, operation: &Operation) -> Duration {
        if let Some(timeout) = operation.timeout {
            return timeout;
        }
        #[cfg(feature = "manage")]
        if matches!(operation.task, Task::Rotate(_)) {
            return ROTATION_TIMEOUT;
        }
        #[cfg(feature = "doctor")]
        if matches!(operation.task, Task::Consult(Consultation::Check { .. })) {
            return CHECK_TIMEOUT;
        }
        let patience = self.tokens.patience().unwrap_or_default().max(PATIENCE);
        self.config.options.retry.operation_timeout + patience
    }

    /// Begins an operation. It ends with one [`Output::Finished`], unless it is cancelled.
    pub fn start(&mut self, operation: Operation, now: Now) -> OpId {
        self.context.mailbox().now = now;
        let allowed = self.allowance(&operation);
        let op = self.context.mailbox().begin(now.instant + allowed);
        let run = Run {
            context: self.context.of(op),
            #[cfg(feature = "reference")]
            config: Arc::clone(&self.config),
            op,
            deadline: now.instant + allowed,
            allowed,
            tokens: Arc::clone(&self.tokens),
            secrets: Arc::clone(&self.secrets),
            #[cfg(feature = "doctor")]
            doctor: Arc::clone(&self.doctor),
            #[cfg(feature = "encryption")]
            data_keys: Arc::clone(&self.data_keys),
        };
        self.executor
            .start(op, async move { run.perform(&operation.task).await });
        self.run();
        op
    }

    /// Ends an operation without a result: its caller went away. What others wait for goes on.
    pub fn cancel(&mut self, op: OpId, now: Now) {
        self.context.mailbox().now = now;
        self.context.mailbox().end(op);
        self.executor.cancel(op);
        self.run();
    }

    /// Answers an effect.
    pub fn complete(&mut self, id: EffectId, outcome: Outcome, now: Now) {
        self.context.mailbox().now = now;
        if self.context.mailbox().answer(id, outcome) {
            self.run();
        }
    }

    /// Tells that time has passed.
    pub fn handle_timeout(&mut self, now: Now) {
        self.context.mailbox().now = now;
        self.run();
    }

    /// The next thing for the host, if any.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.context.mailbox().pop()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout), and why.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.context.mailbox().next_timer()
    }

    /// What every running operation waits for.
    pub fn pending(&self) -> Vec<Pending> {
        self.context.mailbox().pending()
    }

    /// What the cache of secrets holds and has done.
    pub fn cache_info(&self, now: Now) -> CacheInfo {
        self.secrets.cache_info(now.instant)
    }

    /// Forgets a secret, so that the next read asks the vault.
    pub fn invalidate(&mut self, id: &SecretId) {
        self.secrets.invalidate(id);
    }

    /// Forgets all secrets.
    pub fn invalidate_all(&mut self) {
        self.secrets.invalidate_all();
    }

    /// What left the cache since the last call. A host that keeps objects in the entries' slots takes these and
    /// drops them once it has released its locks.
    pub fn take_discarded(&mut self) -> Vec<Arc<Entry<Secret>>> {
        self.secrets.take_discarded()
    }

    /// Readies the engine of a forked child: nothing is in flight there. Tokens and secrets at hand stay.
    pub fn after_fork(&mut self, seed: [u8; 16]) {
        self.executor.clear();
        drop(self.context.take_spawned());
        let mut mailbox = self.context.mailbox();
        mailbox.clear();
        mailbox.random = crate::random::Random::new(seed);
    }

    fn run(&mut self) {
        loop {
            self.context.wake_due();
            for task in self.context.take_spawned() {
                self.executor.spawn(task);
            }
            match self.executor.step() {
                Some(Some((op, result))) => {
                    let mut mailbox = self.context.mailbox();
                    if mailbox.end(op) {
                        mailbox.push(Output::Finished { op, result });
                    }
                }
                Some(None) => {}
                None if self.context.has_spawned() => {}
                None => return,
            }
        }
    }
}
