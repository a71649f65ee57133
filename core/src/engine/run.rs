//! How an operation is carried out, from its task to its reply, within the caller's time.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, join_all, select};

#[cfg(feature = "reference")]
use crate::config::Config;
#[cfg(feature = "reference")]
use crate::configuration::{configuration, listed, named};
use crate::credential::provider::TokenProvider;
#[cfg(feature = "doctor")]
use crate::doctor::{Doctor, trouble};
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::exec::exchange::LIMITER;
#[cfg(feature = "reference")]
use crate::identity::cloud::VaultDomain;
#[cfg(feature = "doctor")]
use crate::operation::Consultation;
#[cfg(feature = "manage")]
use crate::operation::RotateCall;
#[cfg(feature = "reference")]
use crate::operation::{LoadCall, ReferenceCall};
use crate::operation::{OpId, Reply, Task};
#[cfg(feature = "reference")]
use crate::reference::resolution::{Template, usable};
#[cfg(feature = "doctor")]
use crate::report::Health;
use crate::secret::{Secret, SecretId};
use crate::time::{Instant, Seconds};
#[cfg(feature = "encryption")]
use crate::vault::data_keys::DataKeys;
use crate::vault::secrets::Secrets;
use crate::verdict::Verdict;

#[cfg(feature = "encryption")]
use super::encryption::Encryption;

/// One operation under way.
pub(super) struct Run {
    pub(super) context: Context,
    #[cfg(feature = "reference")]
    pub(super) config: Arc<Config>,
    pub(super) op: OpId,
    pub(super) deadline: Instant,
    pub(super) allowed: Duration,
    pub(super) tokens: Arc<TokenProvider>,
    pub(super) secrets: Arc<Secrets>,
    #[cfg(feature = "doctor")]
    pub(super) doctor: Arc<Doctor>,
    #[cfg(feature = "encryption")]
    pub(super) data_keys: Arc<DataKeys>,
}

impl Run {
    pub(super) async fn perform(&self, task: &Task) -> Result<Reply, Error> {
        let (context, secrets) = (&self.context, &self.secrets);
        match task {
            Task::GetSecret { id, refresh } => self.get(id, *refresh).await.map(Reply::Secret),
            Task::GetSecrets { ids, refresh } => {
                let gets = ids
                    .iter()
                    .map(|id| async move { (id.clone(), self.get(id, *refresh).await) });
                Ok(Reply::Secrets(join_all(gets).await))
            }
            Task::Vault(call) => self.in_time(secrets.call(context, call)).await,
            #[cfg(feature = "manage")]
            Task::Rotate(call) => self.rotate(call).await,
            Task::RefreshDue => {
                let next = async { Ok(secrets.refresh_due(context).await) };
                self.in_time(next).await.map(Reply::NextRefresh)
            }
            Task::GetToken(request) => {
                let token = self.in_time(self.tokens.token(context, request)).await?;
                let now = context.now();
                let refresh_on = now.unix + token.schedule().refresh_at().since(now.instant);
                Ok(Reply::Token {
                    token: token.token().clone(),
                    expires_on: token.expires_on(),
                    refresh_on,
                })
            }
            #[cfg(feature = "doctor")]
            Task::Consult(consultation) => self.consult(consultation).await,
            #[cfg(feature = "reference")]
            Task::Resolve(call) => self.resolve(call).await,
            #[cfg(feature = "reference")]
            Task::Load(call) => self.load(call).await,
            #[cfg(feature = "encryption")]
            Task::Encryption(call) => {
                let encryption = Encryption {
                    context,
                    keys: &self.data_keys,
                    call,
                };
                self.in_time(encryption.perform()).await.map(Reply::Value)
            }
        }
    }

    /// Wherever a rotation is cut off, the next one goes on.
    #[cfg(feature = "manage")]
    async fn rotate(&self, call: &RotateCall) -> Result<Reply, Error> {
        let rotated = self.in_time(self.secrets.rotate(&self.context, call)).await;
        let rotated = rotated.map_err(|error| {
            if error.kind() == ErrorKind::Timeout && self.context.instant() >= self.deadline {
                error.advise("Allow more time, and rotate again: that goes on from here.")
            } else {
                error
            }
        });
        Ok(Reply::Rotated(Box::new(rotated?)))
    }

    /// All secrets of the text at once; each tells of its own trouble.
    #[cfg(feature = "reference")]
    async fn resolve(&self, call: &ReferenceCall) -> Result<Reply, Error> {
        let domain = match &call.vault_domain {
            Some(domain) => VaultDomain::parse(domain)?,
            None => VaultDomain::of(&self.config.environment),
        };
        let template = Template::of(call, &domain)?;
        let secrets = template.secrets();
        let gets = secrets.iter().map(|id| async {
            let got = self.get_within(id, call.max_age).await;
            let got = got.and_then(|(secret, age)| Ok((usable(secret, id, &domain)?, age)));
            (id.clone(), got)
        });
        let got = join_all(gets).await.into_iter().collect();
        let resolution = template.resolution(&got);
        let text = match call.report {
            true => None,
            false => Some(template.fill(&got)?),
        };
        Ok(Reply::Resolved { text, resolution })
    }

    /// All secrets of a configuration at once. What the vault lists as it is in the cache is not read again; what is gone since
    /// it was listed is left out.
    #[cfg(feature = "reference")]
    async fn load(&self, call: &LoadCall) -> Result<Reply, Error> {
        let (context, secrets) = (&self.context, &self.secrets);
        let entries = match &call.names {
            Some(names) => named(call, names),
            None => listed(call, &self.in_time(secrets.list(context, &call.all())).await?),
        };
        let domain = VaultDomain::of(&self.config.environment);
        let gets = entries.iter().map(|entry| async {
            let secret = match secrets.still_current(context, &entry.id, entry.updated_on) {
                Some(secret) => secret,
                None => self.get(&entry.id, entry.updated_on.is_some()).await?,
            };
            let secret = usable(secret, &entry.id, &domain)?;
            Ok((secret, secrets.age(context, &entry.id).unwrap_or_default()))
        });
        let got = join_all(gets).await;
        let (text, resolution) = configuration(&entries, got)?;
        Ok(Reply::Resolved {
            text: Some(text),
            resolution,
        })
    }

    /// A copy that is no older than `max_age`, and how old it is.
    #[cfg(feature = "reference")]
    async fn get_within(
        &self,
        id: &SecretId,
        max_age: Option<Duration>,
    ) -> Result<(Secret, Duration), Error> {
        let age = || self.secrets.age(&self.context, id).unwrap_or_default();
        let is_too_old = || max_age.is_some_and(|most| age() > most);
        let mut got = self.get(id, is_too_old()).await?;
        if is_too_old() {
            // A copy served while the vault was away.
            got = self.get(id, true).await?;
        }
        Ok((got, age()))
    }

    /// A diagnosis and a check tell of a time that is up as of any other trouble.
    #[cfg(feature = "doctor")]
    async fn consult(&self, consultation: &Consultation) -> Result<Reply, Error> {
        let (context, doctor) = (&self.context, &self.doctor);
        match consultation {
            Consultation::Diagnose(subject) => {
                let began = context.instant();
                let facts = self.in_time(doctor.examine(context, subject)).await;
                let report = doctor.report(context, subject, began, &facts);
                Ok(Reply::Report(Box::new(report)))
            }
            Consultation::Check { vault, names } => {
                let gets = names.iter().map(|name| async move {
                    let id = SecretId {
                        vault: vault.clone(),
                        name: name.clone(),
                        version: None,
                    };
                    let error = self.get(&id, false).await.err()?;
                    Some(trouble(Some(name), &error))
                });
                let mut troubles: Vec<_> = join_all(gets).await.into_iter().flatten().collect();
                if names.is_empty() {
                    let reached = self.in_time(doctor.reach(context, vault)).await;
                    troubles.extend(reached.err().map(|error| trouble(None, &error)));
                }
                Ok(Reply::Health(Health::of(vault, troubles)))
            }
            Consultation::Explain { secrets, instances } => {
                let forecast = self
                    .in_time(doctor.explain(context, *secrets, *instances))
                    .await?;
                Ok(Reply::Forecast(Box::new(forecast)))
            }
        }
    }

    /// A copy past its life is better than none when the caller's time is up.
    async fn get(&self, id: &SecretId, refresh: bool) -> Result<Secret, Error> {
        let got = self.in_time(self.secrets.get(&self.context, id, refresh)).await;
        match got {
            Err(error)
                if error.kind() == ErrorKind::Timeout
                    && self.context.instant() >= self.deadline
                    && !refresh =>
            {
                self.secrets.stale(&self.context, id, &error).ok_or(error)
            }
            got => got,
        }
    }

    /// The end of `work`, or the error that tells what was waited for when the caller's time was up.
    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let sleep = self.context.sleep_until(self.deadline, "an operation's deadline");
        match select(pin!(work), sleep).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => Err(self.out_of_time()),
        }
    }

    fn out_of_time(&self) -> Error {
        let (waiting, last) = {
            let mailbox = self.context.mailbox();
            (
                mailbox.waiting_for(self.op).unwrap_or_default(),
                mailbox.last_failure(self.op),
            )
        };
        let mut text = format!(
            "The operation did not end within {} s; it was waiting for {waiting}.",
            Seconds(self.allowed)
        );
        if let Some(last) = &last {
            text = format!("{text} Before that: {}", last.details().message);
        }
        let last = last.as_ref().map(Error::details);
        Error::new(ErrorKind::Timeout, text)
            .advise("Allow more time, or see what keeps the service from answering.")
            .with(|d| {
                d.status = last.and_then(|last| last.status);
                let here = match &*waiting {
                    LIMITER => Verdict::OwnLimit,
                    _ => Verdict::TooSlow,
                };
                d.help = last.and_then(|last| last.help).or(Some(here));
            })
    }
}
