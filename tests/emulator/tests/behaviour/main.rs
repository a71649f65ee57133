//! The emulator's behaviour, over real sockets.

mod admin;
mod app_service;
mod certificates;
mod entra;
mod faults;
mod imds;
mod program;
mod proxy;
mod support;
mod throttling;
mod tokens;
mod vault;
