"""The functions with which one call rotates a secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .coroutines import is_coroutine_function
from .faults import TransportError


class Rotating:
    """What makes a value, puts it into effect and verifies it.

    :param awaited: whether coroutine functions may be among them
    :raises TypeError: one is no function, or a coroutine function where nobody awaits it
    """

    is_async = False
    name = "rotate_secret"
    failure: BaseException | None = None

    def __init__(
        self,
        make: Callable[..., Any],
        apply: Callable[..., Any] | None,
        verify: Callable[..., Any] | None,
        *,
        awaited: bool = False,
    ) -> None:
        given = {"make": make, "apply": apply, "verify": verify}
        for step, function in given.items():
            if not callable(function) and (function is not None or step == "make"):
                raise TypeError(f"{step} must be a function, not {type(function).__name__}")
        self._functions = {step: function for step, function in given.items() if function is not None}
        self._awaited = {
            step for step, function in self._functions.items() if is_coroutine_function(function)
        }
        if self._awaited and not awaited:
            raise TypeError(f"{min(self._awaited)} is a coroutine function: use nightlatch.aio")
        self.raised: BaseException | None = None
        """What the first of them raised that failed."""

    def is_awaited(self, step: str) -> bool:
        """Whether the step is a coroutine function."""
        return step in self._awaited

    def step(self, step: str, value: str | None, slot: str | None) -> Any:
        """Calls one, and returns what it does.

        :raises TransportError: it raised something, returned something else, or verified that a value does
            not work
        """
        function = self._functions.get(step)
        if function is None:
            return None
        try:
            return self._checked(step, function(*_arguments(value, slot)))
        except Exception as why:
            raise self._fault(why) from why

    async def step_async(self, step: str, value: str | None, slot: str | None) -> Any:
        """As `step`, awaited."""
        try:
            return self._checked(step, await self._functions[step](*_arguments(value, slot)))
        except Exception as why:
            raise self._fault(why) from why

    def _checked(self, step: str, value: Any) -> Any:
        if hasattr(value, "__await__"):
            value.close() if hasattr(value, "close") else None
            raise TypeError(
                f"{step} returned something to be awaited: give a coroutine function to nightlatch.aio"
            )
        if step == "make" and not isinstance(value, str):
            raise TypeError(f"make must return a str, not {type(value).__name__}")
        if step == "verify" and value is False:
            raise TransportError("refused")
        return value

    def _fault(self, why: Exception) -> TransportError:
        if isinstance(why, TransportError):
            return why
        self.raised = self.raised or why
        # Not its words: what it handles are secrets. They are in the exception's cause.
        return TransportError("other", type(why).__name__)


def _arguments(value: str | None, slot: str | None) -> list[str]:
    return [argument for argument in (value, slot) if argument is not None]
