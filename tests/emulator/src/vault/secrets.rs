//! The operations on secrets.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::VaultError;
use super::operation::Operation;
use super::store::Store;
use crate::config;
use crate::message::{Reply, Request};

const LONGEST_VALUE: usize = 25_600;
const LONGEST_CONTENT_TYPE: usize = 255;
const MOST_TAGS: usize = 15;
const LARGEST_PAGE: usize = 25;

/// Carries out a permitted operation; `base` is the vault's address as the client knows it.
pub(super) fn perform(
    store: &mut Store,
    operation: &Operation,
    request: &Request,
    base: &str,
) -> Result<Reply, VaultError> {
    match operation {
        Operation::Get { name, version } => get(store, name, version.as_deref(), base),
        Operation::Set { name } => set(store, name, request, base),
        Operation::List => list(store, request, base),
        Operation::ListVersions { name } => list_versions(store, name, request, base),
    }
}

fn get(store: &Store, name: &str, version: Option<&str>, base: &str) -> Result<Reply, VaultError> {
    let found = store.secret(name).and_then(|secret| {
        let version = version.map_or_else(|| Some(secret.latest()), |version| secret.version(version));
        version.map(|version| (secret, version))
    });
    let (secret, version) = found.ok_or_else(|| {
        VaultError::secret_not_found(&version.map_or(name.into(), |version| format!("{name}/{version}")))
    })?;
    if !version.content.enabled {
        return Err(VaultError::secret_disabled());
    }
    let mut bundle = store.item(
        format!("{base}/secrets/{}/{}", secret.name, version.version),
        version,
    );
    bundle["value"] = json!(version.content.value);
    Ok(Reply::json(200, &bundle))
}

fn set(store: &mut Store, name: &str, request: &Request, base: &str) -> Result<Reply, VaultError> {
    let content = SetParameters::read(&request.body)?;
    let value = content.value.clone();
    let version = store.set(name, content).version.clone();
    let secret = store
        .secret(name)
        .ok_or_else(|| VaultError::secret_not_found(name))?;
    let mut bundle = store.item(
        format!("{base}/secrets/{}/{version}", secret.name),
        secret.latest(),
    );
    bundle["value"] = json!(value);
    Ok(Reply::json(200, &bundle))
}

fn list(store: &Store, request: &Request, base: &str) -> Result<Reply, VaultError> {
    let items = store
        .secrets()
        .map(|secret| store.item(format!("{base}/secrets/{}", secret.name), secret.latest()));
    page(items.collect(), request, base)
}

fn list_versions(store: &Store, name: &str, request: &Request, base: &str) -> Result<Reply, VaultError> {
    let secret = store
        .secret(name)
        .ok_or_else(|| VaultError::secret_not_found(name))?;
    let items = secret.versions().map(|version| {
        store.item(
            format!("{base}/secrets/{}/{}", secret.name, version.version),
            version,
        )
    });
    page(items.collect(), request, base)
}

/// One page and the link to the next. As with the real service the link spells out the port, and a page may be
/// empty though more follow: here it is always the second one.
fn page(items: Vec<Value>, request: &Request, base: &str) -> Result<Reply, VaultError> {
    let size = match request.parameter("maxresults") {
        None => LARGEST_PAGE,
        Some(text) => text
            .parse()
            .ok()
            .filter(|size| (1..=LARGEST_PAGE).contains(size))
            .ok_or_else(|| VaultError::bad_parameter("maxresults must be between 1 and 25"))?,
    };
    let marker = match request.parameter("$skiptoken") {
        None => Marker { pages: 0, items: 0 },
        Some(token) => {
            Marker::read(&token).ok_or_else(|| VaultError::bad_parameter("The $skiptoken is not valid"))?
        }
    };
    let shown = if marker.pages == 1 { 0 } else { size };
    let next = Marker {
        pages: marker.pages + 1,
        items: marker.items + shown,
    };
    let more = next.items < items.len();
    let value: Vec<Value> = items.into_iter().skip(marker.items).take(shown).collect();
    let version = request.parameter("api-version").unwrap_or_default();
    let base = if request.port().is_some() {
        base.to_owned()
    } else {
        format!("{base}:443")
    };
    let path = request.path.trim_end_matches('/');
    let link = format!(
        "{base}{path}?api-version={version}&$skiptoken={}&maxresults={size}",
        next.token()
    );
    Ok(Reply::json(
        200,
        &json!({ "value": value, "nextLink": more.then_some(link) }),
    ))
}

/// What has been shown already; opaque to clients.
struct Marker {
    pages: usize,
    items: usize,
}

impl Marker {
    fn token(&self) -> String {
        BASE64URL.encode(format!("{} {}", self.pages, self.items))
    }

    fn read(token: &str) -> Option<Marker> {
        let text = String::from_utf8(BASE64URL.decode(token).ok()?).ok()?;
        let (pages, items) = text.split_once(' ')?;
        Some(Marker {
            pages: pages.parse().ok()?,
            items: items.parse().ok()?,
        })
    }
}

/// The body of a set; members that are unknown here are not refused, as newer clients may know more.
#[derive(Deserialize)]
struct SetParameters {
    value: String,
    #[serde(rename = "contentType")]
    content_type: Option<String>,
    tags: Option<BTreeMap<String, String>>,
    attributes: Option<SetAttributes>,
}

#[derive(Default, Deserialize)]
struct SetAttributes {
    enabled: Option<bool>,
    nbf: Option<u64>,
    exp: Option<u64>,
}

impl SetParameters {
    fn read(body: &[u8]) -> Result<config::Secret, VaultError> {
        let parameters: SetParameters = serde_json::from_slice(body).map_err(|_| {
            VaultError::bad_parameter("The request body is not a valid secret: 'value' is required")
        })?;
        let SetParameters {
            value,
            content_type,
            tags,
            attributes,
        } = parameters;
        if value.len() > LONGEST_VALUE {
            return Err(VaultError::bad_parameter(
                "The secret value is longer than 25600 bytes",
            ));
        }
        if content_type
            .as_ref()
            .is_some_and(|text| text.len() > LONGEST_CONTENT_TYPE)
        {
            return Err(VaultError::bad_parameter(
                "contentType is longer than 255 characters",
            ));
        }
        let tags = tags.unwrap_or_default();
        if tags.len() > MOST_TAGS {
            return Err(VaultError::bad_parameter("There are more than 15 tags"));
        }
        let SetAttributes { enabled, nbf, exp } = attributes.unwrap_or_default();
        Ok(config::Secret {
            value,
            enabled: enabled.unwrap_or(true),
            content_type,
            tags,
            not_before: nbf,
            expires: exp,
        })
    }
}
