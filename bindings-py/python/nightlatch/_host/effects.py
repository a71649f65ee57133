"""Performs one effect by the means of a host, and says how the engine is to be told.

An *answer* is the name of one of the engine's methods with its arguments: no exception leaves here, save
those that interrupt the caller.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from datetime import datetime, timezone
from typing import Any, TypeAlias, cast

from .environment import Host
from .faults import TransportError
from .foreign import Outside
from .transport import Response

Effect: TypeAlias = tuple[Any, ...]
Answer: TypeAlias = tuple[str, tuple[Any, ...]]

HTTP_TIMEOUT, RUN_TIMEOUT, BROWSE_TIMEOUT = 7, 5, 6
"""Where effects hold their timeouts."""


def perform(
    effect: Effect, host: Host, foreign: Mapping[int, Outside], budget: float | None = None
) -> Answer:
    """Performs an effect in the calling thread.

    :param budget: seconds that the caller has left; if they end before the effect's own timeout, the answer
        is ``interrupted``, so that another caller takes the effect over
    """
    kind, number = effect[0], effect[1]
    began = host.now()
    try:
        if kind == "http":
            _, _, _, method, url, headers, body, timeout, direct, trust = effect
            send = host.transport.send if trust is None else host.trusting(trust).send
            answer = send(method, url, headers, body, timeout=_least(timeout, budget), direct=direct)
            status, received, content = cast(Response, answer)
            return "complete_http", (number, status, received, content)
        if kind == "read_file":
            return "complete_file", (number, *host.files.read(*effect[3:6]))
        if kind == "run":
            allowed = _least(effect[5], budget)
            return "complete_run", (number, *host.commands.run(effect[3], effect[4], allowed))
        if kind == "host_token":
            return "complete_token", (number, *foreign[effect[3]].token(*effect[4:8]))
        if kind == "sign" and not isinstance(effect[3], int):
            return "complete_signature", (number, effect[3].sign(effect[4]))
        if kind == "sign":
            return "complete_signature", (number, foreign[effect[3]].call(bytes, *effect[4:6]))
        if kind == "assertion":
            return "complete_assertion", (number, foreign[effect[3]].call(str))
        if kind == "prompt":
            _, _, _, handle, message, code, page, end = effect
            if handle is None:
                host.people.tell(message)
            else:
                foreign[handle].call(None, page, code, datetime.fromtimestamp(end, timezone.utc))
            return "complete_prompt", (number,)
        if kind == "browse":
            _, _, _, url, port, state, timeout = effect
            returned = host.people.browse(number, url, port, state, _least(timeout, budget))
            return "complete_return", (number, *returned)
        if kind == "rotate":
            return _rotated(number, effect[4], foreign[effect[3]].step(*effect[4:7]))
        if kind == "random":
            return "complete_random", (number, host.random(effect[3]))
        return "fail", (number, "unsupported")
    except TransportError as fault:
        if fault.kind == "timeout" and budget is not None and host.now() - began < (own_timeout(effect) or 0):
            return "fail", (number, "interrupted")
        return "fail", (number, fault.kind, fault.detail)
    except Exception as why:
        return "fail", (number, "other", type(why).__name__)


async def perform_async(effect: Effect, host: Host, foreign: Mapping[int, Outside]) -> Answer:
    """Performs an effect whose means are coroutines; see `is_async_effect`."""
    kind, number = effect[0], effect[1]
    try:
        if kind == "http":
            _, _, _, method, url, headers, body, timeout, direct, trust = effect
            send = host.transport.send if trust is None else host.trusting(trust).send
            sent = send(method, url, headers, body, timeout=timeout, direct=direct)
            status, received, content = await cast(Awaitable[Response], sent)
            return "complete_http", (number, status, received, content)
        if kind == "read_file":
            return "complete_file", (number, *await host.files.read(*effect[3:6]))
        if kind == "run":
            return "complete_run", (number, *await host.commands.run(effect[3], effect[4], effect[5]))
        if kind == "sign" and not isinstance(effect[3], int):
            return "complete_signature", (number, effect[3].sign(effect[4]))
        if kind == "sign":
            return "complete_signature", (number, await foreign[effect[3]].call_async(bytes, *effect[4:6]))
        if kind == "assertion":
            return "complete_assertion", (number, await foreign[effect[3]].call_async(str))
        if kind == "prompt":
            _, _, _, handle, _, code, page, end = effect
            end = datetime.fromtimestamp(end, timezone.utc)
            await foreign[handle].call_async(None, page, code, end)
            return "complete_prompt", (number,)
        if kind == "browse":
            returned = await host.people.browse(number, *effect[3:7])
            return "complete_return", (number, *returned)
        if kind == "rotate":
            return _rotated(number, effect[4], await foreign[effect[3]].step_async(*effect[4:7]))
        if kind == "random":
            return "complete_random", (number, host.random(effect[3]))
        return "complete_token", (number, *await foreign[effect[3]].token_async(*effect[4:8]))
    except TransportError as fault:
        return "fail", (number, fault.kind, fault.detail)
    except Exception as why:
        return "fail", (number, "other", type(why).__name__)


def is_async_effect(effect: Effect, host: Host, foreign: Mapping[int, Outside]) -> bool:
    """Whether the host performs this effect by awaiting something on an event loop."""
    kind = effect[0]
    if kind == "http" and effect[9] is not None:
        return host.awaited["trusted"]
    if kind == "rotate":
        return bool(foreign[effect[3]].is_awaited(effect[4]))
    if kind == "random":
        return True  # it takes no time
    if kind in ("host_token", "sign", "assertion", "prompt") and isinstance(effect[3], int):
        return bool(foreign[effect[3]].is_async)
    return host.awaited.get(kind, False)


def _rotated(number: int, step: str, value: Any) -> Answer:
    return ("complete_made", (number, value)) if step == "make" else ("complete_done", (number,))


def own_timeout(effect: Effect) -> float | None:
    """The seconds an effect may take by itself, if it says."""
    where = {"http": HTTP_TIMEOUT, "run": RUN_TIMEOUT, "browse": BROWSE_TIMEOUT}.get(effect[0])
    return None if where is None else float(effect[where])


def _least(timeout: float, budget: float | None) -> float:
    return timeout if budget is None else max(0.001, min(timeout, budget))
