//! What the vault says when it does not give a secret, and what to do about it.
//!
//! Decisions are taken on status, inner code and code; the message is read only for the facts in it
//! that an advice needs. Sources: *REST API error codes*, *Azure RBAC for Key Vault*, *Configure
//! network security* of Azure Key Vault, and recorded answers.

mod advice;

#[cfg(feature = "encryption")]
pub(crate) use self::advice::ENABLE_KEY;

use crate::effect::Response;
use crate::error::{Error, ErrorKind, Identity};
use crate::json::Object;
use crate::operation::Subject;
use crate::time::UnixTime;
use crate::wire::retry_after::retry_after;
use crate::wire::secrets::Deed;
use crate::wire::{clean, clean_lines};

/// The facts in an error answer of Key Vault, each fit to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceFault {
    /// The code, such as `Forbidden`.
    pub code: Option<String>,
    /// The code within, such as `ForbiddenByRbac`.
    pub inner_code: Option<String>,
    /// The message, line by line.
    pub lines: Vec<String>,
    /// Application id of the caller, as the vault saw it.
    pub caller_appid: Option<String>,
    /// Object id of the caller, as the vault saw it.
    pub caller_oid: Option<String>,
    /// Whether the message names an assignment, or a deny assignment, that was found: somebody decided against it.
    pub denied: bool,
    /// The data action that was refused.
    pub action: Option<String>,
    /// The address that the vault saw.
    pub client_address: Option<String>,
}

impl ServiceFault {
    /// Reads the body `{"error": {"code", "message", "innererror": {"code"}}}`, any case. `None` when
    /// it has another shape: then it was not the vault that answered.
    pub fn parse(response: &Response) -> Option<Self> {
        let object = Object::parse(response.body.expose())?;
        let error = object.object("error")?;
        let code = |object: &Object<'_>| object.text("code").map(|code| clean(&code));
        let message = error.text("message").unwrap_or_default();
        let lines = clean_lines(&message);
        let labelled = |label: &str| {
            let found = lines.iter().find_map(|line| {
                let (head, value) = line.split_at_checked(label.len())?;
                head.eq_ignore_ascii_case(label).then_some(value)
            })?;
            Some(found.trim().trim_matches('\''))
        };
        Some(Self {
            code: code(&error),
            inner_code: error.object("innererror").as_ref().and_then(code),
            caller_appid: lines.iter().find_map(|line| id_after(line, "appid=")),
            caller_oid: lines
                .iter()
                .find_map(|line| id_after(line, ";oid=").or_else(|| id_after(line, " oid="))),
            denied: [("Assignment:", "(not found)"), ("DenyAssignmentId:", "null")]
                .iter()
                .any(|(label, nothing)| labelled(label).is_some_and(|found| found != *nothing)),
            action: labelled("Action:").map(str::to_owned),
            client_address: labelled("Client address:")
                .map(|text| text.trim_end_matches('.'))
                .or_else(|| network_address(response))
                .filter(|text| is_address(text))
                .map(str::to_owned),
            lines,
        })
    }

    /// The message as one line.
    pub fn message(&self) -> String {
        clean(&self.lines.join(" "))
    }

    fn is(&self, code: &str) -> bool {
        [&self.inner_code, &self.code]
            .into_iter()
            .flatten()
            .any(|c| c.eq_ignore_ascii_case(code))
    }

    fn says(&self, words: &str) -> bool {
        self.lines.iter().any(|line| line.contains(words))
    }
}

/// Turns an answer other than success into an [`Error`].
///
/// `deed` was to be done to `what`; `identity` is whom the token stands for, if known; `now` is compared with a
/// `Retry-After` date.
pub fn service_error(
    response: &Response,
    what: &Subject,
    deed: &Deed,
    identity: Option<&Identity>,
    now: UnixTime,
) -> Error {
    let fault = ServiceFault::parse(response);
    let known = fault.clone().unwrap_or_default();
    let kind = kind_of(response.status, &known);
    let who = whom(&known, identity);
    let message = sentence(kind, response, (what, deed), fault.as_ref(), who.as_ref());
    let advice = match fault {
        Some(fault) => advice::of(response.status, &fault, (what, deed), who.as_ref()),
        None => advice::of_stranger(response.status, (what, deed), who.as_ref()),
    };
    let error = Error::new(kind, message).with(|details| {
        details.identity = who;
        details.status = Some(response.status);
        details.code = known.code;
        details.inner_code = known.inner_code;
        details.request_id = response
            .header("x-ms-request-id")
            .map(clean)
            .filter(|id| !id.is_empty());
        details.retry_after = retry_after(response, now);
    });
    match advice {
        Some((verdict, advice)) => error.diagnose(verdict).advise(advice),
        None => error,
    }
}

fn kind_of(status: u16, fault: &ServiceFault) -> ErrorKind {
    match status {
        401 => ErrorKind::AuthenticationFailed,
        403 if fault.is("SecretDisabled") => ErrorKind::SecretDisabled,
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        407 => ErrorKind::Unreachable,
        409 => ErrorKind::Conflict,
        429 => ErrorKind::Throttled,
        408 | 500..=599 => ErrorKind::ServiceFailure,
        400..=499 => ErrorKind::InvalidArgument,
        _ => ErrorKind::MalformedResponse,
    }
}

/// The caller as the token told, completed by what the vault saw.
fn whom(fault: &ServiceFault, identity: Option<&Identity>) -> Option<Identity> {
    let mut who = identity.cloned().unwrap_or_default();
    who.client = who.client.or_else(|| fault.caller_appid.clone());
    who.object = who.object.or_else(|| fault.caller_oid.clone());
    (who != Identity::default()).then_some(who)
}

fn sentence(
    kind: ErrorKind,
    response: &Response,
    (what, deed): (&Subject, &Deed),
    fault: Option<&ServiceFault>,
    who: Option<&Identity>,
) -> String {
    let status = response.status;
    let happened = match kind {
        ErrorKind::AuthenticationFailed => format!("{} did not accept the token", what.vault),
        ErrorKind::Forbidden => match who {
            Some(who) => format!("{what} may not be {} by {who}", deed.participle),
            None => format!("{what} may not be {}", deed.participle),
        },
        ErrorKind::SecretDisabled => format!("{what} is disabled"),
        ErrorKind::NotFound if what.name.is_none() => format!("{what} were not found"),
        ErrorKind::NotFound if deed.is_of_deleted() => format!("{what} is not among the deleted secrets"),
        ErrorKind::NotFound => format!("{what} was not found"),
        ErrorKind::Conflict => format!("{what} is in a state that does not allow this"),
        ErrorKind::Throttled => format!("{} received too many requests", what.vault),
        ErrorKind::ServiceFailure => format!("{} failed", what.vault),
        ErrorKind::InvalidArgument => {
            format!("{} did not accept the request for {}", what.vault, what.short())
        }
        ErrorKind::Unreachable => format!("The proxy in front of {} wants a login", what.vault),
        _ => format!("{} answered in an unexpected way", what.vault),
    };
    let Some(fault) = fault else {
        let body = match response.body.expose().trim_ascii_start().first() {
            None => "without a body",
            Some(b'<') => "with a web page",
            Some(_) => "with a text that no vault sends",
        };
        return format!("{happened} (status {status}, {body}).");
    };
    let codes: Vec<&str> = [&fault.code, &fault.inner_code]
        .into_iter()
        .flatten()
        .map(|c| &**c)
        .collect();
    let codes = if codes.is_empty() {
        String::new()
    } else {
        format!(", {}", codes.join("/"))
    };
    match fault.lines.first() {
        Some(first) => format!("{happened} (status {status}{codes}): {first}"),
        None => format!("{happened} (status {status}{codes})."),
    }
}

/// The identifier behind `label`: letters, digits and hyphens only, since it will stand in a command
/// that somebody copies into a shell.
fn id_after(line: &str, label: &str) -> Option<String> {
    let (_, rest) = line.split_once(label)?;
    let end = rest
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .unwrap_or(rest.len());
    (1..=64).contains(&end).then(|| rest[..end].to_owned())
}

/// Whether a text can be an IP address, which will stand in such a command too.
fn is_address(text: &str) -> bool {
    (3..=45).contains(&text.len())
        && text.contains(['.', ':'])
        && text
            .bytes()
            .all(|b| b.is_ascii_hexdigit() || b == b'.' || b == b':')
}

/// `addr` of the header in which the vault tells how the caller came to it.
pub(crate) fn network_address(response: &Response) -> Option<&str> {
    response
        .header("x-ms-keyvault-network-info")?
        .split(';')
        .find_map(|part| part.trim().strip_prefix("addr="))
}
