//! Keeps tokens, renews them in time, checks whom they stand for, and lets any number of callers share one
//! conversation.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use hashbrown::HashMap;

use crate::config::{IdentityPin, Renewal};
#[cfg(feature = "doctor")]
use crate::error::Attempt;
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::exec::{Context, SingleFlight};
use crate::identity::pin;
use crate::operation::{Interaction, TokenRequest};
use crate::time::Instant;
#[cfg(feature = "doctor")]
use crate::time::millis;
use crate::token::access_token::AccessToken;
use crate::token::refresh::Freshness;
use crate::verdict::Verdict;

use super::Credential;
use super::developer_tool::Profile;
#[cfg(feature = "doctor")]
use super::{Grant, Miss};

/// More tokens than this are not kept; a program needs one for each kind of service and tenant.
const MOST_TOKENS: usize = 128;

/// A renewal may cost its caller at most this part of the time it has: the token at hand still serves.
const PATIENCE: u32 = 4;

pub(crate) struct TokenProvider {
    credential: Credential,
    pin: IdentityPin,
    renewal: Renewal,
    tokens: Mutex<HashMap<TokenRequest, Held>>,
    flights: SingleFlight<TokenRequest, AccessToken>,
    #[cfg(feature = "doctor")]
    walk: Mutex<Walk>,
}

/// How the last token was looked for, for the doctor.
#[cfg(feature = "doctor")]
#[derive(Clone, Debug, Default)]
pub(crate) struct Walk {
    /// The sources that gave none, in order.
    pub(crate) attempts: Vec<Attempt>,
    /// The token, and how many milliseconds its source took.
    pub(crate) token: Option<(AccessToken, u64)>,
}

/// A token that is kept.
struct Held {
    token: AccessToken,
    /// Whose it is, and when that was last looked at.
    profile: Option<(Profile, Instant)>,
}

impl TokenProvider {
    pub(crate) fn new(credential: Credential, pin: IdentityPin, renewal: Renewal) -> Self {
        Self {
            credential,
            pin,
            renewal,
            tokens: Mutex::default(),
            flights: SingleFlight::default(),
            #[cfg(feature = "doctor")]
            walk: Mutex::default(),
        }
    }

    #[cfg(feature = "doctor")]
    pub(super) fn credential(&self) -> &Credential {
        &self.credential
    }

    /// How the last token was looked for.
    #[cfg(feature = "doctor")]
    pub(crate) fn walk(&self) -> Walk {
        self.walk.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets the walk that found none: what it met may be over.
    #[cfg(feature = "doctor")]
    pub(crate) fn forget_failed_walk(&self) {
        let mut walk = self.walk.lock().unwrap_or_else(PoisonError::into_inner);
        if walk.token.is_none() {
            *walk = Walk::default();
        }
    }

    /// Remembers that. A chain that has found its source asks no other again, so what they said stays true.
    #[cfg(feature = "doctor")]
    fn remember(&self, result: &Result<Grant, Miss>, took: Duration) {
        let mut walk = self.walk.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(grant) => {
                if !grant.skipped.is_empty() || walk.token.is_none() {
                    walk.attempts.clone_from(&grant.skipped);
                }
                let others: u64 = grant.skipped.iter().map(|attempt| attempt.duration_ms).sum();
                walk.token = Some((grant.token.clone(), millis(took).saturating_sub(others)));
            }
            Err(miss) => {
                let attempts = &miss.error.details().attempts;
                walk.attempts = match attempts.is_empty() {
                    true => vec![Attempt {
                        duration_ms: millis(took),
                        ..miss.attempt(self.credential.name())
                    }],
                    false => attempts.clone(),
                };
                walk.token = None;
            }
        }
    }

    /// A token for `request`: the one at hand if it still serves, else a new one.
    pub(crate) async fn token(
        self: &Arc<Self>,
        context: &Context,
        request: &TokenRequest,
    ) -> Result<AccessToken, Error> {
        let request = &*self.credential.essence(request);
        if request.scopes.is_empty() {
            return Err(Error::new(ErrorKind::InvalidArgument, "A token needs a scope.")
                .advise("Name what the token is for, such as https://management.azure.com/.default."));
        }
        if request.claims.is_some() || request.interaction == Interaction::Always {
            return self.fetch(context, request).await;
        }
        if let Some(profile) = self.profile_to_check(context, request)
            && profile.has_changed(context).await
        {
            self.forget_account(&profile);
        }
        let now = context.instant();
        let held = {
            let mut tokens = self.tokens();
            tokens.get_mut(request).map(|Held { token: held, .. }| {
                let freshness = held.schedule().freshness(now);
                if freshness == Freshness::RefreshDue {
                    // Others go on with the old one meanwhile, and after a failure for a while.
                    held.renewal_attempted(now);
                }
                (held.clone(), freshness)
            })
        };
        match held {
            Some((held, Freshness::Fresh)) => Ok(held),
            Some((held, Freshness::RefreshDue)) if self.renewal == Renewal::Detached => {
                let (provider, request, context) = (Arc::clone(self), request.clone(), context.detached());
                context.clone().spawn(Box::pin(async move {
                    let _ = provider.renew(&context, &request).await;
                }));
                Ok(held)
            }
            Some((held, Freshness::RefreshDue)) => Ok(self.renew(context, request).await.unwrap_or(held)),
            Some((_, Freshness::Expired)) | None => self.fetch(context, request).await,
        }
    }

    /// How long a person may need whom the credential asks; `None`: it asks none.
    pub(crate) fn patience(&self) -> Option<Duration> {
        self.credential.patience()
    }

    /// Forgets a token that a service did not accept.
    pub(crate) fn reject(&self, rejected: &AccessToken) {
        self.tokens()
            .retain(|_, held| held.token.token() != rejected.token());
    }

    /// The profile of the token at hand, for one caller in a while: the others take the token as it is.
    fn profile_to_check(&self, context: &Context, request: &TokenRequest) -> Option<Profile> {
        let (mut tokens, now) = (self.tokens(), context.instant());
        let profile = tokens.get_mut(request)?.profile.as_mut();
        let due = profile.filter(|(_, checked)| now.since(*checked) >= Profile::RECHECK);
        due.map(|(profile, checked)| {
            *checked = now;
            profile.clone()
        })
    }

    /// Forgets the tokens of an account that is no longer the tool's.
    fn forget_account(&self, profile: &Profile) {
        let of_account = |held: &Held| held.profile.as_ref().is_some_and(|(own, _)| own.is(profile));
        self.tokens().retain(|_, held| !of_account(held));
    }

    async fn renew(
        self: &Arc<Self>,
        context: &Context,
        request: &TokenRequest,
    ) -> Result<AccessToken, Error> {
        let mut request = request.clone();
        if self.patience().is_some() {
            request.interaction = Interaction::Never;
        }
        let patience = context.time_left() / PATIENCE;
        // Whether the caller begins the flight or joins one: either way it is served in time.
        let hurried = context.within(patience);
        let work = std::pin::pin!(self.fetch(&hurried, &request));
        let patience = context.sleep(patience, "a token's renewal");
        let result = match select(work, patience).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => Err(Error::new(
                ErrorKind::Timeout,
                "The renewal took too long for the caller who waited for it.",
            )),
        };
        if let Err(error) = &result {
            let source = error
                .details()
                .source
                .clone()
                .unwrap_or_else(|| self.credential.name().to_owned());
            context.emit(Event::TokenRefreshFailed {
                source,
                reason: error.details().message.clone(),
            });
        }
        result
    }

    async fn fetch(
        self: &Arc<Self>,
        context: &Context,
        request: &TokenRequest,
    ) -> Result<AccessToken, Error> {
        let begin = |_| {
            let (provider, context, request) = (Arc::clone(self), context.clone(), request.clone());
            async move { provider.acquire(&context, &request).await }
        };
        context.waits_for("a token");
        self.flights.run(request.clone(), begin).await
    }

    async fn acquire(&self, context: &Context, request: &TokenRequest) -> Result<AccessToken, Error> {
        #[cfg(feature = "doctor")]
        let began = context.instant();
        let result = self.credential.token(context, request).await;
        #[cfg(feature = "doctor")]
        self.remember(&result, context.instant().since(began));
        let grant = result.map_err(|miss| miss.error)?;
        let token = grant.token;
        if !token.is_usable(context.instant()) {
            let text = format!("{} gave a token that has already expired.", token.source());
            return Err(Error::new(ErrorKind::MalformedResponse, text)
                .advise("Check this host's clock.")
                .diagnose(Verdict::TokenExpired)
                .with(|d| d.source = Some(token.source().to_owned())));
        }
        pin::check(&self.pin, token.identity(), token.source())?;
        context.emit(Event::TokenAcquired {
            source: token.source().to_owned(),
            scope: request.scopes.join(" "),
            identity: token.identity().clone(),
            expires_on: token.expires_on().to_string(),
            skipped: grant.skipped,
        });
        // A token got by claims, or by a person, serves from now on wherever the same without these is asked for.
        let key = TokenRequest {
            claims: None,
            interaction: Interaction::IfNeeded,
            ..request.clone()
        };
        // A chain knows only now what makes a difference to the source it found.
        let key = self.credential.essence(&key).into_owned();
        let mut tokens = self.tokens();
        if tokens.len() >= MOST_TOKENS {
            let now = context.instant();
            tokens.retain(|_, held| held.token.schedule().freshness(now) == Freshness::Fresh);
            if tokens.len() >= MOST_TOKENS {
                tokens.clear();
            }
        }
        let profile = grant.profile.map(|profile| (profile, context.instant()));
        let held = Held {
            token: token.clone(),
            profile,
        };
        tokens.insert(key, held);
        Ok(token)
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<TokenRequest, Held>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
