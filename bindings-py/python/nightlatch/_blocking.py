"""What everything has in common whose callers wait in their own thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from .options import Settings

from ._connected import Connected
from ._host.blocking import BlockingDriver


class Blocking(Connected[BlockingDriver]):
    """Works by its callers' threads."""

    _refreshes = False

    def close(self) -> None:
        """Closes idle connections, and ends what listens and what runs in the background. The client stays
        usable, as do others that share its credential.
        """
        self._end()
        self._driver.close()

    def _settled(self, settings: Settings) -> None:
        self._refreshes = settings.refresh_in_background
        if self._refreshes:
            self._driver.refresher.want()

    def _end(self) -> None:
        super()._end()
        if self._refreshes:
            self._refreshes = False
            self._driver.refresher.release()

    def _call(self, operation: dict[str, Any], value: str | bytes | None = None) -> tuple[Any, ...]:
        timeout = operation.get("timeout", self._default_timeout)
        return self._driver.call(operation, value=value, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()
