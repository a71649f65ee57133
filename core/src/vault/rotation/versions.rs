//! The versions of a secret that is rotated, and the tags with which they say how far they have come.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::operation::rotate_call::is_own;
use crate::operation::{Action, Reply, SecretChanges, Subject, VaultCall};
use crate::secret::{Secret, SecretProperties, SecretVersion};
use crate::sensitive::Sensitive;
use crate::time::UnixTime;
use crate::vault::client::Told;
use crate::verdict::Verdict;
use crate::wire::secrets::{deed, parse_secret};

use super::Conversation;

/// How far a version has come,
pub(super) const STAGE: &str = "nightlatch-rotation";
/// the version that has the value to go back to, or that was gone back to,
pub(super) const PREVIOUS: &str = "nightlatch-previous";
/// and the slot that its value is for.
pub(super) const SLOT: &str = "nightlatch-slot";

pub(super) const PENDING: &str = "pending";
pub(super) const DONE: &str = "done";
pub(super) const RESTORING: &str = "restoring";
pub(super) const ROLLED_BACK: &str = "rolled-back";
pub(super) const FAILED: &str = "failed";

impl Conversation<'_> {
    /// The latest version as it is now, whatever the cache has; `None` if there is no such secret.
    pub(super) async fn latest(&self) -> Result<Option<Secret>, Error> {
        match self.read(Subject::from(self.call.id.clone())).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == ErrorKind::SecretDisabled => {
                Err(error.advise("Enable the latest version, or set another one, and rotate again."))
            }
            read => read.map(Some),
        }
    }

    pub(super) async fn version(&self, version: &str) -> Result<Secret, Error> {
        self.read(self.subject(version)?).await
    }

    /// Not by way of the cache: a policy about expired secrets is for readers.
    pub(super) async fn read(&self, subject: Subject) -> Result<Secret, Error> {
        let client = &self.secrets.client;
        let told = client.ask(self.context, (&deed::GET, &subject), None, parse_secret);
        let Told { said, request_id } = told.await?;
        self.context.emit(Event::SecretFetched {
            vault: subject.vault.to_string(),
            name: self.call.id.name.to_string(),
            version: version(&said).to_owned(),
            request_id,
        });
        Ok(said)
    }

    fn subject(&self, version: &str) -> Result<Subject, Error> {
        let version = Some(SecretVersion::parse(version)?);
        Ok(Subject {
            version,
            ..self.call.id.clone().into()
        })
    }

    /// Whether nobody has set another version meanwhile.
    pub(super) async fn still(&self, known: Option<&Secret>) -> Result<(), Error> {
        let found = self.latest().await?;
        if found.as_ref().map(version) == known.map(version) {
            return Ok(());
        }
        let text = format!(
            "Another version of {} was set while it was rotated.",
            self.call.id
        );
        Err(Error::new(ErrorKind::Conflict, text)
            .advise("See that only one rotation runs at a time, and rotate again.")
            .diagnose(Verdict::SecretChanged))
    }

    pub(super) async fn set(
        &mut self,
        value: &Sensitive,
        mut properties: SecretChanges,
        stage: &str,
        previous: Option<&str>,
    ) -> Result<Secret, Error> {
        let tags = properties.tags.get_or_insert_default();
        tags.insert(STAGE.to_owned(), stage.to_owned());
        let more = [(PREVIOUS, previous), (SLOT, self.slot.as_deref())];
        tags.extend(
            more.into_iter()
                .filter_map(|(tag, text)| Some((tag.to_owned(), text?.to_owned()))),
        );
        let call = VaultCall {
            subject: self.call.id.clone().into(),
            action: Action::Set {
                value: Some(value.clone()),
                properties,
                recover_if_deleted: false,
            },
        };
        match self.secrets.call(self.context, &call).await? {
            Reply::Secret(secret) => {
                if stage != RESTORING {
                    self.new.clone_from(&secret.properties().version);
                }
                Ok(secret)
            }
            _ => Err(Error::new(
                ErrorKind::Internal,
                "A secret that was set is no secret.",
            )),
        }
    }

    /// Has a version say how far it has come.
    pub(super) async fn mark(
        &self,
        secret: &Secret,
        stage: &str,
        enabled: Option<bool>,
    ) -> Result<SecretProperties, Error> {
        let mut tags = secret.properties().tags.clone();
        tags.insert(STAGE.to_owned(), stage.to_owned());
        let call = VaultCall {
            subject: self.subject(version(secret))?,
            action: Action::Update {
                properties: SecretChanges {
                    enabled,
                    tags: Some(tags),
                    ..SecretChanges::default()
                },
                if_version: None,
                if_unchanged_since: None,
            },
        };
        match self.secrets.call(self.context, &call).await? {
            Reply::Properties(properties) => Ok(properties),
            _ => Err(Error::new(
                ErrorKind::Internal,
                "Properties that were set are none.",
            )),
        }
    }

    /// What the new version is to have: as the call says, else as the version before.
    pub(super) async fn inherited(&self, latest: Option<&Secret>) -> Result<SecretChanges, Error> {
        let before = latest.map(Secret::properties);
        if before.is_some_and(|before| before.managed == Some(true)) {
            let text = format!("{} belongs to a certificate, which keeps it.", self.call.id);
            return Err(Error::new(ErrorKind::InvalidArgument, text).advise("Renew the certificate instead."));
        }
        let tags = match (&self.call.tags, latest) {
            (Some(tags), _) => tags.clone(),
            (None, Some(latest)) => others(latest),
            (None, None) => BTreeMap::new(),
        };
        self.call.check_tags(&tags)?;
        let expires_on = match (self.call.expires_on, latest) {
            (None, Some(latest)) => self
                .life(latest)
                .await?
                .map(|life| self.context.now().unix + life),
            (given, _) => given,
        };
        let content_type = self.call.content_type.clone();
        Ok(SecretChanges {
            expires_on,
            content_type: content_type.or_else(|| before?.content_type.clone()),
            tags: Some(tags),
            ..SecretChanges::default()
        })
    }

    /// How long a version was to live. One that was gone back to was made to live as long as its value's first.
    pub(super) async fn life(&self, latest: &Secret) -> Result<Option<Duration>, Error> {
        let Some(end) = latest.properties().expires_on else {
            return Ok(None);
        };
        let from = match origin(latest) {
            Some(origin) => self.version(origin).await?.properties().created_on,
            None => latest.properties().created_on,
        };
        Ok(from.map(|from: UnixTime| end.since(from)))
    }
}

pub(super) fn version(secret: &Secret) -> &str {
    secret.properties().version.as_deref().unwrap_or_default()
}

pub(super) fn tag<'a>(secret: &'a Secret, name: &str) -> Option<&'a str> {
    secret.properties().tags.get(name).map(String::as_str)
}

/// The tags that are not the rotation's.
pub(super) fn others(secret: &Secret) -> BTreeMap<String, String> {
    let tags = secret.properties().tags.iter();
    tags.filter(|(name, _)| !is_own(name))
        .map(|(name, text)| (name.clone(), text.clone()))
        .collect()
}

/// The version in which a value that was gone back to was set first.
pub(super) fn origin(secret: &Secret) -> Option<&str> {
    let went_back = matches!(tag(secret, STAGE), Some(RESTORING | ROLLED_BACK));
    tag(secret, PREVIOUS).filter(|_| went_back)
}
