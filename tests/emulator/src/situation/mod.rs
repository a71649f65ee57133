//! What may be wrong in an Azure, by name: one call sets each up. The names are those of the verdicts that clients reach,
//! and of facts that they warn of; the table of the README is written from here.

mod host;
mod sign_in;
mod vault;
mod way;

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::config::{self, Config};
use crate::entra;
use crate::fault::{Fault, Faults};
use crate::route::Service;

/// All, in the order of the verdicts, with those that have no verdict beside their like.
fn table() -> impl Iterator<Item = &'static Situation> {
    [host::TABLE, sign_in::TABLE, vault::TABLE, way::TABLE]
        .into_iter()
        .flatten()
}

/// A situation that is wanted, and where.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    situation: String,
    /// By default the first vault.
    #[serde(default)]
    vault: Option<String>,
    /// By default the vault's first secret.
    #[serde(default)]
    secret: Option<String>,
    #[serde(default)]
    seconds: Option<u32>,
    #[serde(default)]
    requests: Option<u32>,
}

impl Wish {
    pub(crate) fn named(situation: &str) -> Wish {
        Wish {
            situation: situation.into(),
            vault: None,
            secret: None,
            seconds: None,
            requests: None,
        }
    }
}

/// A configuration changed by a situation.
pub(crate) struct Changed {
    pub(crate) name: &'static str,
    pub(crate) config: Config,
    pub(crate) faults: Faults,
}

/// A row of the table.
struct Situation {
    name: &'static str,
    /// What there is then, for the README.
    what: &'static str,
    place: Place,
}

/// Who can bring a situation about.
enum Place {
    /// The emulator, by a change.
    Server(fn(&mut Draft) -> Result<(), String>),
    /// The client's own host: no server has a part in it.
    Client,
}

/// Changes the configuration so that the situation is there.
pub(crate) fn set_up(config: Config, wish: Wish) -> Result<Changed, String> {
    let situation = table().find(|row| row.name == wish.situation);
    let situation = situation.ok_or_else(|| {
        let names: Vec<&str> = table().map(|row| row.name).collect();
        format!(
            "there is no situation {}; there are {}",
            wish.situation,
            names.join(", ")
        )
    })?;
    let Place::Server(change) = situation.place else {
        return Err(format!(
            "{} is set up at the client: {}",
            situation.name, situation.what
        ));
    };
    let mut draft = Draft::new(config, wish)?;
    change(&mut draft)?;
    let unused = [
        ("seconds", draft.seconds.is_some()),
        ("requests", draft.requests.is_some()),
    ];
    if let Some((member, _)) = unused.iter().find(|(_, left)| *left) {
        return Err(format!("{} has no use for {member}", situation.name));
    }
    Ok(Changed {
        name: situation.name,
        config: draft.config,
        faults: Faults::unending(draft.faults),
    })
}

/// The table for people and tests.
pub(crate) fn known() -> Value {
    let rows = table().map(|row| {
        let place = match row.place {
            Place::Server(_) => "emulator",
            Place::Client => "client",
        };
        json!({ "situation": row.name, "set_up_by": place, "what": row.what })
    });
    rows.collect()
}

/// A configuration on its way to a situation.
struct Draft {
    config: Config,
    faults: Vec<Fault>,
    vault: usize,
    secret: Option<String>,
    seconds: Option<u32>,
    requests: Option<u32>,
}

impl Draft {
    fn new(config: Config, wish: Wish) -> Result<Draft, String> {
        let vault = match &wish.vault {
            None => 0,
            Some(name) => config
                .vaults
                .iter()
                .position(|vault| vault.name.eq_ignore_ascii_case(name))
                .ok_or_else(|| format!("there is no vault {name}"))?,
        };
        Ok(Draft {
            config,
            faults: Vec::new(),
            vault,
            secret: wish.secret,
            seconds: wish.seconds,
            requests: wish.requests,
        })
    }

    fn vault(&mut self) -> &mut config::Vault {
        &mut self.config.vaults[self.vault]
    }

    /// The name of the secret that it is about, as the configuration writes it.
    fn secret_name(&mut self) -> Result<String, String> {
        let wanted = self.secret.clone();
        let vault = self.vault();
        let fits = |name: &&String| {
            wanted
                .as_ref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(name))
        };
        vault.secrets.keys().find(fits).cloned().ok_or_else(|| {
            let wanted = wanted.as_deref().unwrap_or("at all");
            format!("the configuration of vault {} has no secret {wanted}", vault.name)
        })
    }

    fn secret(&mut self) -> Result<&mut config::Secret, String> {
        let name = self.secret_name()?;
        let secret = self.vault().secrets.get_mut(&name);
        secret.ok_or_else(|| format!("there is no secret {name}"))
    }

    /// The vault's keys, of which there must be some.
    fn keys(&mut self) -> Result<impl Iterator<Item = &mut config::Key>, String> {
        let vault = self.vault();
        if vault.keys.is_empty() {
            return Err(format!("the configuration of vault {} has no keys", vault.name));
        }
        Ok(vault.keys.values_mut())
    }

    /// The role assignments on the vault, of which there must be some.
    fn assignments(&mut self) -> Result<&mut Vec<config::Access>, String> {
        let vault = self.vault();
        vault.rbac = true;
        if vault.access.is_empty() {
            return Err(format!(
                "the configuration gives nobody access to vault {}",
                vault.name
            ));
        }
        Ok(&mut vault.access)
    }

    fn applications(&mut self) -> Result<&mut Vec<config::AppRegistration>, String> {
        if self.config.app_registrations.is_empty() {
            return Err("the configuration has no app_registrations".into());
        }
        Ok(&mut self.config.app_registrations)
    }

    fn trusts(&mut self) -> Result<impl Iterator<Item = &mut config::Federated>, String> {
        let trusts: Vec<_> = self
            .applications()?
            .iter_mut()
            .flat_map(|application| &mut application.federated)
            .collect();
        if trusts.is_empty() {
            return Err("the configuration has no federated credentials".into());
        }
        Ok(trusts.into_iter())
    }

    /// The Azure Arc agent, which must have a folder for its keys.
    fn arc(&mut self) -> Result<&mut config::Arc, String> {
        if self.config.arc.token_folder.is_none() {
            return Err("the configuration names no arc.token_folder".into());
        }
        Ok(&mut self.config.arc)
    }

    fn seconds(&mut self, usual: u32) -> u32 {
        self.seconds.take().unwrap_or(usual)
    }

    fn fault(&mut self, fault: Fault) -> Result<(), String> {
        self.faults.push(fault);
        Ok(())
    }

    /// Entra ID gives no token, whoever asks.
    fn entra(&mut self, code: u32, error: &'static str, message: &str) -> Result<(), String> {
        let (status, body) = entra::refusal(code, error, message);
        for service in [Service::Entra, Service::TokenProxy] {
            let fault = Fault::failing(service, status, Some(&body));
            self.fault(fault.at("/oauth2/v2.0/token"))?;
        }
        Ok(())
    }

    /// The vault refuses with a code, in whatever it is asked at a path.
    fn vault_error(
        &mut self,
        path: &str,
        status: u16,
        code: &str,
        inner: Option<&str>,
        message: &str,
    ) -> Result<(), String> {
        let mut error = json!({ "code": code, "message": message });
        if let Some(inner) = inner {
            error["innererror"] = json!({ "code": inner });
        }
        let body = json!({ "error": error });
        self.fault(Fault::failing(Service::Vault, status, Some(&body)).at(path))
    }
}

const fn server(
    name: &'static str,
    what: &'static str,
    change: fn(&mut Draft) -> Result<(), String>,
) -> Situation {
    Situation {
        name,
        what,
        place: Place::Server(change),
    }
}

const fn client(name: &'static str, what: &'static str) -> Situation {
    Situation {
        name,
        what,
        place: Place::Client,
    }
}

/// A text that differs from whatever was configured.
fn other() -> String {
    Uuid::new_v4().to_string()
}
