"""What the resolvers of `nightlatch` and of `nightlatch.aio` have in common: what they ask, and how an
answer becomes the value that the caller gave, with the secrets.

Which texts are references, the engine alone knows. It is given the texts of a tree as JSON of the same
shape, so that it can name their places; all else of the tree stays here and is what it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ._connected import Connected, DriverT
from ._credentials.base import BaseCredential
from ._requests import resolve_operation


class Question(NamedTuple):
    """What is asked, and what becomes of the answer."""

    operation: dict[str, Any]
    text: str
    answer: Callable[[str], Any]


class BaseResolver(Connected[DriverT]):
    """Resolves references by one credential."""

    def _begin(
        self,
        kind: type[DriverT],
        credential: Any,
        default: type[BaseCredential],
        vault_domain: str | None,
        max_age: float | None,
        options: dict[str, Any],
    ) -> None:
        self._vault_domain, self._max_age = vault_domain, max_age
        self._connect(kind, credential, default, options)

    def invalidate(self) -> None:
        """Forgets all cached secrets, also those of clients with the same credential and options."""
        self._driver.engine.invalidate_all()

    def _of(
        self,
        value: Any,
        content_type: str | None = None,
        max_age: float | None = None,
        timeout: float | None = None,
    ) -> Question:
        """Asks for a value or a tree of values."""
        if isinstance(value, str):
            text = _clean(value)
            operation = self._operation("value", max_age, timeout, content_type=content_type)
            return Question(operation, text, lambda answer: filled(value, answer))
        if content_type is not None:
            raise TypeError("content_type is told of a single value, which is a str")
        text = json.dumps(outline(value), ensure_ascii=False)
        operation = self._operation("json", max_age, timeout)
        return Question(operation, text, lambda answer: filled(value, json.loads(answer)))

    def _of_text(self, form: str, text: str, max_age: float | None, timeout: float | None) -> Question:
        """Asks for a whole document."""
        if not isinstance(text, str):
            raise TypeError(f"the text is a str, not {type(text).__name__}")
        if _clean(text) != text:
            raise ValueError("the text holds halves of characters, which are no Unicode text")
        return Question(self._operation(form, max_age, timeout), text, json.loads if form == "env" else str)

    def _of_status(
        self,
        value: Any,
        content_type: str | None,
        form: str | None,
        max_age: float | None,
        timeout: float | None,
    ) -> Question:
        """Asks only how references fare."""
        asked = self._of(value, content_type, max_age, timeout)
        told = {} if form is None else {"form": form}
        return asked._replace(operation={**asked.operation, **told, "report": True})

    def _operation(
        self, form: str, max_age: float | None, timeout: float | None, **arguments: Any
    ) -> dict[str, Any]:
        return resolve_operation(
            form,
            timeout,
            vault_domain=self._vault_domain,
            max_age=self._max_age if max_age is None else max_age,
            **arguments,
        )

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__qualname__}>"


def outline(tree: Any) -> Any:
    """The texts of a tree at their places, as JSON can say them; ``None`` for everything else."""
    if isinstance(tree, str):
        return _clean(tree)
    if isinstance(tree, (bytes, bytearray)):
        return tree.decode(errors="replace")
    if isinstance(tree, Mapping):
        return {name: outline(part) for name, part in zip(_names(tree), tree.values(), strict=True)}
    if isinstance(tree, _LISTS):
        return [outline(part) for part in tree]
    return None


def filled(tree: Any, texts: Any) -> Any:
    """A copy of a tree with other texts in it, which stand as `outline` gave them. A text that is the
    same as before stays the very object.
    """
    if isinstance(tree, str):
        return tree if texts == _clean(tree) else texts
    if isinstance(tree, (bytes, bytearray)):
        return tree if texts == tree.decode(errors="replace") else type(tree)(texts.encode())
    if isinstance(tree, Mapping):
        parts = zip(_names(tree), tree.items(), strict=True)
        return {key: filled(part, texts[name]) for name, (key, part) in parts}
    if isinstance(tree, _LISTS):
        # A library's own kind of list may want other arguments; a named tuple tells how it is made.
        make = getattr(tree, "_make", next(kind for kind in _LISTS if isinstance(tree, kind)))
        return make([filled(part, text) for part, text in zip(tree, texts, strict=True)])
    return tree


_LISTS = (list, tuple, set, frozenset)


def _names(tree: Mapping[Any, Any]) -> list[str]:
    """The keys as JSON has them: texts, each another one. YAML has keys that are none."""
    names: dict[str, None] = {}
    for key in tree:
        name = _clean(str(key))
        while name in names:
            name += "'"
        names[name] = None
    return list(names)


def _clean(text: str) -> str:
    """A text that UTF-8 can say. Bytes of an environment that are no text reach Python as halves of
    characters.
    """
    return text if text.isascii() else text.encode(errors="surrogatepass").decode(errors="replace")
