//! What tells where we are ([`evidence`]), who we must be ([`pin`]), and which cloud a host belongs to
//! ([`cloud`]). Pure.

pub mod cloud;
pub mod evidence;
pub mod pin;
