//! RSA keys in private keys (PKCS #1 and #8, RFC 8017 and 5958) and certificates (X.509, RFC 5280).

use super::der::{BIT_STRING, Der, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, element};
use crate::sensitive::Sensitive;

/// 1.2.840.113549.1.1.1 with its parameter, NULL.
const RSA_ENCRYPTION: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
/// As identifier alone.
const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";

/// Why something is no usable RSA key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoKey {
    /// It cannot be read.
    Malformed,
    /// It is a key of another kind, such as one of an elliptic curve.
    NotRsa,
}

/// Modulus and exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey<'a> {
    modulus: &'a [u8],
    exponent: &'a [u8],
}

impl<'a> PublicKey<'a> {
    /// Of a private key in PKCS #8.
    pub(crate) fn of_private(pkcs8: &'a [u8]) -> Result<Self, NoKey> {
        Self::of_pkcs1(pkcs1_of(pkcs8)?)
    }

    /// Of a private key in PKCS #1.
    fn of_pkcs1(key: &'a [u8]) -> Result<Self, NoKey> {
        Self::read(key, true).ok_or(NoKey::Malformed)
    }

    /// A private key begins with its version and the public key.
    fn read(key: &'a [u8], private: bool) -> Option<Self> {
        let mut key = Der::whole_sequence(key)?;
        if private {
            key.unsigned().filter(|version| version.is_empty())?;
        }
        let modulus = key.unsigned().filter(|modulus| !modulus.is_empty())?;
        let exponent = key.unsigned()?;
        Some(Self { modulus, exponent })
    }

    /// How many bits the modulus has.
    pub(crate) fn bits(&self) -> usize {
        let first = self
            .modulus
            .first()
            .map_or(8, |byte| byte.leading_zeros() as usize);
        self.modulus.len() * 8 - first
    }
}

/// A certificate, as far as it matters here.
pub(crate) struct Certificate<'a> {
    pub(crate) issuer: &'a [u8],
    pub(crate) subject: &'a [u8],
    pub(crate) key: Result<PublicKey<'a>, NoKey>,
}

impl<'a> Certificate<'a> {
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        let mut inside = Der::whole_sequence(der)?.sequence()?;
        // Version, serial number, signature algorithm.
        if inside.is_next(0xa0) {
            inside.element()?;
        }
        inside.take(INTEGER)?;
        inside.sequence()?;
        let (_, _, issuer) = inside.element()?;
        let _validity = inside.sequence()?;
        let (_, _, subject) = inside.element()?;
        let mut info = inside.sequence()?;
        let algorithm = info.sequence()?.take(OBJECT_IDENTIFIER)?;
        let (unused, bits) = info.take(BIT_STRING)?.split_first()?;
        let key = match algorithm {
            RSA if *unused == 0 => PublicKey::read(bits, false).ok_or(NoKey::Malformed),
            _ => Err(NoKey::NotRsa),
        };
        Some(Self { issuer, subject, key })
    }
}

/// A key that stands in PKCS #8 for the signer, without the attributes that some tools add and others refuse.
pub(crate) fn from_pkcs8(key: &[u8]) -> Result<Sensitive, NoKey> {
    from_pkcs1(pkcs1_of(key)?)
}

/// A PKCS #1 key wrapped as PKCS #8.
pub(crate) fn from_pkcs1(key: &[u8]) -> Result<Sensitive, NoKey> {
    PublicKey::of_pkcs1(key)?;
    let inner = Sensitive::from(element(OCTET_STRING, &[key]));
    let version = &[INTEGER, 1, 0];
    Ok(element(SEQUENCE, &[version, RSA_ENCRYPTION, inner.expose()]).into())
}

fn pkcs1_of(pkcs8: &[u8]) -> Result<&[u8], NoKey> {
    let parts = || {
        let mut key = Der::whole_sequence(pkcs8)?;
        key.take(INTEGER)?;
        let algorithm = key.sequence()?.take(OBJECT_IDENTIFIER)?;
        Some((algorithm, key.take(OCTET_STRING)?))
    };
    match parts() {
        Some((RSA, key)) => Ok(key),
        Some(_) => Err(NoKey::NotRsa),
        None => Err(NoKey::Malformed),
    }
}
