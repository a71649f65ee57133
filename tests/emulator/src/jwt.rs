//! JSON Web Tokens: the emulator's own, and those of trusted issuers and clients.
//!
//! Own tokens are ES256, because `ring` makes such keys in a moment and cannot make RSA keys at all. Real ones
//! are RS256; no client may look inside an access token, so none can tell.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, KeyPair, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::{Value, json};
use spki::SubjectPublicKeyInfoOwned;
use spki::der::asn1::ObjectIdentifier;
use spki::der::{Decode, DecodePem};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ELLIPTIC_CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const UNCOMPRESSED_POINT: u8 = 4;

/// The emulator's key.
pub(crate) struct SigningKey {
    key: EcdsaKeyPair,
    random: SystemRandom,
    kid: String,
}

impl SigningKey {
    pub(crate) fn generate() -> Result<SigningKey, ring::error::Unspecified> {
        let random = SystemRandom::new();
        let algorithm = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random)?;
        let key = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random)?;
        Ok(SigningKey {
            key,
            random,
            kid: uuid::Uuid::new_v4().simple().to_string(),
        })
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({ "typ": "JWT", "alg": "ES256", "kid": self.kid });
        let signed = format!(
            "{}.{}",
            BASE64URL.encode(header.to_string()),
            BASE64URL.encode(claims.to_string())
        );
        let signature = self
            .key
            .sign(&self.random, signed.as_bytes())
            .expect("the system has random numbers");
        format!("{signed}.{}", BASE64URL.encode(signature))
    }

    pub(crate) fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey::P256(self.key.public_key().as_ref().to_vec())
    }

    pub(crate) fn public_jwk(&self) -> Value {
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        json!({
            "kty": "EC", "use": "sig", "alg": "ES256", "crv": "P-256", "kid": self.kid,
            "x": BASE64URL.encode(x), "y": BASE64URL.encode(y),
        })
    }
}

/// A token taken apart; nothing in it is verified yet.
pub(crate) struct Jwt {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    signed: String,
    signature: Vec<u8>,
}

impl Jwt {
    pub(crate) fn parse(token: &str) -> Option<Jwt> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Value = serde_json::from_slice(&decoded(header)?).ok()?;
        let claims: Value = serde_json::from_slice(&decoded(claims)?).ok()?;
        Some(Jwt {
            claims: claims.is_object().then_some(claims)?,
            header: header["alg"].is_string().then_some(header)?,
            signed: signed.into(),
            signature: decoded(signature)?,
        })
    }

    pub(crate) fn text(&self, claim: &str) -> Option<&str> {
        self.claims[claim].as_str()
    }

    /// A moment such as `exp`; some issuers write fractions.
    pub(crate) fn seconds(&self, claim: &str) -> Option<f64> {
        self.claims[claim].as_f64()
    }

    pub(crate) fn algorithm(&self) -> &str {
        self.header["alg"].as_str().unwrap_or_default()
    }

    pub(crate) fn names_audience(&self, audience: &str) -> bool {
        match &self.claims["aud"] {
            Value::Array(several) => several.iter().any(|one| one == audience),
            one => one == audience,
        }
    }

    /// Whether the key made the signature, with an algorithm that belongs to this sort of key.
    pub(crate) fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        let (signed, signature) = (self.signed.as_bytes(), self.signature.as_slice());
        let rsa: &signature::RsaParameters = match self.algorithm() {
            "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
            _ => &signature::RSA_PKCS1_2048_8192_SHA256,
        };
        let verified = match (key, self.algorithm()) {
            (VerifyingKey::RsaComponents { n, e }, "RS256" | "PS256") => {
                RsaPublicKeyComponents { n, e }.verify(rsa, signed, signature)
            }
            (VerifyingKey::RsaDer(der), "RS256" | "PS256") => {
                UnparsedPublicKey::new(rsa, der).verify(signed, signature)
            }
            (VerifyingKey::P256(point), "ES256") => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(signed, signature)
            }
            (VerifyingKey::Shared(secret), "HS256") => {
                hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed, signature)
            }
            _ => return false,
        };
        verified.is_ok()
    }
}

/// Reads a part of a token. The official Python SDK pads them, against the standard, and Entra ID takes it.
fn decoded(part: &str) -> Option<Vec<u8>> {
    BASE64URL.decode(part.trim_end_matches('=')).ok()
}

/// A key that an issuer's signatures are checked with.
#[derive(Clone)]
pub(crate) enum VerifyingKey {
    RsaComponents { n: Vec<u8>, e: Vec<u8> },
    RsaDer(Vec<u8>),
    P256(Vec<u8>),
    Shared(Vec<u8>),
}

impl VerifyingKey {
    pub(crate) fn from_jwk(jwk: &Value) -> Option<VerifyingKey> {
        let bytes = |member: &str| BASE64URL.decode(jwk[member].as_str()?).ok();
        match jwk["kty"].as_str()? {
            "RSA" => Some(VerifyingKey::RsaComponents {
                n: bytes("n")?,
                e: bytes("e")?,
            }),
            "EC" if jwk["crv"] == "P-256" => Some(VerifyingKey::P256(
                [vec![UNCOMPRESSED_POINT], bytes("x")?, bytes("y")?].concat(),
            )),
            "oct" => Some(VerifyingKey::Shared(bytes("k")?)),
            _ => None,
        }
    }

    pub(crate) fn from_pem(pem: &str) -> Option<VerifyingKey> {
        VerifyingKey::from_info(&SubjectPublicKeyInfoOwned::from_pem(pem).ok()?)
    }

    pub(crate) fn from_subject_public_key_info(der: &[u8]) -> Option<VerifyingKey> {
        VerifyingKey::from_info(&SubjectPublicKeyInfoOwned::from_der(der).ok()?)
    }

    fn from_info(info: &SubjectPublicKeyInfoOwned) -> Option<VerifyingKey> {
        let key = info.subject_public_key.raw_bytes().to_vec();
        match info.algorithm.oid {
            RSA => Some(VerifyingKey::RsaDer(key)),
            ELLIPTIC_CURVE if key.len() == 65 => Some(VerifyingKey::P256(key)),
            _ => None,
        }
    }

    pub(crate) fn from_shared_text(secret: &str) -> VerifyingKey {
        VerifyingKey::Shared(secret.as_bytes().to_vec())
    }
}
