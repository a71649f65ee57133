//! References of Azure App Configuration: a key-value with a content type of its own and the value
//! `{"uri": "https://contoso.vault.azure.net/secrets/db-password"}`. The client resolves it, with its own credential.
//!
//! The older name of the member, `secret_uri`, is read as the Python library of App Configuration does. Other members are
//! refused: who wrote them expected something of them.

use crate::json::{Object, text};
use crate::secret::SecretId;

use super::flaw::Flaw;
use super::parse::{Wrong, secret_url};

/// The content type of a reference; the service adds `;charset=utf-8`.
pub const CONTENT_TYPE: &str = "application/vnd.microsoft.appconfig.keyvaultref+json";

/// Whether a content type says so, whatever its case, blanks and parameters.
pub fn is_reference(content_type: &str) -> bool {
    let (essence, _) = content_type.split_once(';').unwrap_or((content_type, ""));
    let letters = essence.chars().filter(|c| !c.is_whitespace());
    letters.map(|c| c.to_ascii_lowercase()).eq(CONTENT_TYPE.chars())
}

/// The secret that such a value refers to.
pub(super) fn reference(value: &str) -> Result<SecretId, Wrong> {
    let object = Object::parse(value.as_bytes()).ok_or((Flaw::Json, 0))?;
    let mut members = object.members();
    let raw = match (members.next(), members.next()) {
        (Some(("uri" | "secret_uri", raw)), None) => raw,
        _ => return Err((Flaw::Member, 0)),
    };
    // The only value is the last thing in the text but for blanks and the bracket.
    let start = value.rfind(raw).unwrap_or(0);
    let url = text(raw).ok_or((Flaw::Member, start))?;
    let plain = raw.len() == url.len() + 2;
    // Where something is escaped, the columns within no longer fit.
    secret_url(&url, start + 1).map_err(|(flaw, at)| (flaw, if plain { at } else { start }))
}
