"""The transport used unless another one is given: the standard library's HTTP client, connections kept open.

Not urllib3 or one of its kin: importing them takes as long as everything else up to the first secret, and
what they add (retries, redirects, decoding) is what a transport of ours must not do.
"""

from __future__ import annotations

import http.client
import os
import select
import socket
import ssl
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from .faults import TransportError, fault_of
from .proxies import proxy_for
from .transport import Headers, Response, limited

IDLE_CONNECTIONS = 16
"""Connections kept open to one place."""
IDLE_SECONDS = 90.0
"""How long; load balancers forget connections after some minutes, and without a word."""
_CHUNK = 1 << 16


class Place(NamedTuple):
    """What a connection leads to: connections to the same place are alike."""

    secure: bool
    host: str
    port: int | None
    proxy: str | None


class Trust(NamedTuple):
    """The one thing that a server is trusted for, in place of what the network's configuration says."""

    sha1: bytes | None = None
    """SHA-1 of its certificate; nothing else about the certificate counts."""
    roots: str | None = None
    """The authorities that may vouch for it, in PEM."""
    server_name: str | None = None
    """The name to ask for and to check, if it is not the URL's."""


class HttpTransport:
    """HTTP/1.1 with TLS 1.2 or newer; no redirects, no retries: both belong to the engine.

    :param environment: where proxies and certificate files are looked up; this process's by default
    :param verify: ``True``, or the path of a file or directory of CA certificates
    :param proxies: proxies by scheme; the environment's if ``None``
    :param connect_timeout: seconds that connecting may take, if less than the exchange's own timeout
    :param trust: trust servers for this alone
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        verify: bool | str = True,
        proxies: Mapping[str, str] | None = None,
        connect_timeout: float | None = None,
        trust: Trust | None = None,
    ) -> None:
        self._environment = os.environ if environment is None else environment
        self._verify = verify
        self._proxies = proxies
        self._connect_timeout = connect_timeout
        self._trust = trust
        self._context: ssl.SSLContext | None = None
        self.after_fork()

    def after_fork(self) -> None:
        """In a forked child: the parent's connections are not ours."""
        self._lock = threading.Lock()
        self._idle: dict[Place, list[tuple[float, http.client.HTTPConnection]]] = {}

    def close(self) -> None:
        """Closes idle connections; a later exchange opens new ones."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for connections in idle.values():
            for _, connection in connections:
                connection.close()

    def send(
        self, method: str, url: str, headers: Headers, body: bytes, *, timeout: float, direct: bool
    ) -> Response:
        """See `Transport.send`."""
        end = time.monotonic() + timeout
        parts = urlsplit(url)
        proxy = None if direct else proxy_for(url, self._environment, self._proxies)
        place = Place(parts.scheme == "https", parts.hostname or "", parts.port, proxy)
        connection = self._take(place) or self._connect(place, timeout)
        try:
            answer, content = self._exchange(connection, place, method, url, headers, body, end)
        except BaseException as why:
            connection.close()
            if isinstance(why, http.client.HTTPException):
                raise TransportError("connection_lost", type(why).__name__) from why
            if isinstance(why, (OSError, ValueError)):
                raise fault_of(why) from why
            raise
        if answer.will_close:
            connection.close()
        else:
            self._keep(place, connection)
        return answer.status, answer.getheaders(), content

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        place: Place,
        method: str,
        url: str,
        headers: Headers,
        body: bytes,
        end: float,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection.sock.settimeout(_left(end))
        target = url
        if place.secure or place.proxy is None:
            parts = urlsplit(url)
            target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.putrequest(method, target, skip_accept_encoding=True)
        if place.proxy and not place.secure:
            for name, value in _proxy_headers(place.proxy).items():
                connection.putheader(name, value)
        for name, value in headers:
            connection.putheader(name, value)
        if body or method in ("POST", "PUT", "PATCH"):
            connection.putheader("content-length", str(len(body)))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        content = limited(_chunks(connection, answer, end))
        if answer.length:
            raise TransportError("connection_lost", "the body ended early")
        answer.close()  # older Pythons do not notice that a body of known length has been read
        return answer, content

    # Connections.

    def _take(self, place: Place) -> http.client.HTTPConnection | None:
        """An idle connection to that place that is still open."""
        while True:
            with self._lock:
                connections = self._idle.get(place)
                if not connections:
                    return None
                since, connection = connections.pop()
            if time.monotonic() - since < IDLE_SECONDS and not _readable(connection.sock):
                return connection
            connection.close()

    def _keep(self, place: Place, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            connections = self._idle.setdefault(place, [])
            if len(connections) < IDLE_CONNECTIONS:
                connections.append((time.monotonic(), connection))
                return
        connection.close()

    def _connect(self, place: Place, timeout: float) -> http.client.HTTPConnection:
        if self._connect_timeout is not None:
            timeout = min(timeout, self._connect_timeout)
        context = self._tls() if place.secure else None
        try:
            connection = _connection(place, context, timeout, self._trust and self._trust.server_name)
            connection.connect()
            if self._trust is not None and self._trust.sha1 is not None:
                _check_pin(connection, self._trust.sha1)
        except Exception as why:
            fault = fault_of(why)
            if place.proxy and fault.kind not in ("tls", "timeout"):
                raise TransportError("proxy", _words(why)) from why
            raise fault from why
        return connection

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            trust = self._trust
            self._context = (
                tls_context(self._environment, self._verify) if trust is None else _narrow_context(trust)
            )
        return self._context


def tls_context(environment: Mapping[str, str], verify: bool | str = True) -> ssl.SSLContext:
    """Certificates from the option, else from the usual variables, else the system's."""
    named = verify if isinstance(verify, str) else None
    for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR"):
        named = named or environment.get(variable)
    try:
        if named is None:
            context = ssl.create_default_context(cafile=_bundled())
        elif os.path.isdir(named):
            context = ssl.create_default_context(capath=named)
        else:
            context = ssl.create_default_context(cafile=named)
    except (OSError, ssl.SSLError) as why:
        raise TransportError("tls", f"CA certificates cannot be read from {named}") from why
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _narrow_context(trust: Trust) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if trust.sha1 is not None:
        # Platform endpoints sign their own certificate; its hash is compared before anything is sent.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        context.load_verify_locations(cadata=trust.roots)
    except (ssl.SSLError, ValueError, TypeError) as why:
        raise TransportError("tls", "the CA certificates cannot be read") from why
    return context


def _check_pin(connection: http.client.HTTPConnection, sha1: bytes) -> None:
    import hashlib

    certificate = connection.sock.getpeercert(True) if isinstance(connection.sock, ssl.SSLSocket) else None
    seen = hashlib.sha1(certificate or b"", usedforsecurity=False).digest()
    if certificate is None or seen != sha1:
        connection.close()
        raise TransportError("tls", "the server's certificate is not the expected one")


def _bundled() -> str | None:
    """The certificates of certifi, if it is installed and this Python knows no system ones (macOS)."""
    paths = ssl.get_default_verify_paths()
    if sys.platform == "win32" or paths.cafile or paths.capath:
        return None
    try:
        import certifi
    except ImportError:
        return None
    return str(certifi.where())


class _NamedConnection(http.client.HTTPSConnection):
    """A connection that asks for, and checks, another name than the URL's."""

    server_name = ""

    def connect(self) -> None:
        self.sock = socket.create_connection((self.host, self.port), self.timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context: ssl.SSLContext = self._context  # type: ignore[attr-defined]
        self.sock = context.wrap_socket(self.sock, server_hostname=self.server_name)


def _connection(
    place: Place, context: ssl.SSLContext | None, timeout: float, server_name: str | None = None
) -> http.client.HTTPConnection:
    host, port = place.host, place.port or (443 if place.secure else 80)
    if place.proxy is not None:
        proxy = urlsplit(place.proxy)
        if proxy.scheme != "http" or not proxy.hostname:
            raise TransportError(
                "proxy",
                f"a proxy of the scheme {proxy.scheme!r} needs another transport, such as a requests.Session",
            )
        host, port = proxy.hostname, proxy.port or 80
    if context is None:
        return http.client.HTTPConnection(host, port, timeout=timeout)
    if server_name is not None:
        named = _NamedConnection(host, port, timeout=timeout, context=context)
        named.server_name = server_name
        return named
    connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    if place.proxy is not None:
        connection.set_tunnel(place.host, place.port or 443, _proxy_headers(place.proxy))
    return connection


def _proxy_headers(proxy: str) -> dict[str, str]:
    parts = urlsplit(proxy)
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _chunks(
    connection: http.client.HTTPConnection, answer: http.client.HTTPResponse, end: float
) -> Iterator[bytes]:
    while not answer.isclosed():
        # `None` when the answer took the socket over, to close it at its end.
        if connection.sock is not None:
            connection.sock.settimeout(_left(end))
        elif time.monotonic() > end:
            raise TransportError("timeout", "the body did not end")
        chunk = answer.read1(_CHUNK)
        if not chunk:
            return
        yield chunk


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TransportError("timeout")
    return left


def _readable(sock: socket.socket | None) -> bool:
    """Whether an idle socket has something to say, which can only be its end."""
    if sock is None:
        return True
    try:
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(sock, select.POLLIN)
            return bool(poll.poll(0))
        return bool(select.select([sock], [], [], 0)[0])
    except (OSError, ValueError):
        return True


def _words(why: BaseException) -> str:
    return why.detail if isinstance(why, TransportError) else str(why)[:200]
