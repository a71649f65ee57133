"""The operations that clients and credentials ask of an engine, as it reads them."""

from __future__ import annotations

from collections.abc import Mapping
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
    if not scopes:
        raise ValueError("get_token needs a scope")
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
    vault_url: str, name: str, version: str | None, timeout: float | None, refresh: bool = False
) -> dict[str, Any]:
    """Asks for a secret; `refresh` asks the vault even if a fresh copy is there."""
    operation = {"op": "get_secret", "vault": vault_url, "name": name, "version": version, "refresh": refresh}
    return _with_timeout(operation, timeout)


def _with_timeout(operation: dict[str, Any], timeout: float | None) -> dict[str, Any]:
    if timeout is not None:
        operation["timeout"] = timeout
    return operation
