"""The host of awaiting callers, on any number of event loops.

Blocking means (our own transport, files, programs) work in a few daemon threads; coroutines (a transport or
a foreign credential made for asyncio) run on the event loop that drained their effect. Whoever finishes an
effect takes the engine's turn right there, under one lock, and wakes waiters on their own loops. So a fetch
begun on one loop serves callers on others, and outlives the loop that began it.

Each loop on which somebody waits has one timer for the engine's next deadline. A timer keeps no loop alive.
"""

from __future__ import annotations

import asyncio
import json
import threading
from asyncio import AbstractEventLoop
from collections.abc import Mapping
from typing import Any, TypeAlias

from . import telemetry
from .driver import RESULTS, Driver, no_reply
from .effects import Answer, Effect, is_async_effect, perform, perform_async
from .workers import Workers

Result: TypeAlias = tuple[Any, ...]
Waiter: TypeAlias = "tuple[AbstractEventLoop, asyncio.Future[Result]]"


class LoopDriver(Driver):
    """Drives an engine for callers on event loops."""

    RENEWAL = "detached"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._workers = Workers(self._work)
        self._waiters: dict[int, Waiter] = {}
        self._loops: dict[AbstractEventLoop, int] = {}
        self._last: AbstractEventLoop | None = None
        self._due: float | None = None
        self._timers: dict[AbstractEventLoop, tuple[float, asyncio.TimerHandle]] = {}
        self._tasks: dict[int, tuple[AbstractEventLoop, asyncio.Task[None]]] = {}

    def after_fork(self) -> None:
        """In a forked child: waiters, threads and locks were the parent's."""
        super().after_fork()
        self._begin()

    async def call(self, operation: Mapping[str, Any], *, value: str | bytes | None = None) -> Result:
        """Carries out an operation and returns its output. Cancelling the task cancels the operation.

        :param value: the secret value that it takes, if it does
        :raises NightlatchError: as the operation ended
        """
        span = telemetry.operation(self, operation)
        if span is None:
            return await self._carry_out(operation, value, None)
        with span:
            return await self._carry_out(operation, value, span)

    async def _carry_out(
        self, operation: Mapping[str, Any], value: str | bytes | None, span: telemetry.OperationSpan | None
    ) -> Result:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        with self._lock:
            op, outputs, wait = self.engine.start(json.dumps(operation), value)
            if span:
                span.begun(op)
            self._waiters[op] = (loop, future)
            self._loops[loop] = self._loops.get(loop, 0) + 1
            self._last = loop
            self._note_due(wait)
        self._follow(outputs, loop)
        try:
            result = await future
        finally:
            if self._release(op):
                self._turn("cancel", (op,), loop)
        return self._unpack(result)

    def _unpack(self, result: Result) -> Result:
        if result[0] == "error":
            if result[2].kind == "CANCELLED":
                raise asyncio.CancelledError(result[2].message)
            self.cause(result[2])
            if not self._waiters:
                self.forget_causes()
            raise result[2]
        if result[0] == "unsupported_reply":
            raise no_reply()
        return result

    # Turns: called on an event loop's thread (`here` is that loop) or in a worker (`here` is None).

    def _turn(self, method: str, arguments: tuple[Any, ...], here: AbstractEventLoop | None) -> None:
        with self._lock:
            outputs, wait = getattr(self.engine, method)(*arguments)
            self._note_due(wait)
        self._follow(outputs, here)

    def _note_due(self, wait: float | None) -> None:
        self._due = None if wait is None else self.host.now() + wait

    def _follow(self, outputs: tuple[tuple[Any, ...], ...], here: AbstractEventLoop | None) -> None:
        """Does what a turn brought about. No lock is held."""
        events = []
        for output in outputs:
            kind = output[0]
            if kind == "event":
                events.append(output[1])
            elif kind == "abort":
                self._abort(output[1], here)
            elif kind in RESULTS:
                self._deliver(output, here)
            else:
                self._begin_effect(output, here)
        self._arm(here)
        if events:
            self.tell(events)

    def _deliver(self, output: Result, here: AbstractEventLoop | None) -> None:
        waiter = self._waiters.get(output[1])
        if waiter is not None:
            loop, future = waiter
            self._release(output[1])
            _on(loop, here, _settle, future, output)

    def _release(self, op: int) -> bool:
        """Strikes a waiter off; whether it was still there."""
        with self._lock:
            waiter = self._waiters.pop(op, None)
            if waiter is None:
                return False
            loop = waiter[0]
            self._loops[loop] -= 1
            if not self._loops[loop]:
                del self._loops[loop]
            return True

    # Effects.

    def _begin_effect(self, effect: Effect, here: AbstractEventLoop | None) -> None:
        if not is_async_effect(effect, self.host, self.foreign):
            try:
                self._workers.submit(effect)
            except RuntimeError as why:  # no more threads, or the interpreter is going away
                self._turn("fail", (effect[1], "other", str(why)), here)
            return
        owner = self._waiters.get(effect[2])
        # A function of the caller's runs on its own event loop.
        loop = owner[0] if owner and effect[0] == "rotate" else None
        loop = loop or here or (owner[0] if owner else next(iter(list(self._loops)), self._last))
        if loop is None or not _on(loop, here, self._spawn, loop, effect):
            self._turn("fail", (effect[1], "interrupted", "the event loop is closed"), None)

    def _work(self, effect: Effect) -> None:
        span = telemetry.request(self, effect)
        answer: Answer = ("fail", (effect[1], "interrupted"))
        try:
            answer = perform(effect, self.host, self.foreign)
        finally:
            if span:
                span.end(answer)
            self._turn(*answer, None)

    def _spawn(self, loop: AbstractEventLoop, effect: Effect) -> None:
        self._tasks[effect[1]] = (loop, loop.create_task(self._perform(loop, effect)))

    async def _perform(self, loop: AbstractEventLoop, effect: Effect) -> None:
        span = telemetry.request(self, effect)
        answer: Answer = ("fail", (effect[1], "interrupted"))
        try:
            answer = await perform_async(effect, self.host, self.foreign)
        finally:
            if span:
                span.end(answer)
            self._tasks.pop(effect[1], None)
            self._turn(*answer, loop)

    def _abort(self, effect: int, here: AbstractEventLoop | None) -> None:
        self._workers.withdraw(effect)
        self.host.abandon(effect)
        if task := self._tasks.get(effect):
            _on(task[0], here, task[1].cancel)

    # Timers.

    def _arm(self, here: AbstractEventLoop | None) -> None:
        due = self._due
        for loop in [loop for loop in self._timers if loop.is_closed()]:
            self._timers.pop(loop, None)
        for loop in list(self._loops) or ([self._last] if self._last else []):
            armed = self._timers.get(loop)
            when = armed[0] if armed else None
            if when != due and not _nearly(when, due):
                _on(loop, here, self._set_timer, loop)

    def _set_timer(self, loop: AbstractEventLoop) -> None:
        armed, due = self._timers.pop(loop, None), self._due
        if armed:
            armed[1].cancel()
        if due is not None:
            wait = max(0.0, due - self.host.now())
            self._timers[loop] = (due, loop.call_later(wait, self._on_timer, loop))

    def _on_timer(self, loop: AbstractEventLoop) -> None:
        self._timers.pop(loop, None)
        self._turn("handle_timeout", (), loop)


def _on(loop: AbstractEventLoop, here: AbstractEventLoop | None, act: Any, *arguments: Any) -> bool:
    """Calls `act` on the loop's thread: at once if this is it. Whether the loop can still do so."""
    if loop is here:
        act(*arguments)
        return True
    try:
        loop.call_soon_threadsafe(act, *arguments)
    except RuntimeError:
        return False  # closed
    return True


def _nearly(when: float | None, due: float | None) -> bool:
    """Whether both are the same deadline, counted from different moments of a clock of milliseconds."""
    return when is not None and due is not None and abs(when - due) < 0.002


def _settle(future: asyncio.Future[Result], output: Result) -> None:
    if not future.done():
        future.set_result(output)
