//! The token proxy of AKS: Entra ID behind an address, a name and an authority of its own.

use crate::entra;
use crate::message::{Answer, Reply, Request};
use crate::world::World;

/// The name that a client must send and verify.
pub(crate) const SERVER_NAME: &str = "token-proxy.emulator.example";
/// What a client puts before the path of its request.
pub(crate) const PATH: &str = "/token-proxy";

pub(crate) fn answer(world: &World, request: &Request) -> Answer {
    match request.path.strip_prefix(PATH) {
        Some(path) if path.starts_with('/') => entra::answer(world, &request.at(path)),
        _ => Answer::refused(Reply::text(
            404,
            format!("the token proxy serves what is below {PATH}/"),
        )),
    }
}
