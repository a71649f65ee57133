"""An optional thread that renews cached secrets before their end, for hosts whose callers block."""

from __future__ import annotations

import json
import threading
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .blocking import BlockingDriver

RETRY_SECONDS = 30.0
"""How soon to look again when renewing failed as a whole."""


class Term:
    """How long a thread is wanted."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        """Notified at its end, and by a clock that has been moved."""
        self.is_over = False

    def end(self) -> None:
        """Nobody wants the thread any more."""
        with self.changed:
            self.is_over = True
            self.changed.notify_all()


class Refresher:
    """One daemon thread for a driver, for as long as a client wants it.

    It renews what somebody read since it was fetched and what nears its end, so that readers never wait for
    it. The engine says when to look again, early enough for whatever is fetched meanwhile. The thread starts
    at the first call, in a forked child too, and holds the driver weakly while it sleeps.
    """

    def __init__(self, driver: BlockingDriver) -> None:
        self._driver = weakref.ref(driver)
        self._wanted = 0
        self.after_fork()

    def after_fork(self) -> None:
        """In a forked child: the thread is the parent's."""
        # Reentrant: a client that is collected while this thread holds the lock wants to release.
        self._lock = threading.RLock()
        self._term: Term | None = None

    def want(self) -> None:
        """One more client wants the thread."""
        with self._lock:
            self._wanted += 1

    def release(self) -> None:
        """One client less; with the last one the thread ends."""
        with self._lock:
            self._wanted -= 1
            if self._wanted == 0 and self._term is not None:
                self._term.end()
                self._term = None

    def begin(self) -> None:
        """Starts the thread, if it is wanted and not there."""
        if not self._wanted or self._term is not None:
            return
        with self._lock:
            if self._wanted and self._term is None:
                term = self._term = Term()
                thread = threading.Thread(
                    target=self._run, args=[term], name="nightlatch-refresh", daemon=True
                )
                thread.start()

    def _run(self, term: Term) -> None:
        while not term.is_over:
            driver = self._driver()
            if driver is None:
                return
            host, wait = driver.host, _renew(driver)
            del driver
            host.pause(term, wait)


def _renew(driver: BlockingDriver) -> float:
    """Renews what is due; seconds until something else may be."""
    from ..errors import NightlatchError

    try:
        result = driver.call({"op": "refresh_due"})
    except NightlatchError:
        return RETRY_SECONDS
    return float(json.loads(result[2])["next_refresh"])
