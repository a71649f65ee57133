//! RSA keys. The private half is wiped by its library when it goes, and leaves it only for a sealed backup.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{
    KeyPair, KeyPairComponents, KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm,
    OaepPrivateDecryptingKey, OaepPublicEncryptingKey, Pkcs1PrivateDecryptingKey, Pkcs1PublicEncryptingKey,
    PrivateDecryptingKey, PublicKeyComponents,
};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// A private key with its public half.
#[derive(Clone)]
pub(crate) struct RsaKey {
    private: PrivateDecryptingKey,
    /// The modulus, big-endian.
    pub(crate) n: Vec<u8>,
    /// The public exponent, big-endian.
    pub(crate) e: Vec<u8>,
}

/// How a value is padded.
#[derive(Clone, Copy)]
pub(crate) enum Padding {
    Oaep(&'static OaepAlgorithm),
    Pkcs1,
}

impl Padding {
    /// The padding of an algorithm, by its name in JSON Web Algorithms.
    pub(crate) fn of(algorithm: &str) -> Option<Padding> {
        match algorithm {
            "RSA-OAEP-256" => Some(Padding::Oaep(&OAEP_SHA256_MGF1SHA256)),
            "RSA-OAEP" => Some(Padding::Oaep(&OAEP_SHA1_MGF1SHA1)),
            "RSA1_5" => Some(Padding::Pkcs1),
            _ => None,
        }
    }
}

impl RsaKey {
    /// Makes a key of 2048, 3072 or 4096 bits; nothing for another size.
    pub(crate) fn generate(bits: usize) -> Option<RsaKey> {
        let size = match bits {
            2048 => KeySize::Rsa2048,
            3072 => KeySize::Rsa3072,
            4096 => KeySize::Rsa4096,
            _ => return None,
        };
        RsaKey::from_pair(&KeyPair::generate(size).ok()?)
    }

    /// Reads a private key, PKCS #8 or PKCS #1.
    pub(crate) fn from_pem(pem: &str) -> Option<RsaKey> {
        let pair = match PrivateKeyDer::from_pem_slice(pem.as_bytes()).ok()? {
            PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()),
            _ => return None,
        };
        RsaKey::from_pair(&pair.ok()?)
    }

    /// Reads a private key with all members of RFC 7518, 6.3.2.
    pub(crate) fn from_jwk(jwk: &Value) -> Option<RsaKey> {
        let bytes = |member: &str| BASE64URL.decode(jwk[member].as_str()?).ok();
        let pair = KeyPair::from_components(&KeyPairComponents {
            public_key: PublicKeyComponents {
                n: bytes("n")?,
                e: bytes("e")?,
            },
            d: bytes("d")?,
            p: bytes("p")?,
            q: bytes("q")?,
            dP: bytes("dp")?,
            dQ: bytes("dq")?,
            qInv: bytes("qi")?,
        });
        RsaKey::from_pair(&pair.ok()?)
    }

    pub(crate) fn bits(&self) -> usize {
        self.private.key_size_bits()
    }

    /// Nothing, if the value is too long.
    pub(crate) fn encrypt(&self, padding: Padding, value: &[u8]) -> Option<Vec<u8>> {
        let key = self.private.public_key();
        let mut room = vec![0; key.key_size_bytes()];
        let encrypted = match padding {
            Padding::Oaep(algorithm) => {
                let key = OaepPublicEncryptingKey::new(key).ok()?;
                key.encrypt(algorithm, value, &mut room, None).ok()?
            }
            Padding::Pkcs1 => {
                let key = Pkcs1PublicEncryptingKey::new(key).ok()?;
                key.encrypt(value, &mut room).ok()?
            }
        };
        Some(encrypted.to_vec())
    }

    /// Nothing, if the value was not encrypted so for this key.
    pub(crate) fn decrypt(&self, padding: Padding, value: &[u8]) -> Option<Vec<u8>> {
        let key = self.private.clone();
        let mut room = vec![0; key.key_size_bytes()];
        let decrypted = match padding {
            Padding::Oaep(algorithm) => {
                let key = OaepPrivateDecryptingKey::new(key).ok()?;
                key.decrypt(algorithm, value, &mut room, None).ok()?
            }
            Padding::Pkcs1 => {
                let key = Pkcs1PrivateDecryptingKey::new(key).ok()?;
                key.decrypt(value, &mut room).ok()?
            }
        };
        Some(decrypted.to_vec())
    }

    fn from_pair(pair: &KeyPair) -> Option<RsaKey> {
        let pkcs8: Pkcs8V1Der<'_> = pair.as_der().ok()?;
        let public = pair.public_key();
        Some(RsaKey {
            private: PrivateDecryptingKey::from_pkcs8(pkcs8.as_ref()).ok()?,
            n: public.modulus().big_endian_without_leading_zero().to_vec(),
            e: public.exponent().big_endian_without_leading_zero().to_vec(),
        })
    }
}

/// For backups only.
impl Serialize for RsaKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pkcs8: Pkcs8V1Der<'_> = self
            .private
            .as_der()
            .map_err(|_| serde::ser::Error::custom("no key"))?;
        BASE64URL.encode(pkcs8.as_ref()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RsaKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RsaKey, D::Error> {
        let text = String::deserialize(deserializer)?;
        let pkcs8 = BASE64URL.decode(text).map_err(|_| D::Error::custom("no key"))?;
        let pair = KeyPair::from_pkcs8(&pkcs8).map_err(|_| D::Error::custom("no key"))?;
        RsaKey::from_pair(&pair).ok_or_else(|| D::Error::custom("no key"))
    }
}
