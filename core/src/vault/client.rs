//! One request to any vault, and its answer: the only way on which a secret operation reaches the service.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hashbrown::HashMap;

use crate::config::Config;
use crate::credential::provider::TokenProvider;
use crate::effect::{Request, Response};
use crate::error::{Error, ErrorKind, Identity};
use crate::event::Event;
use crate::exec::Context;
use crate::operation::Subject;
use crate::random::Random;
use crate::secret::VaultUrl;
use crate::sensitive::Sensitive;
use crate::verdict::Verdict;
#[cfg(feature = "doctor")]
use crate::wire::query;
use crate::wire::secrets::Deed;
use crate::wire::service_error::service_error;
use crate::wire::{Malformed, clean};

use super::lock;
use super::session::Session;

/// A name that is just being deleted or recovered is free or back within seconds: so often is it tried again,
const BUSY_TRIES: u32 = 5;
/// and so long is waited before each.
const BUSY_WAIT: Duration = Duration::from_secs(2);

pub(crate) struct Client {
    config: Arc<Config>,
    tokens: Arc<TokenProvider>,
    sessions: Mutex<HashMap<VaultUrl, Arc<Session>>>,
}

/// One look at a vault: its answer, and what that said.
#[cfg(feature = "doctor")]
pub(crate) struct Look<T> {
    pub(crate) response: Response,
    pub(crate) said: Result<T, Error>,
}

/// What the vault said, and what it meant.
pub(super) struct Told<T> {
    pub(super) said: T,
    pub(super) request_id: Option<String>,
}

impl Client {
    pub(super) fn new(config: Arc<Config>, tokens: Arc<TokenProvider>) -> Self {
        Self {
            config,
            tokens,
            sessions: Mutex::default(),
        }
    }

    /// Does `deed` to `subject` and reads the answer with `read`, or makes an error of it.
    pub(super) async fn ask<T>(
        &self,
        context: &Context,
        (deed, subject): (&Deed, &Subject),
        body: Option<Sensitive>,
        read: impl FnOnce(&Sensitive, &Subject) -> Result<T, Malformed>,
    ) -> Result<Told<T>, Error> {
        let request = deed.request(subject, &self.config.options.vault.api_version);
        self.send(context, (deed, subject), request, body, read).await
    }

    /// The same with a request of the caller's: the link to a next page.
    pub(super) async fn send<T>(
        &self,
        context: &Context,
        asked: (&Deed, &Subject),
        request: Request,
        body: Option<Sensitive>,
        read: impl FnOnce(&Sensitive, &Subject) -> Result<T, Malformed>,
    ) -> Result<Told<T>, Error> {
        let mut request = self.signed(context, request);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let response = self.accepted(context, asked, &request).await?;
        let said = read(&response.body, asked.1).map_err(|why| not_understood(&response, asked.1, &why))?;
        let request_id = request_id(&response);
        Ok(Told { said, request_id })
    }

    /// An answer in which the vault says yes.
    async fn accepted(
        &self,
        context: &Context,
        (deed, subject): (&Deed, &Subject),
        request: &Request,
    ) -> Result<Response, Error> {
        let session = self.session(context, &subject.vault);
        let mut tries = 1;
        loop {
            let (response, identity) = session
                .send(context, &self.tokens, (deed, subject), request)
                .await?;
            let Some(error) = refusal(context, (deed, subject), &response, identity.as_ref()) else {
                return Ok(response);
            };
            if is_busy(&error) && tries <= BUSY_TRIES && !deed.only_looks() {
                context.note_failure(&error);
                context.emit(Event::Retrying {
                    host: subject.vault.authority().into(),
                    attempt: tries,
                    wait_ms: BUSY_WAIT.as_millis() as u64,
                    reason: error.details().message.clone(),
                });
                context.waits_for("the vault to finish with the name");
                context.sleep(BUSY_WAIT, "a name that is busy").await;
                tries += 1;
                continue;
            }
            return Err(error);
        }
    }

    /// One look by the ordinary request for `deed`, as the doctor does: all that the answer shows, and no second try at a name
    /// that is busy.
    #[cfg(feature = "doctor")]
    pub(crate) async fn look<T>(
        &self,
        context: &Context,
        asked: (&Deed, &Subject),
        arguments: &[(&str, &str)],
        read: impl FnOnce(&Sensitive, &Subject) -> Result<T, Malformed>,
    ) -> Result<Look<T>, Error> {
        let (deed, subject) = asked;
        let mut request = deed.request(subject, &self.config.options.vault.api_version);
        request.url = query(&request.url, arguments);
        let request = self.signed(context, request);
        let session = self.session(context, &subject.vault);
        let (response, identity) = session.send(context, &self.tokens, asked, &request).await?;
        let said = match refusal(context, asked, &response, identity.as_ref()) {
            Some(error) => Err(error),
            None => read(&response.body, subject).map_err(|why| not_understood(&response, subject, &why)),
        };
        Ok(Look { response, said })
    }

    /// The request with who asks and by what number.
    fn signed(&self, context: &Context, request: Request) -> Request {
        request
            .header("user-agent", user_agent(&self.config))
            .header("x-ms-client-request-id", context.random(Random::uuid))
    }

    fn session(&self, context: &Context, vault: &VaultUrl) -> Arc<Session> {
        let now = context.instant();
        let mut sessions = lock(&self.sessions);
        let new = || Arc::new(Session::new(&self.config, vault.clone(), now));
        Arc::clone(sessions.entry(vault.clone()).or_insert_with(new))
    }
}

/// Whether the vault has the inner code `code` for its refusal.
pub(super) fn is_inner(error: &Error, code: &str) -> bool {
    let inner = error.details().inner_code.as_deref();
    inner.is_some_and(|inner| inner.eq_ignore_ascii_case(code))
}

/// Whether the vault is busy with the name.
pub(super) fn is_busy(error: &Error) -> bool {
    error.kind() == ErrorKind::Conflict
        && (is_inner(error, "ObjectIsBeingDeleted") || is_inner(error, "ObjectIsBeingRecovered"))
}

/// What an answer other than yes means; an event tells of one that denies access.
fn refusal(
    context: &Context,
    (deed, subject): (&Deed, &Subject),
    response: &Response,
    identity: Option<&Identity>,
) -> Option<Error> {
    if matches!(response.status, 200 | 204) {
        return None;
    }
    let error = service_error(response, subject, deed, identity, context.now().unix);
    if error.kind() == ErrorKind::Forbidden {
        context.emit(Event::AccessDenied {
            vault: subject.vault.to_string(),
            name: subject.name.as_ref().map(ToString::to_string).unwrap_or_default(),
            identity: error.details().identity.clone().unwrap_or_default(),
            inner_code: error.details().inner_code.clone(),
            request_id: error.details().request_id.clone(),
        });
    }
    Some(error)
}

/// An answer of success that holds something else than what was asked for.
fn not_understood(response: &Response, subject: &Subject, why: &Malformed) -> Error {
    let text = format!("The answer of {} was not understood. {}", subject.vault, why.0);
    Error::new(ErrorKind::MalformedResponse, text)
        .advise("Check that no proxy answers in the vault's place.")
        .diagnose(Verdict::ForeignAnswer)
        .with(|d| {
            d.status = Some(response.status);
            d.request_id = request_id(response);
        })
}

fn request_id(response: &Response) -> Option<String> {
    let id = response.header("x-ms-request-id").map(clean);
    id.filter(|id| !id.is_empty())
}

fn user_agent(config: &Config) -> String {
    let own = concat!("nightlatch/", env!("CARGO_PKG_VERSION"));
    config
        .options
        .user_agent
        .as_ref()
        .map_or_else(|| own.to_owned(), |prefix| format!("{prefix} {own}"))
}
