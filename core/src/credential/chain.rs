//! Several sources in order. How each ends decides on the walk:
//!
//! | source | evidence | token | unavailable | refused | transient |
//! |---|---|---|---|---|---|
//! | `EnvironmentCredential` | its variables | take it, stay | next | stop | stop |
//! | `WorkloadIdentityCredential` | its variables | take it, stay | next | stop | stop |
//! | `ManagedIdentityCredential` | its variables | take it, stay | next | stop | stop |
//! | `ManagedIdentityCredential` | an Azure machine | take it, stay | next | stop | stop |
//! | `ManagedIdentityCredential` | unknown, and it answers the probe | take it, stay | next | stop | stop |
//! | `ManagedIdentityCredential` | unknown, and no answer | – | next | – | – |
//! | `ManagedIdentityCredential` | another maker's machine | – | next | – | – |
//! | `VisualStudioCredential` | none | take it, stay | next | next; stop | – |
//! | `AzureCliCredential` | none | take it, stay | next | next; stop | – |
//! | `AzurePowerShellCredential` | none | take it, stay | next | next; stop | – |
//! | `AzureDeveloperCliCredential` | none | take it, stay | next | next; stop | – |
//! | `InteractiveBrowserCredential` | asked for | take it, stay | next | stop | stop |
//! | `HostCredential` | none | take it, stay | next | stop | stop |
//!
//! Before `;` stands the default chain and behind it a chain of the user, where they differ; – cannot happen. *Stop*
//! ends the walk with an error, because the next source would sign in as somebody else; a developer's tool is forgiven
//! in the default chain only, which nobody has put together. Whoever is *taken* answers from then on, and what it
//! refuses later is the answer. A tool answers from this machine, so nothing about it is transient.
//!
//! The table is printed by a test that asks the engine (`tests/tests/decision_table.rs`).

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::error::{Attempt, Error, ErrorKind};
use crate::exec::Context;
use crate::operation::TokenRequest;
use crate::time::millis;
use crate::verdict::Verdict;

use super::{Credential, Ending, Grant, Miss};

pub(crate) struct Chain {
    name: &'static str,
    sources: Vec<Credential>,
    lenient_with_tools: bool,
    chosen: Mutex<Option<usize>>,
}

impl Chain {
    /// `DefaultAzureCredential`.
    pub(crate) fn default(sources: Vec<Credential>) -> Self {
        Self {
            name: "DefaultAzureCredential",
            sources,
            lenient_with_tools: true,
            chosen: Mutex::new(None),
        }
    }

    /// `ChainedTokenCredential`.
    pub(crate) fn of_user(sources: Vec<Credential>) -> Self {
        Self {
            name: "ChainedTokenCredential",
            sources,
            lenient_with_tools: false,
            chosen: Mutex::new(None),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    #[cfg(feature = "doctor")]
    pub(super) fn sources(&self) -> &[Credential] {
        &self.sources
    }

    /// How long a person may need whom one of the sources asks.
    pub(crate) fn patience(&self) -> Option<Duration> {
        self.sources.iter().filter_map(Credential::patience).max()
    }

    /// What makes a difference to the source that was found. Before, everything may.
    pub(crate) fn essence<'a>(&self, request: &'a TokenRequest) -> Cow<'a, TokenRequest> {
        match self.chosen() {
            Some(source) => source.essence(request),
            None => Cow::Borrowed(request),
        }
    }

    fn chosen(&self) -> Option<&Credential> {
        let chosen = *self.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        chosen.and_then(|at| self.sources.get(at))
    }

    pub(crate) async fn token(&self, context: &Context, request: &TokenRequest) -> Result<Grant, Miss> {
        if let Some(source) = self.chosen() {
            return source.token(context, request).await;
        }
        let mut attempts = Vec::new();
        for (at, source) in self.sources.iter().enumerate() {
            let began = context.instant();
            match source.token(context, request).await {
                Ok(mut grant) => {
                    *self.chosen.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
                    attempts.append(&mut grant.skipped);
                    grant.skipped = attempts;
                    return Ok(grant);
                }
                Err(miss) => {
                    let took = context.instant().since(began);
                    attempts.push(Attempt {
                        duration_ms: millis(took),
                        ..miss.attempt(source.name())
                    });
                    let passed_over = match miss.ending {
                        Ending::Unavailable => true,
                        Ending::Refused | Ending::Transient => {
                            self.lenient_with_tools && source.is_developer_tool()
                        }
                    };
                    if !passed_over {
                        return Err(Miss {
                            ending: miss.ending,
                            error: self.report(attempts, Some(&miss.error)),
                        });
                    }
                }
            }
        }
        Err(Miss {
            ending: Ending::Unavailable,
            error: self.report(attempts, None),
        })
    }

    /// Tells what every source said, in the shape that users of the SDKs know and search for.
    fn report(&self, attempts: Vec<Attempt>, stopped_by: Option<&Error>) -> Error {
        let mut message = format!(
            "{} failed to retrieve a token from the included credentials.\nAttempted credentials:",
            self.name
        );
        for attempt in &attempts {
            message.push_str(&format!(
                "\n\t{}: {}",
                attempt.source,
                attempt.reason.replace('\n', "\n\t\t")
            ));
        }
        let error = match stopped_by {
            None => Error::new(ErrorKind::CredentialUnavailable, message).advise(
                "Give this host an identity (managed or workload identity), sign in with `az login`, or set AZURE_TENANT_ID, \
                 AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.",
            )
            .diagnose(Verdict::NoIdentity),
            Some(cause) => cause.clone().with(|d| d.message = message),
        };
        error.with(|d| d.attempts = attempts)
    }
}
