//! How a call ends, as a number.

use nightlatch_core::error::ErrorKind;

/// How a call ended: 0, or what the caller can do about the error. Numbers never change meaning; a number of
/// a newer library that this header does not know is an error like any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[repr(u32)]
pub enum nightlatch_status {
    /// It was done.
    NIGHTLATCH_OK = 0,
    /// A value given to the call is not valid: mend the call.
    NIGHTLATCH_INVALID_ARGUMENT = 1,
    /// The configuration or environment contradicts itself: mend it.
    NIGHTLATCH_INVALID_CONFIGURATION = 2,
    /// No source of an identity exists here: sign in, attach or configure one.
    NIGHTLATCH_CREDENTIAL_UNAVAILABLE = 3,
    /// A source exists and was refused: mend the credential.
    NIGHTLATCH_AUTHENTICATION_FAILED = 4,
    /// The token stands for somebody other than expected: mend the pin or the host.
    NIGHTLATCH_IDENTITY_MISMATCH = 5,
    /// The vault's challenge was not believed, so no token was sent: check the vault URL.
    NIGHTLATCH_CHALLENGE_REJECTED = 6,
    /// The vault knows the caller and says no: grant what the advice names.
    NIGHTLATCH_FORBIDDEN = 7,
    /// The secret is disabled: enable it or ask for another version.
    NIGHTLATCH_SECRET_DISABLED = 8,
    /// No such secret, version or vault.
    NIGHTLATCH_NOT_FOUND = 9,
    /// The name is in a state that does not allow this (deleted, being recovered).
    NIGHTLATCH_CONFLICT = 10,
    /// The service's limit was reached, or the library's own budget ran out: wait.
    NIGHTLATCH_THROTTLED = 11,
    /// The service failed: try later.
    NIGHTLATCH_SERVICE_FAILURE = 12,
    /// No connection: check name resolution, network, firewall, proxy.
    NIGHTLATCH_UNREACHABLE = 13,
    /// The TLS peer was not accepted: check certificates and interception.
    NIGHTLATCH_TLS = 14,
    /// The time allowed ran out.
    NIGHTLATCH_TIMEOUT = 15,
    /// The caller cancelled.
    NIGHTLATCH_CANCELLED = 16,
    /// An answer could not be understood: something else may be answering.
    NIGHTLATCH_MALFORMED_RESPONSE = 17,
    /// This host or version cannot do it.
    NIGHTLATCH_UNSUPPORTED = 18,
    /// A defect of nightlatch: please report it.
    NIGHTLATCH_INTERNAL = 19,
    /// An encrypted value is not what it should be: altered, for another key, or from another place.
    NIGHTLATCH_DECRYPTION_FAILED = 20,
}

use nightlatch_status::*;

impl nightlatch_status {
    /// Every status, in the order of the numbers.
    ///
    /// cbindgen:ignore
    pub const ALL: [nightlatch_status; 21] = [
        NIGHTLATCH_OK,
        NIGHTLATCH_INVALID_ARGUMENT,
        NIGHTLATCH_INVALID_CONFIGURATION,
        NIGHTLATCH_CREDENTIAL_UNAVAILABLE,
        NIGHTLATCH_AUTHENTICATION_FAILED,
        NIGHTLATCH_IDENTITY_MISMATCH,
        NIGHTLATCH_CHALLENGE_REJECTED,
        NIGHTLATCH_FORBIDDEN,
        NIGHTLATCH_SECRET_DISABLED,
        NIGHTLATCH_NOT_FOUND,
        NIGHTLATCH_CONFLICT,
        NIGHTLATCH_THROTTLED,
        NIGHTLATCH_SERVICE_FAILURE,
        NIGHTLATCH_UNREACHABLE,
        NIGHTLATCH_TLS,
        NIGHTLATCH_TIMEOUT,
        NIGHTLATCH_CANCELLED,
        NIGHTLATCH_MALFORMED_RESPONSE,
        NIGHTLATCH_UNSUPPORTED,
        NIGHTLATCH_INTERNAL,
        NIGHTLATCH_DECRYPTION_FAILED,
    ];

    /// The status of a kind. A kind that the table above lacks is told as internal, never as a crash; a test
    /// holds the table complete.
    pub fn of(kind: ErrorKind) -> Self {
        Self::ALL
            .into_iter()
            .find(|status| *status as u32 == u32::from(kind.code()))
            .unwrap_or(NIGHTLATCH_INTERNAL)
    }
}
