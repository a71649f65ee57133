//! A token and its life: whom it stands for, how long it serves, when to renew it.

pub mod access_token;
pub mod claims;
pub mod refresh;

pub use access_token::AccessToken;
pub use claims::Claims;
pub use refresh::{Freshness, Refresh};
