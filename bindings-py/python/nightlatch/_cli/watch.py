"""``nightlatch run --watch``: a command that is started anew, or told, when a secret has changed."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from ..errors import NightlatchError
from .command import Command, Received, Signals, hand_on
from .output import complain

Found: TypeAlias = "tuple[dict[str, str], list[str]]"
"""An environment, and the secrets in it."""

JITTER = 0.2
"""Share by which times between two looks differ, so that a fleet does not ask at once."""
GRACE = 10.0
"""Seconds that a command has to end before it is killed."""
PATIENCE = 0.05
"""Seconds between two glances at a look that is under way."""
ENDING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")


class Watch(NamedTuple):
    """How to watch."""

    interval: float
    """Seconds between two looks."""
    spread: float
    """Seconds over which a fleet's restarts are spread."""
    signal: int | None
    """What to send instead of starting anew."""


class Watched:
    """A command whose secrets are watched.

    :param start: starts the command
    :param look: reads the secrets again
    """

    def __init__(
        self, watch: Watch, found: Found, start: Callable[[Found], Command], look: Callable[[], Found]
    ) -> None:
        self._watch, self._found, self._start, self._look = watch, found, start, look
        self._command = start(found)
        self._look_at = self._next_look()
        self._looking: threading.Thread | None = None
        self._news: Found | None = None
        self._act_at: float | None = None
        self._kill_at: float | None = None

    def stand_for(self, received: Signals) -> int:
        """Waits for the command's own end, and hands on what reaches us meanwhile."""
        while True:
            status = self._command.status()
            if status is None:
                self._heed(received.next(self._wait()))
                self._go_on()
                continue
            while self._is_to_start_anew() and not self._command.finish(PATIENCE):
                self._heed(received.next(0))
            if not self._is_to_start_anew():
                return status
            assert self._news is not None
            self._found, self._news, self._kill_at = self._news, None, None
            self._command = self._start(self._found)
            self._look_at = self._next_look()

    def finish(self) -> None:
        """Passes on what the command wrote before its end."""
        self._command.finish()

    def _is_to_start_anew(self) -> bool:
        return self._kill_at is not None

    def _heed(self, one: Received | None) -> None:
        hand_on(self._command, one)
        if one is not None and signal.Signals(one.number).name in ENDING:
            # Somebody wants an end, and no new beginning.
            self._act_at = self._kill_at = None

    def _wait(self) -> float:
        if self._looking is not None:
            return PATIENCE
        at = next(at for at in (self._kill_at, self._act_at, self._look_at) if at is not None)
        return max(0.0, at - time.monotonic())

    def _go_on(self) -> None:
        """Does what is due."""
        now = time.monotonic()
        if self._looking is not None:
            if not self._looking.is_alive():
                self._looking = None
                self._weigh(now)
        elif self._kill_at is not None:
            if self._kill_at <= now:
                self._command.send(getattr(signal, "SIGKILL", signal.SIGTERM))
                self._kill_at = now + GRACE
        elif self._act_at is not None:
            if self._act_at <= now:
                self._act(now)
        elif self._look_at <= now:
            # Beside the main thread: whoever wants to end the command must not wait for a vault.
            self._looking = threading.Thread(target=self._ask, daemon=True)
            self._looking.start()

    def _ask(self) -> None:
        try:
            self._news = self._look()
        except NightlatchError as why:
            self._news = None
            reason = str(why).partition("\n")[0]
            complain(f"nightlatch run: the secrets could not be read again: {reason}\n")

    def _weigh(self, now: float) -> None:
        self._look_at = self._next_look()
        if self._news is not None and self._news[0] != self._found[0]:
            self._act_at = now + random.uniform(0, self._watch.spread)  # noqa: S311

    def _act(self, now: float) -> None:
        self._act_at = None
        assert self._news is not None
        if self._watch.signal is not None:
            self._found = self._news
            self._command.send(self._watch.signal)
        else:
            self._command.send(signal.SIGTERM)
            self._kill_at = now + GRACE

    def _next_look(self) -> float:
        share = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
        return time.monotonic() + self._watch.interval * share
