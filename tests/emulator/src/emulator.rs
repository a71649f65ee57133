//! The running emulator: its two listeners and its end.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::certificates::Certificates;
use crate::config::Config;
use crate::connection::{self, Site};
use crate::route::Door;
use crate::world::World;

/// A local Azure that serves until it is shut down or dropped.
pub struct Emulator {
    /// Where IMDS, App Service, the admin interface and the CONNECT proxy are.
    pub http_addr: SocketAddr,
    /// Where vaults and Entra ID are, by host name.
    pub https_addr: SocketAddr,
    /// The certificate that clients must trust.
    pub ca_pem: String,
    closing: DropGuard,
}

impl Emulator {
    /// Starts on free ports of 127.0.0.1, on the current tokio runtime.
    pub async fn start(config: Config) -> io::Result<Emulator> {
        Emulator::start_on(config, 0, 0).await
    }

    /// Starts on the given ports of 127.0.0.1; 0 picks a free one.
    pub async fn start_on(config: Config, http_port: u16, https_port: u16) -> io::Result<Emulator> {
        let certificates = Certificates::generate()?;
        let ca_pem = certificates.ca_pem.clone();
        let closing = CancellationToken::new();
        let site = Arc::new(Site {
            world: World::new(&config)?,
            certificates,
            closing: closing.clone(),
        });
        let http = TcpListener::bind((Ipv4Addr::LOCALHOST, http_port)).await?;
        let https = TcpListener::bind((Ipv4Addr::LOCALHOST, https_port)).await?;
        let (http_addr, https_addr) = (http.local_addr()?, https.local_addr()?);
        site.spawn(listen(site.clone(), Door::Http, http));
        site.spawn(listen(site.clone(), Door::Https, https));
        Ok(Emulator {
            http_addr,
            https_addr,
            ca_pem,
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
