"""What `ReferenceResolver.status` tells: how each Key Vault reference fares. Nothing here holds a secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ._told import Judged, read, read_all, told

__all__ = ["Resolution", "ReferenceStatus"]


@dataclass(frozen=True, slots=True)
class ReferenceStatus:
    """How a reference fares."""

    name: str
    """Where it stands: the variable's name, or its JSON Pointer (RFC 6901); empty for a single value."""
    secret: str | None
    """The identifier of the secret that it refers to; ``None`` if it is not valid."""
    status: str
    """App Service's word, such as ``Resolved``, ``SecretNotFound`` or ``InvalidSyntax``."""
    version: str | None
    """The version that was read."""
    age: float | None
    """Seconds since it was read from the vault."""
    verdict: str | None
    """The verdict on what went wrong, when the facts tell."""
    message: str | None
    """What went wrong."""
    advice: str | None
    """The next step."""


@dataclass(frozen=True, slots=True)
class Resolution(Judged):
    """How all references of a text fare. ``str()`` is the answer for people, the truth value is `ok`."""

    ok: bool
    """Whether each is resolved."""
    references: tuple[ReferenceStatus, ...]
    """Each in its order."""
    text: str = field(repr=False)
    """The answer for people, line by line."""
    _json: str = field(repr=False, compare=False)


def resolution(result: tuple[Any, ...]) -> Resolution:
    """How the references fared that an operation met."""
    facts, line = told(result[3])
    references = read_all(ReferenceStatus, facts["references"])
    return read(Resolution, facts, references=references, _json=line)
