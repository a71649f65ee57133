//! A machine that no variable describes: one with the agent of Azure Arc, if its program is there; else IMDS tells.

use std::sync::{Mutex, PoisonError};

use crate::config::Config;
use crate::error::Error;
use crate::exec::Context;
use crate::token::access_token::AccessToken;

use super::super::Miss;
#[cfg(feature = "doctor")]
use super::super::prospect::Expected;
use super::Selection;
use super::arc::{self, Arc};
use super::imds::{self, Imds};

pub(super) struct Machine {
    imds: Imds,
    agent: Option<Agent>,
}

struct Agent {
    program: String,
    installed: Mutex<Option<bool>>,
    arc: Result<Arc, Error>,
}

impl Machine {
    pub(super) fn new(config: &Config, chained: bool) -> Result<Self, Error> {
        let moved = config.environment.get(imds::HOST_VARIABLE).is_some();
        let agent = arc::program(config).filter(|_| !moved).map(|program| Agent {
            program,
            installed: Mutex::default(),
            arc: Arc::new(config, None),
        });
        Ok(Self {
            imds: Imds::new(config, chained)?,
            agent,
        })
    }

    /// Whether there is an identity, as far as files tell.
    #[cfg(feature = "doctor")]
    pub(super) async fn expected(&self, context: &Context) -> Expected {
        match &self.agent {
            Some(agent) if agent.is_installed(context).await => {
                Expected::here("the agent of Azure Arc is installed")
            }
            _ => self.imds.expected(context).await,
        }
    }

    pub(super) async fn token(
        &self,
        context: &Context,
        selection: &Selection,
        resource: &str,
    ) -> Result<AccessToken, Miss> {
        if let Some(agent) = &self.agent
            && agent.is_installed(context).await
        {
            let arc = agent.arc.as_ref().map_err(|error| Miss::refused(error.clone()))?;
            return arc.token(context, selection, resource).await;
        }
        self.imds.token(context, selection, resource).await
    }
}

impl Agent {
    /// Looks once.
    async fn is_installed(&self, context: &Context) -> bool {
        let known = *self.installed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known {
            return known;
        }
        let found = arc::exists(context, &self.program).await;
        *self.installed.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        found
    }
}
