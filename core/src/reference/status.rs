//! How a reference fared, in the words of App Service: those of its resource `configreferences`, which the portal shows.

use serde::{Serialize, Serializer};

use crate::error::{Error, ErrorKind};
use crate::secret::SecretId;
use crate::verdict::Verdict;

macro_rules! statuses {
    ($($(#[$doc:meta])* $status:ident;)*) => {
        /// How a reference fared. App Service's words, to the letter.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Status { $($(#[$doc])* $status),* }

        impl Status {
            /// Every status.
            pub const ALL: &'static [Status] = &[$(Status::$status),*];

            /// The word.
            pub const fn name(self) -> &'static str {
                match self { $(Status::$status => stringify!($status)),* }
            }
        }
    };
}

statuses! {
    /// It has not been resolved yet.
    Initialized;
    /// The secret is there.
    Resolved;
    /// The text is no valid reference: [`InvalidSyntax`](super::InvalidSyntax) says why.
    InvalidSyntax;
    /// This host has no identity, or not the one that was named.
    MSINotEnabled;
    /// The vault's name does not resolve.
    VaultNotFound;
    /// The vault has no such secret.
    SecretNotFound;
    /// The vault has no such secret, or not in this version: it does not say which.
    SecretVersionNotFound;
    /// The identity may not read the secret, or not from here.
    AccessToKeyVaultDenied;
    /// Anything else: the error says what.
    OtherReasons;
    /// No answer in the time allowed.
    FetchTimedOut;
    /// The identity is refused: by the sign-in service, or its token by the vault.
    UnauthorizedClient;
}

impl Status {
    /// What it is in App Service's words that reading `secret` failed so. They are few: a disabled secret, a limit and a
    /// failing service are all [`OtherReasons`](Self::OtherReasons), and the error's own kind and verdict say more.
    pub fn of(error: &Error, secret: &SecretId) -> Self {
        let details = error.details();
        match error.kind() {
            // Something else than the vault answered: whether the secret exists remains open.
            _ if details.help == Some(Verdict::ForeignAnswer) => Self::OtherReasons,
            _ if details.help == Some(Verdict::IdentityNotAttached) => Self::MSINotEnabled,
            ErrorKind::CredentialUnavailable => Self::MSINotEnabled,
            ErrorKind::AuthenticationFailed | ErrorKind::IdentityMismatch => Self::UnauthorizedClient,
            ErrorKind::Forbidden => Self::AccessToKeyVaultDenied,
            ErrorKind::NotFound if secret.version.is_some() => Self::SecretVersionNotFound,
            ErrorKind::NotFound => Self::SecretNotFound,
            ErrorKind::Timeout => Self::FetchTimedOut,
            // With a source it is the sign-in service that has no address.
            ErrorKind::Unreachable
                if details.help == Some(Verdict::NameNotResolved) && details.source.is_none() =>
            {
                Self::VaultNotFound
            }
            ErrorKind::InvalidArgument
            | ErrorKind::InvalidConfiguration
            | ErrorKind::ChallengeRejected
            | ErrorKind::SecretDisabled
            | ErrorKind::Conflict
            | ErrorKind::Throttled
            | ErrorKind::ServiceFailure
            | ErrorKind::Unreachable
            | ErrorKind::Tls
            | ErrorKind::Cancelled
            | ErrorKind::MalformedResponse
            | ErrorKind::Unsupported
            | ErrorKind::Internal => Self::OtherReasons,
        }
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
