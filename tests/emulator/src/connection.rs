//! One connection: HTTP/1.1 around the services, the CONNECT proxy, and breakage on the wire.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, HOST, HeaderValue};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Method, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::certificates::{Certificates, SelfSigned};
use crate::message::{Ending, Reply, Request};
use crate::route::{self, Door};
use crate::scene::Scene;
use crate::wire::{Garbler, Sending, Wire};

/// How much more a truncated reply promises than it sends.
const NEVER_SENT: usize = 64;

/// What every connection shares.
pub(crate) struct Site {
    pub(crate) scene: Scene,
    pub(crate) certificates: Certificates,
    pub(crate) service_fabric: SelfSigned,
    pub(crate) token_proxy: Certificates,
    pub(crate) closing: CancellationToken,
}

impl Site {
    /// Runs a task that ends with the emulator.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let closing = self.closing.clone();
        tokio::spawn(async move {
            closing.run_until_cancelled(task).await;
        });
    }
}

/// Serves a client that came in by a port.
pub(crate) async fn accept(site: Arc<Site>, door: Door, stream: TcpStream) {
    // Small replies should not wait for more; that it failed would only be slow.
    let _ = stream.set_nodelay(true);
    // Without an address it is gone already.
    let Ok(client) = stream.peer_addr().map(|address| address.ip()) else {
        return;
    };
    match door {
        Door::Http => serve(site, door, client, stream).await,
        Door::Https => {
            let acceptor = site.certificates.acceptor();
            serve_tls(site, door, client, acceptor, stream).await;
        }
        Door::TokenProxy => {
            let acceptor = site.token_proxy.acceptor();
            serve_tls(site, door, client, acceptor, stream).await;
        }
        Door::ServiceFabric => {
            let acceptor = site.service_fabric.acceptor();
            serve_tls(site, door, client, acceptor, stream).await;
        }
    }
}

async fn serve_tls<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    site: Arc<Site>,
    door: Door,
    client: IpAddr,
    acceptor: TlsAcceptor,
    stream: S,
) {
    // A client that does not trust the certificate hangs up, and knows why.
    if let Ok(stream) = acceptor.accept(stream).await {
        serve(site, door, client, stream).await;
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    site: Arc<Site>,
    door: Door,
    client: IpAddr,
    stream: S,
) {
    let garbler = Garbler::default();
    let wire = TokioIo::new(Wire {
        stream,
        garbler: garbler.clone(),
    });
    let service = service_fn(move |request| respond(site.clone(), door, client, garbler.clone(), request));
    // The client's end of a broken connection is what the tests look at.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(wire, service)
        .with_upgrades()
        .await;
}

/// Answers one request; an error makes hyper close the connection without a word.
async fn respond(
    site: Arc<Site>,
    door: Door,
    client: IpAddr,
    garbler: Garbler,
    request: hyper::Request<Incoming>,
) -> io::Result<Response<Sending>> {
    let reply = if door == Door::Http && request.method() == Method::CONNECT {
        open_tunnel(&site, client, request)
    } else if door == Door::Http && request.uri().scheme().is_some() {
        Reply::text(
            502,
            "this proxy forwards nothing over plain HTTP; it only takes CONNECT",
        )
    } else {
        let request = read(client, request).await?;
        site.scene.reply(door, &request).await
    };
    send(reply, &garbler)
}

/// Leads a proxied client to the HTTPS services, whatever real name it believes to speak to.
fn open_tunnel(site: &Arc<Site>, client: IpAddr, request: hyper::Request<Incoming>) -> Reply {
    let target = request.uri().authority().cloned();
    let host = target
        .as_ref()
        .map(|target| target.host().to_ascii_lowercase())
        .unwrap_or_default();
    let port = target.as_ref().and_then(|target| target.port_u16());
    if port != Some(443) || !route::is_emulated(&site.scene.world().vaults, &host) {
        let target = target.map_or_else(|| "nowhere".into(), |target| target.to_string());
        return Reply::text(
            502,
            format!(
                "{target} is not emulated: no such vault is configured, and it is no authority (port 443 only)"
            ),
        );
    }
    let tunnelled = site.clone();
    site.spawn(async move {
        if let Ok(stream) = hyper::upgrade::on(request).await {
            let acceptor = tunnelled.certificates.acceptor();
            Box::pin(serve_tls(
                tunnelled,
                Door::Https,
                client,
                acceptor,
                TokioIo::new(stream),
            ))
            .await;
        }
    });
    Reply::empty(200)
}

async fn read(client: IpAddr, request: hyper::Request<Incoming>) -> io::Result<Request> {
    let (
        Parts {
            method, uri, headers, ..
        },
        body,
    ) = request.into_parts();
    let host = match uri.authority() {
        Some(authority) => authority.as_str(),
        None => headers
            .get(HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default(),
    };
    Ok(Request {
        client,
        host: host.to_ascii_lowercase(),
        path: uri.path().into(),
        query: uri.query().unwrap_or_default().into(),
        body: body.collect().await.map_err(io::Error::other)?.to_bytes(),
        method,
        headers,
    })
}

fn send(reply: Reply, garbler: &Garbler) -> io::Result<Response<Sending>> {
    let Reply {
        status,
        headers,
        body,
        ending,
    } = reply;
    let promised = body.len() + NEVER_SENT;
    let body = match ending {
        Ending::Dropped => return Err(io::Error::other("dropped on purpose")),
        Ending::Truncated => Sending::truncated(body),
        Ending::Whole | Ending::Garbled => Sending::whole(body),
    };
    if ending == Ending::Garbled {
        garbler.start();
    }
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    if ending == Ending::Truncated {
        response
            .headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from(promised));
    }
    Ok(response)
}
