//! What the doctor is asked.

use std::time::Duration;

use super::Subject;
use crate::config::fields::Fields;
use crate::error::Error;
use crate::secret::{SecretId, SecretName, SecretVersion, VaultUrl};

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

/// A question whose names have not been checked.
pub(super) enum Question {
    Diagnose { name: Option<String> },
    Check { names: Vec<String> },
    Explain { secrets: u32, instances: u32 },
}

impl Question {
    /// Reads the arguments of the operation `op`.
    pub(super) fn of(op: &str, fields: &mut Fields<'_>) -> Self {
        match op {
            "diagnose" => Self::Diagnose {
                name: fields.or_default("name"),
            },
            "check" => Self::Check {
                names: fields.or_default("names"),
            },
            _ => Self::Explain {
                secrets: fields.or_default::<Option<u32>>("secrets").unwrap_or(1),
                instances: fields.or_default::<Option<u32>>("instances").unwrap_or(1),
            },
        }
    }

    /// Checks the names. An empty one is none, as no version is the latest.
    pub(super) fn checked(
        self,
        vault: impl Fn() -> Result<VaultUrl, Error>,
        version: Option<SecretVersion>,
    ) -> Result<Consultation, Error> {
        Ok(match self {
            Self::Diagnose { name } => Consultation::Diagnose(match name.filter(|name| !name.is_empty()) {
                Some(name) => Subject::from(SecretId {
                    vault: vault()?,
                    name: SecretName::parse(&name)?,
                    version,
                }),
                None => Subject::all(vault()?),
            }),
            Self::Check { names } => {
                let names = names.iter().map(|name| SecretName::parse(name));
                Consultation::Check {
                    vault: vault()?,
                    names: names.collect::<Result<_, Error>>()?,
                }
            }
            Self::Explain { secrets, instances } => Consultation::Explain { secrets, instances },
        })
    }
}
