"""Settings whose secrets follow rotation, awaited."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from ..errors import NightlatchError
from ..live import BaseLiveSettings

__all__ = ["LiveSettings"]

K = TypeVar("K")
T = TypeVar("T")


class LiveSettings(BaseLiveSettings[K, T]):
    """What `ReferenceResolver.live` gives: a read-only mapping that is renewed by `refresh`. ``repr()``
    shows the keys only.

    While the secrets cannot be read again it stays as it is; with a ``max_age`` reading it raises the
    error once that is over.
    """

    def __init__(
        self,
        given: Mapping[K, T],
        now: Callable[[], float],
        on_change: Callable[[list[K]], object] | None,
        max_age: float | None,
        resolve: Callable[[Mapping[K, T]], Awaitable[dict[K, T]]],
    ) -> None:
        super().__init__(given, now, on_change, max_age)
        self._resolve = resolve

    async def _begin(self) -> LiveSettings[K, T]:
        self._values = await self._resolve(self._given)
        return self

    async def refresh(self) -> list[K]:
        """Reads the secrets again, from the cache as far as its rules allow.

        :returns: the keys whose values changed, of which ``on_change`` has been told as well
        :raises NightlatchError: one could not be had; the settings stay as they were
        """
        try:
            values = await self._resolve(self._given)
        except NightlatchError as why:
            self._error = why
            raise
        return self._tell(self._take(values))
