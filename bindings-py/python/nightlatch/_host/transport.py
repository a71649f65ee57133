"""One HTTP exchange: the protocol of transports, and the sessions of other libraries as transports.

Whatever carries the exchange: it follows no redirect, tries nothing again, checks certificates, and reads at
most `BODY_LIMIT` bytes of a body. Header values and bodies hold tokens and secrets, so nothing here logs
them.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Iterator
from typing import Any, Protocol, TypeAlias, runtime_checkable

from .._native import BODY_LIMIT
from .faults import TransportError

Headers: TypeAlias = list[tuple[str, str]]
Response: TypeAlias = tuple[int, Headers, bytes]


@runtime_checkable
class Transport(Protocol):
    """Carries HTTP exchanges. `send` may be a coroutine function for asyncio clients."""

    def send(
        self, method: str, url: str, headers: Headers, body: bytes, *, timeout: float, direct: bool
    ) -> Response | Awaitable[Response]:
        """Sends one request and returns status, headers and body of the answer, whatever the status.

        :param timeout: seconds that the whole exchange may take
        :param direct: whether no proxy may stand in between
        :raises TransportError: there was no answer
        """


def adapt(session: Any) -> Transport:
    """A transport, or a session of requests, httpx or aiohttp as one. Told apart by what they can do."""
    if hasattr(session, "request") and hasattr(session, "adapters"):
        return RequestsTransport(session)
    if hasattr(session, "build_request") and hasattr(session, "stream"):
        return HttpxAsyncTransport(session) if hasattr(session, "aclose") else HttpxTransport(session)
    if hasattr(session, "ws_connect") and hasattr(session, "request"):
        return AiohttpTransport(session)
    if hasattr(session, "send"):
        return session  # type: ignore[no-any-return]
    raise TypeError(
        f"transport={type(session).__name__}: expected an object with send(method, url, headers, body, *, "
        "timeout, direct), a requests.Session, an httpx client or an aiohttp.ClientSession"
    )


def limited(chunks: Iterator[bytes]) -> bytes:
    """Joins the chunks of a body, as long as it keeps to the limit."""
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > BODY_LIMIT:
            raise TransportError("too_large")
    return bytes(body)


def fault_of(why: BaseException) -> TransportError:
    """The fault that an exception of some HTTP library stands for: by what caused it, else by its name."""
    seen: set[int] = set()
    cause: BaseException | None = why
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        if isinstance(cause, TransportError):
            return cause
        if isinstance(cause, ssl.SSLError):
            return TransportError(
                "tls", getattr(cause, "verify_message", "") or cause.reason or "handshake failed"
            )
        if isinstance(cause, socket.gaierror):
            return TransportError("dns", cause.strerror or "")
        if isinstance(cause, ConnectionRefusedError):
            return TransportError("connect", "connection refused")
        cause = cause.__cause__ or cause.__context__
    name = type(why).__name__
    for part, kind in (
        ("Proxy", "proxy"),
        ("SSL", "tls"),
        ("Timeout", "timeout"),
        ("NameResolution", "dns"),
        ("Protocol", "connection_lost"),
        ("Disconnected", "connection_lost"),
        ("IncompleteRead", "connection_lost"),
        ("Chunked", "connection_lost"),
        ("Read", "connection_lost"),
        ("Connect", "connect"),
    ):
        if part in name:
            return TransportError(kind, name)
    return TransportError("connect" if isinstance(why, OSError) else "other", name)


class RequestsTransport:
    """A `requests.Session`."""

    def __init__(self, session: Any) -> None:
        self.session = session

    def send(
        self, method: str, url: str, headers: Headers, body: bytes, *, timeout: float, direct: bool
    ) -> Response:
        """See `Transport.send`. The timeout holds for connecting and for each read."""
        # A key with None also keeps the environment's proxies out.
        proxies = {"http": None, "https": None, "all": None} if direct else None
        try:
            with self.session.request(
                method, url, headers=dict(headers), data=body or None, timeout=timeout, proxies=proxies,
                allow_redirects=False, stream=True,
            ) as answer:  # fmt: skip
                return answer.status_code, list(answer.headers.items()), limited(answer.iter_content(1 << 16))
        except (OSError, ValueError) as why:
            raise fault_of(why) from why


class HttpxTransport:
    """An `httpx.Client`. What must not pass a proxy goes through our own transport, as httpx fixes its
    proxies.
    """

    def __init__(self, session: Any) -> None:
        self.session = session
        self._straight: Any = None

    def send(
        self, method: str, url: str, headers: Headers, body: bytes, *, timeout: float, direct: bool
    ) -> Response:
        """See `Transport.send`. The timeout holds for connecting and for each read."""
        if direct and has_proxies(self.session):
            if self._straight is None:
                from .urllib3_transport import Urllib3Transport

                self._straight = Urllib3Transport()
            answer: Response = self._straight.send(method, url, headers, body, timeout=timeout, direct=True)
            return answer
        try:
            with self.session.stream(
                method, url, headers=headers, content=body, timeout=timeout, follow_redirects=False
            ) as reply:
                return reply.status_code, list(reply.headers.items()), limited(reply.iter_bytes())
        except Exception as why:
            raise fault_of(why) from why


class HttpxAsyncTransport:
    """An `httpx.AsyncClient`, for asyncio clients."""

    def __init__(self, session: Any) -> None:
        self.session = session

    async def send(
        self, method: str, url: str, headers: Headers, body: bytes, *, timeout: float, direct: bool
    ) -> Response:
        """See `Transport.send`."""
        if direct and has_proxies(self.session):
            raise TransportError(
                "proxy", "the httpx client has proxies; identity endpoints must be reached directly"
            )
        try:
            async with self.session.stream(
                method, url, headers=headers, content=body, timeout=timeout, follow_redirects=False
            ) as reply:
                received = bytearray()
                async for chunk in reply.aiter_bytes():
                    received += chunk
                    if len(received) > BODY_LIMIT:
                        raise TransportError("too_large")
                return reply.status_code, list(reply.headers.items()), bytes(received)
        except Exception as why:
            raise fault_of(why) from why


class AiohttpTransport:
    """An `aiohttp.ClientSession`, for asyncio clients on the session's own event loop."""

    def __init__(self, session: Any) -> None:
        self.session = session

    async def send(
        self, method: str, url: str, headers: Headers, body: bytes, *, timeout: float, direct: bool
    ) -> Response:
        """See `Transport.send`."""
        import asyncio

        if direct and getattr(self.session, "trust_env", False):
            raise TransportError(
                "proxy", "the aiohttp session has trust_env; identity endpoints must be reached directly"
            )

        async def exchange() -> Response:
            async with self.session.request(
                method, url, headers=headers, data=body or None, allow_redirects=False
            ) as reply:
                received = await reply.content.read(BODY_LIMIT + 1)
                while len(received) <= BODY_LIMIT and (more := await reply.content.read(1 << 16)):
                    received += more
                if len(received) > BODY_LIMIT:
                    raise TransportError("too_large")
                return reply.status, list(reply.headers.items()), bytes(received)

        try:
            return await asyncio.wait_for(exchange(), timeout)
        except Exception as why:
            raise fault_of(why) from why


def has_proxies(session: Any) -> bool:
    """Whether an httpx client has any proxy mounted. What cannot be known counts as yes."""
    mounts = getattr(session, "_mounts", None)
    return True if mounts is None else any(mount is not None for mount in mounts.values())
