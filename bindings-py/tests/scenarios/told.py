"""What `diagnose`, `check` and `explain` tell, from the attributes of this package's classes back to the core's names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from nightlatch import SecretProperties

RENAMED = {
    "vault_url": "vault", "tenant_id": "tenant", "client_id": "client", "object_id": "object",
    "resource_id": "resource",
}  # fmt: skip
PROPERTIES = [name for name in dir(SecretProperties) if isinstance(getattr(SecretProperties, name), property)]


def told(what: Any) -> Any:
    """As the core tells it."""
    if isinstance(what, SecretProperties):
        return {name: told(getattr(what, name)) for name in PROPERTIES}
    if is_dataclass(what):
        names = [field.name for field in fields(what) if not field.name.startswith("_")]
        return {RENAMED.get(name, name): told(getattr(what, name)) for name in names}
    if isinstance(what, tuple):
        return [told(item) for item in what]
    if isinstance(what, datetime):
        return int(what.timestamp())
    return what


def depth(what: str, expected: Any, actual: Any) -> Iterator[str]:
    """In what a part, in depth, is otherwise than expected; a list is compared as a whole, item by item."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name, value in expected.items():
            yield from depth(f"{what}.{name}", value, actual.get(name))
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for at, (one, other) in enumerate(zip(expected, actual, strict=True)):
            yield from depth(f"{what}[{at}]", one, other)
    elif expected != actual:
        yield f"{what} is {actual!r}, expected {expected!r}"
