//! X.509 certificates of clients: what Entra ID has to know about one to believe an assertion.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use x509_parser::parse_x509_certificate;
use x509_parser::pem::parse_x509_pem;

use crate::jwt::VerifyingKey;

/// A certificate with an RSA key.
#[derive(Clone)]
pub(crate) struct Certificate {
    pub(crate) key: VerifyingKey,
    /// Its first common name.
    pub(crate) name: String,
    /// Seconds since 1970.
    pub(crate) not_before: i64,
    /// Seconds since 1970.
    pub(crate) not_after: i64,
    der: Vec<u8>,
}

impl Certificate {
    /// Reads the first certificate of a PEM text.
    pub(crate) fn from_pem(pem: &str) -> Option<Certificate> {
        let (_, block) = parse_x509_pem(pem.as_bytes()).ok()?;
        Certificate::from_der(block.contents)
    }

    pub(crate) fn from_der(der: Vec<u8>) -> Option<Certificate> {
        let (_, certificate) = parse_x509_certificate(&der).ok()?;
        let common_name = certificate.subject().iter_common_name().next();
        Some(Certificate {
            key: VerifyingKey::from_subject_public_key_info(certificate.public_key().raw)?,
            name: common_name
                .and_then(|name| name.as_str().ok())
                .unwrap_or_default()
                .into(),
            not_before: certificate.validity().not_before.timestamp(),
            not_after: certificate.validity().not_after.timestamp(),
            der,
        })
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    pub(crate) fn sha1(&self) -> Vec<u8> {
        digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.der).as_ref().into()
    }

    pub(crate) fn sha256(&self) -> Vec<u8> {
        digest(&SHA256, &self.der).as_ref().into()
    }

    /// Whether the other's key signed this certificate.
    pub(crate) fn is_issued_by(&self, other: &Certificate) -> bool {
        let (Ok((_, own)), Ok((_, issuer))) = (
            parse_x509_certificate(&self.der),
            parse_x509_certificate(&other.der),
        ) else {
            return false;
        };
        own.issuer() == issuer.subject() && own.verify_signature(Some(issuer.public_key())).is_ok()
    }
}
