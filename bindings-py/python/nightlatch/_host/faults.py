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
