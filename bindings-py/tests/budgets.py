"""Measures the cached read as ratios in one run: ``python tests/budgets.py``. Not collected by pytest.

Budgets: a blocking hit takes at most twice a Python method over a dict; an awaited one at most twice an empty coroutine.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import nightlatch
from nightlatch import aio

NAMES = [f"database-password-{i}" for i in range(1000)]
ROUNDS = 300


class Instant:
    """Answers at once."""

    def send(self, method: str, url: str, *_: Any, **__: Any) -> tuple[int, list[tuple[str, str]], bytes]:
        body: dict[str, Any] = {"access_token": "t", "expires_in": 3600, "token_type": "Bearer"}
        if "/secrets/" in url:
            body = {"value": "v", "id": url.split("?")[0].rstrip("/") + "/0", "attributes": {"enabled": True}}
        return 200, [], json.dumps(body).encode()


class Dict:
    def __init__(self) -> None:
        self.items = {name: name for name in NAMES}

    def get(self, name: str, version: str | None = None) -> str:
        return self.items[name]


async def empty(name: str) -> None:
    pass


async def called(function: Callable[[str], Any] | None) -> float:
    began = time.perf_counter()
    if function is None:
        for _ in NAMES:
            pass
    else:
        for name in NAMES:
            function(name)
    return time.perf_counter() - began


async def awaited(function: Callable[[str], Any]) -> float:
    began = time.perf_counter()
    for name in NAMES:
        await function(name)
    return time.perf_counter() - began


async def main() -> int:
    credential = nightlatch.ClientSecretCredential(
        "11111111-1111-4111-8111-111111111111", "app", "s", transport=Instant()
    )
    options = {"vault_requests_per_second": 0, "cache_max_entries": 2000}
    client = nightlatch.SecretClient("https://contoso.vault.azure.net", credential, **options)
    asynchronous = aio.SecretClient("https://contoso.vault.azure.net", credential, **options)
    for name in NAMES:
        client.get_secret(name)
        await asynchronous.get_secret(name)
    cases: dict[str, tuple[Any, Any]] = {
        "loop": (called, None),
        "method over a dict": (called, Dict().get),
        "get_secret": (called, client.get_secret),
        "empty coroutine": (awaited, empty),
        "await get_secret": (awaited, asynchronous.get_secret),
    }
    best = dict.fromkeys(cases, 1e9)
    for _ in range(ROUNDS):  # in turns, so that a busy machine slows all alike
        for case, (run, function) in cases.items():
            best[case] = min(best[case], await run(function))
    nanoseconds = {case: (time_ - best["loop"]) * 1e9 / len(NAMES) for case, time_ in best.items()}
    blocking = nanoseconds["get_secret"] / nanoseconds["method over a dict"]
    waiting = nanoseconds["await get_secret"] / nanoseconds["empty coroutine"]
    for case, time_ in nanoseconds.items():
        print(f"{case:20} {time_:6.0f} ns")
    print(f"ratios: blocking {blocking:.2f}, asyncio {waiting:.2f}; at most 2 each")
    return int(blocking > 2 or waiting > 2)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
