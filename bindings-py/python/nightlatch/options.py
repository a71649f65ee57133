"""The keyword options of clients and credentials: which there are, and where each one goes.

Most belong to the engine and are passed on as they are, under the names that the engine knows; the engine
checks their values. The others say how this host does its part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

ENGINE_OPTIONS: dict[str, tuple[str, ...]] = {
    "cache_ttl": ("cache", "ttl"),
    "cache_pinned_ttl": ("cache", "pinned_ttl"),
    "stale_if_error": ("cache", "stale_if_error"),
    "negative_ttl": ("cache", "negative_ttl"),
    "cache_max_entries": ("cache", "max_entries"),
    "cache_max_bytes": ("cache", "max_bytes"),
    "cache_refresh_interval": ("cache", "refresh_interval"),
    "cache_jitter": ("cache", "jitter"),
    "cache_soft_window": ("cache", "soft_window"),
    "secret_requests_per_second": ("limits", "secret_per_second"),
    "secret_burst": ("limits", "secret_burst"),
    "vault_requests_per_second": ("limits", "vault_per_second"),
    "vault_burst": ("limits", "vault_burst"),
    "vault_creates_per_second": ("limits", "create_per_second"),
    "vault_create_burst": ("limits", "create_burst"),
    "retry_backoff_factor": ("retry", "delay"),
    "retry_backoff_max": ("retry", "max_delay"),
    "operation_timeout": ("retry", "operation_timeout"),
    "read_timeout": ("retry", "try_timeout"),
    "api_version": ("vault", "api_version"),
    "verify_challenge_resource": ("vault", "verify_challenge_resource"),
    "allowed_domains": ("vault", "allowed_domains"),
    "allow_http_loopback": ("vault", "allow_http_loopback"),
    "validity": ("vault", "validity"),
    "near_expiry": ("vault", "near_expiry"),
    "expect": ("expect",),
    "user_agent": ("user_agent",),
}
"""Where each option stands in the engine's tree."""


class IdentityPin(NamedTuple):
    """The identity that a token must stand for, for the option ``expect``; every part given is compared."""

    client_id: str | None = None
    """Application (client) id."""
    object_id: str | None = None
    """Object (principal) id."""
    resource_id: str | None = None
    """Resource id of a managed identity."""
    tenant_id: str | None = None
    """Tenant id."""


RETRY_TOTAL = "retry_total"
HOST_OPTIONS = (
    "transport", "connection_verify", "proxies", "connection_timeout", "on_event", "audit",
    "refresh_in_background", "_host",
)  # fmt: skip


class Settings(NamedTuple):
    """Options, sorted by who they are for."""

    engine: dict[str, Any]
    """The engine's tree, as far as it was given."""
    transport: Any
    """A transport or session, or ``None`` for our own."""
    transport_options: dict[str, Any]
    """What our own transport is made from."""
    on_event: Callable[[dict[str, Any]], None] | None
    """Called with every event."""
    audit: Any
    """Where every event is written as a line: a function, a path or a file."""
    refresh_in_background: bool
    """Whether a thread renews what nears its end."""
    host: Any
    """A whole host, for tests."""


def settings(given: Mapping[str, Any], where: str) -> Settings:
    """Sorts options.

    :param where: the class, for messages
    :raises TypeError: an option is unknown; names the nearest ones
    """
    engine: dict[str, Any] = {}
    for name, value in given.items():
        if name in ENGINE_OPTIONS:
            if value is not None:
                _plant(engine, ENGINE_OPTIONS[name], _plain(value))
        elif name == RETRY_TOTAL:
            if not isinstance(value, int) or value < 0:
                raise ValueError(f"retry_total={value!r}: the number of retries after the first try")
            _plant(engine, ("retry", "tries"), value + 1)
        elif name not in HOST_OPTIONS:
            raise unknown(name, where, [*ENGINE_OPTIONS, RETRY_TOTAL, *HOST_OPTIONS[:-1]])
    verify = given.get("connection_verify", True)
    transport_options = {
        "verify": verify if isinstance(verify, bool) else str(verify),
        "proxies": given.get("proxies"),
        "connect_timeout": given.get("connection_timeout"),
    }
    if verify is False:
        raise ValueError(
            "connection_verify=False: certificates are always checked; give the path of a CA file"
        )
    return Settings(
        engine,
        given.get("transport"),
        transport_options,
        given.get("on_event"),
        given.get("audit"),
        bool(given.get("refresh_in_background", False)),
        given.get("_host"),
    )


def unknown(name: str, where: str, known: list[str]) -> TypeError:
    """The error for an option that nobody knows, with the nearest ones that somebody does."""
    import difflib

    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return TypeError(f"{where}() got an unexpected keyword argument {name!r}{hint}")


def _plant(tree: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for part in path[:-1]:
        tree = tree.setdefault(part, {})
    tree[path[-1]] = value


def _plain(value: Any) -> Any:
    """What JSON can say: seconds for a timedelta, a dict for a named tuple."""
    if hasattr(value, "total_seconds"):
        return value.total_seconds()
    if hasattr(value, "_asdict"):
        return {name: part for name, part in value._asdict().items() if part is not None}
    if isinstance(value, (tuple, set, frozenset)):
        return list(value)
    return value
