//! The emulator's behaviour, over real sockets.

mod admin;
mod app_service;
mod backup;
mod certificates;
mod contoso;
mod entra;
mod faults;
mod imds;
mod paging;
mod permissions;
mod program;
mod properties;
mod proxy;
mod soft_delete;
mod support;
mod throttling;
mod tokens;
mod vault;
