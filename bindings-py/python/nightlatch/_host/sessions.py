"""The sessions of other HTTP libraries as transports, so that programs keep the one that they have set up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._native import BODY_LIMIT
from .faults import TransportError, fault_of
from .transport import Headers, Response, limited

if TYPE_CHECKING:
    from .http_transport import HttpTransport


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


class Urllib3Transport:
    """A `urllib3.PoolManager`. What must not pass a proxy goes through our own transport if it has one."""

    def __init__(self, session: Any) -> None:
        self.session = session

    def send(
        self, method: str, url: str, headers: Headers, body: bytes, *, timeout: float, direct: bool
    ) -> Response:
        """See `Transport.send`. The timeout holds for connecting and for each read."""
        if direct and getattr(self.session, "proxy", None) is not None:
            return straight().send(method, url, headers, body, timeout=timeout, direct=True)
        try:
            answer = self.session.request(
                method, url, headers=dict(headers), body=body or None, timeout=timeout, retries=False,
                redirect=False, preload_content=False, decode_content=False,
            )  # fmt: skip
            try:
                content = limited(iter(lambda: answer.read(1 << 16), b""))
            except BaseException:
                answer.close()  # the rest of the body would be taken for the next answer
                raise
            answer.release_conn()
            return answer.status, list(answer.headers.items()), content
        except Exception as why:
            raise fault_of(why) from why


class HttpxTransport:
    """An `httpx.Client`. What must not pass a proxy goes through our own transport, as httpx fixes its
    proxies.
    """

    def __init__(self, session: Any) -> None:
        self.session = session

    def send(
        self, method: str, url: str, headers: Headers, body: bytes, *, timeout: float, direct: bool
    ) -> Response:
        """See `Transport.send`. The timeout holds for connecting and for each read."""
        if direct and has_proxies(self.session):
            return straight().send(method, url, headers, body, timeout=timeout, direct=True)
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

        proxied = getattr(self.session, "trust_env", False) or getattr(self.session, "_default_proxy", None)
        if direct and proxied:
            raise TransportError(
                "proxy", "the aiohttp session has proxies; identity endpoints must be reached directly"
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


def straight() -> HttpTransport:
    """Our own transport, for what a session would send through a proxy."""
    global _straight
    if _straight is None:
        from .http_transport import HttpTransport

        _straight = HttpTransport()
    return _straight


_straight: HttpTransport | None = None


def has_proxies(session: Any) -> bool:
    """Whether an httpx client has any proxy mounted. What cannot be known counts as yes."""
    mounts = getattr(session, "_mounts", None)
    return True if mounts is None else any(mount is not None for mount in mounts.values())
