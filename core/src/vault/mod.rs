//! The vaults: [`session`] speaks to one of them, [`secrets`] reads through the cache.

pub(crate) mod secrets;
pub(crate) mod session;
