"""What everything has in common whose callers await."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from ..options import Settings

from .._connected import Connected
from .._host.asyncio import LoopDriver


class Awaited(Connected[LoopDriver]):
    """Works on its callers' event loops."""

    async def close(self) -> None:
        """Closes idle connections. The client stays usable, as do others that share its credential."""
        self._end()
        self._driver.close()

    def _settled(self, settings: Settings) -> None:
        if settings.refresh_in_background:
            raise TypeError("refresh_in_background is for blocking clients: this one always does so")

    async def _call(self, operation: dict[str, Any], value: str | bytes | None = None) -> tuple[Any, ...]:
        return await self._driver.call(operation, value=value)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.close()
