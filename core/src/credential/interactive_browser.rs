//! `InteractiveBrowserCredential`: a person signs in with the browser of this machine, which brings a code back to a
//! listener on its loopback address (RFC 8252). The host opens the page and listens.
//!
//! What keeps others out: the `state`, without which nothing that comes back is used; the verifier, without which the
//! code is worth nothing (PKCE, RFC 7636); and the nonce in the ID token, of which nothing else is read.

use std::time::Duration;

use hmac_sha256::Hash;

use crate::base64;
use crate::config::Config;
use crate::config::credential::PersonOptions;
use crate::effect::{Effect, Fault, FaultKind, Outcome};
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::exec::exchange::mismatched;
use crate::operation::TokenRequest;
use crate::random::Random;
use crate::sensitive::Sensitive;
use crate::token::claims::Claims;
use crate::wire::token::{Grant, parse_redirect};

use super::entra::{Answer, refusal};
use super::user::{Flow, User};
use super::{Credential, Miss};

/// As the Azure SDKs wait.
const TIMEOUT: Duration = Duration::from_secs(300);

pub(crate) struct InteractiveBrowser {
    port: Option<u16>,
    login_hint: Option<String>,
    timeout: Duration,
}

impl InteractiveBrowser {
    /// `InteractiveBrowserCredential`.
    pub(crate) fn credential(
        config: &Config,
        person: &PersonOptions,
        (port, login_hint): (Option<u16>, Option<&str>),
    ) -> Result<Credential, Error> {
        let flow = Flow::InteractiveBrowser(Self {
            port,
            login_hint: login_hint.map(str::to_owned),
            timeout: person.timeout.unwrap_or(TIMEOUT),
        });
        User::of_person(config, "InteractiveBrowserCredential", person, flow)
    }

    pub(super) fn patience(&self) -> Duration {
        self.timeout
    }

    pub(super) async fn sign_in(
        &self,
        user: &User,
        context: &Context,
        request: &TokenRequest,
    ) -> Result<Answer, Miss> {
        let draw = || base64::encode_url(&context.random(Random::unpredictable));
        let (state, nonce, verifier) = (draw(), draw(), Sensitive::from(draw()));
        let challenge = base64::encode_url(&Hash::hash(verifier.expose()));
        let own = [&*state, &nonce, &challenge];
        let effect = Effect::Browse {
            url: user
                .entra()
                .sign_in_page(request, own, self.login_hint.as_deref())?,
            port: self.port,
            state: state.clone(),
            timeout: self.timeout,
        };
        let (redirect_uri, answer) = match context.insist(effect, self.timeout).await {
            Outcome::Returned { redirect_uri, answer } => (redirect_uri, answer),
            Outcome::Failed(fault) => return Err(Miss::of(self.not_returned(user, &fault))),
            other => return Err(Miss::refused(mismatched(&other))),
        };
        let code = parse_redirect(&answer, &state)
            .map_err(|failure| Miss::refused(refusal(user.name(), None, Some(*failure))))?;
        let grant = Grant::AuthorizationCode {
            code: &code,
            redirect_uri: &redirect_uri,
            verifier: Some(&verifier),
        };
        let answer = user.exchange(context, request, grant).await?;
        let id_token = answer.id_token.as_ref().and_then(Claims::decode);
        if id_token.is_some_and(|claims| claims.nonce.as_deref() != Some(&*nonce)) {
            let why = "The sign-in service answered to another sign-in than this one";
            return Err(Miss::refused(user.failed(ErrorKind::AuthenticationFailed, why)));
        }
        Ok(answer)
    }

    fn not_returned(&self, user: &User, fault: &Fault) -> Error {
        match fault.kind {
            FaultKind::Unsupported | FaultKind::Unavailable | FaultKind::NotFound => {
                let why = format!("No browser can be opened here: {fault}");
                user.failed(ErrorKind::CredentialUnavailable, &why)
                    .advise("Use DeviceCodeCredential, which needs no browser on this machine.")
            }
            FaultKind::Timeout => {
                let why = format!("Nobody signed in within {} s", self.timeout.as_secs());
                user.failed(ErrorKind::AuthenticationFailed, &why)
            }
            _ => user.failed(
                ErrorKind::AuthenticationFailed,
                &format!("The browser did not come back: {fault}"),
            ),
        }
    }
}
