//! The caller's functions, and what it means when one fails.

use std::time::Duration;

use crate::effect::{Effect, Fault, FaultKind, Outcome, RotationStep};
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::exec::exchange::mismatched;
use crate::secret::Secret;
use crate::sensitive::Sensitive;
use crate::verdict::Verdict;

use super::Conversation;

/// The operation's own time is the only limit of a function.
const UNLIMITED: Duration = Duration::from_secs(u32::MAX as u64);

impl Conversation<'_> {
    /// A new value, of a rotation that begins.
    pub(super) async fn make(&mut self, latest: Option<&Secret>) -> Result<Sensitive, Error> {
        self.context.emit(Event::RotationStarted {
            vault: self.call.id.vault.to_string(),
            name: self.call.id.name.to_string(),
            slot: self.slot.clone(),
            old_version: self.old.clone(),
        });
        let value = self.step(RotationStep::Make, None).await?;
        let refuse =
            |text| Err(Error::new(ErrorKind::InvalidArgument, text).diagnose(Verdict::RotationFailed));
        match value.filter(|value| !value.is_empty()) {
            None => refuse("The function make gave no value; nothing was changed."),
            Some(value) if latest.is_some_and(|latest| *latest.value() == value) => {
                refuse("The function make gave the value that is in use already; nothing was changed.")
            }
            Some(value) => Ok(value),
        }
    }

    /// Calls one of them, and gives what it made.
    pub(super) async fn step(
        &self,
        step: RotationStep,
        value: Option<&Sensitive>,
    ) -> Result<Option<Sensitive>, Error> {
        let effect = Effect::Rotate {
            handle: self.call.handle,
            step,
            value: value.cloned(),
            slot: self.slot.clone(),
        };
        match (self.context.perform(effect, UNLIMITED).await, step) {
            (Outcome::Made(value), RotationStep::Make) => Ok(Some(value)),
            (Outcome::Done, RotationStep::Apply | RotationStep::Verify) => Ok(None),
            (Outcome::Failed(fault), step) => Err(self.failed(step, &fault)),
            (other, _) => Err(mismatched(&other)),
        }
    }

    fn failed(&self, step: RotationStep, fault: &Fault) -> Error {
        let (kind, how) = match fault.kind {
            FaultKind::Interrupted => (ErrorKind::Cancelled, "was interrupted".to_owned()),
            FaultKind::Unsupported => (ErrorKind::Unsupported, "is not supported by this host".to_owned()),
            FaultKind::Timeout => (ErrorKind::Timeout, "did not end in time".to_owned()),
            FaultKind::Refused if step == RotationStep::Verify => (
                ErrorKind::ServiceFailure,
                "found that the value does not work".to_owned(),
            ),
            _ => (ErrorKind::ServiceFailure, fault.to_string()),
        };
        let text = format!(
            "The rotation of {} failed: the function {} {how}.",
            self.call.id,
            step.name()
        );
        Error::new(kind, text)
            .advise(format!("Mend what {} ran into, and rotate again.", step.name()))
            .diagnose(Verdict::RotationFailed)
    }
}
