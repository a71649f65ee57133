"""The budgets of the Python package, as ratios measured in this one run. Run by `make bench`."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from emulator_process import Emulator

NAMES = [f"secret-{number}" for number in range(1000)]
AZURE = {
    "vaults": [
        {
            "name": "contoso",
            "secrets": {name: f"value of {name}" for name in NAMES},
            "access": [{"principal": "33333333-3333-4333-8333-333333333333", "secrets": ["get"]}],
        }
    ]
}
VAULT = "https://contoso.vault.azure.net"


def report(what: str, ours: float, floor: float, unit: str, budget: float) -> None:
    ratio = ours / floor
    mark = "within" if ratio <= budget else "OVER"
    print(f"{what:<52}{ours:9.1f} {unit:<3}{floor:9.1f} {unit:<3}{ratio:7.2f}   {mark} {budget}")


class Dictionary:
    """What a cached read is held against: a Python method over a dict."""

    def __init__(self, values: dict[str, object]) -> None:
        self._values = values

    def get_secret(self, name: str, version: str | None = None) -> object:
        return self._values[name]


async def nothing(name: str) -> None:
    """What an awaited cached read is held against."""


# A thousand secrets are kept. Reading all in turn is the hard case: little is in the caches of the processor.
READS = {
    "20 of 1,000": [NAMES[number * 50] for number in range(20)] * 50,
    "all 1,000": NAMES,
}


def loop(names: list[str]) -> float:
    before = time.perf_counter_ns()
    for _ in names:
        pass
    return time.perf_counter_ns() - before


def called(names: list[str], function: Callable[[str], object]) -> float:
    before = time.perf_counter_ns()
    for name in names:
        function(name)
    return time.perf_counter_ns() - before


async def awaited(names: list[str], function: Callable[[str], Coroutine[Any, Any, object]]) -> float:
    before = time.perf_counter_ns()
    for name in names:
        await function(name)
    return time.perf_counter_ns() - before


async def cached_reads() -> None:
    """Reads in turn with what reads are held against, so that a busy machine slows all alike."""
    import nightlatch
    from nightlatch import aio

    options = {"cache_ttl": 3600, "vault_requests_per_second": 0}
    client, awaiting = nightlatch.SecretClient(VAULT, **options), aio.SecretClient(VAULT, **options)
    dictionary = Dictionary({name: client.get_secret(name) for name in NAMES})
    for name in NAMES:
        await awaiting.get_secret(name)
    for which, names in READS.items():
        least = dict.fromkeys(["loop", "dict", "cached", "empty", "awaited"], float("inf"))
        for _ in range(300):
            turn = {
                "loop": loop(names),
                "dict": called(names, dictionary.get_secret),
                "cached": called(names, client.get_secret),
                "empty": await awaited(names, nothing),
                "awaited": await awaited(names, awaiting.get_secret),
            }
            least = {case: min(least[case], turn[case]) for case in least}
        took = {case: (least[case] - least["loop"]) / len(names) for case in least}
        report(f"cached get_secret / method over a dict, {which}", took["cached"], took["dict"], "ns", 2)
        report(f"cached await / empty coroutine, {which}", took["awaited"], took["empty"], "ns", 2)
    client.close()
    await awaiting.close()


def imports() -> None:
    def started(code: str) -> float:
        before = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return (time.perf_counter() - before) * 1e3

    pairs = [(started("import nightlatch"), started("pass")) for _ in range(21)]
    ours, bare = median(ours for ours, _ in pairs), median(bare for _, bare in pairs)
    print(f"{'import nightlatch, over bare Python':<52}{ours - bare:9.1f} ms  (budget 30 ms)")


def crowds(azure: Emulator) -> None:
    from nightlatch import SecretClient

    azure.admin("DELETE", "log")
    with SecretClient(VAULT, cache_ttl=3601) as client:
        gate = threading.Barrier(201)

        def read() -> None:
            gate.wait()
            client.get_secret("secret-500")

        threads = [threading.Thread(target=read) for _ in range(200)]
        for thread in threads:
            thread.start()
        gate.wait()
        before = time.perf_counter()
        for thread in threads:
            thread.join()
        elapsed = (time.perf_counter() - before) * 1e3
        counts = azure.admin("GET", "counts")
        print(
            f"{'200 threads, one secret, cold':<52}{elapsed:9.1f} ms  "
            f"{counts['app_service']} token and {counts['vault']} vault requests"
        )

        azure.admin("DELETE", "log")
        before = time.perf_counter()
        for number in range(10_000):
            client.get_secret(NAMES[number % 20])
        elapsed = (time.perf_counter() - before) * 1e3
        counts = azure.admin("GET", "counts")
        print(f"{'10,000 reads of 20 secrets':<52}{elapsed:9.1f} ms  {counts['vault']} vault requests")


def main() -> None:
    with Emulator(AZURE) as azure:
        os.environ.update(azure.environment())
        print(f"{'':<52}{'ours':>12}{'floor':>13}{'ratio':>9}")
        asyncio.run(cached_reads())
        imports()
        crowds(azure)


if __name__ == "__main__":
    main()
