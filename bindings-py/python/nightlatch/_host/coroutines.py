"""Tells coroutine functions from others without `inspect`, whose import takes as long as all of ours."""

from __future__ import annotations

from typing import Any

_CO_COROUTINE = 0x80  # inspect.CO_COROUTINE


def is_coroutine_function(function: Any) -> bool:
    """Whether calling `function` gives a coroutine."""
    code = getattr(function, "__code__", None)
    if code is not None:
        return bool(code.co_flags & _CO_COROUTINE)
    import inspect

    return inspect.iscoroutinefunction(function)
