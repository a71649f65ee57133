"""What the core tells in JSON, as objects: plain data without a secret."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, TypeVar

T = TypeVar("T")


class Told:
    """An answer as a whole. ``str()`` is the text for people."""

    __slots__ = ()

    text: str
    _json: str

    def __str__(self) -> str:
        return self.text

    def to_json(self) -> str:
        """All of it as one line of JSON, the same in every language, for programs and tickets."""
        return self._json


class Judged(Told):
    """An answer that is good or bad: its truth value is `ok`."""

    __slots__ = ()

    ok: bool

    def __bool__(self) -> bool:
        return self.ok


def told(reply: str) -> tuple[dict[str, Any], str]:
    """What the core told under one name, whatever that is, and its JSON as it is."""
    return next(iter(json.loads(reply).values())), reply[reply.index(":") + 1 : -1]


def read(cls: type[T], facts: dict[str, Any], **parts: Any) -> T:
    """Makes an object from the core's JSON; `parts` are those that are no plain values."""
    for one in fields(cls):  # type: ignore[arg-type]
        if one.name not in parts:
            value = facts[one.name]
            parts[one.name] = tuple(value) if isinstance(value, list) else value
    return cls(**parts)


def read_all(cls: type[T], facts: list[dict[str, Any]]) -> tuple[T, ...]:
    """The same for each of a list."""
    return tuple(read(cls, one) for one in facts)


def read_if_any(cls: type[T], facts: dict[str, Any] | None) -> T | None:
    """The same for what may be absent."""
    return None if facts is None else read(cls, facts)
