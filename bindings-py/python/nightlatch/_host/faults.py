"""How a host says that it could not do what the engine asked."""

from __future__ import annotations


class TransportError(Exception):
    """An effect could not be done. Transports, and other replaceable parts of a host, raise it.

    :param kind: one of ``dns``, ``connect``, ``tls``, ``timeout``, ``connection_lost``, ``proxy``,
        ``too_large``, ``not_found``, ``permission_denied``, ``unavailable``, ``refused``, ``unsupported``,
        ``other``; it decides whether and how the engine tries again
    :param detail: the host's own words, for people; must hold no secret
    """

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.detail = detail


def fault_of(why: BaseException) -> TransportError:
    """The fault that an exception of some HTTP library stands for, by the innermost cause that tells."""
    import socket
    import ssl

    chain: list[BaseException] = []
    cause: BaseException | None = why
    while cause is not None and cause not in chain:
        chain.insert(0, cause)
        cause = cause.__cause__ or cause.__context__
    for cause in chain:
        if isinstance(cause, TransportError):
            return cause
        if isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            return TransportError("connection_lost", type(cause).__name__)
        if isinstance(cause, ssl.SSLError):
            return TransportError(
                "tls", getattr(cause, "verify_message", "") or cause.reason or "handshake failed"
            )
        if isinstance(cause, socket.gaierror):
            return TransportError("dns", cause.strerror or "")
        if isinstance(cause, ConnectionRefusedError):
            return TransportError("connect", "connection refused")
        if isinstance(cause, ConnectionError):
            return TransportError("connection_lost", type(cause).__name__)
        for part, kind in _BY_NAME:
            if part in type(cause).__name__:
                return TransportError(kind, type(cause).__name__)
    return TransportError("connect" if isinstance(why, OSError) else "other", type(why).__name__)


# For libraries whose classes are not imported here.
_BY_NAME = (
    ("Proxy", "proxy"),
    ("SSL", "tls"),
    ("Timeout", "timeout"),
    ("NameResolution", "dns"),
    ("Protocol", "connection_lost"),
    ("Disconnected", "connection_lost"),
    ("IncompleteRead", "connection_lost"),
    ("Chunked", "connection_lost"),
    ("ReadError", "connection_lost"),
    ("Connect", "connect"),
)
