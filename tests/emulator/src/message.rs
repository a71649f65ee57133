//! Requests and replies as the services see them: read whole, and free of the HTTP machinery.

use std::borrow::Cow;
use std::net::IpAddr;

use bytes::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, PRAGMA};
use hyper::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// A request, read to its end.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Where it came from.
    pub(crate) client: IpAddr,
    /// The authority as the client named it, in lower case, with its port if it gave one.
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    /// The same request at another path.
    pub(crate) fn at(&self, path: &str) -> Request {
        Request {
            path: path.into(),
            ..self.clone()
        }
    }

    pub(crate) fn hostname(&self) -> &str {
        self.host
            .rsplit_once(':')
            .map_or(&self.host, |(name, _port)| name)
    }

    /// The port, unless it is the scheme's own.
    pub(crate) fn port(&self) -> Option<&str> {
        self.host
            .rsplit_once(':')
            .map(|(_name, port)| port)
            .filter(|port| *port != "443")
    }

    /// The decoded parts of the path: doubled and trailing slashes make no part.
    pub(crate) fn segments(&self) -> Vec<Cow<'_, str>> {
        self.path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(|part| percent_decode_str(part).decode_utf8_lossy())
            .collect()
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        form_value(self.query.as_bytes(), name)
    }

    /// A field of a form-encoded body.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        form_value(&self.body, name)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn bearer_token(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }
}

fn form_value(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form)
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// A reply, and how its sending ends.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) ending: Ending,
}

/// What happens to a reply on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It arrives.
    Whole,
    /// The connection closes without a byte.
    Dropped,
    /// The connection closes before the promised length was sent.
    Truncated,
    /// Bytes arrive that are not HTTP.
    Garbled,
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Reply {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        Reply {
            status: status_code(status),
            headers,
            body: body.into(),
            ending: Ending::Whole,
        }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Reply {
        Reply::new(status, "application/json; charset=utf-8", body.to_string())
    }

    pub(crate) fn text(status: u16, body: impl Into<String>) -> Reply {
        Reply::new(status, "text/plain; charset=utf-8", body.into())
    }

    pub(crate) fn empty(status: u16) -> Reply {
        let ending = Ending::Whole;
        Reply {
            status: status_code(status),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            ending,
        }
    }

    pub(crate) fn dropped() -> Reply {
        Reply {
            ending: Ending::Dropped,
            ..Reply::empty(500)
        }
    }

    pub(crate) fn uncached(self) -> Reply {
        self.with(CACHE_CONTROL, "no-store, no-cache")
            .with(PRAGMA, "no-cache")
    }

    /// Sets a header. Text that no header can carry is left out: it could only come from a client.
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Reply {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// What the client gets to see as status; nothing, if no HTTP reply reaches it.
    pub(crate) fn visible_status(&self) -> Option<u16> {
        matches!(self.ending, Ending::Whole | Ending::Truncated).then(|| self.status.as_u16())
    }
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A service's reply and what it found out about the caller.
pub(crate) struct Answer {
    pub(crate) reply: Reply,
    /// The object id of the caller, or of the identity a token was made for.
    pub(crate) principal: Option<String>,
    /// Whether the request proved who it was.
    pub(crate) authorized: bool,
}

impl Answer {
    pub(crate) fn granted(principal: &str, reply: Reply) -> Answer {
        Answer {
            reply,
            principal: Some(principal.into()),
            authorized: true,
        }
    }

    pub(crate) fn refused(reply: Reply) -> Answer {
        Answer {
            reply,
            principal: None,
            authorized: false,
        }
    }
}
