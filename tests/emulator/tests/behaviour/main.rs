//! The emulator's behaviour, over real sockets.

mod admin;
mod app_service;
mod arc;
mod backup;
mod certificates;
mod contoso;
mod entra;
mod faults;
mod federation;
mod imds;
mod other_hosts;
mod paging;
mod permissions;
mod program;
mod properties;
mod proxy;
mod service_fabric;
mod sign_in;
mod situations;
mod soft_delete;
mod support;
mod throttling;
mod tokens;
mod tools;
mod vault;
