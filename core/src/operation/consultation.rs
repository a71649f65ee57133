//! What the doctor is asked.

use std::time::Duration;

use super::Subject;
use crate::secret::{SecretName, VaultUrl};

/// A health check that was given no timeout ends after this: whoever asks is a probe with a deadline of its own.
pub const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// A question to the doctor.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Consultation {
    /// Go the whole way once (token, challenge, the secret or else one page of the list) and tell all that was seen.
    Diagnose(Subject),
    /// Whether secrets are at hand, or, without names, whether the vault can be read. Uses the caches.
    Check {
        /// The vault.
        vault: VaultUrl,
        /// Which secrets.
        names: Vec<SecretName>,
    },
    /// What would be done and what it would cost, without the network.
    Explain {
        /// How many secrets are read.
        secrets: u32,
        /// By how many processes.
        instances: u32,
    },
}
