//! Applications that prove themselves by what they were given: `ClientSecretCredential`, `ClientCertificateCredential`
//! and `ClientAssertionCredential`. They differ in their [`Proof`] alone.

use crate::config::credential::{Application, AuthorityOptions, CertificateOptions};
use crate::config::{Config, Slot};
use crate::effect::Route;
use crate::error::Error;
use crate::exec::Context;
use crate::operation::TokenRequest;
use crate::token::access_token::AccessToken;

use super::client_certificate::ClientCertificate;
use super::entra::Entra;
use super::proof::Proof;
use super::{Credential, Miss};

pub(crate) struct ApplicationCredential {
    name: &'static str,
    entra: Entra,
    proof: Proof,
}

impl ApplicationCredential {
    /// `ClientSecretCredential`.
    pub(crate) fn secret(
        config: &Config,
        application: &Application,
        secret: Slot,
    ) -> Result<Credential, Error> {
        let proof = Proof::Secret(config.secret(secret)?);
        Self::of_options(config, "ClientSecretCredential", application, proof)
    }

    /// `ClientCertificateCredential`.
    pub(crate) fn certificate(
        config: &Config,
        application: &Application,
        options: &CertificateOptions,
    ) -> Result<Credential, Error> {
        const NAME: &str = "ClientCertificateCredential";
        let certificate = ClientCertificate::of_options(config, options, NAME)?;
        Self::of_options(
            config,
            NAME,
            application,
            Proof::Certificate(Box::new(certificate)),
        )
    }

    /// `ClientAssertionCredential`.
    pub(crate) fn assertion(
        config: &Config,
        application: &Application,
        function: u32,
    ) -> Result<Credential, Error> {
        let proof = Proof::function(config, function);
        Self::of_options(config, "ClientAssertionCredential", application, proof)
    }

    fn of_options(
        config: &Config,
        name: &'static str,
        application: &Application,
        proof: Proof,
    ) -> Result<Credential, Error> {
        let ids = (application.tenant_id.as_str(), application.client_id.as_str());
        Self::credential(config, name, &application.authority, ids, proof)
    }

    pub(crate) fn credential(
        config: &Config,
        name: &'static str,
        authority: &AuthorityOptions,
        (tenant, client_id): (&str, &str),
        proof: Proof,
    ) -> Result<Credential, Error> {
        let entra = Entra::new(config, authority, Some(tenant), client_id)?;
        Ok(Credential::Application(Self { name, entra, proof }))
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) async fn token(&self, context: &Context, request: &TokenRequest) -> Result<AccessToken, Miss> {
        self.entra
            .token(Route::Ordinary, context, self.name, request, &self.proof)
            .await
    }
}
