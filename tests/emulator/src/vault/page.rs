//! Lists come in pages, each with the link to the next.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};

use super::error::VaultError;
use crate::message::{Reply, Request};

const LARGEST_PAGE: usize = 25;

/// One page of items, given in the order of their keys. As with the real service the link spells out the port, and a
/// page may be empty though more follow.
pub(super) fn page(
    items: Vec<(String, Value)>,
    request: &Request,
    base: &str,
    empty_pages: &[usize],
) -> Result<Reply, VaultError> {
    let size = match request.parameter("maxresults") {
        None => LARGEST_PAGE,
        Some(text) => text
            .parse()
            .ok()
            .filter(|size| (1..=LARGEST_PAGE).contains(size))
            .ok_or_else(|| VaultError::bad_parameter("maxresults must be between 1 and 25"))?,
    };
    let marker = match request.parameter("$skiptoken") {
        None => Marker::default(),
        Some(token) => {
            Marker::read(&token).ok_or_else(|| VaultError::bad_parameter("The $skiptoken is not valid"))?
        }
    };
    let page_number = marker.pages + 1;
    let size_now = if empty_pages.contains(&page_number) {
        0
    } else {
        size
    };
    let mut rest = items.into_iter().filter(|(key, _)| *key > marker.last).peekable();
    let mut last = marker.last.clone();
    let mut value = Vec::new();
    for (key, item) in rest.by_ref().take(size_now) {
        last = key;
        value.push(item);
    }
    let next = Marker {
        pages: page_number,
        last,
    };
    let link = rest.peek().map(|_| next.link(request, base, size));
    Ok(Reply::json(200, &json!({ "value": value, "nextLink": link })))
}

/// What has been shown already: so many pages, and items up to a key. Opaque to clients.
#[derive(Default)]
struct Marker {
    pages: usize,
    last: String,
}

impl Marker {
    fn link(&self, request: &Request, base: &str, size: usize) -> String {
        let version = request.parameter("api-version").unwrap_or_default();
        let port = if request.port().is_some() { "" } else { ":443" };
        let path = request.path.trim_end_matches('/');
        let token = BASE64URL.encode(format!("{} {}", self.pages, self.last));
        format!("{base}{port}{path}?api-version={version}&$skiptoken={token}&maxresults={size}")
    }

    fn read(token: &str) -> Option<Marker> {
        let text = String::from_utf8(BASE64URL.decode(token).ok()?).ok()?;
        let (pages, last) = text.split_once(' ')?;
        Some(Marker {
            pages: pages.parse().ok()?,
            last: last.into(),
        })
    }
}
