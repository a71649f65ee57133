//! `WorkloadIdentityCredential`: a token that the platform (Kubernetes) writes to a file is exchanged for one of
//! the application's. The platform rewrites the file, so it is read anew for each exchange.

use std::time::Duration;

use crate::config::Config;
use crate::config::credential::AuthorityOptions;
use crate::effect::{Effect, Outcome};
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::exec::exchange::mismatched;
use crate::operation::TokenRequest;
use crate::sensitive::Sensitive;
use crate::token::access_token::AccessToken;

use super::entra::{Entra, Proof};
use super::{Credential, Miss};

const NAME: &str = "WorkloadIdentityCredential";

/// Longer than any token that Kubernetes issues.
const FILE_LIMIT: usize = 64 * 1024;

pub(crate) struct WorkloadIdentity {
    entra: Entra,
    path: String,
}

impl WorkloadIdentity {
    /// Takes what is not given from the variables that the platform's webhook sets.
    pub(crate) fn credential(
        config: &Config,
        options: &AuthorityOptions,
        (tenant, client, path): (Option<&str>, Option<&str>, Option<&str>),
    ) -> Result<Credential, Error> {
        let variable = |given: Option<&str>, name| {
            given
                .filter(|g| !g.is_empty())
                .or_else(|| config.environment.get(name))
                .map(str::to_owned)
                .ok_or(name)
        };
        let found = [
            variable(tenant, "AZURE_TENANT_ID"),
            variable(client, "AZURE_CLIENT_ID"),
            variable(path, "AZURE_FEDERATED_TOKEN_FILE"),
        ];
        let missing: Vec<&str> = found.iter().filter_map(|v| v.as_ref().err().copied()).collect();
        let [Ok(tenant), Ok(client), Ok(path)] = found else {
            let reason = format!(
                "{NAME} authentication unavailable. Not set: {}.",
                missing.join(", ")
            );
            return Ok(Credential::Absent {
                name: NAME,
                miss: Miss::unavailable(reason),
            });
        };
        let entra = Entra::new(config, options, &tenant, &client)?;
        Ok(Credential::WorkloadIdentity(Self { entra, path }))
    }

    pub(crate) async fn token(&self, context: &Context, request: &TokenRequest) -> Result<AccessToken, Miss> {
        let assertion = self.assertion(context).await?;
        let proof = Proof::Assertion(&assertion);
        self.entra.token(context, NAME, request, proof).await
    }

    async fn assertion(&self, context: &Context) -> Result<Sensitive, Miss> {
        let effect = Effect::ReadFile {
            path: self.path.clone(),
            limit: FILE_LIMIT,
            plain: false,
        };
        let refuse = |why: String| {
            Err(Miss::refused(
                Error::new(
                    ErrorKind::InvalidConfiguration,
                    format!("{NAME}: the token file {} {why}.", self.path),
                )
                .advise("Check AZURE_FEDERATED_TOKEN_FILE and that the pod mounts the projected token."),
            ))
        };
        match context.perform(effect, Duration::from_secs(10)).await {
            Outcome::File { content, .. } => match content.expose_str().map(str::trim) {
                None => refuse("is not text".into()),
                Some("") => refuse("is empty".into()),
                Some(text) if text.len() == content.len() => Ok(content),
                Some(text) => Ok(Sensitive::from(text)),
            },
            Outcome::Failed(fault) => refuse(format!("cannot be read: {fault}")),
            other => Err(Miss::refused(mismatched(&other))),
        }
    }
}
