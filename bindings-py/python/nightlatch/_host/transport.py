"""One HTTP exchange: the protocol of transports.

Whatever carries the exchange: it follows no redirect, tries nothing again, checks certificates, and reads at
most `BODY_LIMIT` bytes of a body. Header values and bodies hold tokens and secrets, so nothing here logs
them.
"""

from __future__ import annotations

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
    """A transport, or a session of requests, urllib3, httpx or aiohttp as one; told apart by what they do."""
    from . import sessions

    if hasattr(session, "request") and hasattr(session, "adapters"):
        return sessions.RequestsTransport(session)
    if hasattr(session, "connection_from_host") and hasattr(session, "request"):
        return sessions.Urllib3Transport(session)
    if hasattr(session, "build_request") and hasattr(session, "stream"):
        asynchronous = hasattr(session, "aclose")
        return sessions.HttpxAsyncTransport(session) if asynchronous else sessions.HttpxTransport(session)
    if hasattr(session, "ws_connect") and hasattr(session, "request"):
        return sessions.AiohttpTransport(session)
    if hasattr(session, "send"):
        return session  # type: ignore[no-any-return]
    raise TypeError(
        f"transport={type(session).__name__}: expected an object with send(method, url, headers, body, *, "
        "timeout, direct), a requests.Session, a urllib3.PoolManager, an httpx client or an "
        "aiohttp.ClientSession"
    )


def limited(chunks: Iterator[bytes]) -> bytes:
    """Joins the chunks of a body, as long as it keeps to the limit."""
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > BODY_LIMIT:
            raise TransportError("too_large")
    return bytes(body)
