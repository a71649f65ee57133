//! `EnvironmentCredential`: what the environment's variables configure.

use crate::config::Config;
use crate::config::credential::{AuthorityOptions, CertificateOptions};
use crate::error::{Error, ErrorKind};

use super::client_certificate::{CertificateCredential, ClientCertificate};
use super::client_secret::ClientSecret;
use super::{Credential, Miss};

pub(super) const NAME: &str = "EnvironmentCredential";

/// The first complete set of variables counts : a secret, a certificate.
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
            (Some(tenant), Some(client), None) if set("AZURE_CLIENT_CERTIFICATE_PATH").is_some() => {
                let certificate = certificate(config);
                let source =
                    CertificateCredential::new(config, authority, NAME, (tenant, client), certificate)?;
                Credential::Environment(Box::new(Credential::ClientCertificate(source)))
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

fn certificate(config: &Config) -> ClientCertificate {
    let set = |name| config.environment.get(name).unwrap_or_default();
    let send_chain = set("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN");
    let options = CertificateOptions {
        send_certificate_chain: send_chain == "1" || send_chain.eq_ignore_ascii_case("true"),
        ..CertificateOptions::default()
    };
    let password = config.environment.secret("AZURE_CLIENT_CERTIFICATE_PASSWORD");
    ClientCertificate::of_file(config, set("AZURE_CLIENT_CERTIFICATE_PATH"), password, &options)
}
