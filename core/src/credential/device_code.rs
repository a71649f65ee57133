//! `DeviceCodeCredential`: a person types a code on another device while this one keeps asking (RFC 8628).

use std::time::Duration;

use crate::config::Config;
use crate::config::credential::PersonOptions;
use crate::effect::{Effect, FaultKind, Outcome};
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::exec::exchange::mismatched;
use crate::operation::TokenRequest;
use crate::verdict::Verdict;
use crate::wire::token::Grant;

use super::entra::{Answer, is_named};
use super::user::{Flow, User};
use super::{Credential, Ending, Miss};

/// So long is a code of Entra's good.
const LIFE: Duration = Duration::from_secs(900);

/// How much slower to ask when the service says so (RFC 8628 section 3.5).
const SLOWER: Duration = Duration::from_secs(5);

pub(crate) struct DeviceCode {
    prompt: Option<u32>,
    timeout: Duration,
}

impl DeviceCode {
    /// `DeviceCodeCredential`.
    pub(crate) fn credential(
        config: &Config,
        person: &PersonOptions,
        prompt: Option<u32>,
    ) -> Result<Credential, Error> {
        let timeout = person.timeout.unwrap_or(LIFE);
        let flow = Flow::DeviceCode(Self { prompt, timeout });
        User::of_person(config, "DeviceCodeCredential", person, flow)
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
        let code = user.entra().device_code(context, user.name(), request).await?;
        let life = code.expires_in.min(self.timeout);
        let end = context.instant() + life;
        let waits_for = format!("a person to sign in at {}", code.verification_uri);
        let effect = Effect::Prompt {
            handle: self.prompt,
            message: code.message,
            user_code: code.user_code,
            verification_uri: code.verification_uri,
            expires_on: context.now().unix + life,
        };
        match context.insist(effect, life).await {
            Outcome::Prompted => {}
            Outcome::Failed(fault) => {
                let kind = match fault.kind {
                    FaultKind::Unsupported | FaultKind::Unavailable => ErrorKind::CredentialUnavailable,
                    _ => ErrorKind::AuthenticationFailed,
                };
                let why = format!("Nobody could be told where to sign in: {fault}");
                return Err(Miss::of(user.failed(kind, &why)));
            }
            other => return Err(Miss::refused(mismatched(&other))),
        }
        let mut interval = code.interval;
        while context.instant() + interval <= end {
            context.waits_for(&waits_for);
            context.sleep(interval, "a person to sign in").await;
            let grant = Grant::DeviceCode(&code.device_code);
            match user.exchange(context, request, grant).await {
                Err(miss) if is_named(&miss.error, &["authorization_pending"]) => {}
                Err(miss) if is_named(&miss.error, &["slow_down"]) => interval += SLOWER,
                // The network may come back before the code ends.
                Err(miss) if miss.ending == Ending::Transient => {}
                answer => return answer,
            }
        }
        let why = format!("Nobody signed in within {} s", life.as_secs());
        let error = user.failed(ErrorKind::AuthenticationFailed, &why);
        Err(Miss::refused(
            error
                .advise("Start again, and enter the code while it is good.")
                .diagnose(Verdict::DeviceCodeExpired),
        ))
    }
}
