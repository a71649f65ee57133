//! All operations of the Secrets API but getting a secret, each as the requests it consists of.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;

use crate::effect::{Method, Request};
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::exec::Context;
use crate::operation::vault_call::left_out;
use crate::operation::{Action, Page, Paging, Reply, SecretChanges, Subject, VaultCall, Waiting};
use crate::secret::{Secret, SecretId, SecretProperties, SecretVersion};
use crate::sensitive::Sensitive;
use crate::time::{UnixTime, millis};
use crate::verdict::Verdict;
use crate::wire::secrets::{self, Deed, deed};
use crate::wire::{Malformed, query};

use super::client::{Told, is_inner};
use super::secrets::Secrets;

/// What the event about an operation tells besides its outcome.
#[derive(Default)]
struct Report {
    version: Option<String>,
    request_id: Option<String>,
}

impl Report {
    /// Notes who answered, and unwraps what was said.
    fn note<T>(&mut self, told: Told<T>) -> T {
        self.request_id = told.request_id;
        told.said
    }

    fn about(&mut self, properties: &SecretProperties) {
        self.version.clone_from(&properties.version);
    }
}

impl Secrets {
    /// Carries out an operation and tells how it ended. `Unsupported` without the feature `manage`.
    pub(crate) fn call<'a>(
        self: &'a Arc<Self>,
        context: &'a Context,
        call: &'a VaultCall,
    ) -> Pin<Box<dyn Future<Output = Result<Reply, Error>> + Send + 'a>> {
        if cfg!(feature = "manage") {
            Box::pin(self.told(context, call))
        } else {
            Box::pin(ready(Err(left_out())))
        }
    }

    async fn told(self: &Arc<Self>, context: &Context, call: &VaultCall) -> Result<Reply, Error> {
        let (began, subject) = (context.instant(), &call.subject);
        let mut report = Report {
            version: subject
                .version
                .as_ref()
                .map(|version| version.as_str().to_owned()),
            request_id: None,
        };
        let result = match (&call.action, id_of(subject)) {
            (Action::List(_) | Action::ListDeleted(_) | Action::Restore { .. }, _) => {
                self.of_all(context, call, &mut report).await
            }
            (_, Some(id)) => self.of_one(context, call, &id, &mut report).await,
            (_, None) => Err(invalid("The operation names no secret.")),
        };
        let outcome = match &result {
            Ok(_) => "ok",
            Err(error) => {
                report.request_id.clone_from(&error.details().request_id);
                error.kind().name()
            }
        };
        context.emit(Event::VaultOperation {
            operation: Deed::of(&call.action).op,
            vault: subject.vault.to_string(),
            name: subject.name.as_ref().map(ToString::to_string),
            version: report.version,
            request_id: report.request_id,
            duration_ms: millis(context.instant().since(began)),
            outcome,
        });
        result
    }

    /// What concerns a vault as a whole.
    async fn of_all(&self, context: &Context, call: &VaultCall, report: &mut Report) -> Result<Reply, Error> {
        let asked = (Deed::of(&call.action), &call.subject);
        match &call.action {
            Action::ListDeleted(paging) => {
                let read = secrets::parse_deleted_page;
                self.page(context, asked, paging, read, report)
                    .await
                    .map(Reply::DeletedPage)
            }
            Action::Restore { backup } => {
                let backup = backup.as_ref().and_then(Sensitive::expose_str);
                let backup =
                    backup.ok_or_else(|| invalid("A backup is needed, as backup_secret gave it."))?;
                let body = secrets::body(Some(backup), &SecretChanges::default());
                let told = self
                    .client
                    .ask(context, asked, Some(body), secrets::parse_properties)
                    .await?;
                let properties = report.note(told);
                report.about(&properties);
                if let Ok(id) = secrets::parse_id(&properties.id) {
                    let vault = call.subject.vault.clone();
                    self.forget_name(&SecretId { vault, ..id });
                }
                Ok(Reply::Properties(properties))
            }
            Action::List(paging) => {
                let read = secrets::parse_page;
                self.page(context, asked, paging, read, report)
                    .await
                    .map(Reply::Page)
            }
            _ => Err(invalid("The operation needs the name of a secret.")),
        }
    }

    /// What concerns one secret, `id`.
    async fn of_one(
        self: &Arc<Self>,
        context: &Context,
        call: &VaultCall,
        id: &SecretId,
        report: &mut Report,
    ) -> Result<Reply, Error> {
        let asked = (Deed::of(&call.action), &call.subject);
        match &call.action {
            Action::GetAs { out_content_type } => {
                let mut request = asked.0.request(asked.1, &self.config.options.vault.api_version);
                request.url = query(&request.url, &[("outContentType", out_content_type)]);
                let told = self
                    .client
                    .send(context, asked, request, None, secrets::parse_secret)
                    .await?;
                let secret = report.note(told);
                report.about(secret.properties());
                let version = call.subject.version.clone();
                let id = SecretId {
                    version,
                    ..id.clone()
                };
                self.learn(context, &id, &secret, false)?;
                Ok(Reply::Secret(secret))
            }
            Action::Set {
                value,
                properties,
                recover_if_deleted,
            } => {
                let value = value
                    .as_ref()
                    .ok_or_else(|| invalid("A value is needed to set a secret."))?;
                let text = value.expose_str().ok_or_else(|| {
                    invalid("The value is not UTF-8 text: vaults keep texts only.")
                        .advise("Encode bytes, as base64 for example.")
                })?;
                let (write, body) = (self.writes.begin(id), secrets::body(Some(text), properties));
                let set = || {
                    self.client
                        .ask(context, asked, Some(body.clone()), secrets::parse_properties)
                };
                let told = match set().await {
                    Err(error)
                        if *recover_if_deleted && is_inner(&error, "ObjectIsDeletedButRecoverable") =>
                    {
                        self.recover(context, id).await?;
                        set().await?
                    }
                    told => told?,
                };
                let properties = report.note(told);
                report.about(&properties);
                let secret = Secret::new(value.clone(), properties);
                self.was_set(context, id, &write, &secret);
                Ok(Reply::Secret(secret))
            }
            Action::Update {
                properties,
                if_version,
                if_unchanged_since,
            } => {
                let _write = self.writes.begin(id);
                let mut subject = call.subject.clone();
                if if_version.is_some() || if_unchanged_since.is_some() {
                    let conditions = (if_version.as_ref(), *if_unchanged_since);
                    subject.version = Some(self.unchanged(context, &subject, conditions).await?);
                }
                let body = secrets::body(None, properties);
                let asked = (asked.0, &subject);
                let told = self
                    .client
                    .ask(context, asked, Some(body), secrets::parse_properties)
                    .await?;
                let properties = report.note(told);
                report.about(&properties);
                self.forget_name(id);
                Ok(Reply::Properties(properties))
            }
            Action::ListVersions(paging) => {
                let read = secrets::parse_page;
                self.page(context, asked, paging, read, report)
                    .await
                    .map(Reply::Page)
            }
            Action::Delete(waiting) => {
                let write = self.writes.begin(id);
                let told = self
                    .client
                    .ask(context, asked, None, secrets::parse_deleted)
                    .await?;
                let secret = report.note(told);
                report.about(&secret.properties);
                self.was_deleted(context, id, &write);
                drop(write);
                let finished = secret.recovery_id.is_none()
                    || waiting.wait && self.deletion_finished(context, id, waiting).await?;
                Ok(Reply::Deleted { secret, finished })
            }
            Action::GetDeleted => {
                let told = self
                    .client
                    .ask(context, asked, None, secrets::parse_deleted)
                    .await?;
                let secret = report.note(told);
                report.about(&secret.properties);
                Ok(Reply::Deleted {
                    secret,
                    finished: true,
                })
            }
            Action::Recover(waiting) => {
                let _write = self.writes.begin(id);
                let told = self.recovered(context, id).await?;
                let properties = report.note(told);
                report.about(&properties);
                if waiting.wait {
                    self.recovery_finished(context, id, waiting).await?;
                }
                Ok(Reply::Properties(properties))
            }
            Action::Purge(waiting) => {
                let told = self
                    .client
                    .ask(context, asked, None, secrets::parse_purged)
                    .await?;
                report.note(told);
                let finished = waiting.wait && self.purge_finished(context, id, waiting).await?;
                Ok(Reply::Finished(finished))
            }
            Action::Backup => {
                let read = |body: &Sensitive, _: &Subject| secrets::parse_backup(body);
                let told = self.client.ask(context, asked, None, read).await?;
                Ok(Reply::Value(report.note(told)))
            }
            Action::DeletionFinished(waiting) => self
                .deletion_finished(context, id, waiting)
                .await
                .map(Reply::Finished),
            Action::RecoveryFinished(waiting) => self
                .recovery_finished(context, id, waiting)
                .await
                .map(Reply::Finished),
            Action::List(_) | Action::ListDeleted(_) | Action::Restore { .. } => {
                Err(invalid("The operation is about all of a vault."))
            }
        }
    }

    /// Recovers a name so that it can be set: one that is recovered already, or is just now by another, will do.
    async fn recover(self: &Arc<Self>, context: &Context, id: &SecretId) -> Result<(), Error> {
        match self.recovered(context, id).await {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let waiting = Waiting {
            wait: true,
            ..Waiting::default()
        };
        self.recovery_finished(context, id, &waiting).await.map(drop)
    }

    async fn recovered(&self, context: &Context, id: &SecretId) -> Result<Told<SecretProperties>, Error> {
        let subject = Subject::from(id.clone());
        let asked = (&deed::RECOVER, &subject);
        let told = self
            .client
            .ask(context, asked, None, secrets::parse_properties)
            .await?;
        self.forget_name(id);
        Ok(told)
    }

    /// The version to change, if it still is as the caller knows it.
    async fn unchanged(
        &self,
        context: &Context,
        subject: &Subject,
        (version, since): (Option<&SecretVersion>, Option<UnixTime>),
    ) -> Result<SecretVersion, Error> {
        let asked = (&deed::GET, subject);
        let told = self
            .client
            .ask(context, asked, None, secrets::parse_properties)
            .await?;
        let found = told.said;
        let found_version = found.version.as_deref().unwrap_or_default();
        let another = version.is_some_and(|version| !version.as_str().eq_ignore_ascii_case(found_version));
        let changed = since.is_some_and(|since| found.updated_on.is_none_or(|updated| updated > since));
        if another || changed {
            let what = if another {
                "has another version"
            } else {
                "was changed"
            };
            let text = format!("{subject} {what} since it was read; nothing was changed now.");
            return Err(Error::new(ErrorKind::Conflict, text)
                .advise("Read it again, and decide anew what is to change.")
                .diagnose(Verdict::SecretChanged)
                .with(|d| d.request_id = told.request_id));
        }
        SecretVersion::parse(found_version).map_err(|_| Malformed::new("The answer holds no version.").into())
    }

    /// One page of a list. Pages of deleted and other secrets differ in what is read.
    ///
    /// A link that leads to its own page is refused. A longer circle cannot be seen from here: each page is an
    /// operation of its own, and only whoever goes through them knows how far they have come.
    async fn page<T>(
        &self,
        context: &Context,
        asked: (&Deed, &Subject),
        paging: &Paging,
        read: fn(&Sensitive, &Subject) -> Result<Page<T>, Malformed>,
        report: &mut Report,
    ) -> Result<Page<T>, Error> {
        let (deed, subject) = asked;
        let mut request = deed.request(subject, &self.config.options.vault.api_version);
        if let Some(link) = &paging.continuation {
            secrets::check_link(link, &subject.vault).map_err(|_| {
                invalid("The continuation is not one of this vault's.")
                    .advise("Pass on what the page before gave, unchanged and to the same vault.")
            })?;
            request = Request {
                url: link.clone(),
                ..request
            };
        } else if let Some(most) = paging.max_page_size {
            request.url = query(&request.url, &[("maxresults", &most.to_string())]);
        }
        debug_assert_eq!(request.method, Method::Get);
        let told = self.client.send(context, asked, request, None, read).await?;
        let page = report.note(told);
        if page.continuation.is_some() && page.continuation == paging.continuation {
            return Err(Malformed::new("The link to the next page leads to the same page again.").into());
        }
        Ok(page)
    }
}

/// The secret without a version: what the cache has as its latest.
fn id_of(subject: &Subject) -> Option<SecretId> {
    Some(SecretId {
        vault: subject.vault.clone(),
        name: subject.name.clone()?,
        version: None,
    })
}

fn invalid(text: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, text)
}
