//! Tokens, as every source hands them out.

use std::time::Duration;

use crate::json::Object;
use crate::sensitive::Sensitive;
use crate::time::UnixTime;
use crate::wire::Malformed;

/// A token and what its source said of its life. At least one end is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenGrant {
    /// The bearer token: visible ASCII, never empty.
    pub access_token: Sensitive,
    /// Its life from now on, if the source gave one.
    pub expires_in: Option<Duration>,
    /// Its end by the source's clock, if the source gave one.
    pub expires_on: Option<UnixTime>,
    /// When it should be renewed, counted from now, if the source asked for it.
    pub refresh_in: Option<Duration>,
    /// The managed identity's client id, if the source named it.
    pub client_id: Option<String>,
    /// What buys the next token without the person who signed in.
    pub refresh_token: Option<Sensitive>,
    /// Who signed in.
    pub id_token: Option<Sensitive>,
}

/// No token lives longer than this; a source that says so is talking nonsense.
const LONGEST_LIFE: Duration = Duration::from_secs(366 * 24 * 3600);

/// Reads the answer of any token endpoint: Entra ID (RFC 6749 section 5.1), IMDS, App Service of both
/// ages, Arc, Service Fabric, Cloud Shell, Azure ML and the emulators of these.
///
/// Numbers may be strings; `expires_on` may be a date text. One usable end of life is enough.
pub fn parse_grant(body: &Sensitive) -> Result<TokenGrant, Malformed> {
    let object = Object::parse(body.expose())
        .ok_or_else(|| Malformed::new("The answer to the token request is not a JSON object."))?;
    let other = |name| object.sensitive(name).filter(|token| !token.is_empty());
    let grant = TokenGrant {
        access_token: bearer(&object, "access_token", "token_type")?,
        expires_in: object.seconds("expires_in", LONGEST_LIFE),
        expires_on: date(&object, "expires_on"),
        refresh_in: object.seconds("refresh_in", LONGEST_LIFE),
        client_id: object.text("client_id").filter(|id| is_visible(id.as_bytes())),
        refresh_token: other("refresh_token"),
        id_token: other("id_token"),
    };
    if grant.expires_in.is_none() && grant.expires_on.is_none() {
        return Err(Malformed::new(
            "The answer to the token request holds no usable expires_in or expires_on.",
        ));
    }
    Ok(grant)
}

pub(super) fn bearer(object: &Object<'_>, token: &str, token_type: &str) -> Result<Sensitive, Malformed> {
    let kind = object.text(token_type).unwrap_or_default();
    if !matches!(kind.trim(), "") && !kind.trim().eq_ignore_ascii_case("bearer") {
        return Err(Malformed::new("The token is not a bearer token."));
    }
    match object.sensitive(token) {
        None => Err(Malformed::new(format!("The answer holds no {token}."))),
        Some(text) if text.is_empty() => Err(Malformed::new(format!("The {token} is empty."))),
        // It will stand in a header, where a line break would begin another one.
        Some(text) if !is_visible(text.expose()) => Err(Malformed::new(format!(
            "The {token} holds characters that no token has."
        ))),
        Some(text) => Ok(text),
    }
}

fn is_visible(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_graphic)
}

/// A date as a number or text, if it is a plausible one.
pub(super) fn date(object: &Object<'_>, name: &str) -> Option<UnixTime> {
    object
        .unix_time(name)
        .or_else(|| UnixTime::parse(&object.text(name)?))
        .filter(|end| (YEAR_2000..YEAR_2200).contains(&end.as_secs()))
}

const YEAR_2000: i64 = 946_684_800;
const YEAR_2200: i64 = 7_258_118_400;
