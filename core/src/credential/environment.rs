//! `EnvironmentCredential`: what the environment's variables configure.

use crate::config::Config;
use crate::config::credential::AuthorityOptions;
use crate::error::{Error, ErrorKind};

use super::client_secret::ClientSecret;
use super::{Credential, Miss};

pub(super) const NAME: &str = "EnvironmentCredential";

/// The first complete set of variables counts.
pub(super) fn credential(config: &Config, authority: &AuthorityOptions) -> Result<Credential, Error> {
    let set = |name| config.environment.get(name);
    let unsupported = |what: &str| {
        let text =
            format!("{NAME}: {what} is configured by the environment, which this version does not support.");
        Credential::Absent {
            name: NAME,
            miss: Miss::refused(Error::new(ErrorKind::Unsupported, text)),
        }
    };
    Ok(
        match (
            set("AZURE_TENANT_ID"),
            set("AZURE_CLIENT_ID"),
            config.environment.secret("AZURE_CLIENT_SECRET"),
        ) {
            (Some(tenant), Some(client), Some(secret)) => {
                let source = ClientSecret::new(config, authority, NAME, (tenant, client, secret))?;
                Credential::Environment(Box::new(Credential::ClientSecret(source)))
            }
            (Some(_), Some(_), None) if set("AZURE_CLIENT_CERTIFICATE_PATH").is_some() => {
                unsupported("a client certificate")
            }
            (_, Some(_), _) if set("AZURE_USERNAME").is_some() && set("AZURE_PASSWORD").is_some() => {
                unsupported("a user with a password")
            }
            _ => {
                let wanted = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"];
                let missing: Vec<_> = wanted.into_iter().filter(|name| set(name).is_none()).collect();
                let reason = format!(
                    "{NAME} authentication unavailable. Environment variables are not fully configured; not set: {}.",
                    missing.join(", ")
                );
                Credential::Absent {
                    name: NAME,
                    miss: Miss::unavailable(reason),
                }
            }
        },
    )
}
