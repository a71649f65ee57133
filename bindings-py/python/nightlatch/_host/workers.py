"""A few threads for what blocks, started when needed and gone after a while of idleness.

They are daemons: a request under way does not keep a process from ending, as the threads of an executor
would.
"""

from __future__ import annotations

import collections
import threading
from collections.abc import Callable

from .effects import Effect

THREADS = 16
IDLE_SECONDS = 10.0


class Workers:
    """Performs effects, at most `THREADS` at a time, in the order in which they came."""

    def __init__(self, work: Callable[[Effect], None]) -> None:
        self._work = work
        self._changed = threading.Condition(threading.Lock())
        self._queue: collections.deque[Effect] = collections.deque()
        self._idle = 0
        self._threads = 0

    def submit(self, effect: Effect) -> None:
        """Performs an effect soon.

        :raises RuntimeError: there is no thread, and none can be started
        """
        with self._changed:
            self._queue.append(effect)
            if self._idle >= len(self._queue) or self._threads >= THREADS:
                self._changed.notify()
                return
            self._threads += 1
        try:
            threading.Thread(target=self._run, name="nightlatch", daemon=True).start()
        except RuntimeError:
            with self._changed:
                self._threads -= 1
                if self._threads or effect not in self._queue:
                    return  # another thread will come to it
                self._queue.remove(effect)
            raise

    def withdraw(self, number: int) -> None:
        """Strikes off an effect that nobody has begun yet."""
        with self._changed:
            for effect in self._queue:
                if effect[1] == number:
                    self._queue.remove(effect)
                    return

    def _run(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                while not self._queue:
                    if not self._changed.wait(IDLE_SECONDS) and not self._queue:
                        self._idle -= 1
                        self._threads -= 1
                        return
                self._idle -= 1
                effect = self._queue.popleft()
            try:
                self._work(effect)
            except BaseException:
                with self._changed:
                    self._threads -= 1
                raise
