//! One error for everything, whose kind says what the caller can do about it.
//!
//! The table of kinds at the end of this file is the only one: each binding reads [`ErrorKind::ALL`]
//! and its test proves that it knows every kind.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::verdict::Verdict;

/// What went wrong, with every fact that helps to mend it, and no secret.
///
/// Cloning is cheap: one failure reaches every caller of a flight.
#[derive(Clone, PartialEq)]
pub struct Error(Arc<Details>);

/// The facts of an [`Error`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Details {
    /// What the caller can do.
    pub kind: ErrorKind,
    /// A human sentence.
    pub message: String,
    /// The credential concerned, by its SDK name.
    pub source: Option<String>,
    /// Who was refused, as far as the token or the service told.
    pub identity: Option<Identity>,
    /// HTTP status of the answer.
    pub status: Option<u16>,
    /// The service's error code.
    pub code: Option<String>,
    /// The service's inner error code.
    pub inner_code: Option<String>,
    /// The service's request id, for a support ticket.
    pub request_id: Option<String>,
    /// How long the service asked to wait.
    pub retry_after: Option<Duration>,
    /// What each source of a chain said, in order; or each Key Vault reference that could not be resolved.
    pub attempts: Vec<Attempt>,
    /// The next step, in one sentence.
    pub advice: Option<String>,
    /// What the trouble is, when the facts tell.
    pub help: Option<Verdict>,
    /// Claims (JSON) that the user must satisfy in a sign-in of their own: for the client of a service that acts on
    /// behalf of others.
    pub claims: Option<String>,
}

/// Who a token stands for. Read from the token for diagnosis, never trusted for authorisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// Tenant id (`tid`).
    pub tenant: Option<String>,
    /// Application (client) id (`appid` or `azp`).
    pub client: Option<String>,
    /// Object (principal) id (`oid`).
    pub object: Option<String>,
    /// Resource id of a managed identity (`xms_mirid`).
    pub resource: Option<String>,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ("client id", &self.client),
            ("object id", &self.object),
            ("tenant", &self.tenant),
            ("resource", &self.resource),
        ];
        let mut separator = "";
        for (name, value) in parts {
            if let Some(value) = value {
                write!(f, "{separator}{name} {value}")?;
                separator = ", ";
            }
        }
        if separator.is_empty() {
            f.write_str("an unknown identity")
        } else {
            Ok(())
        }
    }
}

/// How one source of a chain ended, when it did not give a token; or a Key Vault reference, when it was not resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// The credential's SDK name; the reference's place.
    pub source: String,
    /// `unavailable`, `refused` or `transient`; App Service's word for a reference's status.
    pub ending: &'static str,
    /// Why, in one sentence.
    pub reason: String,
    /// Milliseconds that it took; a report of the doctor's tells.
    #[serde(skip)]
    pub duration_ms: u64,
}

impl Error {
    /// An error of `kind` with a sentence for people.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Details {
            kind,
            message: message.into(),
            source: None,
            identity: None,
            status: None,
            code: None,
            inner_code: None,
            request_id: None,
            retry_after: None,
            attempts: Vec::new(),
            advice: None,
            help: None,
            claims: None,
        }))
    }

    /// What the caller can do.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// All facts.
    pub fn details(&self) -> &Details {
        &self.0
    }

    /// Adds the next step.
    pub fn advise(self, advice: impl Into<String>) -> Self {
        self.with(|d| d.advice = Some(advice.into()))
    }

    /// Adds what the trouble is.
    #[inline(never)]
    pub fn diagnose(self, verdict: Verdict) -> Self {
        self.with(|d| d.help = Some(verdict))
    }

    /// Adds or changes facts.
    pub fn with(mut self, change: impl FnOnce(&mut Details)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Whether trying again later may help: nothing about the request itself was refused.
    pub fn is_transient(&self) -> bool {
        use ErrorKind::*;
        matches!(self.kind(), Unreachable | Timeout | Throttled | ServiceFailure)
    }
}

impl fmt::Display for Error {
    /// The message, the next step, and what identifies the answer; what a traceback shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let d = &*self.0;
        f.write_str(&d.message)?;
        if let Some(advice) = &d.advice {
            write!(f, "\nTo mend this: {advice}")?;
        }
        if let Some(id) = &d.request_id {
            write!(f, "\nRequest id: {id}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $number:literal, $name:literal;)*) => {
        /// What the caller can do about an error. Numbers and names never change meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(u16)]
        pub enum ErrorKind { $($(#[$doc])* $kind = $number),* }

        impl ErrorKind {
            /// Every kind, in the order of the numbers.
            pub const ALL: &'static [ErrorKind] = &[$(ErrorKind::$kind),*];

            /// The stable name: JavaScript's `error.code`, the tail of C's constant.
            pub const fn name(self) -> &'static str {
                match self { $(ErrorKind::$kind => $name),* }
            }
        }
    };
}

kinds! {
    /// A value given to the call is not valid: mend the call.
    InvalidArgument = 1, "INVALID_ARGUMENT";
    /// The configuration or environment contradicts itself: mend it.
    InvalidConfiguration = 2, "INVALID_CONFIGURATION";
    /// No source of an identity exists here: sign in, attach or configure one.
    CredentialUnavailable = 3, "CREDENTIAL_UNAVAILABLE";
    /// A source exists and was refused: mend the credential.
    AuthenticationFailed = 4, "AUTHENTICATION_FAILED";
    /// The token stands for somebody other than expected: mend the pin or the host.
    IdentityMismatch = 5, "IDENTITY_MISMATCH";
    /// The vault's challenge was not believed, so no token was sent: check the vault URL.
    ChallengeRejected = 6, "CHALLENGE_REJECTED";
    /// The vault knows the caller and says no: grant what the advice names.
    Forbidden = 7, "FORBIDDEN";
    /// The secret is disabled: enable it or ask for another version.
    SecretDisabled = 8, "SECRET_DISABLED";
    /// No such secret, version or vault.
    NotFound = 9, "NOT_FOUND";
    /// The name is in a state that does not allow this (deleted, being recovered).
    Conflict = 10, "CONFLICT";
    /// The service's limit was reached, or our own budget ran out: wait.
    Throttled = 11, "THROTTLED";
    /// The service failed: try later.
    ServiceFailure = 12, "SERVICE_FAILURE";
    /// No connection: check name resolution, network, firewall, proxy.
    Unreachable = 13, "UNREACHABLE";
    /// The TLS peer was not accepted: check certificates and interception.
    Tls = 14, "TLS";
    /// The time allowed ran out.
    Timeout = 15, "TIMEOUT";
    /// The caller cancelled.
    Cancelled = 16, "CANCELLED";
    /// An answer could not be understood: something else may be answering.
    MalformedResponse = 17, "MALFORMED_RESPONSE";
    /// This host or version cannot do it.
    Unsupported = 18, "UNSUPPORTED";
    /// A defect of nightlatch: please report it.
    Internal = 19, "INTERNAL";
    /// An encrypted value is not what it should be: altered, for another key, or from another place.
    DecryptionFailed = 20, "DECRYPTION_FAILED";
}

impl ErrorKind {
    /// The stable number, C's status code.
    pub const fn code(self) -> u16 {
        self as u16
    }
}

impl Serialize for ErrorKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_unique_and_in_order() {
        let codes: Vec<u16> = ErrorKind::ALL.iter().map(|k| k.code()).collect();
        assert_eq!(codes, (1..=20).collect::<Vec<u16>>());
        let names: std::collections::BTreeSet<_> = ErrorKind::ALL.iter().map(|k| k.name()).collect();
        assert_eq!(names.len(), ErrorKind::ALL.len());
    }

    #[test]
    fn changing_a_clone_leaves_the_original() {
        let first = Error::new(ErrorKind::Forbidden, "no");
        let second = first.clone().advise("ask");
        assert_eq!(first.details().advice, None);
        assert_eq!(second.to_string(), "no\nTo mend this: ask");
    }
}
