"""What drivers have in common: an engine, the host it asks, the listeners of its events.

A driver brings an engine and a host together: it drains the engine's outputs, performs its effects, answers
them, and hands results to callers. `blocking` and `asyncio` are the two ways to do so.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .. import _native
from . import fork, telemetry
from .environment import Host
from .foreign import Function, Outside

if TYPE_CHECKING:
    from ..errors import NightlatchError
    from .rotating import Rotating

Listener = Callable[[dict[str, Any]], None]

RESULTS = frozenset({
    "secret", "secrets", "value", "token", "resolved", "reply", "error", "unsupported_reply"
})  # fmt: skip
"""Outputs that end an operation."""

# Told at INFO; everything else at DEBUG.
_NOTABLE = frozenset({
    "token_acquired", "secret_rotated", "secret_near_expiry", "served_stale", "rotation_started",
    "rotation_resumed", "rotation_finished", "rotation_rolled_back", "rotation_failed",
})  # fmt: skip


class Driver:
    """An engine with its host.

    :param options: the engine's options, as a tree
    :param secrets: the secret values that the options refer to by number
    :param foreign: credential objects and functions of the user's that the options refer to by number
    """

    RENEWAL = ""
    """Who renews what nears its end: see the engine's option `host.renewal`."""

    def __init__(
        self,
        options: Mapping[str, Any],
        secrets: Sequence[str | bytes],
        foreign: Sequence[Outside],
        host: Host,
    ) -> None:
        self.host = host
        self.foreign: dict[int, Outside] = dict(enumerate(foreign))
        # Never given twice: what a caller that went away left behind must find no other's functions.
        self._numbers = itertools.count(len(self.foreign))
        self._listeners: dict[Any, list[Listener]] = {}
        self.spans: dict[int, Any] = {}
        """Contexts of OpenTelemetry, by operations under way."""
        environment = {
            name: value
            for name in _native.ENVIRONMENT_NAMES
            if (value := host.environment.get(name)) is not None
        }
        own = {"renewal": self.RENEWAL, "platform": host.platform}
        self.engine = _native.Engine(
            json.dumps({**options, "host": own}), environment, list(secrets), os.urandom(16), host.clock
        )
        fork.register(self)
        telemetry.watch(self)

    def listen(self, listener: Listener, key: Any = None) -> Any:
        """Calls `listener` with every event from now on; returns what `unlisten` takes.

        :param key: of listeners with equal keys only one is called
        """
        key = object() if key is None else key
        self._listeners.setdefault(key, []).append(listener)
        return key

    def unlisten(self, key: Any) -> None:
        """Ends one `listen`."""
        listeners = self._listeners.get(key, [])
        if listeners:
            listeners.pop()
        if not listeners:
            self._listeners.pop(key, None)

    def tell(self, texts: Sequence[str]) -> None:
        """Hands events to the logger and to the listeners. Never called with a lock held."""
        for text in texts:
            event: dict[str, Any] = json.loads(text)
            _log(event)
            for listeners in list(self._listeners.values()):
                try:
                    for listener in listeners[:1]:
                        listener(dict(event))
                except Exception as why:
                    _complain(why)

    @contextmanager
    def lent(self, operation: Mapping[str, Any], functions: Rotating) -> Iterator[Mapping[str, Any]]:
        """Gives the functions a number for as long as an operation lasts, which is passed on with it; what
        they raise is the cause of the operation's error.
        """
        from ..errors import NightlatchError

        number = next(self._numbers)
        self.foreign[number] = functions
        try:
            yield {**operation, "handle": number}
        except NightlatchError as error:
            if error.__cause__ is None:
                error.__cause__ = functions.raised
            raise
        finally:
            del self.foreign[number]

    def cause(self, error: NightlatchError) -> None:
        """Chains what a foreign credential raised to the error that it led to."""
        if not self.foreign or error.__cause__ is not None:
            return
        named = {name for name in (error.source, *(attempt.source for attempt in error.attempts)) if name}
        if not named and error.kind in ("CREDENTIAL_UNAVAILABLE", "AUTHENTICATION_FAILED"):
            named = {foreign.name for foreign in list(self.foreign.values())}
        for foreign in list(self.foreign.values()):
            if foreign.failure is not None and (isinstance(foreign, Function) or foreign.name in named):
                error.__cause__ = foreign.failure

    def forget_causes(self) -> None:
        """Lets go of what foreign credentials raised, once nobody waits: tracebacks hold much alive."""
        for foreign in list(self.foreign.values()):
            foreign.failure = None

    def close(self) -> None:
        """Closes idle connections; the driver stays usable."""
        self.host.close()

    def after_fork(self) -> None:
        """In a forked child: begins anew."""
        self.spans = {}
        self.host.after_fork()
        self.engine.after_fork(os.urandom(16))


def no_reply() -> NightlatchError:
    """For a reply that this version of the package does not know."""
    from ..errors import UnsupportedError

    return UnsupportedError("This version of the package does not know the engine's reply.")


def _log(event: dict[str, Any]) -> None:
    # Whoever wants log lines has imported logging; for everybody else it would be a third of our import time.
    logging = sys.modules.get("logging")
    if logging is None:
        return
    logger = logging.getLogger("nightlatch")
    level = logging.INFO if event["event"] in _NOTABLE else logging.DEBUG
    if logger.isEnabledFor(level):
        facts = " ".join(
            f"{name}={_word(value)}" for name, value in event.items() if name != "event" and value
        )
        logger.log(level, "%s %s", event["event"], facts, extra={"nightlatch": event})


def _word(value: Any) -> str:
    return value if isinstance(value, str) and " " not in value else json.dumps(value, separators=(",", ":"))


def _complain(why: Exception) -> None:
    import logging

    logging.getLogger("nightlatch").error("on_event failed", exc_info=why)
