//! What a run showed, put together.

use std::collections::BTreeMap;

use crate::error::{Error, ErrorKind, Identity};
use crate::exec::Context;
use crate::operation::Subject;
use crate::report::{Asked, Bearer, Host, Report, Service};
use crate::secret::{SecretProperties, VaultUrl};
use crate::time::{Instant, UnixTime, millis};
use crate::token::Claims;
use crate::verdict::Verdict;
use crate::wire::clean;
use crate::wire::service_error::{ServiceFault, network_address};

use super::differential::differential;
use super::host::host;
use super::scene::Scene;
use super::warnings::warnings;
use super::{Doctor, Facts, deed_of, failure};

const MANAGED_IDENTITY: &str = "ManagedIdentityCredential";

impl Doctor {
    /// The report on a run that began at `began` and showed these facts, or ended before it could.
    pub(crate) fn report(
        &self,
        context: &Context,
        subject: &Subject,
        began: Instant,
        facts: &Result<Facts, Error>,
    ) -> Report {
        let now = context.now();
        let sources = self.sources();
        let bearer = self.bearer();
        let shown = facts.as_ref().ok();
        let error = match facts {
            Err(error) => Some(error),
            Ok(facts) => facts.error.as_ref(),
        };
        let who = bearer.as_ref().map(|bearer| &bearer.identity);
        let who = error.and_then(|error| error.details().identity.as_ref()).or(who);
        let response = shown.map(|facts| &facts.response);
        let fault = response.and_then(ServiceFault::parse);
        let service = response.map(|response| {
            let header = |name| response.header(name).map(clean);
            let date = response.header("date").and_then(UnixTime::parse);
            Service {
                region: header("x-ms-keyvault-region"),
                version: header("x-ms-keyvault-service-version"),
                address: fault
                    .as_ref()
                    .and_then(|fault| fault.client_address.clone())
                    .or_else(|| network_address(response).map(clean)),
                clock_ahead: date.map(|date| now.unix.as_secs().saturating_sub(date.as_secs())),
            }
        });
        let service = service.unwrap_or_default();
        let help = error.and_then(|error| error.details().help);
        let host = self.host(who, &sources, help);
        let resource = fault
            .as_ref()
            .and_then(|fault| vault_resource(fault, &subject.vault));
        let scene = Scene {
            config: &self.config,
            host: &host,
            subject,
            deed: deed_of(subject),
            who,
            source: error
                .and_then(|error| error.details().source.as_deref())
                .or(sources.last().map(|asked| &*asked.source)),
            // A host that is none of Azure's is asked before there is a token.
            at_vault: bearer.is_some()
                || shown.is_some()
                || sources.is_empty() && error.is_some_and(|error| error.kind() != ErrorKind::Timeout),
            kind: bearer.as_ref().and_then(|bearer| bearer.kind.as_deref()),
            address: service.address.as_deref(),
            resource: resource.as_deref(),
        };
        let (verdict, candidates) = match error {
            Some(error) => differential(error, shown, &service, &scene),
            None => (None, Vec::new()),
        };
        let secret = shown.and_then(|facts| facts.secret.clone()).map(bare);
        let latest_version = shown.and_then(|facts| facts.latest.clone());
        let deleted = shown.and_then(|facts| facts.deleted.as_ref()?.as_ref().ok());
        let source = bearer.as_ref().map(|bearer| &*bearer.source);
        let mut report = Report {
            ok: error.is_none(),
            transient: error.is_some_and(Error::is_transient),
            vault: subject.vault.to_string(),
            name: subject.name.as_ref().map(ToString::to_string),
            version: subject
                .version
                .as_ref()
                .map(|version| version.as_str().to_owned()),
            warnings: warnings(
                &scene,
                now.unix,
                (secret.as_ref(), latest_version.as_deref(), deleted),
                (verdict.as_ref().map(|found| found.code), source),
                service.clock_ahead,
            ),
            verdict,
            candidates,
            error: error.map(failure),
            sources,
            identity: bearer,
            service,
            secret,
            latest_version,
            duration_ms: millis(now.instant.since(began)),
            host,
            text: String::new(),
        };
        report.text = report.to_text(now.unix);
        report
    }

    /// What each source said when the last token was looked for.
    fn sources(&self) -> Vec<Asked> {
        let walk = self.tokens.walk();
        let mut sources: Vec<Asked> = walk.attempts.iter().map(Asked::from).collect();
        if let Some((token, duration_ms)) = walk.token {
            sources.push(Asked {
                source: token.source().to_owned(),
                ending: "token",
                reason: None,
                duration_ms,
            });
        }
        sources
    }

    /// Whom the last token stands for.
    fn bearer(&self) -> Option<Bearer> {
        let (token, _) = self.tokens.walk().token?;
        let claims = Claims::decode(token.token()).unwrap_or_default();
        Some(Bearer {
            source: token.source().to_owned(),
            kind: claims.idtyp,
            identity: token.identity().clone(),
            issued_on: claims.iat,
            expires_on: Some(token.expires_on()),
        })
    }

    fn host(&self, who: Option<&Identity>, sources: &[Asked], help: Option<Verdict>) -> Host {
        let resource = who.and_then(|who| who.resource.as_deref());
        // Where no variable names another endpoint, only IMDS can have said this.
        let spoke =
            |asked: &Asked| asked.source == MANAGED_IDENTITY && ["token", "refused"].contains(&asked.ending);
        let knew = matches!(
            help,
            Some(Verdict::IdentityNotAttached | Verdict::IdentityAmbiguous)
        );
        host(
            &self.config.environment,
            resource,
            knew || sources.iter().any(spoke),
        )
    }
}

/// Without what its owner wrote into it: people keep strange things in tags.
fn bare(properties: SecretProperties) -> SecretProperties {
    SecretProperties {
        content_type: None,
        tags: BTreeMap::new(),
        ..properties
    }
}

/// The vault's resource id, from the line of a refusal that names what was asked for.
fn vault_resource(fault: &ServiceFault, vault: &VaultUrl) -> Option<String> {
    let line = fault
        .lines
        .iter()
        .find_map(|line| line.strip_prefix("Resource:"))?;
    let id = line.trim().trim_matches('\'');
    let at = id.to_ascii_lowercase().find("/vaults/")? + "/vaults/".len();
    let name = id.get(at..)?.split('/').next()?;
    let own = vault.host().split('.').next()?;
    let own = own.eq_ignore_ascii_case(name).then_some(id);
    own?.get(..at + name.len()).map(str::to_owned)
}
