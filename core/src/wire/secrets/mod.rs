//! Secrets on the wire (*Secrets* operations, Azure Key Vault REST API reference): [`deed`] and [`body`] make the
//! requests, here their answers are read.

mod body;
pub mod deed;

use std::collections::BTreeMap;

use crate::json::{Object, items};
use crate::operation::{Page, Subject};
use crate::secret::{DeletedSecret, Secret, SecretId, SecretName, SecretProperties, SecretVersion, VaultUrl};
use crate::sensitive::Sensitive;
use crate::wire::Malformed;

pub use body::body;
pub use deed::Deed;

/// Reads a secret bundle. The value may be empty, but not missing. The vault that was asked is what the properties
/// name, since a vault may know itself under another name; the secret must be the one that was asked for.
pub fn parse_secret(body: &Sensitive, asked: &Subject) -> Result<Secret, Malformed> {
    let object = object(body)?;
    let value = object
        .sensitive("value")
        .ok_or_else(|| Malformed::new("The vault's answer holds no value, or one that is no text."))?;
    Ok(Secret::new(value, own_properties(&object, asked)?))
}

/// Reads a bundle whose value, if there is one, does not matter.
pub fn parse_properties(body: &Sensitive, asked: &Subject) -> Result<SecretProperties, Malformed> {
    own_properties(&object(body)?, asked)
}

/// Reads the bundle of a deleted secret.
pub fn parse_deleted(body: &Sensitive, asked: &Subject) -> Result<DeletedSecret, Malformed> {
    deleted(&object(body)?, asked)
}

/// Reads what backing up gives.
pub fn parse_backup(body: &Sensitive) -> Result<Sensitive, Malformed> {
    let blob = object(body)?.sensitive("value");
    blob.filter(|blob| !blob.is_empty())
        .ok_or_else(|| Malformed::new("The vault's answer holds no backup."))
}

/// Reads what purging gives: nothing. A page of somebody who answers in the vault's place is no purge.
pub fn parse_purged(body: &Sensitive, _: &Subject) -> Result<(), Malformed> {
    match body.expose().trim_ascii() {
        [] => Ok(()),
        _ => Err(Malformed::new(
            "A purge is answered by nothing, and this is something.",
        )),
    }
}

/// Reads a page of secrets or of their versions.
pub fn parse_page(body: &Sensitive, asked: &Subject) -> Result<Page<SecretProperties>, Malformed> {
    page(body, asked, own_properties)
}

/// Reads a page of deleted secrets.
pub fn parse_deleted_page(body: &Sensitive, asked: &Subject) -> Result<Page<DeletedSecret>, Malformed> {
    page(body, asked, deleted)
}

/// Checks that a link to a next page leads to the vault itself, so that a token may go there. It is followed as it is
/// given, `:443` included.
pub fn check_link(link: &str, vault: &VaultUrl) -> Result<(), Malformed> {
    let plain = link
        .bytes()
        .all(|byte| matches!(byte, b'!'..=b'~') && byte != b'\\' && byte != b'#');
    let end = link.find("://").map_or(0, |at| {
        let rest = &link[at + 3..];
        at + 3 + rest.find(['/', '?']).unwrap_or(rest.len())
    });
    let origin = VaultUrl::parse(&link[..end], true);
    if plain && origin.is_ok_and(|origin| origin == *vault) {
        return Ok(());
    }
    Err(Malformed::new(
        "The link to the next page leads elsewhere than to the vault; nothing was sent there.",
    ))
}

fn object(body: &Sensitive) -> Result<Object<'_>, Malformed> {
    Object::parse(body.expose()).ok_or_else(|| Malformed::new("The vault's answer is not a JSON object."))
}

fn page<T>(
    body: &Sensitive,
    asked: &Subject,
    read: fn(&Object<'_>, &Subject) -> Result<T, Malformed>,
) -> Result<Page<T>, Malformed> {
    let object = object(body)?;
    let raw = object.raw("value").and_then(items);
    let raw = raw.ok_or_else(|| Malformed::new("The vault's answer holds no list."))?;
    let item = |raw: &str| match Object::of_valid(raw) {
        Some(item) => read(&item, asked),
        None => Err(Malformed::new(
            "The vault's list holds something that is no secret.",
        )),
    };
    let continuation = object.text("nextLink").filter(|link| !link.is_empty());
    if let Some(link) = &continuation {
        check_link(link, &asked.vault)?;
    }
    Ok(Page {
        items: raw.into_iter().map(item).collect::<Result<_, _>>()?,
        continuation,
    })
}

fn deleted(object: &Object<'_>, asked: &Subject) -> Result<DeletedSecret, Malformed> {
    Ok(DeletedSecret {
        properties: own_properties(object, asked)?,
        recovery_id: object.text("recoveryId").filter(|id| !id.is_empty()),
        deleted_date: object.unix_time("deletedDate"),
        scheduled_purge_date: object.unix_time("scheduledPurgeDate"),
    })
}

/// The properties of the secret that was asked for, and of no other.
fn own_properties(object: &Object<'_>, asked: &Subject) -> Result<SecretProperties, Malformed> {
    let found = properties(object, &asked.vault)?;
    let name = asked.name.as_ref().map(SecretName::as_str);
    let version = asked.version.as_ref().map(SecretVersion::as_str);
    let same = |asked: Option<&str>, found: &str| asked.is_none_or(|asked| asked.eq_ignore_ascii_case(found));
    if same(name, &found.name) && same(version, found.version.as_deref().unwrap_or_default()) {
        return Ok(found);
    }
    Err(Malformed::new(
        "The answer is about another secret than the one asked for.",
    ))
}

/// Reads a secret's identifier, `https://{vault}/secrets/{name}[/{version}]`.
pub fn parse_id(text: &str) -> Result<SecretId, Malformed> {
    parse_id_of("secrets", text)
}

/// Reads the identifier of what stands in the collection `kept`.
pub(super) fn parse_id_of(kept: &str, text: &str) -> Result<SecretId, Malformed> {
    let wrong = || Malformed::new("The answer holds no valid identifier.");
    let text = text.trim();
    let path_at = text.find("://").map(|at| at + 3).ok_or_else(wrong)?;
    let (authority, path) = text[path_at..].split_once('/').ok_or_else(wrong)?;
    let mut segments = path.split('/').filter(|part| !part.is_empty());
    let collection = segments.next().ok_or_else(wrong)?;
    let name = segments.next().ok_or_else(wrong)?;
    let version = segments.next();
    if segments.next().is_some() || !collection.eq_ignore_ascii_case(kept) {
        return Err(wrong());
    }
    Ok(SecretId {
        vault: VaultUrl::parse(&format!("{}{authority}", &text[..path_at]), true).map_err(|_| wrong())?,
        name: SecretName::parse(name).map_err(|_| wrong())?,
        version: version
            .map(SecretVersion::parse)
            .transpose()
            .map_err(|_| wrong())?,
    })
}

fn properties(object: &Object<'_>, asked: &VaultUrl) -> Result<SecretProperties, Malformed> {
    let id = object
        .text("id")
        .ok_or_else(|| Malformed::new("The vault's answer holds no identifier."))?;
    let parsed = parse_id(&id)?;
    let attributes = object.object("attributes");
    let attributes = attributes.as_ref();
    let time = |name| attributes?.unix_time(name);
    let mut tags = BTreeMap::new();
    if let Some(object) = object.object("tags") {
        tags.extend(object.texts());
    }
    Ok(SecretProperties {
        id,
        vault_url: asked.as_str().to_owned(),
        name: parsed.name.as_str().to_owned(),
        version: parsed.version.map(|v| v.as_str().to_owned()),
        enabled: attributes.and_then(|a| a.flag("enabled")),
        not_before: time("nbf"),
        expires_on: time("exp"),
        created_on: time("created"),
        updated_on: time("updated"),
        content_type: object.text("contentType"),
        tags,
        recovery_level: attributes.and_then(|a| a.text("recoveryLevel")),
        recoverable_days: attributes
            .and_then(|a| a.number("recoverableDays"))
            .filter(|days| (0.0..=36_525.0).contains(days))
            .map(|days| days as u32),
        managed: object.flag("managed"),
        key_id: object.text("kid"),
        previous_version: object.text("previousVersion"),
    })
}
