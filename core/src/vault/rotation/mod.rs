//! Rotation of a secret by functions of the caller's. How far it has come stands in the tags of the latest version, so
//! that it goes on wherever it was cut off, from any process:
//!
//! ```text
//!  one slot     (none), done, rolled-back ── make ──▶ set: pending ── apply, verify ──▶ done
//!               failed ─────────────────────────────┘    ▲    │ fails
//!                     a new process finds it ────────────┘    ├─ a version before ──▶ its value is set: restoring
//!                                                             │                        │ apply
//!                                                             └─ none: failed          └──▶ rolled-back
//!  two slots    make for the other ── apply, verify ──▶ set: done, with the slot
//! ```
//!
//! *One slot*: readers get a new value when it is set, a moment before it is in effect; it is set first because a value
//! that is in effect and nowhere else would be lost with the process. Going back, it is the other way round for the same
//! readers: the vault first, then where the value is used. A latest version is never disabled, which readers would take for
//! a refusal.
//!
//! *Two slots*: readers get a value only once it is verified, and there is nothing to go back to.
//!
//! *Two rotations at once*: the service knows no etags, so nothing keeps the second one away for certain. Each looks whether
//! the version that it knows is still the latest: before it sets a value, before it goes back, and when it ends. Whoever
//! finds another one leaves everything as it is and tells a `Conflict`. A rotation that begins while the other's value is
//! being applied goes on with that value; applying and verifying it twice does no harm. What is left are two that set a
//! value within the same moment: the last value set is the latest, the last one applied is in effect. Then the next rotation
//! mends it. A schedule that starts one rotation at a time avoids it.

mod functions;
mod versions;

use std::sync::Arc;

use crate::effect::RotationStep;
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::exec::Context;
use crate::operation::{RotateCall, Rotation, SecretChanges};
use crate::secret::{Secret, SecretProperties};
use crate::sensitive::Sensitive;
use crate::verdict::Verdict;

use super::secrets::Secrets;

use self::versions::{
    DONE, FAILED, PENDING, PREVIOUS, RESTORING, ROLLED_BACK, SLOT, STAGE, origin, others, tag, version,
};

impl Secrets {
    /// Rotates a secret, and tells how that ended.
    pub(crate) async fn rotate(
        self: &Arc<Self>,
        context: &Context,
        call: &RotateCall,
    ) -> Result<Rotation, Error> {
        let mut conversation = Conversation {
            secrets: self,
            context,
            call,
            slot: None,
            old: None,
            new: None,
        };
        let result = conversation.run().await;
        let Conversation { slot, old, new, .. } = conversation;
        let (vault, name) = (call.id.vault.to_string(), call.id.name.to_string());
        context.emit(match &result {
            Ok(rotation) => Event::RotationFinished {
                vault,
                name,
                slot,
                old_version: rotation.previous_version.clone(),
                new_version: rotation.properties.version.clone(),
            },
            Err(error) if error.details().help == Some(Verdict::RotationRolledBack) => {
                Event::RotationRolledBack {
                    vault,
                    name,
                    old_version: old,
                    new_version: new,
                    reason: error.kind(),
                }
            }
            Err(error) => Event::RotationFailed {
                vault,
                name,
                slot,
                old_version: old,
                new_version: new,
                reason: error.kind(),
            },
        });
        result
    }
}

/// One rotation under way, and what an event about its end tells.
struct Conversation<'a> {
    secrets: &'a Arc<Secrets>,
    context: &'a Context,
    call: &'a RotateCall,
    slot: Option<String>,
    old: Option<String>,
    new: Option<String>,
}

impl Conversation<'_> {
    async fn run(&mut self) -> Result<Rotation, Error> {
        let latest = self.latest().await?;
        if let Some(latest) = &latest {
            self.old.clone_from(&latest.properties().version);
        }
        match &self.call.slots {
            Some(slots) => self.in_turn(slots, latest.as_ref()).await,
            None => self.in_place(latest).await,
        }
    }

    // ---- two slots

    async fn in_turn(&mut self, slots: &[String; 2], latest: Option<&Secret>) -> Result<Rotation, Error> {
        if let Some(stage @ (PENDING | RESTORING)) = latest.and_then(|latest| tag(latest, STAGE)) {
            let text = format!(
                "{}: a rotation without slots is under way ({stage}).",
                self.call.id
            );
            return Err(Error::new(ErrorKind::Conflict, text)
                .advise("Rotate once without slots, which finishes it, and then with them."));
        }
        let slot = match latest.map(|latest| tag(latest, SLOT)) {
            None => &slots[0],
            // A secret that was never rotated is taken for the first slot's.
            Some(None) => &slots[1],
            Some(Some(used)) if used == slots[0] => &slots[1],
            Some(Some(used)) if used == slots[1] => &slots[0],
            Some(Some(used)) => {
                let text = format!(
                    "{} is in use with the slot {used:?}, which is none of these two.",
                    self.call.id
                );
                return Err(Error::new(ErrorKind::InvalidArgument, text)
                    .advise("Give the same two slots in each call, or change the tag nightlatch-slot."));
            }
        };
        self.slot = Some(slot.clone());
        let properties = self.inherited(latest).await?;
        let value = self.make(latest).await?;
        let as_before = |error: Error| match latest {
            Some(latest) => error.with(|d| {
                let text = format!(" Version {} stays in use.", version(latest));
                d.message.push_str(&text);
            }),
            None => error,
        };
        self.step(RotationStep::Apply, Some(&value))
            .await
            .map_err(as_before)?;
        self.step(RotationStep::Verify, Some(&value))
            .await
            .map_err(as_before)?;
        self.still(latest).await?;
        let secret = self.set(&value, properties, DONE, latest.map(version)).await?;
        Ok(self.rotation(secret.properties().clone(), false))
    }

    // ---- one slot

    async fn in_place(&mut self, latest: Option<Secret>) -> Result<Rotation, Error> {
        let Some(latest) = latest else {
            return self.anew(None, None).await;
        };
        if let Some(slot) = tag(&latest, SLOT) {
            let text = format!(
                "{} is in use with the slot {slot:?}: it is rotated by two slots.",
                self.call.id
            );
            return Err(Error::new(ErrorKind::InvalidArgument, text)
                .advise("Give the two slots, or remove the tag nightlatch-slot."));
        }
        match tag(&latest, STAGE) {
            Some(PENDING) => {
                let previous = tag(&latest, PREVIOUS).map(str::to_owned);
                self.old.clone_from(&previous);
                self.new.clone_from(&latest.properties().version);
                self.context.emit(Event::RotationResumed {
                    vault: self.call.id.vault.to_string(),
                    name: self.call.id.name.to_string(),
                    old_version: previous,
                    new_version: self.new.clone(),
                });
                self.finish(&latest, None, true).await
            }
            Some(RESTORING) => {
                self.restore(&latest).await.map_err(|why| {
                    let text =
                        " Version {} has the old value again, and it could not be applied before either."
                            .replace("{}", version(&latest));
                    unfinished(why, &text)
                })?;
                self.anew(Some(&latest), Some(&latest)).await
            }
            Some(FAILED) => self.anew(Some(&latest), None).await,
            _ => self.anew(Some(&latest), Some(&latest)).await,
        }
    }

    /// Makes a value and puts it into effect. There may be a version before that does not work: then there is nothing to go
    /// `back` to.
    async fn anew(&mut self, latest: Option<&Secret>, back: Option<&Secret>) -> Result<Rotation, Error> {
        let properties = self.inherited(latest).await?;
        let value = self.make(latest).await?;
        self.still(latest).await?;
        let secret = match self.set(&value, properties, PENDING, back.map(version)).await {
            Ok(secret) => secret,
            Err(error) => self.found(&value, error).await?,
        };
        self.finish(&secret, back, false).await
    }

    /// The version with this value, if it was set though the last answer says otherwise: one before it may have been lost.
    async fn found(&mut self, value: &Sensitive, error: Error) -> Result<Secret, Error> {
        match self.latest().await {
            Ok(Some(latest)) if latest.value() == value => {
                self.new.clone_from(&latest.properties().version);
                Ok(latest)
            }
            Ok(_) => Err(error),
            Err(_) => Err(unfinished(
                error,
                " Whether the vault has the new version is not known.",
            )),
        }
    }

    /// Puts the value of a pending version into effect, or goes back.
    async fn finish(
        &mut self,
        new: &Secret,
        back: Option<&Secret>,
        resumed: bool,
    ) -> Result<Rotation, Error> {
        for step in [RotationStep::Apply, RotationStep::Verify] {
            match self.step(step, Some(new.value())).await {
                Ok(_) => {}
                // Whoever called it went away, and so does this conversation.
                Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
                Err(error) => return Err(self.roll_back(new, back, error).await),
            }
        }
        let ended = async {
            self.still(Some(new)).await?;
            self.mark(new, DONE, None).await
        };
        let properties = ended.await.map_err(|error| {
            let text = format!(
                " The value of version {} is verified and in effect; its tags say `{PENDING}` still.",
                version(new)
            );
            unfinished(error, &text)
        })?;
        Ok(self.rotation(properties, resumed))
    }

    /// Has the old value in use again, and tells why.
    async fn roll_back(&mut self, failed: &Secret, back: Option<&Secret>, why: Error) -> Error {
        let Some(previous) = tag(failed, PREVIOUS) else {
            let told = match self.mark(failed, FAILED, None).await {
                Ok(_) => "the next rotation makes another",
                Err(_) => "the next rotation tries it again",
            };
            let text = format!(
                " There is no version before to go back to: version {} has the value that failed, and {told}.",
                version(failed)
            );
            return why.with(|d| {
                d.message.push_str(&text);
                d.help = Some(Verdict::RotationFailed);
            });
        };
        let restored = match self.reset(failed, previous, back).await {
            Ok(restored) => restored,
            Err(error) => {
                let text = format!(
                    " It could not be rolled back: {} Version {}, which failed, may be the latest still; version {previous} has \
                     the old value.",
                    error.details().message,
                    version(failed)
                );
                return unfinished(why, &text);
            }
        };
        // A value that readers may still have, and that does not work, is better refused.
        let disabled = self.mark(failed, FAILED, Some(false)).await;
        if let Err(error) = self.restore(&restored).await {
            let text = format!(
                " The old value is the latest version again ({}), and could not be applied: {} What is in effect may be \
                 the new one.",
                version(&restored),
                error.details().message
            );
            return unfinished(why, &text);
        }
        let mut text = format!(
            " It was rolled back: the old value, of version {previous}, is in use again as version {}.",
            version(&restored)
        );
        text.push_str(&match disabled {
            Ok(_) => format!(" Version {}, which failed, is disabled.", version(failed)),
            Err(error) => format!(
                " Version {}, which failed, could not be disabled: {}",
                version(failed),
                error.details().message
            ),
        });
        why.with(|d| {
            d.message.push_str(&text);
            d.help = Some(Verdict::RotationRolledBack);
        })
    }

    /// Sets the old value as the latest version.
    async fn reset(
        &mut self,
        failed: &Secret,
        previous: &str,
        back: Option<&Secret>,
    ) -> Result<Secret, Error> {
        let old = match back {
            Some(back) => back.clone(),
            None => self.version(previous).await?,
        };
        self.still(Some(failed)).await?;
        let properties = SecretChanges {
            expires_on: old.properties().expires_on,
            not_before: old.properties().not_before,
            content_type: old.properties().content_type.clone(),
            tags: Some(others(&old)),
            enabled: None,
        };
        // The value was set once, and may have been gone back to since: what matters is when it was set.
        let origin = origin(&old).unwrap_or(previous);
        self.set(old.value(), properties, RESTORING, Some(origin)).await
    }

    /// Puts an old value that is the latest again into effect.
    async fn restore(&mut self, restored: &Secret) -> Result<(), Error> {
        self.step(RotationStep::Apply, Some(restored.value())).await?;
        // It is in use; a mark that is not made has it applied once more.
        let _ = self.mark(restored, ROLLED_BACK, None).await;
        Ok(())
    }

    fn rotation(&self, properties: SecretProperties, resumed: bool) -> Rotation {
        Rotation {
            properties,
            previous_version: self.old.clone(),
            slot: self.slot.clone(),
            resumed,
        }
    }
}

/// A rotation that stopped in the middle.
fn unfinished(why: Error, text: &str) -> Error {
    why.with(|d| {
        d.message.push_str(text);
        // What the vault said has a verdict and a next step of its own.
        if d.help.is_none_or(|help| help == Verdict::RotationFailed) {
            d.help = Some(Verdict::RotationUnfinished);
            d.advice = Some("Mend that, and rotate again, which goes on from here.".into());
        }
    })
}
