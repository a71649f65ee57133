//! Reading secrets (*Get Secret*, Azure Key Vault REST API reference).

use std::collections::BTreeMap;

use crate::effect::{Method, Request};
use crate::json::Object;
use crate::secret::{Secret, SecretId, SecretName, SecretProperties, SecretVersion, VaultUrl};
use crate::sensitive::Sensitive;
use crate::wire::{Malformed, query};

/// Asks for a secret, without a token yet. The latest version is asked for by an empty one, so the
/// path then ends in a slash.
pub fn get_secret_request(id: &SecretId, api_version: &str) -> Request {
    let version = id.version.as_ref().map_or("", SecretVersion::as_str);
    let path = format!("{}/secrets/{}/{version}", id.vault, id.name);
    Request::new(Method::Get, query(&path, &[("api-version", api_version)]))
        .header("accept", "application/json")
}

/// Reads a secret bundle. The value may be empty, but not missing. `asked` is the vault that was
/// asked: it is what the properties name, since a vault may know itself under another name.
pub fn parse_secret(body: &Sensitive, asked: &VaultUrl) -> Result<Secret, Malformed> {
    let object = Object::parse(body.expose())
        .ok_or_else(|| Malformed::new("The vault's answer is not a JSON object."))?;
    let value = object
        .sensitive("value")
        .ok_or_else(|| Malformed::new("The vault's answer holds no value, or one that is no text."))?;
    Ok(Secret::new(value, properties(&object, asked)?))
}

/// Reads a secret's identifier, `https://{vault}/secrets/{name}[/{version}]`.
pub fn parse_id(text: &str) -> Result<SecretId, Malformed> {
    let wrong = || Malformed::new("The answer holds no valid secret identifier.");
    let text = text.trim();
    let path_at = text.find("://").map(|at| at + 3).ok_or_else(wrong)?;
    let (authority, path) = text[path_at..].split_once('/').ok_or_else(wrong)?;
    let mut segments = path.split('/').filter(|part| !part.is_empty());
    let collection = segments.next().ok_or_else(wrong)?;
    let name = segments.next().ok_or_else(wrong)?;
    let version = segments.next();
    if segments.next().is_some() || !collection.eq_ignore_ascii_case("secrets") {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_version_is_asked_for_with_a_slash() {
        let id = parse_id("https://Contoso.vault.azure.net:443/secrets/Db").unwrap();
        let request = get_secret_request(&id, "2026-04-01");
        assert_eq!(
            request.url,
            "https://contoso.vault.azure.net/secrets/Db/?api-version=2026-04-01"
        );
        let id = parse_id("https://contoso.vault.azure.net//secrets/Db/0af1").unwrap();
        let request = get_secret_request(&id, "7.6");
        assert_eq!(
            request.url,
            "https://contoso.vault.azure.net/secrets/Db/0af1?api-version=7.6"
        );
    }
}
