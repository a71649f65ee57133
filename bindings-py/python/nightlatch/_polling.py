"""Waiting for what a vault finishes in its own time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from .errors import OperationTimeoutError

T = TypeVar("T")


class KeyVaultOperationPoller(Generic[T]):
    """A deletion or recovery that the vault has accepted and finishes some seconds later.

    As in azure-keyvault-secrets, `result` does not wait. No thread works in the background: `wait`, `done`
    and `status` ask the vault, until it has finished.
    """

    def __init__(self, look: Callable[[bool, float | None], bool], resource: T, finished: bool) -> None:
        """Made by clients.

        :param look: tells whether the vault has finished, after waiting for it if told so, for so many
            seconds
        """
        self._look = look
        self._resource = resource
        self._finished = finished

    def result(self) -> T:
        """What the vault answered when it accepted, without waiting."""
        return self._resource

    def wait(self, timeout: float | None = None) -> None:
        """Waits until the vault has finished. Needs the permission to get secrets; without it, the first
        refusal counts as the end.

        :param timeout: seconds after which to return in any case; `done` tells whether it has finished
        """
        if self._finished:
            return
        try:
            self._finished = self._look(True, timeout)
        except OperationTimeoutError:
            if timeout is None:
                raise

    def done(self) -> bool:
        """Whether the vault has finished: asks it, unless that is known."""
        self._finished = self._finished or self._look(False, None)
        return self._finished

    def status(self) -> str:
        """``finished`` or ``polling``: asks the vault, unless it is known to have finished."""
        return "finished" if self.done() else "polling"

    def __repr__(self) -> str:
        return f"<KeyVaultOperationPoller of {self._resource!r}>"
