"""The transport used unless another one is given: urllib3, with connections kept open between exchanges."""

from __future__ import annotations

import os
import ssl
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.util import SKIP_HEADER

from .faults import TransportError, fault_of
from .proxies import proxy_for
from .transport import Headers, Response, limited

# More hosts than a process talks to; more connections to one than it has calls under way.
_HOSTS, _CONNECTIONS = 16, 16
_CHUNK = 1 << 16


class Urllib3Transport:
    """Connections of urllib3. TLS 1.2 or newer; no redirects, no retries, both belong to the engine.

    :param environment: where proxies and certificate files are looked up; this process's by default
    :param verify: ``True``, or the path of a file or directory of CA certificates
    :param proxies: proxies by scheme; the environment's if ``None``
    :param connect_timeout: seconds that connecting may take, if less than the exchange's own timeout
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        verify: bool | str = True,
        proxies: Mapping[str, str] | None = None,
        connect_timeout: float | None = None,
    ) -> None:
        if verify is False:
            raise ValueError(
                "connection_verify=False: certificates are always checked; give the path of a CA file"
            )
        self._environment = os.environ if environment is None else environment
        self._verify = verify
        self._proxies = proxies
        self._connect_timeout = connect_timeout
        self._lock = threading.Lock()
        self._pools: dict[str | None, urllib3.PoolManager] = {}
        self._context: ssl.SSLContext | None = None

    def send(
        self, method: str, url: str, headers: Headers, body: bytes, *, timeout: float, direct: bool
    ) -> Response:
        """See `Transport.send`."""
        end = time.monotonic() + timeout
        proxy = None if direct else proxy_for(url, self._environment, self._proxies)
        connect = timeout if self._connect_timeout is None else min(timeout, self._connect_timeout)
        try:
            answer = self._pool(proxy, secure=url.startswith("https:")).request(
                method,
                url,
                headers=_own_headers(headers),
                body=body or None,
                timeout=urllib3.Timeout(connect=connect, total=timeout),
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            try:
                content = limited(_chunks(answer, end))
            except BaseException:
                answer.close()  # the rest of the body would be taken for the next answer
                raise
            answer.release_conn()
            return answer.status, list(answer.headers.items()), content
        except TransportError:
            raise
        except (HTTPError, OSError, ValueError) as why:
            raise _fault(why) from why

    def close(self) -> None:
        """Closes idle connections; a later exchange opens new ones."""
        with self._lock:
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.clear()

    def after_fork(self) -> None:
        """In a forked child: the parent's connections are not ours."""
        self._lock = threading.Lock()
        self._pools = {}

    def _pool(self, proxy: str | None, *, secure: bool) -> urllib3.PoolManager:
        # A pool without certificates serves plain exchanges, which need none: reading them takes long.
        key = f"{proxy} {secure}"
        with self._lock:
            pool = self._pools.get(key)
            if pool is None:
                pool = self._pools[key] = self._make_pool(proxy, secure)
            return pool

    def _make_pool(self, proxy: str | None, secure: bool) -> urllib3.PoolManager:
        keywords: dict[str, Any] = {"num_pools": _HOSTS, "maxsize": _CONNECTIONS, "retries": False}
        if secure or (proxy or "").startswith("https:"):
            keywords["ssl_context"] = self._context = self._context or tls_context(
                self._environment, self._verify
            )
        if proxy is None:
            return urllib3.PoolManager(**keywords)
        parts = urllib3.util.parse_url(proxy)
        if parts.scheme not in ("http", "https"):
            raise TransportError("proxy", f"proxies of the scheme {parts.scheme!r} are not supported")
        if parts.auth:
            keywords["proxy_headers"] = urllib3.make_headers(proxy_basic_auth=parts.auth)
        return urllib3.ProxyManager(str(parts._replace(auth=None)), **keywords)


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
        raise TransportError(
            "tls", f"CA certificates cannot be read from {named}: {type(why).__name__}"
        ) from why
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


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


def _own_headers(headers: Headers) -> dict[str, str]:
    own = dict(headers)
    names = {name.lower() for name in own}
    for name in ("user-agent", "accept-encoding"):
        if name not in names:
            own[name] = SKIP_HEADER
    return own


def _chunks(answer: urllib3.BaseHTTPResponse, end: float) -> Iterator[bytes]:
    # read1 returns what is there, so that a slow sender cannot stretch the exchange; older versions lack it.
    read = getattr(answer, "read1", answer.read)
    while chunk := read(_CHUNK):
        yield chunk
        if time.monotonic() > end:
            raise TransportError("timeout", "the body did not end")


def _fault(why: Exception) -> TransportError:
    match why:
        case NameResolutionError():
            return TransportError("dns")
        case ProxyError():
            return TransportError("proxy", str(why.original_error)[:200])
        case SSLError():
            return TransportError("tls", _innermost(why))
        case ConnectTimeoutError() | ReadTimeoutError() if not isinstance(why, NewConnectionError):
            return TransportError("timeout")
        case NewConnectionError():
            return TransportError("connect", _innermost(why))
    return fault_of(why)


def _innermost(why: BaseException) -> str:
    cause: BaseException | None = why
    for _ in range(8):
        cause = why.__cause__ or why.__context__
        if cause is None:
            break
        why = cause
    words = getattr(why, "verify_message", None) or getattr(why, "strerror", None) or type(why).__name__
    return str(words)
