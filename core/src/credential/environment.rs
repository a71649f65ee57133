//! `EnvironmentCredential`: what the environment's variables configure. The first complete set counts: a secret, a
//! certificate, a user with a password.

use crate::config::Config;
use crate::config::credential::{AuthorityOptions, CertificateOptions};
use crate::error::Error;
use crate::verdict::Verdict;

use super::application::ApplicationCredential;
use super::client_certificate::ClientCertificate;
use super::proof::Proof;
use super::user::User;
use super::{Credential, Miss};

pub(super) const NAME: &str = "EnvironmentCredential";

pub(super) fn credential(config: &Config, authority: &AuthorityOptions) -> Result<Credential, Error> {
    let set = |name| config.environment.get(name);
    let (tenant, client) = (set("AZURE_TENANT_ID"), set("AZURE_CLIENT_ID"));
    if let (Some(tenant), Some(client), Some(proof)) = (tenant, client, proof(config)) {
        return ApplicationCredential::credential(config, NAME, authority, (tenant, client), proof);
    }
    let password = config.environment.secret("AZURE_PASSWORD");
    if let (Some(client), Some(username), Some(password)) = (client, set("AZURE_USERNAME"), password) {
        return User::of_environment(config, NAME, authority, (tenant, client), (username, password));
    }
    let wanted = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"];
    let missing: Vec<_> = wanted.into_iter().filter(|name| set(name).is_none()).collect();
    let reason = format!(
        "{NAME} authentication unavailable. Environment variables are not fully configured; not set: {}.",
        missing.join(", ")
    );
    Ok(Credential::Absent {
        name: NAME,
        miss: Miss::unavailable(reason).diagnose(Verdict::NotConfigured),
    })
}

/// How the application proves itself, if the variables say.
fn proof(config: &Config) -> Option<Proof> {
    if let Some(secret) = config.environment.secret("AZURE_CLIENT_SECRET") {
        return Some(Proof::Secret(secret));
    }
    let path = config.environment.get("AZURE_CLIENT_CERTIFICATE_PATH")?;
    let chain = config.environment.get("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN");
    let options = CertificateOptions {
        send_certificate_chain: chain.is_some_and(|set| set == "1" || set.eq_ignore_ascii_case("true")),
        ..CertificateOptions::default()
    };
    let password = config.environment.secret("AZURE_CLIENT_CERTIFICATE_PASSWORD");
    let certificate = ClientCertificate::of_file(config, path, password, &options);
    Some(Proof::Certificate(Box::new(certificate)))
}
