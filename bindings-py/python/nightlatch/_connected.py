"""What everything has in common that works through an engine: clients of a vault, and resolvers of
references.
"""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar

from ._credentials.base import BaseCredential, base_of
from ._host.driver import Driver
from .options import Settings

DriverT = TypeVar("DriverT", bound=Driver)


class CacheInfo(NamedTuple):
    """What a cache holds, and what it has done since it was made."""

    entries: int
    """Secrets kept, those included whose time is over and that have not been swept out yet."""
    bytes: int
    """Their size."""
    hits: int
    """Reads that did not wait for the vault."""
    misses: int
    """Reads that did."""
    stale_served: int
    """Reads that were served a copy past its life, because the vault could not be asked."""
    refreshes: int
    """Times that a copy was renewed before its end, or because a caller wanted it."""
    evictions: int
    """Secrets that left for want of room."""
    expired: int
    """Secrets that left because their time was over."""
    oldest_age: float | None
    """Age of the oldest copy, in seconds."""


class Connected(Generic[DriverT]):
    """A credential, and the driver that all share who were made with it and with the same options."""

    _driver: DriverT
    _tickets: tuple[Any, ...] = ()

    def _connect(
        self,
        kind: type[DriverT],
        credential: Any,
        default: type[BaseCredential],
        options: dict[str, Any],
    ) -> None:
        self._credential = base_of(credential, default)
        self._driver, settings = self._credential._driver(kind, options, type(self).__name__)
        if settings.on_event is not None:
            self._tickets += (self._driver.listen(settings.on_event),)
        if settings.audit is not None:
            from ._audit import Audit

            audit = Audit(settings.audit, self._driver.host)
            self._tickets += (self._driver.listen(audit, audit.key),)
        self._settled(settings)
        self._default_timeout: float | None = settings.engine.get("retry", {}).get("operation_timeout")

    def _settled(self, settings: Settings) -> None:
        """What else the options ask of one family of clients."""

    def cache_info(self) -> CacheInfo:
        """What the cache holds and has done; it is shared by all that have the same credential and
        options.
        """
        import json

        info = json.loads(self._driver.engine.cache_info())
        age = info.pop("oldest_age_ms")
        return CacheInfo(**info, oldest_age=None if age is None else age / 1000)

    def _end(self) -> None:
        """Ends what was set going."""
        for ticket in self._tickets:
            self._driver.unlisten(ticket)
        self._tickets = ()

    def __del__(self) -> None:
        self._end()
