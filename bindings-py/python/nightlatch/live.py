"""Settings whose secrets follow rotation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from ._host.fork import ForkSafeLock
from .errors import NightlatchError

__all__ = ["LiveSettings"]

K = TypeVar("K")
T = TypeVar("T")


class BaseLiveSettings(Mapping[K, T], Generic[K, T]):
    """Settings that are renewed as a whole."""

    def __init__(
        self,
        given: Mapping[K, T],
        now: Callable[[], float],
        on_change: Callable[[list[K]], object] | None,
        max_age: float | None,
    ) -> None:
        self._given, self._now, self._on_change, self._max_age = given, now, on_change, max_age
        self._values: dict[K, T] = {}
        self._read_at = now()
        self._error: NightlatchError | None = None

    @property
    def age(self) -> float:
        """Seconds since the settings were read or found unchanged."""
        return self._now() - self._read_at

    @property
    def error(self) -> NightlatchError | None:
        """Why they could not be renewed the last time; ``None`` if they could."""
        return self._error

    def _current(self) -> dict[K, T]:
        if self._error is not None and self._max_age is not None and self.age > self._max_age:
            raise self._error
        return self._values

    def _take(self, values: dict[K, T]) -> list[K]:
        """Takes new values over; the keys of those that changed."""
        before, self._values = self._values, values
        self._read_at, self._error = self._now(), None
        return [key for key, value in values.items() if before[key] != value]

    def _tell(self, changed: list[K]) -> list[K]:
        """Tells of what changed. No lock is held: the callback may do as it likes."""
        if changed and self._on_change is not None:
            try:
                self._on_change(changed)
            except Exception:
                import logging

                logging.getLogger("nightlatch").error("on_change failed", exc_info=True)
        return changed

    def __getitem__(self, key: K) -> T:
        return self._current()[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._current())

    def __len__(self) -> int:
        return len(self._given)

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__qualname__} of {', '.join(map(str, self._given))}>"


class LiveSettings(BaseLiveSettings[K, T]):
    """What `ReferenceResolver.live` gives: a read-only mapping that is renewed by whoever reads it, if
    its time has come. There is no thread. ``repr()`` shows the keys only.

    While the secrets cannot be read again it stays as it is; with a ``max_age`` reading it raises the
    error once that is over.
    """

    def __init__(
        self,
        given: Mapping[K, T],
        now: Callable[[], float],
        on_change: Callable[[list[K]], object] | None,
        max_age: float | None,
        interval: float,
        resolve: Callable[[Mapping[K, T]], dict[K, T]],
    ) -> None:
        super().__init__(given, now, on_change, max_age)
        self._interval, self._resolve = interval, resolve
        self._asked_at = now()
        self._asking = ForkSafeLock()
        self._values = resolve(given)

    def refresh(self) -> list[K]:
        """Reads the secrets again, from the cache as far as its rules allow.

        :returns: the keys whose values changed, of which ``on_change`` has been told as well
        :raises NightlatchError: one could not be had; the settings stay as they were
        """
        with self._asking:
            changed = self._refresh()
        return self._tell(changed)

    def _refresh(self) -> list[K]:
        self._asked_at = self._now()
        try:
            values = self._resolve(self._given)
        except NightlatchError as why:
            self._error = why
            raise
        return self._take(values)

    def _current(self) -> dict[K, T]:
        # One reader renews; the others go on with what there is.
        if self._now() - self._asked_at >= self._interval and self._asking.acquire_at_once():
            changed: list[K] = []
            try:
                changed = self._refresh()
            except NightlatchError:
                pass  # kept, and raised when the settings are too old
            finally:
                self._asking.release()
            self._tell(changed)
        return super()._current()
