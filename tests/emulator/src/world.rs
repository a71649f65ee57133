//! Everything that is emulated, and the way of one request through it.

use std::io;
use std::sync::Arc;

use crate::config::Config;
use crate::directory::{Directory, invalid};
use crate::entra::SignIns;
use crate::fault::Faults;
use crate::journal::Journal;
use crate::managed_identity::{
    Hosts, ManagedIdentities, app_service, arc, azure_ml, cloud_shell, imds, service_fabric,
};
use crate::message::{Answer, Reply, Request};
use crate::oidc::{self, Issuers};
use crate::route::{self, Destination, Door, Service};
use crate::token::Tokens;
use crate::vault::{BackupKey, Vault};
use crate::{admin, entra, token_proxy};

pub(crate) struct World {
    pub(crate) directory: Directory,
    pub(crate) identities: ManagedIdentities,
    pub(crate) issuers: Issuers,
    pub(crate) sign_ins: SignIns,
    pub(crate) tokens: Tokens,
    /// Never empty.
    pub(crate) vaults: Vec<Vault>,
    pub(crate) hosts: Hosts,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
}

impl World {
    pub(crate) fn new(config: &Config) -> io::Result<World> {
        let issuers = Issuers::new(config)?;
        let directory = Directory::new(config, &issuers)?;
        let backup_key = Arc::new(BackupKey::generate().map_err(|_| io::Error::other("no key for backups"))?);
        let vaults: Vec<Vault> = config
            .vaults
            .iter()
            .map(|vault| Vault::new(vault, &directory, &backup_key))
            .collect::<io::Result<_>>()?;
        if vaults.is_empty() {
            return Err(invalid("there must be a vault"));
        }
        Ok(World {
            identities: ManagedIdentities::new(config, &directory)?,
            directory,
            issuers,
            sign_ins: SignIns::new(config.sign_in.clone()),
            tokens: Tokens::new(config.token_lifetime_s).map_err(|_| io::Error::other("no signing key"))?,
            vaults,
            hosts: Hosts::new(config),
            faults: Faults::default(),
            journal: Journal::default(),
        })
    }

    pub(crate) fn vault(&self, name: &str) -> Option<&Vault> {
        self.vaults
            .iter()
            .find(|vault| vault.name.eq_ignore_ascii_case(name))
    }

    /// Answers a request; one to a service is written down, and may meet a fault first.
    pub(crate) async fn reply(&self, door: Door, request: &Request) -> Reply {
        let Some(destination) = route::destination(door, &self.vaults, request) else {
            return Reply::text(
                404,
                format!("the emulator serves nothing at {}{}", request.host, request.path),
            );
        };
        let Some(service) = destination.service() else {
            return admin::reply(self, request);
        };
        let number = self.journal.open(service, request);
        let answer = match self.faulty(service, &destination, request).await {
            Some(reply) => Answer::refused(reply),
            None => self.answer(&destination, request),
        };
        self.journal.close(number, &answer);
        answer.reply
    }

    async fn faulty(
        &self,
        service: Service,
        destination: &Destination<'_>,
        request: &Request,
    ) -> Option<Reply> {
        let vault = match destination {
            Destination::Vault(vault) => vault,
            _ => &self.vaults[0],
        };
        self.faults
            .take(service, request)?
            .play(service, vault, request)
            .await
    }

    fn answer(&self, destination: &Destination<'_>, request: &Request) -> Answer {
        match destination {
            Destination::Vault(vault) => vault.answer(&self.tokens, request),
            Destination::Entra => entra::answer(self, request),
            Destination::Imds => imds::answer(self, request),
            Destination::AppService => app_service::answer(self, request),
            Destination::Arc => arc::answer(self, request),
            Destination::ServiceFabric => service_fabric::answer(self, request),
            Destination::AzureMl => azure_ml::answer(self, request),
            Destination::CloudShell => cloud_shell::answer(self, request),
            Destination::AzurePipelines => oidc::pipelines(self, request),
            Destination::GithubActions => oidc::github(self, request),
            Destination::TokenProxy => token_proxy::answer(self, request),
            Destination::Admin => Answer::refused(admin::reply(self, request)),
        }
    }
}
