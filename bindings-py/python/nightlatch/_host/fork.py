"""What happens in a forked child: what was in flight stays with the parent, tokens and secrets are kept."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol


class AfterFork(Protocol):
    """Something that must begin anew in a forked child."""

    def after_fork(self) -> None:
        """Called in the child, whose only thread is the one that forked."""


_registered: weakref.WeakSet[AfterFork] = weakref.WeakSet()
_installed = False


class ForkSafeLock:
    """A lock made anew in a forked child, where nobody may be left to release it."""

    def __init__(self) -> None:
        self.after_fork()
        register(self)

    def after_fork(self) -> None:
        self._lock = threading.Lock()

    def acquire_at_once(self) -> bool:
        """Takes the lock if nobody has it; then `release` is due."""
        return self._lock.acquire(blocking=False)

    def release(self) -> None:
        """Lets the lock go."""
        self._lock.release()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def register(driver: AfterFork) -> None:
    """Calls `driver.after_fork` in every child forked while the driver lives."""
    global _installed
    if not _installed and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_in_child)
        _installed = True
    _registered.add(driver)


def _in_child() -> None:
    for driver in list(_registered):
        driver.after_fork()
