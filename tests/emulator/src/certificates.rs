//! The emulator's own certificate authority, made at each start, and a certificate for every name it is asked for.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::{CertifiedKey, SigningKey};

const CA_NAME: &str = "nightlatch emulator CA";
/// The names of a client that sends none: it spoke to an address.
const NAMELESS: [&str; 2] = ["127.0.0.1", "localhost"];

pub(crate) struct Certificates {
    pub(crate) ca_pem: String,
    acceptor: TlsAcceptor,
}

impl Certificates {
    pub(crate) fn generate() -> io::Result<Certificates> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = valid_now(CertificateParams::default());
        params.distinguished_name.push(DnType::CommonName, CA_NAME);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca = params.self_signed(&key).map_err(io::Error::other)?;
        let leaves = Leaves::new(Issuer::new(params, key), ca.der().clone())?;
        Ok(Certificates {
            ca_pem: ca.pem(),
            acceptor: TlsAcceptor::from(Arc::new(leaves.server_config()?)),
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
    made: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl Leaves {
    fn new(issuer: Issuer<'static, KeyPair>, ca: CertificateDer<'static>) -> io::Result<Leaves> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let der = PrivateKeyDer::try_from(key.serialize_der()).map_err(io::Error::other)?;
        let signing_key = ring::sign::any_supported_type(&der).map_err(io::Error::other)?;
        Ok(Leaves {
            issuer,
            ca,
            key,
            signing_key,
            made: Mutex::default(),
        })
    }

    fn server_config(self) -> io::Result<ServerConfig> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(self));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
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

fn valid_now(mut params: CertificateParams) -> CertificateParams {
    let now = OffsetDateTime::now_utc();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.not_before = now - Duration::days(1);
    params.not_after = now + Duration::days(90);
    params
}
