"""What the engine's replies are to callers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from .models import (
    DeletedSecret,
    KeyVaultSecret,
    SecretProperties,
    deleted_from_json,
    properties_from_json,
)

Result: TypeAlias = tuple[Any, ...]
T = TypeVar("T")
Page: TypeAlias = "tuple[list[T], str | None]"
"""What is on a page, and what the next one is asked with."""


def properties(result: Result) -> SecretProperties:
    """The properties that an operation gave."""
    return properties_from_json(json.loads(result[2])["properties"])


def deleted(result: Result) -> tuple[DeletedSecret, bool]:
    """A deleted secret, and whether nothing is left to wait for."""
    facts = json.loads(result[2])
    return deleted_from_json(facts["deleted"]), facts["finished"]


def finished(result: Result) -> bool:
    """Whether the vault has done what was asked."""
    return bool(json.loads(result[2])["finished"])


def blob(result: Result) -> bytes:
    """A backup as the Azure SDKs hand it out, who take the service's base64 off."""
    import base64

    text: bytes = result[2]
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def properties_page(result: Result) -> Page[SecretProperties]:
    """A page of secrets or versions."""
    return _page(result, properties_from_json)


def deleted_page(result: Result) -> Page[DeletedSecret]:
    """A page of deleted secrets."""
    return _page(result, deleted_from_json)


def _page(result: Result, read: Callable[[dict[str, Any]], T]) -> Page[T]:
    facts = json.loads(result[2])
    return [read(item) for item in facts["page"]], facts["continuation"]


def secrets(
    names: Sequence[str],
    kept: dict[str, KeyVaultSecret],
    asked: Sequence[str],
    found: Sequence[Any],
    return_exceptions: bool,
) -> dict[str, Any]:
    """Many secrets by their names, in the order of the question.

    :param kept: those that the cache held
    :param asked: the others
    :param found: what became of these
    """
    ends: dict[str, Any] = {**kept, **dict(zip(asked, found, strict=True))}
    if not return_exceptions:
        for end in ends.values():
            if isinstance(end, Exception):
                raise end
    return {name: ends[name] for name in names}
