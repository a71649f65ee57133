//! How a reference fared, in the words of App Service: those of its resource `configreferences`, which the portal shows.

use serde::{Serialize, Serializer};

use crate::error::{Error, ErrorKind};
use crate::secret::SecretId;
use crate::verdict::Verdict;

macro_rules! statuses {
    ($($status:ident: $means:literal;)*) => {
        /// How a reference fared. App Service's words, to the letter.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ReferenceStatus { $(#[doc = $means] $status),* }

        impl ReferenceStatus {
            /// Every status.
            pub const ALL: &'static [ReferenceStatus] = &[$(ReferenceStatus::$status),*];

            /// The word.
            pub const fn name(self) -> &'static str {
                match self { $(ReferenceStatus::$status => stringify!($status)),* }
            }

            /// What it means, in a sentence.
            pub const fn means(self) -> &'static str {
                match self { $(ReferenceStatus::$status => $means),* }
            }
        }
    };
}

statuses! {
    Initialized: "It has not been resolved yet.";
    Resolved: "The secret is there.";
    InvalidSyntax: "The text is no valid reference: the message says why.";
    MSINotEnabled: "This host has no identity, or not the one that was named.";
    VaultNotFound: "The vault's name does not resolve.";
    SecretNotFound: "The vault has no such secret.";
    SecretVersionNotFound: "The vault has no such secret, or not in this version: it does not say which.";
    AccessToKeyVaultDenied: "The identity may not read the secret, or not from here.";
    OtherReasons: "Anything else: the error says what.";
    FetchTimedOut: "No answer in the time allowed.";
    UnauthorizedClient: "The identity is refused: by the sign-in service, or its token by the vault.";
}

impl ReferenceStatus {
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
            | ErrorKind::DecryptionFailed
            | ErrorKind::Internal => Self::OtherReasons,
        }
    }
}

impl Serialize for ReferenceStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::{SecretName, SecretVersion, VaultUrl};

    fn secret(version: Option<&str>) -> SecretId {
        SecretId {
            vault: VaultUrl::parse("https://contoso.vault.azure.net", false).unwrap(),
            name: SecretName::parse("db-password").unwrap(),
            version: version.map(|version| SecretVersion::parse(version).unwrap()),
        }
    }

    #[test]
    fn words_are_app_services() {
        let words: Vec<&str> = ReferenceStatus::ALL.iter().map(|status| status.name()).collect();
        assert_eq!(
            words,
            [
                "Initialized",
                "Resolved",
                "InvalidSyntax",
                "MSINotEnabled",
                "VaultNotFound",
                "SecretNotFound",
                "SecretVersionNotFound",
                "AccessToKeyVaultDenied",
                "OtherReasons",
                "FetchTimedOut",
                "UnauthorizedClient"
            ]
        );
    }

    #[test]
    fn every_failure_has_a_word() {
        for (kind, verdict, expected) in [
            (
                ErrorKind::CredentialUnavailable,
                Some(Verdict::NoIdentity),
                "MSINotEnabled",
            ),
            (
                ErrorKind::AuthenticationFailed,
                Some(Verdict::IdentityNotAttached),
                "MSINotEnabled",
            ),
            (
                ErrorKind::AuthenticationFailed,
                Some(Verdict::ClientSecretExpired),
                "UnauthorizedClient",
            ),
            (
                ErrorKind::AuthenticationFailed,
                Some(Verdict::TokenRefused),
                "UnauthorizedClient",
            ),
            (
                ErrorKind::IdentityMismatch,
                Some(Verdict::IdentityMismatch),
                "UnauthorizedClient",
            ),
            (
                ErrorKind::Forbidden,
                Some(Verdict::RoleMissing),
                "AccessToKeyVaultDenied",
            ),
            (
                ErrorKind::Forbidden,
                Some(Verdict::FirewallBlocked),
                "AccessToKeyVaultDenied",
            ),
            (ErrorKind::Forbidden, Some(Verdict::ForeignAnswer), "OtherReasons"),
            (
                ErrorKind::NotFound,
                Some(Verdict::SecretNotFound),
                "SecretNotFound",
            ),
            (ErrorKind::NotFound, Some(Verdict::ForeignAnswer), "OtherReasons"),
            (
                ErrorKind::Unreachable,
                Some(Verdict::NameNotResolved),
                "VaultNotFound",
            ),
            (
                ErrorKind::Unreachable,
                Some(Verdict::ProxyInTheWay),
                "OtherReasons",
            ),
            (ErrorKind::Timeout, Some(Verdict::TooSlow), "FetchTimedOut"),
            (ErrorKind::Timeout, None, "FetchTimedOut"),
            (
                ErrorKind::SecretDisabled,
                Some(Verdict::SecretDisabled),
                "OtherReasons",
            ),
            (ErrorKind::Throttled, Some(Verdict::OwnLimit), "OtherReasons"),
            (ErrorKind::Internal, None, "OtherReasons"),
        ] {
            let error = Error::new(kind, "").with(|d| d.help = verdict);
            assert_eq!(
                ReferenceStatus::of(&error, &secret(None)).name(),
                expected,
                "{kind:?} {verdict:?}"
            );
        }
    }

    #[test]
    fn a_version_that_is_not_there_is_told_apart() {
        let error = Error::new(ErrorKind::NotFound, "").diagnose(Verdict::SecretNotFound);
        assert_eq!(
            ReferenceStatus::of(&error, &secret(Some("4387e9f3d6e14c459867679a90fd0f79"))),
            ReferenceStatus::SecretVersionNotFound
        );
    }

    #[test]
    fn a_sign_in_service_without_an_address_is_no_missing_vault() {
        let error = Error::new(ErrorKind::Unreachable, "").diagnose(Verdict::NameNotResolved);
        let error = error.with(|d| d.source = Some("ClientSecretCredential".into()));
        assert_eq!(
            ReferenceStatus::of(&error, &secret(None)),
            ReferenceStatus::OtherReasons
        );
    }
}
