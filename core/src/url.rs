//! Absolute URLs taken apart (RFC 3986), as far as they occur here. Whoever sends a token somewhere has looked at the
//! parts before, so what two readers might read differently is refused.

/// `scheme://host[:port][/path][?query]`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Url<'a> {
    /// `https` or `http`, and nothing for any other.
    pub(crate) scheme: &'static str,
    /// As it is written.
    pub(crate) host: &'a str,
    pub(crate) port: Option<u16>,
    /// Empty, or from the first slash on.
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
}

impl<'a> Url<'a> {
    /// `None` for what is no absolute URL, has a user name, a fragment, a backslash, an empty host, or a port that is not
    /// from 1 to 65535.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        if !text
            .bytes()
            .all(|b| b.is_ascii_graphic() && b != b'\\' && b != b'#')
        {
            return None;
        }
        let (given, rest) = text.split_once("://")?;
        let scheme = ["https", "http"]
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(given));
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end)?;
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        // Colons stand inside the brackets of an IPv6 address too.
        let bracket = authority.rfind(']').map_or(0, |at| at + 1);
        let colon = authority[bracket..].find(':').map(|at| bracket + at);
        let (host, port) = match colon {
            Some(at) => (&authority[..at], Some(port(&authority[at + 1..])?)),
            None => (authority, None),
        };
        is_host(host).then_some(Self {
            scheme: scheme.unwrap_or_default(),
            host,
            port,
            path,
            query,
        })
    }

    /// Whether nothing follows the authority.
    pub(crate) fn is_origin(&self) -> bool {
        matches!(self.path, "" | "/") && self.query.is_none()
    }
}

fn port(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port > 0)
}

/// A name, or an address, an IPv6 one in brackets.
fn is_host(text: &str) -> bool {
    let address = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match address {
        Some(address) => address
            .bytes()
            .all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.')),
        None => {
            !text.trim_start_matches('.').is_empty()
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        for (text, scheme, host, port, path, query) in [
            ("https://a.b", "https", "a.b", None, "", None),
            ("HTTP://A:80/", "http", "A", Some(80), "/", None),
            (
                "https://[::1]:8443/x?y=/?z",
                "https",
                "[::1]",
                Some(8443),
                "/x",
                Some("y=/?z"),
            ),
            ("https://a?b@c://d", "https", "a", None, "", Some("b@c://d")),
            ("ftp://a_b~c", "", "a_b~c", None, "", None),
        ] {
            let url = Url {
                scheme,
                host,
                port,
                path,
                query,
            };
            assert_eq!(Url::parse(text), Some(url), "{text}");
        }
    }

    #[test]
    fn what_can_be_misread_is_no_url() {
        for text in [
            "",
            "a.b",
            "https:a.b",
            "https://",
            "https:///x",
            "https://.",
            "https://:443",
            "https://a:",
            "https://a:0",
            "https://a:65536",
            "https://a:+1",
            "https://a:1:2",
            "https://me@a",
            "https://me:b@a",
            "https://a#b",
            "https://a\\b",
            "https://a b",
            "https://a\n",
            "https://ä",
            "https://a%2eb",
            "https://[::1",
            "https://::1",
            "https://[::1]a",
            "https://[a]b]",
        ] {
            assert_eq!(Url::parse(text), None, "{text}");
        }
    }
}
