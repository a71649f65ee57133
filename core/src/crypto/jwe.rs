//! Encrypted values: JWE in the compact form (RFC 7516 section 3.1), sealed by AES-256 in Galois/Counter Mode (`A256GCM`,
//! RFC 7518 section 5.3) with a data key that a vault's RSA key keeps (`RSA-OAEP-256`, section 4.3).
//!
//! ```text
//!   BASE64URL(header) . BASE64URL(encrypted data key) . BASE64URL(nonce) . BASE64URL(ciphertext) . BASE64URL(tag)
//! ```
//!
//! The header is authenticated as it stands. Of the other parts only the one spelling that encoding gives is read: two
//! texts that differ in a byte are never the same value.

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit};
use zeroize::Zeroizing;

use crate::base64;
use crate::json::{Object, push_text, text};
use crate::sensitive::Sensitive;
use crate::wire::keys::RSA_OAEP_256;

/// Bytes of a data key.
pub(crate) const KEY: usize = 32;

/// Bytes of a nonce. It is drawn at random for each value, as NIST SP 800-38D section 8.2.2 has it.
pub(crate) const NONCE: usize = 12;

const TAG: usize = 16;

/// More than any header holds, and any key of 16,384 bits encrypts to.
const LONGEST_HEADER: usize = 8 << 10;
const LONGEST_ENCRYPTED_KEY: usize = 2 << 10;

/// What stands in the open beside a value, and cannot be altered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// The key that keeps the data key.
    pub(crate) kid: Option<String>,
    /// Whether the value is JSON (`cty`).
    pub(crate) is_json: bool,
    /// The document that the value belongs to.
    pub(crate) document: Option<String>,
    /// Where in it.
    pub(crate) field: Option<String>,
}

impl Header {
    fn write(&self) -> String {
        let mut json = format!(r#"{{"alg":"{RSA_OAEP_256}","enc":"A256GCM""#).into_bytes();
        let cty = self.is_json.then_some("json");
        let members = [
            ("cty", cty),
            ("document", self.document.as_deref()),
            ("field", self.field.as_deref()),
            ("kid", self.kid.as_deref()),
        ];
        for (name, value) in members {
            if let Some(value) = value {
                json.push(b',');
                push_text(&mut json, name);
                json.push(b':');
                push_text(&mut json, value);
            }
        }
        json.push(b'}');
        base64::encode_url(&json)
    }

    /// `None` for a header of another kind of JWE, or with something that must be understood (`crit`) and is not.
    fn read(json: &[u8]) -> Option<Self> {
        let object = Object::parse(json)?;
        let mut known = Vec::new();
        let mut header = Self::default();
        for (name, raw) in object.members() {
            if known.contains(&name) {
                return None;
            }
            known.push(name);
            match name {
                "alg" if text(raw)? == RSA_OAEP_256 => {}
                "enc" if text(raw)? == "A256GCM" => {}
                "alg" | "enc" | "crit" | "zip" => return None,
                "kid" => header.kid = Some(text(raw)?),
                "cty" => header.is_json = matches!(&*text(raw)?, "json" | "application/json"),
                "document" => header.document = Some(text(raw)?),
                "field" => header.field = Some(text(raw)?),
                _ => {}
            }
        }
        ["alg", "enc"]
            .iter()
            .all(|name| known.contains(name))
            .then_some(header)
    }
}

/// An encrypted value, read and not yet opened.
#[derive(Debug)]
pub(crate) struct Jwe<'a> {
    protected: &'a str,
    pub(crate) header: Header,
    pub(crate) encrypted_key: Sensitive,
    nonce: [u8; NONCE],
    ciphertext: Sensitive,
    tag: [u8; TAG],
}

impl<'a> Jwe<'a> {
    /// `None` for anything else than a JWE of this kind.
    pub(crate) fn parse(compact: &'a str) -> Option<Self> {
        let mut parts = compact.split('.');
        let protected = parts.next().filter(|part| part.len() <= LONGEST_HEADER)?;
        let header = Header::read(exact(protected)?.expose())?;
        let mut rest = || exact(parts.next()?);
        let encrypted_key = rest()?;
        let (nonce, ciphertext, tag) = (rest()?, rest()?, rest()?);
        let is_whole = parts.next().is_none() && (1..=LONGEST_ENCRYPTED_KEY).contains(&encrypted_key.len());
        is_whole.then_some(Self {
            protected,
            header,
            encrypted_key,
            nonce: nonce.expose().try_into().ok()?,
            ciphertext,
            tag: tag.expose().try_into().ok()?,
        })
    }

    /// The value. `None` if the data key is another one, or anything was altered.
    pub(crate) fn open(&self, data_key: &Sensitive) -> Option<Sensitive> {
        let cipher = Aes256Gcm::new_from_slice(data_key.expose()).ok()?;
        let mut value = Zeroizing::new(self.ciphertext.expose().to_vec());
        cipher
            .decrypt_inout_detached(
                &self.nonce.into(),
                self.protected.as_bytes(),
                value.as_mut_slice().into(),
                &self.tag.into(),
            )
            .ok()?;
        Some(Sensitive::from(std::mem::take(&mut *value)))
    }
}

/// Encrypts `value`. `nonce` must never have been used with this data key. `None` if key or nonce have another length, or
/// the value is longer than the mode allows (64 GiB).
pub(crate) fn seal(
    header: &Header,
    (data_key, encrypted_key): (&Sensitive, &Sensitive),
    nonce: &[u8],
    value: &Sensitive,
) -> Option<String> {
    let protected = header.write();
    let nonce: [u8; NONCE] = nonce.try_into().ok()?;
    let cipher = Aes256Gcm::new_from_slice(data_key.expose()).ok()?;
    let mut sealed = Zeroizing::new(value.expose().to_vec());
    let buffer = sealed.as_mut_slice().into();
    let tag = cipher
        .encrypt_inout_detached(&nonce.into(), protected.as_bytes(), buffer)
        .ok()?;
    let parts = [encrypted_key.expose(), &nonce, &sealed, &tag].map(base64::encode_url);
    Some(format!("{protected}.{}", parts.join(".")))
}

/// Decodes what encoding gives, and no other spelling of it.
fn exact(text: &str) -> Option<Sensitive> {
    base64::decode(text).filter(|bytes| base64::encode_url(bytes.expose()) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> (String, Sensitive) {
        let header = Header {
            kid: Some("https://contoso.vault.azure.net/keys/app/0af1".into()),
            is_json: true,
            document: None,
            field: Some("/card".into()),
        };
        let key = Sensitive::from(vec![7; KEY]);
        let sealed = seal(
            &header,
            (&key, &Sensitive::from(vec![1, 2, 3])),
            &[5; NONCE],
            &"\"s3cr3t\"".into(),
        );
        (sealed.unwrap(), key)
    }

    #[test]
    fn what_is_sealed_can_be_opened() {
        let (sealed, key) = example();
        let jwe = Jwe::parse(&sealed).unwrap();
        assert_eq!(jwe.open(&key).unwrap().expose_str(), Some("\"s3cr3t\""));
        assert_eq!(jwe.encrypted_key.expose(), [1, 2, 3]);
        assert_eq!(jwe.header.field.as_deref(), Some("/card"));
        assert!(jwe.open(&Sensitive::from(vec![8; KEY])).is_none());
        assert!(seal(&jwe.header, (&key, &key), &[5; 11], &key).is_none());
    }

    #[test]
    fn no_byte_can_be_altered() {
        let (sealed, key) = example();
        let key_at = sealed.find('.').unwrap();
        let nonce_at = key_at + 1 + sealed[key_at + 1..].find('.').unwrap();
        for at in 0..sealed.len() {
            for flip in [1, 2, 4, 8, 16, 32] {
                let mut bytes = sealed.clone().into_bytes();
                bytes[at] ^= flip;
                let Ok(altered) = String::from_utf8(bytes) else {
                    continue;
                };
                let opened = Jwe::parse(&altered).and_then(|jwe| jwe.open(&key));
                // What the encrypted key becomes is for the vault to refuse: it opens to another data key, or none.
                let is_in_key = (key_at..=nonce_at).contains(&at);
                assert!(opened.is_none() || is_in_key, "{at} {flip}");
                assert!(
                    Jwe::parse(&altered)
                        .is_none_or(|jwe| !is_in_key || jwe.encrypted_key.expose() != [1, 2, 3])
                );
            }
        }
        for cut in 0..sealed.len() {
            let opened = Jwe::parse(&sealed[..cut]).and_then(|jwe| jwe.open(&key));
            assert!(opened.is_none(), "{cut}");
        }
    }

    #[test]
    fn other_kinds_are_refused() {
        let (sealed, _) = example();
        let (_, rest) = sealed.split_once('.').unwrap();
        let with = |header: &str| format!("{}.{rest}", base64::encode_url(header.as_bytes()));
        let plain = r#"{"alg":"RSA-OAEP-256","enc":"A256GCM"}"#;
        assert_eq!(Jwe::parse(&with(plain)).unwrap().header, Header::default());
        for header in [
            "",
            "{}",
            "[]",
            r#"{"alg":"RSA-OAEP-256"}"#,
            r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#,
            r#"{"alg":"dir","enc":"A256GCM"}"#,
            r#"{"alg":"RSA-OAEP-256","enc":"A128GCM"}"#,
            r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","zip":"DEF"}"#,
            r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","crit":["exp"],"exp":1}"#,
            r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","enc":"A256GCM"}"#,
            r#"{"ALG":"RSA-OAEP-256","enc":"A256GCM"}"#,
            r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":1}"#,
        ] {
            assert!(Jwe::parse(&with(header)).is_none(), "{header}");
        }
        for text in [
            "",
            ".",
            "....",
            "a.b.c.d.e",
            &format!("{sealed}."),
            &format!("{sealed}="),
            &format!(" {sealed}"),
        ] {
            assert!(Jwe::parse(text).is_none(), "{text}");
        }
    }
}
