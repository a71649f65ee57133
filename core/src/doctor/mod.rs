//! Why not, and what to do: one run of the whole way, looked at by somebody who knows what each answer means.
//!
//! * here: the conversations: the run of a diagnosis, and the health check
//! * [`report`](self::report): what the run showed, put together
//! * [`host`]: what kind of host this is
//! * [`differential`]: the verdict that all facts together allow, and what else fits them
//! * [`remedy`], [`remedy_identity`]: the missing step on this host, filled in from a [`scene`]
//! * [`warnings`]: what works today and may not tomorrow
//! * [`forecast`]: what would be done and what it would cost
//!
//! A diagnosis uses the engine's ordinary conversations, so that it shows what a program meets: a token at hand serves,
//! the limiter and the retries count. It asks for the secret itself (the permission to read values is what is tried;
//! the value is dropped), and once more only where that tells two verdicts apart: after "not found" among the deleted
//! secrets, and for the latest version where another one was named.

mod differential;
mod forecast;
mod host;
mod remedy;
mod remedy_identity;
mod report;
mod scene;
mod warnings;

use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashMap;

use crate::config::Config;
use crate::credential::provider::TokenProvider;
use crate::effect::Response;
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::operation::{Page, Subject};
use crate::report::{Failure, Trouble};
use crate::secret::{DeletedSecret, SecretId, SecretName, SecretProperties, VaultUrl};
use crate::sensitive::Sensitive;
use crate::time::Instant;
use crate::vault::client::Look;
use crate::vault::secrets::Secrets;
use crate::wire::Malformed;
use crate::wire::secrets::{self, Deed, deed};

pub(crate) struct Doctor {
    config: Arc<Config>,
    tokens: Arc<TokenProvider>,
    secrets: Arc<Secrets>,
    /// When each vault was last seen to answer a health check without a name.
    reached: Mutex<HashMap<VaultUrl, Instant>>,
}

/// What a run showed.
pub(crate) struct Facts {
    /// The vault's answer, and why it is not a yes.
    response: Response,
    error: Option<Error>,
    /// What was read of the secret.
    secret: Option<SecretProperties>,
    /// What is known of the name among the deleted secrets.
    deleted: Option<Result<DeletedSecret, Error>>,
    /// The latest version, where another one was named.
    latest: Option<String>,
}

impl Doctor {
    pub(crate) fn new(config: Arc<Config>, tokens: Arc<TokenProvider>, secrets: Arc<Secrets>) -> Self {
        Self {
            config,
            tokens,
            secrets,
            reached: Mutex::default(),
        }
    }

    /// Goes the whole way once.
    pub(crate) async fn examine(&self, context: &Context, subject: &Subject) -> Result<Facts, Error> {
        self.tokens.forget_failed_walk();
        let Some(id) = id_of(subject) else {
            let look = self.look_at_list(context, subject).await?;
            return Ok(Facts::of(look.response, look.said.err()));
        };
        let asked = (&deed::GET, subject);
        let look = self
            .secrets
            .client
            .look(context, asked, &[], secrets::parse_secret)
            .await?;
        let allowed = look.said.and_then(|secret| {
            self.secrets.learn(context, &id, &secret, false)?;
            Ok(secret)
        });
        let mut facts = Facts::of(look.response, None);
        let latest = Subject {
            version: None,
            ..subject.clone()
        };
        match allowed {
            Ok(secret) => {
                facts.secret = Some(secret.properties().clone());
                if subject.version.is_some() {
                    let look = self.properties(context, &deed::GET, &latest, secrets::parse_properties);
                    facts.latest = look.await.ok().and_then(|properties| properties.version);
                }
            }
            Err(error) => {
                self.secrets.note_refusal(context, &id, &error);
                if error.kind() == ErrorKind::NotFound {
                    let look = self.properties(context, &deed::GET_DELETED, &latest, secrets::parse_deleted);
                    facts.deleted = Some(look.await);
                }
                facts.error = Some(error);
            }
        }
        Ok(facts)
    }

    /// One more look, of which only what it says matters.
    async fn properties<T>(
        &self,
        context: &Context,
        deed: &Deed,
        subject: &Subject,
        read: fn(&Sensitive, &Subject) -> Result<T, Malformed>,
    ) -> Result<T, Error> {
        let look = self
            .secrets
            .client
            .look(context, (deed, subject), &[], read)
            .await?;
        look.said
    }

    /// The least that shows whether a vault can be read where no secret is named.
    async fn look_at_list(
        &self,
        context: &Context,
        subject: &Subject,
    ) -> Result<Look<Page<SecretProperties>>, Error> {
        let (asked, arguments) = ((&deed::LIST, subject), [("maxresults", "1")]);
        self.secrets
            .client
            .look(context, asked, &arguments, secrets::parse_page)
            .await
    }

    /// Whether the vault answered within the life of a secret, or does now.
    pub(crate) async fn reach(&self, context: &Context, vault: &VaultUrl) -> Result<(), Error> {
        let now = context.instant();
        let reached = || self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        let last = reached().get(vault).copied();
        if last.is_some_and(|last| now.since(last) < self.config.options.cache.ttl) {
            return Ok(());
        }
        let subject = Subject::all(vault.clone());
        self.look_at_list(context, &subject).await?.said?;
        reached().insert(vault.clone(), context.instant());
        Ok(())
    }
}

impl Facts {
    fn of(response: Response, error: Option<Error>) -> Self {
        Self {
            response,
            error,
            secret: None,
            deleted: None,
            latest: None,
        }
    }
}

/// The secret that is asked about, if one is.
fn id_of(subject: &Subject) -> Option<SecretId> {
    Some(SecretId {
        vault: subject.vault.clone(),
        name: subject.name.clone()?,
        version: subject.version.clone(),
    })
}

/// What a diagnosis tries to do.
fn deed_of(subject: &Subject) -> &'static Deed {
    match subject.name {
        Some(_) => &deed::GET,
        None => &deed::LIST,
    }
}

/// An error of a health check.
pub(crate) fn trouble(name: Option<&SecretName>, error: &Error) -> Trouble {
    Trouble {
        name: name.map(ToString::to_string),
        verdict: error.details().help,
        advice: error.details().advice.clone(),
        error: failure(error),
    }
}

/// What a report repeats of an error.
fn failure(error: &Error) -> Failure {
    let details = error.details();
    Failure {
        kind: details.kind,
        message: details.message.clone(),
        status: details.status,
        code: details.code.clone(),
        inner_code: details.inner_code.clone(),
        request_id: details.request_id.clone(),
        transient: error.is_transient(),
    }
}
