"""The host of blocking callers: they are the workers, and the library owns no thread.

One lock guards the effects that nobody has taken yet, the results that nobody has fetched yet, and the
engine. Under it a caller looks for its result; else it takes an effect, its own before the oldest, and
performs it with the lock released; else it sleeps until somebody wakes it or the engine's next deadline.
Rules that keep everybody going:

* a result wakes its caller;
* an effect, or an earlier deadline, wakes one sleeper: the caller whose effect it is, if it sleeps;
* a caller that leaves while there is something left to do wakes another one;
* nobody works past the engine's next deadline unless somebody sleeps who will mind it;
* a caller that is interrupted answers its effect with ``interrupted``, and the engine's ordinary retry falls
  to another.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any, TypeAlias

from . import telemetry
from .driver import RESULTS, Driver, no_reply
from .effects import Answer, Effect, own_timeout, perform
from .refresher import Refresher

Result: TypeAlias = tuple[Any, ...]


class BlockingDriver(Driver):
    """Drives an engine by the threads of its callers."""

    RENEWAL = "caller"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if any(self.host.awaited.values()):
            raise TypeError("this transport is made for asyncio: use nightlatch.aio, or a blocking one")
        self.refresher = Refresher(self)
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._todo: dict[int, Effect] = {}
        self._performing = 0
        self._callers = 0
        self._results: dict[int, Result] = {}
        self._asleep: dict[int, threading.Condition] = {}
        self._due: float | None = None
        self._events: list[str] = []

    def after_fork(self) -> None:
        """In a forked child: callers, effects and locks were the parent's."""
        super().after_fork()
        self.refresher.after_fork()
        self._begin()

    def call(
        self, operation: Mapping[str, Any], *, value: str | bytes | None = None, timeout: float | None = None
    ) -> Result:
        """Carries out an operation and returns its output.

        :param value: the secret value that it takes, if it does
        :param timeout: the seconds that the caller waits at most, if it is known here
        :raises NightlatchError: as the operation ended
        """
        self.refresher.begin()
        span = telemetry.operation(self, operation)
        if span is None:
            return self._carry_out(operation, value, timeout, None)
        with span:
            return self._carry_out(operation, value, timeout, span)

    def _carry_out(
        self,
        operation: Mapping[str, Any],
        value: str | bytes | None,
        timeout: float | None,
        span: telemetry.OperationSpan | None,
    ) -> Result:
        end = None if timeout is None else self.host.now() + timeout
        lock = self._lock
        effect: Effect | None = None
        op: int | None = None
        try:
            with lock:
                op, outputs, wait = self.engine.start(json.dumps(operation), value)
                if span:
                    span.begun(op)
                self._callers += 1
                self._results[op] = ()
                self._absorb(outputs, wait)
            while True:
                with lock:
                    result = self._next(op, end)
                    if result[0] in RESULTS:
                        self._leave(op)
                        op = None
                        break
                    effect = result
                    self._performing += 1
                self._tell()
                method, arguments = self._perform(effect, end)
                with lock:
                    # What has no timeout of its own may come after its deadline: that one was first.
                    late = own_timeout(effect) is None or arguments[1:2] == ("interrupted",)
                    if late and self._is_due():
                        self._absorb(*self.engine.handle_timeout())
                    self._performing -= 1
                    effect = None
                    self._absorb(*getattr(self.engine, method)(*arguments))
        finally:
            if op is not None:
                self._abandon(lock, op, effect)
            self._tell()
        return self._unpack(result)

    def _perform(self, effect: Effect, end: float | None) -> Answer:
        span = telemetry.request(self, effect)
        answer: Answer = ("fail", (effect[1], "interrupted"))
        try:
            answer = perform(effect, self.host, self.foreign, self._budget(effect, end))
        finally:
            if span:
                span.end(answer)
        return answer

    def _next(self, op: int, end: float | None) -> tuple[Any, ...]:
        """The operation's result or the next effect; sleeps until there is one. The lock is held."""
        while True:
            if result := self._results[op]:
                return result
            now = self.host.now()
            if self._is_due():
                self._absorb(*self.engine.handle_timeout())
                continue
            if (end is None or now < end) and (effect := self._take(op)):
                return effect
            asleep = self._asleep[op] = threading.Condition(self._lock)
            try:
                wait = None if self._due is None else self._due - now
                self.host.wait(asleep, wait, self._performing > 0)
            finally:
                self._asleep.pop(op, None)

    def _is_due(self) -> bool:
        return self._due is not None and self._due <= self.host.now()

    def _budget(self, effect: Effect, end: float | None) -> float | None:
        """Seconds that the caller may spend on an effect: what it has left, or what is left until the
        engine's deadline if nobody sleeps who would mind it."""
        now = self.host.now()
        left = None if end is None else end - now
        due, allowed = self._due, own_timeout(effect)
        if due is None or allowed is None or self._asleep:
            return left
        # The effect's own deadline is among the engine's; that one the transport minds by itself.
        until = due - now
        if until > allowed - _OWN_DEADLINE:
            return left
        return until if left is None else min(left, until)

    def _take(self, op: int) -> Effect | None:
        """The caller's own effect, else the oldest that is not for another caller alone: functions with
        which a secret is rotated run in the thread that gave them.
        """
        own = (number for number, effect in self._todo.items() if effect[2] == op)
        anyone = (number for number, effect in self._todo.items() if effect[0] != "rotate")
        number = next(own, next(anyone, None))
        return None if number is None else self._todo.pop(number)

    def _absorb(self, outputs: tuple[tuple[Any, ...], ...], wait: float | None) -> None:
        """Takes in what a turn brought about. The lock is held."""
        due = None if wait is None else self.host.now() + wait
        sooner = due is not None and (self._due is None or due < self._due)
        self._due = due
        for output in outputs:
            kind = output[0]
            if kind == "event":
                self._events.append(output[1])
            elif kind == "abort":
                self._todo.pop(output[1], None)
            elif kind in RESULTS:
                if output[1] in self._results:
                    self._results[output[1]] = output
                    self._wake(output[1])
            else:
                self._todo[output[1]] = output
                self._wake_one(output[2])
        if sooner:
            self._wake_one(None)

    def _wake(self, op: int) -> None:
        if asleep := self._asleep.pop(op, None):
            asleep.notify()

    def _wake_one(self, favourite: int | None) -> None:
        if self._asleep:
            self._wake(favourite if favourite in self._asleep else next(iter(self._asleep)))

    def _leave(self, op: int) -> None:
        """The caller goes; whatever is left to do falls to another. The lock is held."""
        self._results.pop(op, None)
        self._callers -= 1
        if self._todo or self._due is not None:
            self._wake_one(None)

    def _abandon(self, lock: threading.Lock, op: int, effect: Effect | None) -> None:
        """The caller was interrupted: hands its effect over and goes."""
        if lock is not self._lock:
            return  # forked meanwhile: the parent's affair
        with lock:
            if effect is not None:
                self._performing -= 1
                self._absorb(*self.engine.fail(effect[1], "interrupted"))
            self._absorb(*self.engine.cancel(op))
            self._leave(op)

    def _tell(self) -> None:
        if self._events:
            events, self._events = self._events, []
            self.tell(events)

    def _unpack(self, result: Result) -> Result:
        if result[0] == "error":
            self.cause(result[2])
            if self._callers == 0:
                self.forget_causes()
            raise result[2]
        if result[0] == "unsupported_reply":
            raise no_reply()
        return result


_OWN_DEADLINE = 0.05
"""Seconds by which the engine's deadline for an effect may seem earlier than the effect's own timeout."""
