"""The operations that clients and credentials ask of an engine, as it reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .options import unknown


def token_operation(
    scopes: tuple[str, ...], options: Mapping[str, Any], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Asks for a token.

    :param options: ``claims``, ``tenant_id``, ``enable_cae`` as the Azure SDKs pass them; ``authenticate``
        has a person sign in whether or not there is a token
    :param kwargs: ``timeout``; anything else is refused
    """
    timeout = kwargs.pop("timeout", None)
    for name in kwargs:
        raise unknown(name, "get_token", ["claims", "tenant_id", "enable_cae", "timeout"])
    request = {
        "scopes": list(scopes),
        "tenant": options.get("tenant_id") or None,
        "claims": options.get("claims") or None,
        "enable_cae": bool(options.get("enable_cae", False)),
    }
    if options.get("authenticate"):
        request["authenticate"] = True
    return _with_timeout({"op": "get_token", "request": request}, timeout)


def secret_operation(
    vault_url: str,
    name: str,
    version: str | None,
    timeout: float | None,
    refresh: bool = False,
    out_content_type: str | None = None,
) -> dict[str, Any]:
    """Asks for a secret; `refresh`, like another form, asks the vault even if a fresh copy is there."""
    operation = {"op": "get_secret", "vault": vault_url, "name": name, "version": version, "refresh": refresh}
    if out_content_type is not None:
        operation["out_content_type"] = out_content_type
    return _with_timeout(operation, timeout)


def many_operation(
    vault_url: str, names: Sequence[str], refresh: bool, timeout: float | None
) -> dict[str, Any]:
    """Asks for many secrets."""
    operation = {"op": "get_secrets", "vault": vault_url, "names": names, "refresh": refresh}
    return _with_timeout(operation, timeout)


def vault_operation(
    op: str, vault_url: str, name: str | None = None, *, timeout: float | None = None, **arguments: Any
) -> dict[str, Any]:
    """Asks for anything else that a vault does; arguments that are ``None`` are left out."""
    operation: dict[str, Any] = {"op": op, "vault": vault_url}
    if name is not None:
        operation["name"] = name
    operation.update((key, value) for key, value in arguments.items() if value is not None)
    return _with_timeout(operation, timeout)


def set_operation(
    vault_url: str, name: str, value: str, timeout: float | None, recover_if_deleted: bool, **changes: Any
) -> dict[str, Any]:
    """Asks for a new version; the value travels beside it."""
    if not isinstance(value, str):
        raise TypeError(f"the value of a secret is a str, not {type(value).__name__}")
    recover = recover_if_deleted or None
    return vault_operation(
        "set_secret", vault_url, name, timeout=timeout, recover_if_deleted=recover, **_plain(changes)
    )


def update_operation(
    vault_url: str, name: str, version: str | None, timeout: float | None, **changes: Any
) -> dict[str, Any]:
    """Asks for other properties of a version."""
    return vault_operation(
        "update_secret_properties", vault_url, name, timeout=timeout, version=version, **_plain(changes)
    )


def rotate_operation(
    vault_url: str, name: str, slots: Sequence[str] | None, timeout: float | None, **changes: Any
) -> dict[str, Any]:
    """Asks for a new value by functions of the caller's."""
    if isinstance(slots, str):
        raise TypeError("slots is two names, not a str")
    given = None if slots is None else list(slots)
    return vault_operation("rotate_secret", vault_url, name, timeout=timeout, slots=given, **_plain(changes))


def waiting_operation(
    op: str, vault_url: str, name: str, interval: float | None, timeout: float | None
) -> dict[str, Any]:
    """Asks for something, and waits until the vault has finished: unless a time is given, however long it
    takes.
    """
    timeout = PATIENCE if timeout is None else timeout
    return vault_operation(op, vault_url, name, timeout=timeout, wait=True, interval=interval)


def explain_operation(secrets: int, instances: int, timeout: float | None) -> dict[str, Any]:
    """Asks what would be done, and what it would cost."""
    return _with_timeout({"op": "explain", "secrets": secrets, "instances": instances}, timeout)


def resolve_operation(form: str, timeout: float | None, **arguments: Any) -> dict[str, Any]:
    """Asks for a text with the secrets in place of its references; the text travels beside it."""
    operation: dict[str, Any] = {"op": "resolve_references", "form": form}
    operation.update((name, value) for name, value in arguments.items() if value is not None)
    return _with_timeout(operation, timeout)


def load_operation(
    vault_url: str, names: Iterable[str] | None, prefix: str, separator: str | None, timeout: float | None
) -> dict[str, Any]:
    """Asks for secrets as a configuration."""
    operation: dict[str, Any] = {"op": "load_secrets", "vault": vault_url}
    operation["prefix"] = prefix
    if separator is not None:
        operation["separator"] = separator
    if names is not None:
        if isinstance(names, str):
            raise TypeError("names is a list of names, not a str")
        operation["names"] = list(names)
    return _with_timeout(operation, timeout)


def as_text(backup: bytes) -> bytes:
    """A backup in the service's base64, see `_replies.blob`."""
    import base64

    if not isinstance(backup, (bytes, bytearray, memoryview)):
        raise TypeError(f"a backup is bytes, not {type(backup).__name__}")
    return base64.urlsafe_b64encode(backup).rstrip(b"=")


PATIENCE = 86_400.0
"""Seconds that stand for "until it is finished": each request by itself is tried and timed as ever."""

_DATES = ("not_before", "expires_on", "if_unchanged_since")


def _plain(changes: dict[str, Any]) -> dict[str, Any]:
    return {name: _seconds(name, value) if name in _DATES else value for name, value in changes.items()}


def _seconds(name: str, when: Any) -> int | None:
    """Whole seconds since 1970; a datetime without a zone is UTC, as in the Azure SDKs."""
    if when is None:
        return None
    from calendar import timegm

    try:
        return timegm(when.utctimetuple())
    except AttributeError:
        raise TypeError(f"{name} is a datetime, not {type(when).__name__}") from None


def _with_timeout(operation: dict[str, Any], timeout: float | None) -> dict[str, Any]:
    if timeout is not None:
        operation["timeout"] = timeout
    return operation
