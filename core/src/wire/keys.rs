//! Keys on the wire (*Keys* operations, Azure Key Vault REST API reference): what is public of one, and the data keys
//! that it encrypts and decrypts. What is private never leaves the vault.

use crate::base64;
use crate::json::{Object, items, text};
use crate::operation::Subject;
use crate::secret::{SecretId, SecretName, SecretVersion};
use crate::sensitive::Sensitive;
use crate::time::UnixTime;
use crate::wire::Malformed;
use crate::wire::secrets::parse_id_of;

/// How a key encrypts data keys: RSAES OAEP with SHA-256 and MGF1 with SHA-256 (RFC 7518 section 4.3).
pub const RSA_OAEP_256: &str = "RSA-OAEP-256";

/// What matters of one version of a key.
#[derive(Clone, Debug)]
pub struct Key {
    /// Which one.
    pub version: SecretVersion,
    /// Whether it is an RSA key; only these encrypt data keys so.
    pub is_rsa: bool,
    /// What it may be used for (`key_ops`); none named is any.
    pub operations: Vec<String>,
    /// Whether it may be used.
    pub enabled: bool,
    /// From when on.
    pub not_before: Option<UnixTime>,
    /// Until when.
    pub expires_on: Option<UnixTime>,
}

/// Reads a key bundle; the key must be the one that was asked for.
pub fn parse_key(body: &Sensitive, asked: &Subject) -> Result<Key, Malformed> {
    let bundle = object(body)?;
    let key = bundle
        .object("key")
        .ok_or_else(|| Malformed::new("The vault's answer holds no key."))?;
    let version = version(&key, asked)?;
    let kind = key.text("kty").unwrap_or_default();
    let operations = key.raw("key_ops").and_then(items).unwrap_or_default();
    let attributes = bundle.object("attributes");
    let time = |name| attributes.as_ref()?.unix_time(name);
    Ok(Key {
        version,
        is_rsa: matches!(&*kind, "RSA" | "RSA-HSM"),
        operations: operations.into_iter().filter_map(text).collect(),
        enabled: attributes
            .as_ref()
            .and_then(|a| a.flag("enabled"))
            .unwrap_or(true),
        not_before: time("nbf"),
        expires_on: time("exp"),
    })
}

/// The body that has a key encrypt or decrypt `bytes`.
pub fn body(bytes: &[u8]) -> Sensitive {
    let value = Sensitive::from(base64::encode_url(bytes));
    Sensitive::concat(&[
        b"{\"alg\":\"",
        RSA_OAEP_256.as_bytes(),
        b"\",\"value\":\"",
        value.expose(),
        b"\"}",
    ])
}

/// Reads what came out, of the key that was asked.
pub fn parse_result(body: &Sensitive, asked: &Subject) -> Result<Sensitive, Malformed> {
    let object = object(body)?;
    version(&object, asked)?;
    let value = object.sensitive("value");
    let bytes = value
        .as_ref()
        .and_then(Sensitive::expose_str)
        .and_then(base64::decode);
    bytes
        .filter(|bytes| !bytes.is_empty())
        .ok_or_else(|| Malformed::new("The vault's answer holds no result."))
}

/// The version that `kid` names, of the key that was asked for. A vault may know itself under another name.
fn version(object: &Object<'_>, asked: &Subject) -> Result<SecretVersion, Malformed> {
    let kid = object
        .text("kid")
        .ok_or_else(|| Malformed::new("The vault's answer names no key."))?;
    let SecretId { name, version, .. } = parse_id(&kid)?;
    let version = version.ok_or_else(|| Malformed::new("The vault's answer names no version of the key."))?;
    let same = |asked: Option<&str>, found: &str| asked.is_none_or(|asked| asked.eq_ignore_ascii_case(found));
    let is_asked = same(asked.name.as_ref().map(SecretName::as_str), name.as_str())
        && same(
            asked.version.as_ref().map(SecretVersion::as_str),
            version.as_str(),
        );
    match is_asked {
        true => Ok(version),
        false => Err(Malformed::new(
            "The answer is about another key than the one asked for.",
        )),
    }
}

/// Reads a key's identifier, `https://{vault}/keys/{name}[/{version}]`.
pub fn parse_id(text: &str) -> Result<SecretId, Malformed> {
    parse_id_of("keys", text)
}

fn object(body: &Sensitive) -> Result<Object<'_>, Malformed> {
    Object::parse(body.expose()).ok_or_else(|| Malformed::new("The vault's answer is not a JSON object."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(version: &str) -> Subject {
        let id = format!("https://contoso.vault.azure.net/keys/App{version}");
        let subject = Subject::from(parse_id(&id).unwrap());
        Subject {
            kind: crate::operation::Kind::Key,
            ..subject
        }
    }

    #[test]
    fn a_key_is_the_one_that_was_asked_for() {
        let body = |kid: &str| {
            Sensitive::from(format!(
                r#"{{"key":{{"kid":"https://contoso.vault.azure.net/keys/{kid}","kty":"RSA-HSM","key_ops":["wrapKey",1]}},
                    "attributes":{{"enabled":false,"exp":1800000000}}}}"#
            ))
        };
        let key = parse_key(&body("app/0af1"), &asked("")).unwrap();
        assert_eq!(key.version.as_str(), "0af1");
        assert_eq!(
            (key.is_rsa, key.enabled, &*key.operations),
            (true, false, &["wrapKey".to_owned()][..])
        );
        assert_eq!(key.expires_on.map(UnixTime::as_millis), Some(1_800_000_000_000));
        for (kid, version) in [
            ("other/0af1", ""),
            ("app", ""),
            ("app/0af1", "/0af2"),
            ("app/0af1/x", ""),
        ] {
            assert!(parse_key(&body(kid), &asked(version)).is_err(), "{kid} {version}");
        }
    }

    #[test]
    fn results_are_bytes_of_the_key_that_was_asked() {
        let answer = |value: &str| {
            let kid = "https://contoso.vault.azure.net/keys/app/0af1";
            parse_result(
                &format!(r#"{{"kid":"{kid}","value":{value}}}"#).as_str().into(),
                &asked("/0af1"),
            )
        };
        assert_eq!(answer("\"AQI\"").unwrap().expose(), [1, 2]);
        for value in ["\"\"", "\"!\"", "1", "null"] {
            assert!(answer(value).is_err(), "{value}");
        }
        assert_eq!(
            body(&[1, 2]).expose_str(),
            Some(r#"{"alg":"RSA-OAEP-256","value":"AQI"}"#)
        );
    }
}
