//! The world that is served now: the configured one, or another in its place while a situation is set up.
//!
//! A situation is a configuration that was changed in one thing, with faults perhaps. Setting it up makes the world anew,
//! so that nothing of the one before is left behind, and going back is the same with the configuration as it was given.

use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use crate::config::Config;
use crate::fault::Faults;
use crate::message::{Reply, Request};
use crate::route::Door;
use crate::situation::{self, Wish};
use crate::world::{Lasting, World};

pub(crate) struct Scene {
    config: Config,
    lasting: Lasting,
    now: RwLock<Current>,
}

#[derive(Clone)]
struct Current {
    situation: Option<&'static str>,
    world: Arc<World>,
}

impl Scene {
    pub(crate) fn new(config: Config) -> io::Result<Scene> {
        let lasting = Lasting::new(&config)?;
        let world = World::new(&config, Faults::default(), &lasting)?;
        let now = RwLock::new(Current {
            situation: None,
            world: Arc::new(world),
        });
        Ok(Scene { config, lasting, now })
    }

    pub(crate) async fn reply(&self, door: Door, request: &Request) -> Reply {
        self.world().reply(self, door, request).await
    }

    pub(crate) fn world(&self) -> Arc<World> {
        self.now().world
    }

    /// What is set up, by name.
    pub(crate) fn situation(&self) -> Option<&'static str> {
        self.now().situation
    }

    /// Sets up a situation in place of any other, or says why that cannot be.
    pub(crate) fn set_up(&self, wish: Wish) -> Result<(), String> {
        let changed = situation::set_up(self.config.clone(), wish)?;
        self.change(Some(changed.name), &changed.config, changed.faults)
    }

    /// Goes back to the configuration.
    pub(crate) fn reset(&self) -> Result<(), String> {
        self.change(None, &self.config, Faults::default())
    }

    fn change(&self, situation: Option<&'static str>, config: &Config, faults: Faults) -> Result<(), String> {
        let world = World::new(config, faults, &self.lasting).map_err(|error| error.to_string())?;
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Current {
            situation,
            world: Arc::new(world),
        };
        Ok(())
    }

    fn now(&self) -> Current {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
