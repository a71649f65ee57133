//! How people sign in: a code that they type elsewhere (RFC 8628), or a browser that comes back (RFC 6749 section 4.1,
//! RFC 7636).

use std::time::Duration;

use super::failure::{TokenFailure, aadsts_codes};
use crate::json::Object;
use crate::sensitive::Sensitive;
use crate::wire::{Malformed, clean, query};

/// What a person types, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceCode {
    /// What the token is asked for with.
    pub device_code: Sensitive,
    /// What the person types.
    pub user_code: String,
    /// The page to type it at; always https.
    pub verification_uri: String,
    /// A sentence that says so.
    pub message: String,
    /// How long it is good for.
    pub expires_in: Duration,
    /// The least time between two questions for the token.
    pub interval: Duration,
}

/// The longest life of a code; Entra gives 15 minutes.
const LONGEST_LIFE: Duration = Duration::from_secs(3600);

/// Between questions, where the service says nothing (RFC 8628 section 3.2).
const INTERVAL: Duration = Duration::from_secs(5);

/// Reads the answer to a request for a device code.
pub fn parse_device_code(body: &Sensitive) -> Result<DeviceCode, Malformed> {
    let object = Object::parse(body.expose())
        .ok_or_else(|| Malformed::new("The answer to the request for a code is not a JSON object."))?;
    let text = |name: &str| {
        let text = object.text(name).map(|text| clean(&text)).unwrap_or_default();
        if text.is_empty() {
            return Err(Malformed::new(format!("The answer holds no {name}.")));
        }
        Ok(text)
    };
    let (user_code, verification_uri) = (text("user_code")?, text("verification_uri")?);
    if !verification_uri.starts_with("https://") {
        return Err(Malformed::new("The page to sign in at is not an https URL."));
    }
    let device_code = object.sensitive("device_code").filter(|code| !code.is_empty());
    let message = text("message").unwrap_or_else(|_| {
        format!("To sign in, open the page {verification_uri} in a browser and enter the code {user_code}.")
    });
    let seconds = |name| object.seconds(name, LONGEST_LIFE);
    Ok(DeviceCode {
        device_code: device_code.ok_or_else(|| Malformed::new("The answer holds no device_code."))?,
        user_code,
        verification_uri,
        message,
        expires_in: seconds("expires_in").unwrap_or(LONGEST_LIFE),
        interval: seconds("interval")
            .unwrap_or(INTERVAL)
            .max(Duration::from_secs(1)),
    })
}

/// What a sign-in with a browser is begun with.
#[derive(Clone, Copy, Debug)]
pub struct Authorization<'a> {
    /// The application.
    pub client_id: &'a str,
    /// What is asked for.
    pub scope: &'a str,
    /// Comes back unchanged, so that a stranger's answer is known.
    pub state: &'a str,
    /// Stands in the ID token, so that a stranger's token is known.
    pub nonce: &'a str,
    /// SHA-256 of the verifier, base64url.
    pub challenge: &'a str,
    /// Who probably signs in.
    pub login_hint: Option<&'a str>,
    /// Claims (JSON).
    pub claims: Option<&'a str>,
}

impl Authorization<'_> {
    /// The page to open, below the authorize endpoint; `{redirect_uri}` is left in it for the host.
    pub fn url(&self, endpoint: &str) -> String {
        let mut pairs = vec![
            ("client_id", self.client_id),
            ("response_type", "code"),
            ("response_mode", "form_post"),
            ("scope", self.scope),
            ("state", self.state),
            ("nonce", self.nonce),
            ("code_challenge", self.challenge),
            ("code_challenge_method", "S256"),
            ("prompt", "select_account"),
        ];
        pairs.extend(self.login_hint.map(|hint| ("login_hint", hint)));
        pairs.extend(self.claims.map(|claims| ("claims", claims)));
        query(endpoint, &pairs) + "&redirect_uri={redirect_uri}"
    }
}

/// Reads what a browser came back with: the code, if it comes with that `state`.
pub fn parse_redirect(answer: &Sensitive, state: &str) -> Result<Sensitive, Box<TokenFailure>> {
    let value = |name: &str| form_value(answer.expose(), name.as_bytes());
    let text = |name: &str| {
        value(name)
            .and_then(|value| value.expose_str().map(clean))
            .unwrap_or_default()
    };
    let failure = |error: &str, description: String| {
        Box::new(TokenFailure {
            error: error.to_owned(),
            codes: aadsts_codes(&description),
            description,
            ..TokenFailure::default()
        })
    };
    if value("state").as_ref().map(Sensitive::expose) != Some(state.as_bytes()) {
        let text =
            "The browser brought an answer to another sign-in than this one, so nothing of it was used.";
        return Err(failure("invalid_state", text.into()));
    }
    if let Some(error) = Some(text("error")).filter(|error| !error.is_empty()) {
        let description = text("error_description");
        let shown = if description.is_empty() {
            error.clone()
        } else {
            description
        };
        return Err(failure(&error, shown));
    }
    let code = value("code").filter(|code| !code.is_empty());
    code.ok_or_else(|| failure("invalid_request", "The browser brought no code.".into()))
}

/// The first value of that name in a query or form, decoded in wiped memory.
fn form_value(form: &[u8], name: &[u8]) -> Option<Sensitive> {
    let raw = form
        .split(|byte| *byte == b'&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix(b"="))?;
    let mut value = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&first, after)) = rest.split_first() {
        let hex = |at: usize| after.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        let (byte, length) = match (first, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => ((high << 4 | low) as u8, 2),
            (b'+', ..) => (b' ', 0),
            _ => (first, 0),
        };
        value.push(byte);
        rest = &after[length..];
    }
    Some(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_is_believed_with_its_state_only() {
        let read = |answer: &str| parse_redirect(&Sensitive::from(answer), "s t");
        assert_eq!(
            read("code=a%2Bb+c%&state=s+t").unwrap(),
            Sensitive::from("a+b c%")
        );
        assert_eq!(read("state=s%20t&code=x&code=y").unwrap(), Sensitive::from("x"));
        for (answer, error) in [
            ("code=x", "invalid_state"),
            ("code=x&state=s", "invalid_state"),
            ("error=access_denied&state=", "invalid_state"),
            ("code=x&state=s+t&error=access_denied", "access_denied"),
            ("state=s+t", "invalid_request"),
            ("code=&state=s+t", "invalid_request"),
            ("", "invalid_state"),
        ] {
            assert_eq!(read(answer).unwrap_err().error, error, "{answer}");
        }
        let failure =
            read("state=s+t&error=access_denied&error_description=AADSTS65001%3A+no+consent").unwrap_err();
        assert_eq!(
            (failure.codes.as_slice(), &*failure.description),
            (&[65001][..], "AADSTS65001: no consent")
        );
    }

    #[test]
    fn a_device_code_is_bounded() {
        let read = |body: &str| parse_device_code(&Sensitive::from(body));
        let code = read(r#"{"device_code":"d","user_code":"U","verification_uri":"https://x/","interval":0,"expires_in":1e9}"#)
            .unwrap();
        assert_eq!(
            (code.interval, code.expires_in),
            (Duration::from_secs(1), LONGEST_LIFE)
        );
        assert!(code.message.contains("https://x/") && code.message.contains('U'));
        for body in [
            "",
            r#"{"device_code":"d","user_code":"U","verification_uri":"http://x/"}"#,
            r#"{"device_code":"d","user_code":"U"}"#,
            r#"{"device_code":"","user_code":"U","verification_uri":"https://x/"}"#,
        ] {
            assert!(read(body).is_err(), "{body}");
        }
    }
}
