//! Why an effect could not be done.

use std::fmt;

/// Why an effect could not be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The sort of fault.
    pub kind: FaultKind,
    /// The host's own words: no secret.
    pub detail: String,
}

impl Fault {
    /// A fault with the host's own words.
    pub fn new(kind: FaultKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.phrase())?;
        if self.detail.is_empty() {
            Ok(())
        } else {
            write!(f, " ({})", self.detail)
        }
    }
}

macro_rules! faults {
    ($($(#[$doc:meta])* $kind:ident, $name:literal, $phrase:literal;)*) => {
        /// The sorts of [`Fault`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum FaultKind { $($(#[$doc])* $kind),* }

        impl FaultKind {
            /// Every sort.
            pub const ALL: &'static [FaultKind] = &[$(FaultKind::$kind),*];

            /// The name by which a host in another language says it.
            pub const fn name(self) -> &'static str {
                match self { $(FaultKind::$kind => $name),* }
            }

            /// As part of a sentence.
            pub const fn phrase(self) -> &'static str {
                match self { $(FaultKind::$kind => $phrase),* }
            }

            /// The sort of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.name() == name)
            }
        }
    };
}

faults! {
    /// The file or program does not exist.
    NotFound, "not_found", "not found";
    /// The operating system forbids it.
    PermissionDenied, "permission_denied", "permission denied";
    /// More than the limit of bytes.
    TooLarge, "too_large", "larger than allowed";
    /// A symbolic link or a device, where a plain file was asked for.
    NotPlain, "not_plain", "not a plain file";
    /// The name does not resolve.
    Dns, "dns", "the name could not be resolved";
    /// No connection: refused, no route, network down.
    Connect, "connect", "no connection";
    /// The TLS handshake failed.
    Tls, "tls", "the TLS handshake failed";
    /// It took longer than its timeout.
    Timeout, "timeout", "no answer in time";
    /// The connection ended in the middle of the exchange, or spoke no HTTP.
    ConnectionLost, "connection_lost", "the connection broke";
    /// The proxy in between refused or failed.
    Proxy, "proxy", "the proxy refused";
    /// The caller who performed it was interrupted; somebody else may repeat it.
    Interrupted, "interrupted", "interrupted";
    /// A foreign credential does not exist here.
    Unavailable, "unavailable", "unavailable";
    /// A foreign credential was refused.
    Refused, "refused", "refused";
    /// This host has no such ability.
    Unsupported, "unsupported", "not supported by this host";
    /// Anything else.
    Other, "other", "failed";
}
