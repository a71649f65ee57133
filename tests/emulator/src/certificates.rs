//! The emulator's own certificate authorities, made at each start, and a certificate for every name they are asked for.
//! And a certificate that signs itself, as Service Fabric has.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use ::ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert, WantsServerCert};
use tokio_rustls::rustls::sign::{CertifiedKey, SigningKey};
use tokio_rustls::rustls::{ConfigBuilder, ServerConfig};

use crate::managed_identity::hexadecimal;

const SELF_SIGNED_NAME: &str = "nightlatch emulator node";
/// The names of a client that sends none: it spoke to an address.
const NAMELESS: [&str; 2] = ["127.0.0.1", "localhost"];

pub(crate) struct Certificates {
    pub(crate) ca_pem: String,
    acceptor: TlsAcceptor,
}

/// A certificate that only its thumbprint vouches for.
pub(crate) struct SelfSigned {
    /// SHA-1 of the certificate, in hexadecimal.
    pub(crate) thumbprint: String,
    acceptor: TlsAcceptor,
}

impl SelfSigned {
    /// It names nothing that a client could check.
    pub(crate) fn generate() -> io::Result<SelfSigned> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = valid_now(CertificateParams::default());
        params
            .distinguished_name
            .push(DnType::CommonName, SELF_SIGNED_NAME);
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        let thumbprint = digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate.der());
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(io::Error::other)?;
        let config = server_config()?
            .with_single_cert(vec![certificate.der().clone()], key)
            .map_err(io::Error::other)?;
        Ok(SelfSigned {
            thumbprint: hexadecimal(thumbprint.as_ref()).to_uppercase(),
            acceptor: acceptor(config),
        })
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }
}

impl Certificates {
    /// An authority that certifies one name, or every name it is asked for.
    pub(crate) fn generate(ca_name: &str, only: Option<&'static str>) -> io::Result<Certificates> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = valid_now(CertificateParams::default());
        params.distinguished_name.push(DnType::CommonName, ca_name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca = params.self_signed(&key).map_err(io::Error::other)?;
        let leaves = Leaves::new(Issuer::new(params, key), ca.der().clone(), only)?;
        Ok(Certificates {
            ca_pem: ca.pem(),
            acceptor: acceptor(server_config()?.with_cert_resolver(Arc::new(leaves))),
        })
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }
}

/// Certificates made when first asked for; all share one key.
struct Leaves {
    issuer: Issuer<'static, KeyPair>,
    ca: CertificateDer<'static>,
    key: KeyPair,
    signing_key: Arc<dyn SigningKey>,
    only: Option<&'static str>,
    made: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl Leaves {
    fn new(
        issuer: Issuer<'static, KeyPair>,
        ca: CertificateDer<'static>,
        only: Option<&'static str>,
    ) -> io::Result<Leaves> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let der = PrivateKeyDer::try_from(key.serialize_der()).map_err(io::Error::other)?;
        let signing_key = ring::sign::any_supported_type(&der).map_err(io::Error::other)?;
        Ok(Leaves {
            issuer,
            ca,
            key,
            signing_key,
            only,
            made: Mutex::default(),
        })
    }

    fn make(&self, host: Option<&str>) -> Result<CertifiedKey, rcgen::Error> {
        let names: Vec<String> = match host {
            Some(host) => vec![host.into()],
            None => NAMELESS.iter().map(|&name| name.into()).collect(),
        };
        let mut params = valid_now(CertificateParams::new(names)?);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let leaf = params.signed_by(&self.key, &self.issuer)?;
        Ok(CertifiedKey::new(
            vec![leaf.der().clone(), self.ca.clone()],
            self.signing_key.clone(),
        ))
    }
}

impl ResolvesServerCert for Leaves {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let host = hello.server_name();
        if self.only.is_some() && self.only != host {
            return None;
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let name = host.unwrap_or_default().to_ascii_lowercase();
        if let Some(known) = made.get(&name) {
            return Some(known.clone());
        }
        let new = Arc::new(self.make(host).ok()?);
        made.insert(name, new.clone());
        Some(new)
    }
}

impl fmt::Debug for Leaves {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Leaves")
    }
}

fn server_config() -> io::Result<ConfigBuilder<ServerConfig, WantsServerCert>> {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    Ok(builder.with_no_client_auth())
}

fn acceptor(mut config: ServerConfig) -> TlsAcceptor {
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

fn valid_now(mut params: CertificateParams) -> CertificateParams {
    let now = OffsetDateTime::now_utc();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.not_before = now - Duration::days(1);
    params.not_after = now + Duration::days(90);
    params
}
