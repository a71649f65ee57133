//! HTTP as effects have it: requests, the way they take, and answers.
//!
//! Plain data of our own and not `http::Request`: header values of the `http` crate live in buffers that are not wiped, and
//! a header is where the token is.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::sensitive::Sensitive;

/// The way an HTTP exchange may take, and whom to trust at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// As the host's network is configured, proxies included.
    Ordinary,
    /// Straight to the address: identity endpoints must never pass through a proxy.
    Direct,
    /// Straight, over TLS, to a server whose certificate (in DER) has this SHA-1. Nothing else about the certificate
    /// counts: no authority, no name, no date.
    Pinned([u8; 20]),
    /// Straight, over TLS, to a server that these authorities vouch for, and no others.
    Private {
        /// Certificates in PEM.
        roots: Arc<str>,
        /// The server name to ask for and to check, if it is not the URL's.
        server_name: Option<Arc<str>>,
    },
}

impl Route {
    /// Whether no proxy may stand in between.
    pub fn is_direct(&self) -> bool {
        *self != Route::Ordinary
    }
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
