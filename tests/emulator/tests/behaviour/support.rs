//! A started emulator, and a client that is as plain as HTTP allows.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use ::ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{HOST, HeaderMap};
use hyper_util::rt::TokioIo;
use nightlatch_emulator::{Config, Emulator};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{
    WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
};
use uuid::Uuid;

pub(crate) const TENANT: &str = "aaaaaaaa-0000-4000-8000-000000000001";
pub(crate) const OTHER_TENANT: &str = "aaaaaaaa-0000-4000-8000-000000000002";
pub(crate) const MACHINE: &str = "bbbbbbbb-0000-4000-8000-000000000001";
pub(crate) const MACHINE_OBJECT: &str = "cccccccc-0000-4000-8000-000000000001";
pub(crate) const NAMED: &str = "bbbbbbbb-0000-4000-8000-000000000002";
pub(crate) const NAMED_OBJECT: &str = "cccccccc-0000-4000-8000-000000000002";
pub(crate) const APP: &str = "bbbbbbbb-0000-4000-8000-000000000003";
pub(crate) const APP_OBJECT: &str = "cccccccc-0000-4000-8000-000000000003";
pub(crate) const APP_SECRET: &str = "app-secret~1";
pub(crate) const CONTOSO: &str = "contoso.vault.azure.net";
pub(crate) const AUTHORITY: &str = "login.microsoftonline.com";
pub(crate) const DB_PASSWORD: &str = "/secrets/db-password/?api-version=7.6";

pub(crate) type Failure = Box<dyn Error + Send + Sync>;
pub(crate) type Headers<'a> = &'a [(&'a str, &'a str)];

pub(crate) struct Azure {
    pub(crate) emulator: Emulator,
    connector: TlsConnector,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect(&self.text)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }

    /// The code and the inner code of a vault's refusal.
    pub(crate) fn codes(&self) -> (u16, String, String) {
        let error = &self.json()["error"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (
            self.status,
            text(&error["code"]),
            text(&error["innererror"]["code"]),
        )
    }

    pub(crate) fn message(&self) -> String {
        self.json()["error"]["message"]
            .as_str()
            .expect("a message")
            .to_owned()
    }
}

/// One tenant, a vault with one secret, a machine and an application that may do everything there.
pub(crate) fn config() -> Value {
    let all = ["get", "list", "set"];
    json!({
        "tenants": [{ "id": TENANT, "domain": "contoso.example" }, { "id": OTHER_TENANT }],
        "identities": [{ "name": "machine", "kind": "system", "client_id": MACHINE, "object_id": MACHINE_OBJECT }],
        "app_registrations": [{ "client_id": APP, "object_id": APP_OBJECT, "secrets": [APP_SECRET] }],
        "vaults": [{
            "name": "contoso",
            "secrets": { "db-password": "s3cr3t" },
            "access": [{ "principal": MACHINE_OBJECT, "secrets": all }, { "principal": APP_OBJECT, "secrets": all }],
        }],
    })
}

impl Azure {
    pub(crate) async fn start(config: Value) -> Azure {
        let config: Config = serde_json::from_value(config).expect("a configuration");
        let emulator = Emulator::start(config).await.expect("a start");
        let ca = CertificateDer::from_pem_slice(emulator.ca_pem.as_bytes()).expect("a certificate");
        let connector = trusting(&[ca]);
        Azure { emulator, connector }
    }

    pub(crate) async fn default() -> Azure {
        Azure::start(config()).await
    }

    /// A request to the HTTP port.
    pub(crate) async fn http(&self, method: &str, path: &str, headers: Headers<'_>, body: &str) -> Answer {
        self.try_http(method, path, headers, body)
            .await
            .expect("an answer")
    }

    pub(crate) async fn try_http(
        &self,
        method: &str,
        path: &str,
        headers: Headers<'_>,
        body: &str,
    ) -> Result<Answer, Failure> {
        let stream = TcpStream::connect(self.emulator.http_addr).await?;
        exchange(
            stream,
            method,
            &self.emulator.http_addr.to_string(),
            path,
            headers,
            body,
        )
        .await
    }

    /// A request to a real name, through the proxy.
    pub(crate) async fn https(
        &self,
        method: &str,
        host: &str,
        path: &str,
        headers: Headers<'_>,
        body: &str,
    ) -> Answer {
        self.try_https(method, host, path, headers, body)
            .await
            .expect("an answer")
    }

    pub(crate) async fn try_https(
        &self,
        method: &str,
        host: &str,
        path: &str,
        headers: Headers<'_>,
        body: &str,
    ) -> Result<Answer, Failure> {
        let stream = self.tunnel(host, &self.connector).await?;
        exchange(stream, method, host, path, headers, body).await
    }

    /// A request straight to the HTTPS port, as if the name led there.
    pub(crate) async fn direct(&self, host: &str, path: &str, headers: Headers<'_>) -> Answer {
        let stream = TcpStream::connect(self.emulator.https_addr)
            .await
            .expect("a connection");
        let name = host.split(':').next().unwrap_or_default().to_owned();
        let stream = self
            .connector
            .connect(ServerName::try_from(name).expect("a name"), stream)
            .await;
        exchange(stream.expect("TLS"), "GET", host, path, headers, "")
            .await
            .expect("an answer")
    }

    /// A request to Service Fabric, whose certificate must have the thumbprint.
    pub(crate) async fn service_fabric(
        &self,
        thumbprint: &str,
        path: &str,
        headers: Headers<'_>,
    ) -> Result<Answer, Failure> {
        let verifier = Thumbprint {
            expected: thumbprint.to_owned(),
            algorithms: ring::default_provider().signature_verification_algorithms,
        };
        let mut config = client_config(RootCertStore::empty());
        config.dangerous().set_certificate_verifier(Arc::new(verifier));
        self.at_service_fabric(&TlsConnector::from(Arc::new(config)), path, headers)
            .await
    }

    /// The same, for a client that trusts the emulator's authority.
    pub(crate) async fn service_fabric_by_ca(
        &self,
        path: &str,
        headers: Headers<'_>,
    ) -> Result<Answer, Failure> {
        self.at_service_fabric(&self.connector, path, headers).await
    }

    async fn at_service_fabric(
        &self,
        connector: &TlsConnector,
        path: &str,
        headers: Headers<'_>,
    ) -> Result<Answer, Failure> {
        let address = self.emulator.service_fabric_addr;
        let stream = TcpStream::connect(address).await?;
        let stream = connector
            .connect(ServerName::try_from("127.0.0.1")?, stream)
            .await?;
        exchange(stream, "GET", &address.to_string(), path, headers, "").await
    }

    /// A request to the token proxy of AKS, under some name.
    pub(crate) async fn token_proxy(
        &self,
        connector: &TlsConnector,
        name: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> Result<Answer, Failure> {
        let stream = TcpStream::connect(self.emulator.token_proxy_addr).await?;
        let stream = connector
            .connect(ServerName::try_from(name.to_owned())?, stream)
            .await?;
        exchange(stream, method, name, path, &[], body).await
    }

    /// TLS to a host behind the proxy.
    pub(crate) async fn tunnel(
        &self,
        host: &str,
        connector: &TlsConnector,
    ) -> Result<TlsStream<TcpStream>, Failure> {
        let (stream, head) = connect(self.emulator.http_addr, &format!("{host}:443")).await?;
        if !head.starts_with("HTTP/1.1 200 ") {
            return Err(head.into());
        }
        Ok(connector
            .connect(ServerName::try_from(host.to_owned())?, stream)
            .await?)
    }

    pub(crate) async fn admin(&self, method: &str, path: &str, body: Value) -> Answer {
        let answer = self
            .http(method, &format!("/_emulator/{path}"), &[], &body.to_string())
            .await;
        assert!(answer.status < 300, "{} {}", answer.status, answer.text);
        answer
    }

    pub(crate) async fn log(&self) -> Vec<Value> {
        let log = self.admin("GET", "log", Value::Null).await.json();
        log["requests"].as_array().expect("requests").clone()
    }

    /// A token of the machine's identity.
    pub(crate) async fn imds_token(&self, resource: &str) -> String {
        let path = format!("/metadata/identity/oauth2/token?api-version=2018-02-01&resource={resource}");
        let answer = self.http("GET", &path, &[("Metadata", "true")], "").await;
        answer.json()["access_token"]
            .as_str()
            .expect(&answer.text)
            .to_owned()
    }

    pub(crate) async fn vault_authorization(&self) -> String {
        format!("Bearer {}", self.imds_token("https://vault.azure.net").await)
    }

    /// Reads the secret of [`config`] with a token.
    pub(crate) async fn read(&self, authorization: &str) -> Answer {
        self.https(
            "GET",
            CONTOSO,
            DB_PASSWORD,
            &[("Authorization", authorization)],
            "",
        )
        .await
    }
}

pub(crate) fn trusting(roots: &[CertificateDer<'static>]) -> TlsConnector {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root.clone()).expect("a root");
    }
    TlsConnector::from(Arc::new(client_config(store)))
}

fn client_config(roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// Trusts the one certificate whose SHA-1 is known.
#[derive(Debug)]
struct Thumbprint {
    expected: String,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Thumbprint {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _stapled: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let found = hexadecimal(digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate).as_ref());
        let fits = found.eq_ignore_ascii_case(&self.expected);
        fits.then(ServerCertVerified::assertion)
            .ok_or_else(|| TlsError::General("another certificate".into()))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// A folder that goes with its test.
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
}

impl Folder {
    pub(crate) fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("nightlatch-emulator-{name}-{}", Uuid::new_v4()));
        std::fs::create_dir(&path).expect("a folder");
        Folder { path }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.path).expect("a clean end");
    }
}

/// What is in a token.
pub(crate) fn claims_of(token: &str) -> Value {
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).expect("claims"));
    serde_json::from_slice(&claims.expect("base64")).expect("JSON")
}

pub(crate) fn hexadecimal_sha256(text: &str) -> String {
    hexadecimal(digest(&SHA256, text.as_bytes()).as_ref())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Asks the proxy for a tunnel; gives the head of its answer, and the body if it refused.
pub(crate) async fn connect(proxy: SocketAddr, target: &str) -> Result<(TcpStream, String), Failure> {
    let mut stream = TcpStream::connect(proxy).await?;
    stream
        .write_all(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes())
        .await?;
    let mut head = vec![0; 4096];
    let length = stream.read(&mut head).await?;
    Ok((stream, String::from_utf8_lossy(&head[..length]).into_owned()))
}

/// A form-encoded body.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// Status, error and AADSTS code of a refusal by Entra ID.
pub(crate) fn error_code(answer: &Answer) -> (u16, String, u64) {
    let body = answer.json();
    let code = body["error_codes"][0].as_u64().expect(&answer.text);
    let description = body["error_description"].as_str().expect("a description");
    assert!(
        description.starts_with(&format!("AADSTS{code}: ")),
        "{description}"
    );
    assert!(
        description.contains(" Trace ID: ") && description.contains(" Correlation ID: "),
        "{description}"
    );
    (
        answer.status,
        body["error"].as_str().expect("an error").into(),
        code,
    )
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    method: &str,
    host: &str,
    path: &str,
    headers: Headers<'_>,
    body: &str,
) -> Result<Answer, Failure> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut request = hyper::Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, host);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = sender
        .send_request(request.body(Full::new(Bytes::from(body.to_owned())))?)
        .await?;
    let (head, body) = response.into_parts();
    let text = String::from_utf8(body.collect().await?.to_bytes().to_vec())?;
    Ok(Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        text,
    })
}
