"""The transports against small servers on this machine."""

from __future__ import annotations

import asyncio
import hashlib
import http.server
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nightlatch
import pytest
from nightlatch import _native
from nightlatch._host.http_transport import HttpTransport, Trust
from nightlatch._host.proxies import bypassed, proxy_for
from nightlatch._host.transport import adapt


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server: Any = self.server
        server.seen.append((self.path, dict(self.headers), self.client_address[1]))
        status, body = 200, b"hello"
        if self.path.startswith("/redirect"):
            status = 302
        elif self.path.startswith("/big"):
            body = b"x" * (_native.BODY_LIMIT + 1)
        elif self.path.startswith("/limit"):
            body = b"x" * _native.BODY_LIMIT
        elif self.path.startswith("/slow"):
            server.gate.wait(10)
        elif self.path.startswith("/drop"):
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        elif self.path.startswith("/short"):
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"only this")
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def do_CONNECT(self) -> None:
        server: Any = self.server
        server.seen.append((self.path, dict(self.headers), 0))
        self.send_error(403, "Not through me")

    def log_message(self, *_: Any) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, dict[str, str], int]] = []
        self.gate = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.gate.set()
    server.shutdown()
    server.server_close()


def get(
    transport: Any, url: str, *, direct: bool = False, timeout: float = 5
) -> tuple[int, dict[str, str], bytes]:
    headers = [("accept", "text/plain"), ("user-agent", "nl")]
    status, received, body = adapt(transport).send("GET", url, headers, b"", timeout=timeout, direct=direct)  # type: ignore[misc]
    return status, {name.lower(): value for name, value in received}, body


def fault(transport: Any, url: str, **keywords: Any) -> str:
    with pytest.raises(nightlatch.TransportError) as caught:
        get(transport, url, **keywords)
    assert caught.value.kind in _native.FAULT_KINDS
    return caught.value.kind


@pytest.fixture(params=["own", "urllib3", "requests", "httpx"])
def transport(request: pytest.FixtureRequest) -> Any:
    if request.param == "own":
        return HttpTransport({})
    library = pytest.importorskip(request.param)
    name = {"urllib3": "PoolManager", "requests": "Session", "httpx": "Client"}[request.param]
    return getattr(library, name)()


def test_an_answer_comes_as_it_is(server: Server, transport: Any) -> None:
    status, headers, body = get(transport, server.url + "/path?query=1")
    assert (status, body, headers["content-length"]) == (200, b"hello", "5")
    path, sent, _ = server.seen[0]
    assert path == "/path?query=1"
    assert sent["User-Agent" if "User-Agent" in sent else "user-agent"] == "nl"


def test_a_redirect_is_an_answer(server: Server, transport: Any) -> None:
    assert get(transport, server.url + "/redirect")[0] == 302
    assert len(server.seen) == 1


def test_a_body_has_a_limit(server: Server, transport: Any) -> None:
    assert len(get(transport, server.url + "/limit")[2]) == _native.BODY_LIMIT
    assert fault(transport, server.url + "/big") == "too_large"
    assert get(transport, server.url)[2] == b"hello"


def test_faults_have_names(server: Server, transport: Any) -> None:
    assert fault(transport, server.url + "/slow", timeout=0.2) == "timeout"
    assert fault(transport, server.url + "/drop") == "connection_lost"
    assert fault(transport, server.url + "/short") == "connection_lost"
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert fault(transport, f"http://127.0.0.1:{unused.getsockname()[1]}") == "connect"


def test_a_name_that_does_not_resolve(transport: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert fault(transport, "http://nothing.invalid") == "dns"


def test_an_address_of_version_6() -> None:
    with socket.socket(socket.AF_INET6) as unused:
        try:
            unused.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6")
        assert fault(HttpTransport({}), f"http://[::1]:{unused.getsockname()[1]}/") == "connect"


def test_connections_are_kept(server: Server) -> None:
    transport = HttpTransport({})
    for _ in range(3):
        get(transport, server.url)
    assert len({port for _, _, port in server.seen}) == 1
    transport.close()
    get(transport, server.url)
    assert len({port for _, _, port in server.seen}) == 2


def test_proxies_of_the_environment(server: Server) -> None:
    transport = HttpTransport({"HTTP_PROXY": server.url, "https_proxy": server.url.removeprefix("http://")})
    assert get(transport, "http://vault.invalid/x")[2] == b"hello"
    assert server.seen[0][0] == "http://vault.invalid/x"
    assert fault(transport, "https://vault.invalid/x") == "proxy"
    assert server.seen[1][0] == "vault.invalid:443"
    assert get(transport, server.url + "/straight", direct=True)[0] == 200
    assert server.seen[2][0] == "/straight"


def test_requests_passes_no_proxy_when_direct(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = pytest.importorskip("requests")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert get(requests.Session(), server.url, direct=True)[0] == 200
    httpx = pytest.importorskip("httpx")
    assert get(httpx.Client(), server.url, direct=True)[0] == 200


def test_proxy_credentials_are_sent_to_the_proxy_only(server: Server) -> None:
    proxy = server.url.replace("//", "//user:hunter2@")
    get(HttpTransport({}, proxies={"http": proxy}), "http://vault.invalid/x")
    assert server.seen[0][1]["Proxy-Authorization"].startswith("Basic ")
    assert "hunter2" not in fault(HttpTransport({}, proxies={"https": proxy}), "https://vault.invalid")


@pytest.mark.parametrize(
    ("host", "port", "rules", "expected"),
    [
        ("a.example.org", None, "example.org", True),
        ("a.example.org", None, ".example.org", True),
        ("a.example.org", None, "*.example.org", True),
        ("badexample.org", None, "example.org", False),
        ("example.org", 8443, "example.org:8443", True),
        ("example.org", 8443, "example.org:443", False),
        ("10.1.2.3", None, "10.0.0.0/8", True),
        ("169.254.169.254", None, "localhost, 169.254.169.254", True),
        ("anything", None, "*", True),
        ("anything", None, "", False),
    ],
)
def test_no_proxy(host: str, port: int | None, rules: str, expected: bool) -> None:
    assert bypassed(host, port, rules) is expected


def test_a_web_servers_header_is_no_proxy() -> None:
    assert proxy_for("http://a", {"HTTP_PROXY": "http://evil", "REQUEST_METHOD": "GET"}) is None
    assert proxy_for("https://a", {"ALL_PROXY": "http://p:1", "NO_PROXY": "b"}) == "http://p:1"
    assert fault(HttpTransport({"https_proxy": "socks5://p"}), "https://vault.invalid") == "proxy"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
        "-addext subjectAltName=DNS:localhost"
    )
    subprocess.run(
        [*command.split(), "-keyout", path, "-out", f"{path}.crt"], check=True, capture_output=True
    )
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


@pytest.fixture
def secure(certificate: Path) -> Iterator[str]:
    """The URL of a server with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = Server()
    server.shutdown()
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"https://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_certificates_are_checked(certificate: Path, secure: str, transport: Any) -> None:
    assert fault(transport, secure) == "tls"
    trusted = f"{certificate}.crt"
    for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        assert get(HttpTransport({variable: trusted}), secure)[2] == b"hello"
    assert get(HttpTransport({}, verify=trusted), secure)[2] == b"hello"
    assert fault(HttpTransport({}, verify=trusted), secure.replace("localhost", "127.0.0.1")) == "tls"
    assert fault(HttpTransport({}, verify="/nowhere.pem"), secure) == "tls"


def test_a_pinned_certificate_is_the_only_one_trusted(certificate: Path, secure: str) -> None:
    der = ssl.PEM_cert_to_DER_cert(Path(f"{certificate}.crt").read_text())
    pin = hashlib.sha1(der).digest()  # noqa: S324 (that is what the platform gives)
    for url in (secure, secure.replace("localhost", "127.0.0.1")):
        assert get(HttpTransport({}, trust=Trust(sha1=pin)), url)[2] == b"hello"
    other = bytes([pin[0] ^ 1]) + pin[1:]
    # Even a certificate that the system would trust.
    environment = {"SSL_CERT_FILE": f"{certificate}.crt"}
    assert fault(HttpTransport(environment, trust=Trust(sha1=other)), secure) == "tls"


def test_private_authorities_and_a_name_of_their_own(certificate: Path, secure: str) -> None:
    roots = Path(f"{certificate}.crt").read_text()
    by_address = secure.replace("localhost", "127.0.0.1")
    assert get(HttpTransport({}, trust=Trust(roots=roots)), secure)[2] == b"hello"
    assert (
        get(HttpTransport({}, trust=Trust(roots=roots, server_name="localhost")), by_address)[2] == b"hello"
    )
    assert fault(HttpTransport({}, trust=Trust(roots=roots)), by_address) == "tls"
    assert fault(HttpTransport({}, trust=Trust(roots=roots, server_name="other.example")), secure) == "tls"
    assert fault(HttpTransport({}, trust=Trust(roots="no certificate")), secure) == "tls"


def test_an_httpx_client_for_asyncio(server: Server) -> None:
    httpx = pytest.importorskip("httpx")

    async def main() -> None:
        async with httpx.AsyncClient() as session:
            transport = adapt(session)
            status, _, body = await transport.send("GET", server.url, [], b"", timeout=5, direct=True)  # type: ignore[misc]
            assert (status, body) == (200, b"hello")
            with pytest.raises(nightlatch.TransportError):
                await transport.send("GET", server.url + "/big", [], b"", timeout=5, direct=True)  # type: ignore[misc]

    asyncio.run(main())


def test_what_is_no_transport_is_refused() -> None:
    with pytest.raises(TypeError, match="requests"):
        adapt(object())
