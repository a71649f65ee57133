//! The Instance Metadata Service of virtual machines, on the link-local address.
//!
//! Off Azure nothing answers there, or something else does, so what is known decides how it is asked:
//!
//! ```text
//!   not chained, or named by a variable ──────────────▶ patient: every try of the policy, 410 for 75 s
//!   chassis tag is Azure's ───────────────────────────▶ patient
//!   chassis tag is another maker's ───────────────────▶ unavailable at once
//!   no tag to read ──▶ probe, 1 s ──▶ IMDS's own answer ▶ patient
//!                                 └─▶ anything else ───▶ unavailable
//! ```
//!
//! Something else that answers on that address is passed over as well, unless IMDS is known to be here: then another
//! stands before it, and the next source would sign in as somebody else.
//!
//! The probe leaves the `Metadata` header out: a real IMDS refuses it in a shape of its own, without minting a token.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::lock::Mutex as AsyncMutex;

use crate::config::{Config, Platform};
use crate::effect::{Effect, FaultKind, Outcome, Response, Route};
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::exec::exchange::Gate;
use crate::identity::evidence::{CHASSIS_TAG_FILE, Evidence, from_chassis_tag};
use crate::throttle::limiter::LimitConfig;
use crate::time::Instant;
use crate::token::access_token::AccessToken;
use crate::verdict::Verdict;
use crate::wire::token::managed_identity::{imds, imds_probe};
use crate::wire::token::{TokenFailure, parse_failure};

use super::super::Miss;
#[cfg(feature = "doctor")]
use super::super::prospect::Expected;
use super::{Endpoint, NAME, Selection};

pub(super) const HOST_VARIABLE: &str = "AZURE_POD_IDENTITY_AUTHORITY_HOST";
const BASE: &str = "http://169.254.169.254";
const PROBE: Duration = Duration::from_secs(1);

/// The service asks not to be called more often ("rate limiting" in *Azure Instance Metadata Service*).
const LIMIT: LimitConfig = LimitConfig {
    per_vault_per_second: 5.0,
    per_vault_burst: 5,
    per_secret_per_second: 0.0,
    per_secret_burst: 1,
};

pub(super) struct Imds {
    endpoint: Endpoint,
    /// Whether to look for evidence first.
    doubtful: bool,
    /// Whether a variable names it.
    given: bool,
    has_tag_file: bool,
    present: Mutex<Option<Evidence>>,
    /// One conversation at a time, whatever it is about.
    turn: AsyncMutex<()>,
}

impl Imds {
    pub(super) fn new(config: &Config, chained: bool) -> Result<Self, Error> {
        let given = config.environment.get(HOST_VARIABLE);
        let base = given.unwrap_or(BASE).trim().trim_end_matches('/');
        let mut endpoint = Endpoint::new(config, "IMDS", HOST_VARIABLE, base)?;
        endpoint.manner.patient = true;
        endpoint.manner.transient = is_transient;
        endpoint.gate = Gate::new(LIMIT, Instant::default());
        endpoint.give_up_after += PATIENCE;
        Ok(Self {
            endpoint,
            doubtful: chained && given.is_none(),
            given: given.is_some(),
            has_tag_file: config.options.host.platform == Platform::Linux,
            present: Mutex::new(None),
            turn: AsyncMutex::new(()),
        })
    }

    /// Whether it would be asked, and why.
    #[cfg(feature = "doctor")]
    pub(super) async fn expected(&self, context: &Context) -> Expected {
        if self.given {
            return Expected::on_azure(format!("{HOST_VARIABLE} names IMDS"));
        }
        match self.chassis(context).await {
            Evidence::Positive => {
                Expected::on_azure("this is a virtual machine of Azure (its chassis asset tag says so)")
            }
            Evidence::Negative(why) if self.doubtful => Expected::absent(why),
            Evidence::Negative(why) => Expected::here(format!("IMDS is the only source, although {why}")),
            Evidence::Unknown if self.doubtful => {
                Expected::here("nothing tells whether there is an IMDS: one probe of 1 s finds out")
            }
            Evidence::Unknown => Expected::here("IMDS is the only source"),
        }
    }

    pub(super) async fn token(
        &self,
        context: &Context,
        selection: &Selection,
        resource: &str,
    ) -> Result<AccessToken, Miss> {
        context.waits_for("its turn at IMDS");
        let _turn = self.turn.lock().await;
        if self.doubtful {
            self.find(context, selection, resource).await?;
        }
        let request = imds(&self.endpoint.url, resource, selection.as_ref());
        let response = self.endpoint.ask(context, &request).await?;
        let failure = parse_failure(&response.body).unwrap_or_default();
        let says = |text| failure.description.contains(text);
        match response.status {
            400 if says("Identity not found") => Err(selection.not_attached("IMDS: Identity not found")),
            400 if says("Multiple user assigned identities") => Err(Miss::refused(
                self.endpoint.refused(&response)
                    .advise("Name one of them: set AZURE_CLIENT_ID, or give the client_id, object_id or resource_id option.")
                    .diagnose(Verdict::IdentityAmbiguous),
            )),
            // A login page of the network in between, say.
            200 if response.body.expose().trim_ascii_start().first() != Some(&b'{') => Err(self.foreign(&response)),
            status if status != 200 && !is_transient(status) && failure == TokenFailure::default() => {
                Err(self.foreign(&response))
            }
            _ => self.endpoint.settle(context, &response),
        }
    }

    /// Finds out, once, whether there is an IMDS here at all.
    async fn find(&self, context: &Context, selection: &Selection, resource: &str) -> Result<(), Miss> {
        let known = self.present().clone();
        let evidence = match known {
            Some(evidence) => evidence,
            None => self.chassis(context).await,
        };
        let evidence = match evidence {
            // A probe that failed says little about the next time, so only its success is kept.
            Evidence::Unknown => self.probe(context, selection, resource).await?,
            decided => decided,
        };
        *self.present() = Some(evidence.clone());
        match evidence {
            Evidence::Negative(why) => Err(Miss::unavailable(format!(
                "{NAME} authentication unavailable, no IMDS: {why}."
            ))),
            _ => Ok(()),
        }
    }

    async fn chassis(&self, context: &Context) -> Evidence {
        if !self.has_tag_file {
            return Evidence::Unknown;
        }
        let effect = Effect::ReadFile {
            path: CHASSIS_TAG_FILE.into(),
            limit: 1024,
            plain: false,
        };
        match context.perform(effect, PROBE).await {
            Outcome::File { content, .. } => content.expose_str().map_or(Evidence::Unknown, from_chassis_tag),
            _ => Evidence::Unknown,
        }
    }

    async fn probe(
        &self,
        context: &Context,
        selection: &Selection,
        resource: &str,
    ) -> Result<Evidence, Miss> {
        let request = imds_probe(&self.endpoint.url, resource, selection.as_ref());
        let effect = Effect::Http {
            request,
            timeout: PROBE,
            route: Route::Direct,
        };
        match context.perform(effect, PROBE).await {
            Outcome::Http(response) if parse_failure(&response.body).is_some_and(|f| !f.error.is_empty()) => {
                Ok(Evidence::Positive)
            }
            Outcome::Http(response) => Err(self.foreign(&response)),
            Outcome::Failed(fault) if fault.kind == FaultKind::Interrupted => {
                let text = format!("{NAME}: asking IMDS was interrupted.");
                Err(Miss::of(Error::new(ErrorKind::Unreachable, text)))
            }
            Outcome::Failed(fault) => Err(Miss::unavailable(format!(
                "{NAME} authentication unavailable, no response from the IMDS endpoint: {fault}."
            ))),
            other => Err(Miss::refused(crate::exec::exchange::mismatched(&other))),
        }
    }

    /// Something answers on that address that is not IMDS.
    fn foreign(&self, response: &Response) -> Miss {
        let docker = response.status == 403
            && response
                .body
                .expose_str()
                .is_some_and(|b| b.contains("unreachable"));
        let who = if docker {
            "a container engine's proxy says it is unreachable"
        } else {
            "something else answers there"
        };
        let text = format!(
            "{NAME} authentication unavailable, no response from the IMDS endpoint: {who} (status {}).",
            response.status
        );
        if self.given || *self.present() == Some(Evidence::Positive) {
            return Miss::refused(
                Error::new(ErrorKind::MalformedResponse, text)
                    .advise(
                        "Check what stands between this host and its IMDS: a proxy, a firewall, a sidecar.",
                    )
                    .diagnose(Verdict::MetadataServiceBlocked)
                    .with(|d| d.source = Some(NAME.into())),
            );
        }
        Miss::unavailable(text)
    }

    fn present(&self) -> MutexGuard<'_, Option<Evidence>> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an update of the service may take ("410" in *How to use managed identities on an Azure VM to acquire an
/// access token*), as [`Backoff::patient`](crate::throttle::backoff::Backoff::patient) spreads it.
const PATIENCE: Duration = Duration::from_secs(75);

/// As documented for IMDS: being updated (404, 410), too many requests, transient failures.
fn is_transient(status: u16) -> bool {
    matches!(status, 404 | 410 | 429 | 500..=599)
}
