"""What a host consists of. Tests replace it in one piece."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .._native import ManualClock
from .coroutines import is_coroutine_function
from .files import Files
from .transport import Transport, adapt

if TYPE_CHECKING:
    from .http_transport import Trust
    from .refresher import Term


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
        people: Any = None,
        trusting: Any = None,
        transport_options: Mapping[str, Any] | None = None,
    ) -> None:
        self.environment: Mapping[str, str] = os.environ if environment is None else environment
        self.platform = platform or _platform()
        self.clock = clock
        self.files: Any = Files() if files is None else files
        self._commands: Any = commands
        self._people: Any = people
        self._trusting: dict[Trust, Any] = {}
        self._trusted: Any = trusting
        self.owns_transport = transport is None
        self.awaited: dict[str, bool] = {
            "http": False,
            "read_file": is_coroutine_function(self.files.read),
            "run": commands is not None and is_coroutine_function(commands.run),
            "browse": people is not None and is_coroutine_function(people.browse),
            # By our own key. It takes a millisecond, in a thread; but a virtual world knows no threads.
            "sign": people is not None and is_coroutine_function(people.browse),
            "trusted": trusting is not None and is_coroutine_function(trusting.send),
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

    def trusting(self, trust: tuple[Any, ...]) -> Transport:
        """A transport of our own for a server that is trusted for one thing only; no session of the user's
        can be told so."""
        if self._trusted is not None:
            stood_in: Transport = self._trusted.by(trust)
            return stood_in
        from .http_transport import HttpTransport, Trust

        wanted = Trust(*trust)
        transport = self._trusting.get(wanted)
        if transport is None:
            # Authorities change when they are rotated: those of the past are let go.
            self._trusting.clear()
            transport = self._trusting[wanted] = HttpTransport(self.environment, trust=wanted)
        return transport

    @property
    def people(self) -> Any:
        """What reaches a person; the own one is imported here."""
        if self._people is None:
            from .people import People

            self._people = People()
        return self._people

    @property
    def commands(self) -> Any:
        """What runs programs; the own one is imported here."""
        if self._commands is None:
            from .commands import Commands

            self._commands = Commands()
        return self._commands

    def random(self, length: int) -> bytes:
        """Bytes from the operating system's random source."""
        return os.urandom(length)

    def abandon(self, effect: int) -> None:
        """Nobody waits for an effect that may be under way."""
        if self._people is not None:
            self._people.abandon(effect)

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

    def unix(self) -> float:
        """Seconds since 1970."""
        return time.time() if self.clock is None else self.clock.unix_ms / 1000

    def pause(self, term: Term, seconds: float) -> None:
        """Waits until the term is over, at most `seconds`."""
        with term.changed:
            term.changed.wait_for(lambda: term.is_over, min(seconds, 86_400.0))

    def close(self) -> None:
        """Closes idle connections of our own transport."""
        if self.owns_transport and self._transport is not None:
            self._transport.close()  # type: ignore[attr-defined]
        for transport in self._trusting.values():
            transport.close()

    def after_fork(self) -> None:
        """In a forked child: lets go of the parent's connections."""
        if self.owns_transport and self._transport is not None:
            self._transport.after_fork()  # type: ignore[attr-defined]
        self._trusting.clear()


def _platform() -> str:
    return {"linux": "linux", "win32": "windows", "darwin": "macos"}.get(sys.platform, "other")
