"""What both families of `FieldEncryption` have in common: what they ask, and how the JSON of an answer
becomes the document that the caller gave, with other values in the fields.

The engine alone knows JSON Pointers and which fields are meant. It is given a tree as JSON of the same shape,
in which what JSON has not is ``null``; where it puts something else, that is put into a copy of the tree, and
all the rest stays what it was.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ._connected import Connected, DriverT
from ._credentials.base import BaseCredential
from ._requests import vault_operation


class Question(NamedTuple):
    """What is asked, and what becomes of the answer."""

    operation: dict[str, Any]
    text: str | bytes
    answer: Callable[[bytes], Any]


class BaseEncryption(Connected[DriverT]):
    """Encrypts by one key of a vault."""

    _key: dict[str, Any]

    def _begin(
        self,
        kind: type[DriverT],
        credential: Any,
        default: type[BaseCredential],
        options: dict[str, Any],
        vault_url: str,
        key_name: str,
        **key: Any,
    ) -> None:
        self._connect(kind, credential, default, options)
        # A wrong URL is told here and not at the first call.
        self._vault_url = self._driver.engine.vault(vault_url)
        self._key_name, self._key = key_name, key

    def _of(
        self,
        op: str,
        value: str | bytes,
        document: str | None,
        field: str | None,
        timeout: float | None,
        read: Callable[[bytes], Any],
    ) -> Question:
        """Asks for a single value."""
        if not isinstance(value, str if op != "encrypt" else (str, bytes)):
            wanted = "a str or bytes" if op == "encrypt" else "a str, as encrypt gave it"
            raise TypeError(f"the value is {wanted}, not {type(value).__name__}")
        return Question(self._operation(op, timeout, document=document, field=field), value, read)

    def _of_fields(
        self, op: str, document: Any, fields: Iterable[str] | None, name: str | None, timeout: float | None
    ) -> Question:
        """Asks for fields of a document."""
        if isinstance(fields, str):
            raise TypeError("fields is a list of JSON Pointers, not a str")
        listed = None if fields is None else list(fields)
        operation = self._operation(op, timeout, form="json", fields=listed, document=name)
        if isinstance(document, str):
            return Question(operation, document, bytes.decode)
        if not isinstance(document, (Mapping, list, tuple)):
            raise TypeError(f"a document is JSON text, or a tree of it, not {type(document).__name__}")
        before = outline(document)
        text = json.dumps(before, ensure_ascii=False)
        return Question(
            operation, text, lambda answer: filled(copy.deepcopy(document), before, json.loads(answer))
        )

    def _operation(self, op: str, timeout: float | None, **arguments: Any) -> dict[str, Any]:
        return vault_operation(op, self._vault_url, self._key_name, timeout=timeout, **self._key, **arguments)

    def __repr__(self) -> str:
        kind = type(self)
        return f"<{kind.__module__}.{kind.__qualname__} [{self._vault_url}/keys/{self._key_name}]>"


def outline(tree: Any) -> Any:
    """A tree as JSON has it, with ``None`` for what JSON has not."""
    if isinstance(tree, Mapping):
        return {name: outline(part) for name, part in zip(_names(tree), tree.values(), strict=True)}
    if isinstance(tree, (list, tuple)):
        return [outline(part) for part in tree]
    return tree if _is_json(tree) else None


def filled(tree: Any, before: Any, after: Any) -> Any:
    """The tree with what is in `after` otherwise than in `before`. Mappings and lists are changed in place.

    :raises TypeError: what would be replaced is more than JSON has
    """
    if isinstance(tree, Mapping) and isinstance(after, dict):
        for name, key in zip(_names(tree), list(tree), strict=True):
            part = filled(tree[key], before[name], after[name])
            if part is not tree[key]:
                tree[key] = part  # type: ignore[index]
        return tree
    if isinstance(tree, (list, tuple)) and isinstance(after, list):
        parts = [filled(*one) for one in zip(tree, before, after, strict=True)]
        if isinstance(tree, tuple):
            return getattr(tree, "_make", tuple)(parts)
        for at, part in enumerate(parts):
            if part is not tree[at]:
                tree[at] = part
        return tree
    if type(before) is type(after) and before == after:
        return tree
    _check(tree)
    return after


def _check(tree: Any) -> None:
    if isinstance(tree, Mapping):
        for part in tree.values():
            _check(part)
    elif isinstance(tree, (list, tuple)):
        for part in tree:
            _check(part)
    elif not _is_json(tree):
        raise TypeError(f"a field holds what JSON has not, {type(tree).__name__}: make a str of it first")


def _is_json(value: Any) -> bool:
    if isinstance(value, str):
        return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, int)


def _names(tree: Mapping[Any, Any]) -> list[str]:
    """The keys as JSON has them: texts, each another one. YAML has keys that are none."""
    names: dict[str, None] = {}
    for key in tree:
        name = str(key)
        while name in names:
            name += "'"
        names[name] = None
    return list(names)
