//! Waiting for what the service finishes in its own time.
//!
//! | what | looks at | not yet | finished |
//! |---|---|---|---|
//! | deletion | the deleted secret | 404 | 200 |
//! | purge | the deleted secret, and then the name | 200, then 409 | 404 |
//! | recovery | the secret | 404 | 200 |
//!
//! When the deleted secret is gone, its name may be in use for a little longer. Only another change to the name tells, so
//! the purge is asked for once more: of all changes it is the one that was wanted anyway.
//!
//! 403 always counts as finished, as in the SDKs: the caller may not look, or the recovered secret is disabled.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::operation::{Subject, Waiting};
use crate::secret::SecretId;
use crate::wire::secrets::{deed, parse_deleted, parse_purged};

use super::client::is_busy;
use super::secrets::Secrets;

/// Shorter waits between two looks would be hammering.
const SHORTEST: Duration = Duration::from_millis(100);

impl Secrets {
    pub(super) async fn deletion_finished(
        &self,
        context: &Context,
        id: &SecretId,
        waiting: &Waiting,
    ) -> Result<bool, Error> {
        self.finished(context, waiting, "the deletion", || async {
            is_there(self.look_at_deleted(context, id).await)
        })
        .await
    }

    pub(super) async fn purge_finished(
        &self,
        context: &Context,
        id: &SecretId,
        waiting: &Waiting,
    ) -> Result<bool, Error> {
        self.finished(context, waiting, "the purge", || async {
            match self.look_at_deleted(context, id).await {
                Ok(()) => Ok(false),
                Err(error) if error.kind() == ErrorKind::NotFound => self.is_free(context, id).await,
                refused => is_there(refused),
            }
        })
        .await
    }

    /// Whether the vault is no longer busy with a name whose secret is gone.
    async fn is_free(&self, context: &Context, id: &SecretId) -> Result<bool, Error> {
        let subject = Subject::from(id.clone());
        let asked = (&deed::PURGE, &subject);
        match self.client.ask(context, asked, None, parse_purged).await {
            Ok(_) => Ok(false),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
            Err(error) if is_busy(&error) => Ok(false),
            Err(refused) => is_there(Err(refused)),
        }
    }

    /// The secret is looked at by getting it, as the next caller will: so it is cached when it is back.
    pub(super) async fn recovery_finished(
        self: &Arc<Self>,
        context: &Context,
        id: &SecretId,
        waiting: &Waiting,
    ) -> Result<bool, Error> {
        self.finished(context, waiting, "the recovery", || async {
            is_there(self.fetch(context, id).await.map(drop))
        })
        .await
    }

    async fn look_at_deleted(&self, context: &Context, id: &SecretId) -> Result<(), Error> {
        let subject = Subject::from(id.clone());
        let asked = (&deed::GET_DELETED, &subject);
        self.client
            .ask(context, asked, None, parse_deleted)
            .await
            .map(drop)
    }

    /// Looks once, or until `look` sees the end.
    async fn finished<F: Future<Output = Result<bool, Error>>>(
        &self,
        context: &Context,
        waiting: &Waiting,
        what: &'static str,
        look: impl Fn() -> F,
    ) -> Result<bool, Error> {
        loop {
            let finished = look().await?;
            if finished || !waiting.wait {
                return Ok(finished);
            }
            context.waits_for(what);
            context.sleep(waiting.interval.max(SHORTEST), what).await;
        }
    }
}

/// Whether what was looked at is there, or out of the caller's sight.
fn is_there(looked: Result<(), Error>) -> Result<bool, Error> {
    match looked {
        Ok(()) => Ok(true),
        Err(error) => match error.kind() {
            ErrorKind::NotFound => Ok(false),
            ErrorKind::Forbidden | ErrorKind::SecretDisabled => Ok(true),
            _ => Err(error),
        },
    }
}
