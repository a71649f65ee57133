//! Tokens in a user's name: `DeviceCodeCredential`, `InteractiveBrowserCredential`, `AuthorizationCodeCredential`,
//! `UsernamePasswordCredential`, `OnBehalfOfCredential`. They differ in how the first token comes about; from then on a
//! refresh token, held in memory, gives the next ones silently:
//!
//! ```text
//!   refresh token at hand ──▶ exchanged ──▶ token, and perhaps a new refresh token
//!        │ none                  └ no longer good: dropped
//!        ▼                                  │
//!   sign in ◀───────────────────────────────┘
//! ```
//!
//! One sign-in at a time, whatever tokens are asked for meanwhile: a person is asked once, and the others take what the
//! refresh token gives. A renewal before a token's end never asks anybody.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::config::credential::{Application, AuthorityOptions, OnBehalfOfOptions, PersonOptions};
use crate::config::{Config, Slot};
use crate::effect::Route;
use crate::error::{Error, ErrorKind};
use crate::exec::{Context, SingleFlight};
use crate::operation::{Interaction, TokenRequest};
use crate::sensitive::Sensitive;
use crate::token::access_token::AccessToken;
use crate::verdict::Verdict;
use crate::wire::token::Grant;

use super::client_certificate::ClientCertificate;
use super::entra::{Answer, Entra, is_named};
use super::proof::Proof;
use super::{Credential, Miss, device_code::DeviceCode, interactive_browser::InteractiveBrowser};

/// The application that the Azure developer tools share.
const DEVELOPER_SIGN_ON: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// What the sign-in service calls a grant that it no longer takes, or that is not enough.
const SIGN_IN_AGAIN: [&str; 4] = [
    "invalid_grant",
    "interaction_required",
    "login_required",
    "consent_required",
];

pub(crate) struct User {
    name: &'static str,
    entra: Entra,
    proof: Proof,
    flow: Flow,
    /// Whether a person is asked only when the program says so.
    on_demand: bool,
    refresh_token: Mutex<Option<Sensitive>>,
    sign_ins: SingleFlight<(), SignedIn>,
}

/// How the first token comes about.
pub(super) enum Flow {
    DeviceCode(DeviceCode),
    InteractiveBrowser(InteractiveBrowser),
    /// A code that a web application was sent, which is good for one token.
    AuthorizationCode {
        code: Mutex<Option<Sensitive>>,
        redirect_uri: String,
    },
    Password {
        username: String,
        password: Sensitive,
    },
    OnBehalfOf(Sensitive),
}

/// What a sign-in brought, and for whom.
#[derive(Clone)]
struct SignedIn {
    request: TokenRequest,
    token: AccessToken,
}

impl User {
    /// `UsernamePasswordCredential`.
    pub(crate) fn with_password(
        config: &Config,
        person: &PersonOptions,
        username: &str,
        password: Slot,
    ) -> Result<Credential, Error> {
        let flow = Flow::Password {
            username: username.to_owned(),
            password: config.secret(password)?,
        };
        Self::of_person(config, "UsernamePasswordCredential", person, flow)
    }

    /// The same, as `EnvironmentCredential` has it.
    pub(super) fn of_environment(
        config: &Config,
        name: &'static str,
        authority: &AuthorityOptions,
        (tenant, client_id): (Option<&str>, &str),
        (username, password): (&str, Sensitive),
    ) -> Result<Credential, Error> {
        let flow = Flow::Password {
            username: username.to_owned(),
            password,
        };
        let entra = Entra::new(config, authority, tenant, client_id)?;
        Ok(Self::new(name, entra, Proof::None, flow).credential())
    }

    /// `AuthorizationCodeCredential`.
    pub(crate) fn with_code(
        config: &Config,
        application: &Application,
        (code, redirect_uri): (Slot, &str),
        secret: Option<Slot>,
    ) -> Result<Credential, Error> {
        let proof = match secret {
            Some(secret) => Proof::Secret(config.secret(secret)?),
            None => Proof::None,
        };
        let flow = Flow::AuthorizationCode {
            code: Mutex::new(Some(config.secret(code)?)),
            redirect_uri: redirect_uri.to_owned(),
        };
        let entra = Entra::of(config, application)?;
        Ok(Self::new("AuthorizationCodeCredential", entra, proof, flow).credential())
    }

    /// `OnBehalfOfCredential`.
    pub(crate) fn on_behalf_of(config: &Config, options: &OnBehalfOfOptions) -> Result<Credential, Error> {
        const NAME: &str = "OnBehalfOfCredential";
        let certificate = &options.certificate;
        let certified = certificate.certificate.is_some() || certificate.certificate_path.is_some();
        let proof = match (options.client_secret, certified, options.assertion) {
            (Some(secret), false, None) => Proof::Secret(config.secret(secret)?),
            (None, true, None) => {
                let certificate = ClientCertificate::of_options(config, certificate, NAME)?;
                Proof::Certificate(Box::new(certificate))
            }
            (None, false, Some(function)) => Proof::function(config, function),
            _ => {
                let text = format!(
                    "{NAME} takes one proof of the application: a secret, a certificate or an assertion."
                );
                return Err(Error::new(ErrorKind::InvalidConfiguration, text));
            }
        };
        let entra = Entra::of(config, &options.application)?;
        let flow = Flow::OnBehalfOf(config.secret(options.user_assertion)?);
        Ok(Self::new(NAME, entra, proof, flow).credential())
    }

    pub(super) fn of_person(
        config: &Config,
        name: &'static str,
        person: &PersonOptions,
        flow: Flow,
    ) -> Result<Credential, Error> {
        let client_id = person.client_id.as_deref().unwrap_or(DEVELOPER_SIGN_ON);
        let entra = Entra::new(config, &person.authority, person.tenant_id.as_deref(), client_id)?;
        let on_demand = person.disable_automatic_authentication;
        let user = Self {
            on_demand,
            ..Self::new(name, entra, Proof::None, flow)
        };
        Ok(user.credential())
    }

    fn new(name: &'static str, entra: Entra, proof: Proof, flow: Flow) -> Self {
        Self {
            name,
            entra,
            proof,
            flow,
            on_demand: false,
            refresh_token: Mutex::default(),
            sign_ins: SingleFlight::default(),
        }
    }

    fn credential(self) -> Credential {
        Credential::User(Arc::new(self))
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn entra(&self) -> &Entra {
        &self.entra
    }

    /// How long a person may need; `None`: none is asked.
    pub(crate) fn patience(&self) -> Option<Duration> {
        match &self.flow {
            Flow::DeviceCode(flow) => Some(flow.patience()),
            Flow::InteractiveBrowser(flow) => Some(flow.patience()),
            _ => None,
        }
    }

    /// See [`Credential::essence`]. A person who is to sign in before anybody knows what for gets a token for Azure's
    /// management interface, as in the SDKs.
    pub(crate) fn essence<'a>(&self, request: &'a TokenRequest) -> Cow<'a, TokenRequest> {
        let mut essence = Cow::Borrowed(request);
        if request.interaction == Interaction::Always && request.scopes.is_empty() {
            let scope = self.entra.management_scope();
            essence.to_mut().scopes.extend(scope.map(str::to_owned));
        }
        essence
    }

    pub(crate) async fn token(
        self: &Arc<Self>,
        context: &Context,
        request: &TokenRequest,
    ) -> Result<AccessToken, Miss> {
        loop {
            if request.interaction != Interaction::Always
                && let Some(token) = self.refreshed(context, request).await?
            {
                return Ok(token);
            }
            self.may_ask(request)?;
            let begin = |_| {
                let (user, context, request) = (Arc::clone(self), context.clone(), request.clone());
                async move {
                    let answer = user.sign_in(&context, &request).await;
                    let token = user.keep(answer.map_err(|miss| miss.error)?);
                    Ok(SignedIn { request, token })
                }
            };
            let signed_in = self.sign_ins.run((), begin).await.map_err(Miss::of)?;
            if signed_in.request == *request {
                return Ok(signed_in.token);
            }
        }
    }

    /// What the refresh token gives, if there is one that is still good.
    async fn refreshed(
        &self,
        context: &Context,
        request: &TokenRequest,
    ) -> Result<Option<AccessToken>, Miss> {
        let Some(held) = self.held().clone() else {
            return Ok(None);
        };
        match self.exchange(context, request, Grant::RefreshToken(&held)).await {
            Ok(answer) => Ok(Some(self.keep(answer))),
            Err(miss) if is_named(&miss.error, &SIGN_IN_AGAIN) => {
                self.held().take_if(|other| *other == held);
                Ok(None)
            }
            Err(miss) => Err(miss),
        }
    }

    /// Whether a person may be asked now, if one has to be.
    fn may_ask(&self, request: &TokenRequest) -> Result<(), Miss> {
        let allowed = match request.interaction {
            Interaction::Always => true,
            Interaction::IfNeeded => !self.on_demand,
            Interaction::Never => false,
        };
        if allowed || self.patience().is_none() {
            return Ok(());
        }
        Err(self
            .required("Nobody has signed in yet, or the sign-in has ended")
            .advise("Call authenticate(), so that the user signs in."))
    }

    fn required(&self, why: &str) -> Miss {
        let text = format!("{} authentication unavailable. {why}.", self.name);
        let error = Error::new(ErrorKind::CredentialUnavailable, text)
            .diagnose(Verdict::SignInNeeded)
            .with(|d| {
                d.source = Some(self.name.into());
                d.code = Some("authentication_required".into());
            });
        Miss::of(error)
    }

    /// Boxed, as it is the longest of all conversations.
    fn sign_in<'a>(
        &'a self,
        context: &'a Context,
        request: &'a TokenRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, Miss>> + Send + 'a>> {
        Box::pin(async move {
            let used;
            let grant = match &self.flow {
                Flow::DeviceCode(flow) => return flow.sign_in(self, context, request).await,
                Flow::InteractiveBrowser(flow) => return flow.sign_in(self, context, request).await,
                Flow::AuthorizationCode { code, redirect_uri } => {
                    let code = code.lock().unwrap_or_else(PoisonError::into_inner).take();
                    used = code.ok_or_else(|| {
                        self.required("Its authorization code has been used").advise(
                            "Send the user to the sign-in page again, and make a credential of the new code.",
                        )
                    })?;
                    Grant::AuthorizationCode {
                        code: &used,
                        redirect_uri,
                        verifier: None,
                    }
                }
                Flow::Password { username, password } => Grant::Password { username, password },
                Flow::OnBehalfOf(assertion) => Grant::OnBehalfOf(assertion),
            };
            self.exchange(context, request, grant).await
        })
    }

    /// Shows a grant for a token.
    pub(super) fn exchange<'a>(
        &'a self,
        context: &'a Context,
        request: &'a TokenRequest,
        grant: Grant<'a>,
    ) -> impl Future<Output = Result<Answer, Miss>> + Send + 'a {
        self.entra
            .exchange(Route::Ordinary, context, self.name, request, grant, &self.proof)
    }

    fn keep(&self, answer: Answer) -> AccessToken {
        if answer.refresh_token.is_some() {
            *self.held() = answer.refresh_token;
        }
        answer.token
    }

    fn held(&self) -> MutexGuard<'_, Option<Sensitive>> {
        self.refresh_token.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An error of this credential's.
    pub(super) fn failed(&self, kind: ErrorKind, why: &str) -> Error {
        let text = format!("{} authentication failed. {why}.", self.name);
        Error::new(kind, text).with(|d| d.source = Some(self.name.into()))
    }
}
