//! `WorkloadIdentityCredential`: a token that the platform (Kubernetes) writes to a file is exchanged for one of
//! the application's. The platform rewrites the file, so it is read anew for each exchange.

use std::time::Duration;

use crate::config::Config;
use crate::config::credential::AuthorityOptions;
use crate::effect::{Effect, Outcome, Route};
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::exec::exchange::mismatched;
use crate::operation::TokenRequest;
use crate::sensitive::Sensitive;
use crate::token::access_token::AccessToken;
use crate::verdict::Verdict;

use super::entra::Entra;
use super::proof::Proof;
use super::token_proxy::TokenProxy;
use super::{Credential, Miss};

const NAME: &str = "WorkloadIdentityCredential";

/// Longer than any token that Kubernetes issues.
const FILE_LIMIT: usize = 64 * 1024;

pub(crate) struct WorkloadIdentity {
    name: &'static str,
    entra: Entra,
    path: String,
    proxy: Option<TokenProxy>,
}

impl WorkloadIdentity {
    /// Takes what is not given from the variables that the platform's webhook sets. `by_proxy`: also the token proxy.
    pub(crate) fn credential(
        config: &Config,
        options: &AuthorityOptions,
        (tenant, client, path, by_proxy): (Option<&str>, Option<&str>, Option<&str>, bool),
    ) -> Result<Credential, Error> {
        let given = [
            (tenant, "AZURE_TENANT_ID"),
            (client, "AZURE_CLIENT_ID"),
            (path, "AZURE_FEDERATED_TOKEN_FILE"),
        ];
        let [tenant, client, path] = match config.environment.fill(given) {
            Ok(found) => found,
            Err(missing) => {
                let reason = format!("{NAME} authentication unavailable. Not set: {missing}.");
                return Ok(Credential::Absent {
                    name: NAME,
                    miss: Miss::unavailable(reason).diagnose(Verdict::NotConfigured),
                });
            }
        };
        let mut source = Self::new(config, options, NAME, (tenant, client, path))?;
        if by_proxy && let Some(proxy) = TokenProxy::of_environment(config)? {
            source.entra.move_to(proxy.base());
            source.proxy = Some(proxy);
        }
        Ok(Credential::WorkloadIdentity(source))
    }

    /// Under the name of another credential.
    pub(super) fn new(
        config: &Config,
        options: &AuthorityOptions,
        name: &'static str,
        (tenant, client, path): (&str, &str, &str),
    ) -> Result<Self, Error> {
        Ok(Self {
            name,
            entra: Entra::new(config, options, Some(tenant), client)?,
            path: path.to_owned(),
            proxy: None,
        })
    }

    pub(crate) async fn token(&self, context: &Context, request: &TokenRequest) -> Result<AccessToken, Miss> {
        let assertion = self.assertion(context).await?;
        let route = match &self.proxy {
            Some(proxy) => proxy.route(context).await?,
            None => Route::Ordinary,
        };
        let proof = Proof::Assertion(assertion);
        let result = self.entra.token(route, context, self.name, request, &proof).await;
        result.map_err(|miss| match self.needs_proxy(&miss.error) {
            true => miss.advise(
                "The pod uses identity binding: exchange its token at the cluster's proxy, by the option \
                 enable_azure_proxy of WorkloadIdentityCredential.",
            ),
            false => miss,
        })
    }

    /// Whether the sign-in service was shown a token that is meant for the token proxy.
    fn needs_proxy(&self, error: &Error) -> bool {
        let facts = error.details();
        self.proxy.is_none()
            && matches!(facts.code.as_deref(), Some("AADSTS700211" | "AADSTS700212"))
            && facts.message.contains("api://AKSIdentityBinding")
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
                    format!("{}: the token file {} {why}.", self.name, self.path),
                )
                .advise("Check AZURE_FEDERATED_TOKEN_FILE and that the pod mounts the projected token.")
                .diagnose(Verdict::FederatedTokenMissing),
            ))
        };
        match context.insist(effect, Duration::from_secs(10)).await {
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
