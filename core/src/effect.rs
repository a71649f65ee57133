//! What the engine asks of its host, and what the host answers.
//!
//! Requests are plain data of our own and not `http::Request`: header values of the `http` crate live
//! in buffers that are not wiped, and a header is where the token is.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::sensitive::Sensitive;
use crate::time::UnixTime;

/// Names one effect for as long as its engine lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectId(pub u64);

/// One thing for the host to do. It answers each with one [`Outcome`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Effect {
    /// One HTTP exchange. No redirect is ever followed.
    Http {
        /// What to send.
        request: Request,
        /// How long the whole exchange may take. The engine stops waiting by itself; the value lets
        /// a host that blocks give up in time.
        timeout: Duration,
        /// Whether a proxy may stand in between.
        route: Route,
    },
    /// Read a whole file.
    ReadFile {
        /// Absolute path.
        path: String,
        /// More bytes than this are answered with [`FaultKind::TooLarge`].
        limit: usize,
    },
    /// Run a program directly, without a shell and without input, from a directory that only the
    /// operating system's owner can write to.
    Run {
        /// Program name (looked up on `PATH`) and arguments.
        argv: Vec<String>,
        /// Variables added to the host's environment.
        env: Vec<(String, String)>,
        /// How long it may run before it is killed.
        timeout: Duration,
    },
    /// Ask a credential object of another SDK, which the host holds, for a token.
    HostToken {
        /// Which of the host's credential objects, by the number the configuration gave it.
        handle: u32,
        /// Scopes such as `https://vault.azure.net/.default`.
        scopes: Vec<String>,
        /// Tenant to ask, if not the credential's own.
        tenant: Option<String>,
        /// Claims of a challenge (JSON).
        claims: Option<String>,
        /// Whether the resource understands continuous access evaluation.
        enable_cae: bool,
    },
}

impl Effect {
    /// Lets it take at most `limit`.
    pub(crate) fn shorten(&mut self, limit: Duration) {
        match self {
            Effect::Http { timeout, .. } | Effect::Run { timeout, .. } => *timeout = limit.min(*timeout),
            Effect::ReadFile { .. } | Effect::HostToken { .. } => {}
        }
    }
}

/// The way an HTTP exchange may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Straight to the address: identity endpoints must never pass through a proxy.
    Direct,
    /// As the host's network is configured, proxies included.
    Ordinary,
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// As on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// An HTTP request. `Debug` shows no header value and no body.
#[derive(Clone)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Absolute URL; never holds a secret.
    pub url: String,
    /// Header names in lower case, with their values.
    pub headers: Vec<(Cow<'static, str>, Sensitive)>,
    /// Body, perhaps empty.
    pub body: Sensitive,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: Sensitive::default(),
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: &'static str, value: impl Into<Sensitive>) -> Self {
        self.headers.push((Cow::Borrowed(name), value.into()));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: Sensitive) -> Self {
        self.body = body;
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.as_str(), self.url)?;
        f.debug_list()
            .entries(self.headers.iter().map(|(name, _)| name))
            .finish()
    }
}

/// The host's answer to an effect.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// To [`Effect::Http`]: an answer arrived, whatever its status.
    Http(Response),
    /// To [`Effect::ReadFile`]: the file's content.
    File(Sensitive),
    /// To [`Effect::Run`]: the program ended.
    Ran {
        /// Exit status; `None` when a signal ended it.
        status: Option<i32>,
        /// What it wrote to standard output.
        stdout: Sensitive,
        /// What it wrote to standard error.
        stderr: Sensitive,
    },
    /// To [`Effect::HostToken`]: the token.
    Token {
        /// The bearer token.
        token: Sensitive,
        /// When it ends.
        expires_on: UnixTime,
        /// When it should be renewed, if the credential said.
        refresh_on: Option<UnixTime>,
    },
    /// It could not be done.
    Failed(Fault),
}

/// An HTTP answer. `Debug` shows no header value and no body.
#[derive(Clone, Default)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Header names (any case) with their values.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Sensitive,
}

impl Response {
    /// The largest body a host needs to read: 1 MiB. A longer one is answered with
    /// [`FaultKind::TooLarge`].
    pub const BODY_LIMIT: usize = 1 << 20;

    /// The first header of that name, ignoring case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)?;
        f.debug_list()
            .entries(self.headers.iter().map(|(name, _)| name))
            .finish()
    }
}

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
