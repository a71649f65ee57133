//! The running emulator: its listeners and its end.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::certificates::{Certificates, SelfSigned};
use crate::config::Config;
use crate::connection::{self, Site};
use crate::route::Door;
use crate::scene::Scene;
use crate::situation::Wish;
use crate::token_proxy;

const CA_NAME: &str = "nightlatch emulator CA";
const TOKEN_PROXY_CA_NAME: &str = "nightlatch emulator token proxy CA";

/// A local Azure that serves until it is shut down or dropped.
pub struct Emulator {
    /// Where IMDS and its kin, the admin interface and the CONNECT proxy are.
    pub http_addr: SocketAddr,
    /// Where vaults and Entra ID are, by host name.
    pub https_addr: SocketAddr,
    /// Where Service Fabric is.
    pub service_fabric_addr: SocketAddr,
    /// Where the token proxy of AKS is.
    pub token_proxy_addr: SocketAddr,
    /// The certificate that clients must trust.
    pub ca_pem: String,
    /// SHA-1 of Service Fabric's certificate, in hexadecimal.
    pub service_fabric_thumbprint: String,
    /// The certificate that clients of the token proxy must trust, and it alone.
    pub token_proxy_ca_pem: String,
    site: Arc<Site>,
    closing: DropGuard,
}

/// Where to listen; 0 picks a free port.
#[derive(Clone, Copy, Default)]
pub struct Ports {
    /// IMDS and its kin, admin and the CONNECT proxy.
    pub http: u16,
    /// Vaults and Entra ID.
    pub https: u16,
    /// Service Fabric.
    pub service_fabric: u16,
    /// The token proxy of AKS.
    pub token_proxy: u16,
}

impl Emulator {
    /// Starts on free ports of 127.0.0.1, on the current tokio runtime.
    pub async fn start(config: Config) -> io::Result<Emulator> {
        Emulator::start_on(config, Ports::default()).await
    }

    /// Starts on the given ports of 127.0.0.1.
    pub async fn start_on(config: Config, ports: Ports) -> io::Result<Emulator> {
        let certificates = Certificates::generate(CA_NAME, None)?;
        let service_fabric = SelfSigned::generate()?;
        let token_proxy = Certificates::generate(TOKEN_PROXY_CA_NAME, Some(token_proxy::SERVER_NAME))?;
        let token_proxy_ca_pem = token_proxy.ca_pem.clone();
        let ca_pem = certificates.ca_pem.clone();
        let service_fabric_thumbprint = service_fabric.thumbprint.clone();
        let closing = CancellationToken::new();
        let site = Arc::new(Site {
            scene: Scene::new(config)?,
            certificates,
            service_fabric,
            token_proxy,
            closing: closing.clone(),
        });
        let open = async |door, port| {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
            let addr = listener.local_addr()?;
            site.spawn(listen(site.clone(), door, listener));
            io::Result::Ok(addr)
        };
        let http_addr = open(Door::Http, ports.http).await?;
        let https_addr = open(Door::Https, ports.https).await?;
        let service_fabric_addr = open(Door::ServiceFabric, ports.service_fabric).await?;
        let token_proxy_addr = open(Door::TokenProxy, ports.token_proxy).await?;
        Ok(Emulator {
            http_addr,
            https_addr,
            service_fabric_addr,
            token_proxy_addr,
            ca_pem,
            service_fabric_thumbprint,
            token_proxy_ca_pem,
            site,
            closing: closing.drop_guard(),
        })
    }

    /// `http://127.0.0.1:PORT`
    pub fn http_url(&self) -> String {
        format!("http://{}", self.http_addr)
    }

    /// `https://127.0.0.1:PORT`
    pub fn https_url(&self) -> String {
        format!("https://{}", self.https_addr)
    }

    /// `https://127.0.0.1:PORT/metadata/identity/oauth2/token`
    pub fn service_fabric_url(&self) -> String {
        format!(
            "https://{}/metadata/identity/oauth2/token",
            self.service_fabric_addr
        )
    }

    /// `https://127.0.0.1:PORT/token-proxy`
    pub fn token_proxy_url(&self) -> String {
        format!("https://{}{}", self.token_proxy_addr, token_proxy::PATH)
    }

    /// The name that clients of the token proxy must send and verify.
    pub fn token_proxy_server_name(&self) -> &'static str {
        token_proxy::SERVER_NAME
    }

    /// Sets up a situation by its name, as `POST /_emulator/situation` does; an unknown one is refused with the known.
    pub fn set_situation(&self, name: &str) -> Result<(), String> {
        self.site.scene.set_up(Wish::named(name))
    }

    /// Closes the listeners and every connection, in the middle of whatever they do.
    pub fn shutdown(self) {
        drop(self.closing);
    }
}

async fn listen(site: Arc<Site>, door: Door, listener: TcpListener) {
    loop {
        // Failing to accept concerns that one client.
        if let Ok((stream, _)) = listener.accept().await {
            site.spawn(connection::accept(site.clone(), door, stream));
        }
    }
}
