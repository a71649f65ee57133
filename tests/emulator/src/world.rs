//! Everything that is emulated, and the way of one request through it.

use std::io;
use std::sync::Arc;

use hyper::header::DATE;

use crate::config::Config;
use crate::directory::{Directory, invalid};
use crate::entra::SignIns;
use crate::fault::Faults;
use crate::journal::Journal;
use crate::jwt::SigningKey;
use crate::managed_identity::{
    Hosts, ManagedIdentities, app_service, arc, azure_ml, cloud_shell, imds, service_fabric,
};
use crate::message::{Answer, Reply, Request};
use crate::oidc::{self, Issuers};
use crate::route::{self, Destination, Door, Service};
use crate::scene::Scene;
use crate::token::Tokens;
use crate::vault::{BackupKey, Vault};
use crate::{admin, clock, entra, token_proxy};

/// What outlives a change of the situation: tokens stay good, sign-ins are remembered, the log goes on.
pub(crate) struct Lasting {
    tokens: Arc<Tokens>,
    issuer_key: Arc<SigningKey>,
    backup_key: Arc<BackupKey>,
    sign_ins: Arc<SignIns>,
    journal: Arc<Journal>,
}

impl Lasting {
    pub(crate) fn new(config: &Config) -> io::Result<Lasting> {
        let no_key = |purpose: &str| io::Error::other(format!("no key for {purpose}"));
        Ok(Lasting {
            tokens: Arc::new(Tokens::new(config.token_lifetime_s).map_err(|_| no_key("tokens"))?),
            issuer_key: Arc::new(SigningKey::generate().map_err(|_| no_key("other issuers"))?),
            backup_key: Arc::new(BackupKey::generate().map_err(|_| no_key("backups"))?),
            sign_ins: Arc::new(SignIns::new(config.sign_in.clone())),
            journal: Arc::default(),
        })
    }
}

pub(crate) struct World {
    pub(crate) directory: Directory,
    pub(crate) identities: ManagedIdentities,
    pub(crate) issuers: Issuers,
    pub(crate) sign_ins: Arc<SignIns>,
    pub(crate) tokens: Arc<Tokens>,
    /// Never empty.
    pub(crate) vaults: Vec<Vault>,
    pub(crate) hosts: Hosts,
    pub(crate) faults: Faults,
    pub(crate) journal: Arc<Journal>,
    date_ahead_s: i64,
}

impl World {
    pub(crate) fn new(config: &Config, faults: Faults, lasting: &Lasting) -> io::Result<World> {
        let issuers = Issuers::new(config, &lasting.issuer_key);
        let directory = Directory::new(config, &issuers)?;
        let vaults: Vec<Vault> = config
            .vaults
            .iter()
            .map(|vault| Vault::new(vault, &directory, &lasting.backup_key))
            .collect::<io::Result<_>>()?;
        if vaults.is_empty() {
            return Err(invalid("there must be a vault"));
        }
        lasting.sign_ins.set(config.sign_in.clone());
        Ok(World {
            identities: ManagedIdentities::new(config, &directory)?,
            directory,
            issuers,
            sign_ins: lasting.sign_ins.clone(),
            tokens: lasting.tokens.clone(),
            vaults,
            hosts: Hosts::new(config),
            faults,
            journal: lasting.journal.clone(),
            date_ahead_s: config.date_ahead_s,
        })
    }

    pub(crate) fn vault(&self, name: &str) -> Option<&Vault> {
        self.vaults
            .iter()
            .find(|vault| vault.name.eq_ignore_ascii_case(name))
    }

    /// Answers a request; one to a service is written down, and may meet a fault first.
    pub(crate) async fn reply(&self, scene: &Scene, door: Door, request: &Request) -> Reply {
        let Some(destination) = route::destination(door, &self.vaults, request) else {
            return Reply::text(
                404,
                format!("the emulator serves nothing at {}{}", request.host, request.path),
            );
        };
        let Some(service) = destination.service() else {
            return admin::reply(scene, self, request);
        };
        let number = self.journal.open(service, request);
        let answer = match self.faulty(service, &destination, request).await {
            Some(reply) => Answer::refused(reply),
            None => self.answer(scene, &destination, request),
        };
        self.journal.close(number, &answer);
        self.dated(answer.reply)
    }

    /// A clock that goes right needs no help: hyper writes its time.
    fn dated(&self, reply: Reply) -> Reply {
        match self.date_ahead_s {
            0 => reply,
            ahead => reply.with(DATE, &clock::http_text(clock::now().saturating_add_signed(ahead))),
        }
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

    fn answer(&self, scene: &Scene, destination: &Destination<'_>, request: &Request) -> Answer {
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
            Destination::Admin => Answer::refused(admin::reply(scene, self, request)),
        }
    }
}
