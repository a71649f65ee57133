"""What a host consists of. Tests replace it in one piece."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

from .._native import ManualClock
from .coroutines import is_coroutine_function
from .files import Files
from .transport import Transport, adapt


class Host:
    """Environment variables, operating system, clock, transport, files and commands of one machine.

    :param transport: a transport or session; our own one if ``None``, made at the first exchange
    :param transport_options: what our own transport is made from
    """

    def __init__(
        self,
        *,
        environment: Mapping[str, str] | None = None,
        platform: str | None = None,
        clock: ManualClock | None = None,
        transport: Any = None,
        files: Any = None,
        commands: Any = None,
        transport_options: Mapping[str, Any] | None = None,
    ) -> None:
        self.environment: Mapping[str, str] = os.environ if environment is None else environment
        self.platform = platform or _platform()
        self.clock = clock
        self.files: Any = Files() if files is None else files
        self._commands: Any = commands
        self.owns_transport = transport is None
        self.awaited: dict[str, bool] = {
            "http": False,
            "read_file": is_coroutine_function(self.files.read),
            "run": commands is not None and is_coroutine_function(commands.run),
        }
        """Which effects this host performs by coroutines, on an event loop."""
        self._options = dict(transport_options or {})
        self._transport: Transport | None = None
        if transport is not None:
            self._transport = adapt(transport)
            self.awaited["http"] = is_coroutine_function(self._transport.send)

    @property
    def transport(self) -> Transport:
        """The transport; the own one is imported and made here."""
        if self._transport is None:
            from .http_transport import HttpTransport

            self._transport = HttpTransport(self.environment, **self._options)
        return self._transport

    @property
    def commands(self) -> Any:
        """What runs programs; the own one is imported here."""
        if self._commands is None:
            from .commands import Commands

            self._commands = Commands()
        return self._commands

    def now(self) -> float:
        """Seconds on the engine's monotonic clock."""
        return time.monotonic() if self.clock is None else self.clock.monotonic_ms / 1000

    def wait(self, changed: threading.Condition, seconds: float | None, busy: bool) -> None:
        """Waits for `changed` (held), at most `seconds`. `busy`: other threads are performing effects."""
        if self.clock is None:
            # Python cannot wait longer than this at once; whoever waits looks again.
            changed.wait(None if seconds is None else min(seconds, 86_400.0))
        elif busy or seconds is None:
            changed.wait(1.0)
        else:
            self.clock.advance(max(1, round(seconds * 1000)))

    def close(self) -> None:
        """Closes idle connections of our own transport."""
        if self.owns_transport and self._transport is not None:
            self._transport.close()  # type: ignore[attr-defined]

    def after_fork(self) -> None:
        """In a forked child: lets go of the parent's connections."""
        if self.owns_transport and self._transport is not None:
            self._transport.after_fork()  # type: ignore[attr-defined]


def _platform() -> str:
    return {"linux": "linux", "win32": "windows", "darwin": "macos"}.get(sys.platform, "other")
