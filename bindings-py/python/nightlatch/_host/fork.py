"""What happens in a forked child: what was in flight stays with the parent, tokens and secrets are kept."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class AfterFork(Protocol):
    """Something that must begin anew in a forked child."""

    def after_fork(self) -> None:
        """Called in the child, whose only thread is the one that forked."""


_registered: weakref.WeakSet[AfterFork] = weakref.WeakSet()
_installed = False


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
