"""What a program that reads secrets costs: nightlatch beside azure-keyvault-secrets, each as its
documentation shows it and without an option, in this one run. Run by `make bench`.

Each measurement is a process of its own. Requests are what the emulator counts.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))
from emulator_process import Emulator

VAULT = "https://contoso.vault.azure.net"
NAMES = [f"secret-{number}" for number in range(20)]
READS = 10_000
COLD_READERS = 200
ROUNDS = 7


class Package(NamedTuple):
    """Where a package has its classes; those for asyncio are in `.aio` of each."""

    name: str
    credentials: str
    secrets: str


OURS = Package("nightlatch", "nightlatch", "nightlatch")
THEIRS = Package("azure-keyvault-secrets", "azure.identity", "azure.keyvault.secrets")
PACKAGES = {package.name: package for package in (OURS, THEIRS)}


def azure() -> dict[str, object]:
    """What the emulator knows."""
    principal = "33333333-3333-4333-8333-333333333333"
    secrets = {name: f"value of {name}" for name in NAMES}
    access = [{"principal": principal, "secrets": ["get"]}]
    return {"vaults": [{"name": "contoso", "secrets": secrets, "access": access}]}


# What runs in a process of its own.


def client_of(package: Package, suffix: str = "") -> tuple[Any, Any]:
    """A credential and a client."""
    credential = import_module(package.credentials + suffix).ManagedIdentityCredential()
    return credential, import_module(package.secrets + suffix).SecretClient(VAULT, credential)


@contextmanager
def clients(package: Package) -> Iterator[Any]:
    credential, client = client_of(package)
    with credential, client:
        yield client


def in_threads(number: int, work: Callable[[int], None]) -> float:
    """Has threads work from one moment on, and returns the seconds until the last is done."""
    gate = threading.Barrier(number + 1)

    def run(which: int) -> None:
        gate.wait()
        work(which)

    threads = [threading.Thread(target=run, args=(which,)) for which in range(number)]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def threaded_reads(package: Package, threads: int) -> tuple[float, list[float]]:
    """Seconds for all reads, and for each."""
    took: list[float] = []
    with clients(package) as client:

        def read(which: int) -> None:
            for number in range(which, READS, threads):
                began = time.perf_counter()
                client.get_secret(NAMES[number % len(NAMES)])
                took.append(time.perf_counter() - began)

        return in_threads(threads, read), took


async def awaited_reads(package: Package, tasks: int) -> tuple[float, list[float]]:
    """The same by asyncio."""
    took: list[float] = []
    credential, client = client_of(package, ".aio")

    async def read(which: int) -> None:
        for number in range(which, READS, tasks):
            began = time.perf_counter()
            await client.get_secret(NAMES[number % len(NAMES)])
            took.append(time.perf_counter() - began)

    async with credential, client:
        began = time.perf_counter()
        await asyncio.gather(*map(read, range(tasks)))
        return time.perf_counter() - began, took


def cold_reads(package: Package) -> tuple[float, list[float]]:
    """All at once for one secret that nobody has read yet."""
    took: list[float] = []
    with clients(package) as client:

        def read(_: int) -> None:
            began = time.perf_counter()
            client.get_secret(NAMES[0])
            took.append(time.perf_counter() - began)

        return in_threads(COLD_READERS, read), took


def first_read(package: Package) -> tuple[float, list[float]]:
    began = time.perf_counter()
    with clients(package) as client:
        client.get_secret(NAMES[0])
    took = time.perf_counter() - began
    return took, [took]


WORK: dict[str, Callable[[Package], tuple[float, list[float]]]] = {
    "1 thread": lambda package: threaded_reads(package, 1),
    "16 threads": lambda package: threaded_reads(package, 16),
    "asyncio, 16 tasks": lambda package: asyncio.run(awaited_reads(package, 16)),
    "cold": cold_reads,
    "first": first_read,
}


def work(name: str, package: Package) -> None:
    """Does one piece of work and prints what it took."""
    seconds, took = WORK[name](package)
    parts = quantiles(took, n=100) if len(took) > 1 else took * 99
    print(json.dumps([seconds, parts[49], parts[98]]))


# What starts those processes.


class Measured(NamedTuple):
    """Times are milliseconds."""

    whole: float
    process: float
    p50: float
    p99: float
    requests: int


def measure(emulator: Emulator, name: str, package: Package) -> Measured:
    emulator.admin("DELETE", "log")
    began = time.perf_counter()
    command = [sys.executable, __file__, name, package.name]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    process = time.perf_counter() - began
    whole, p50, p99 = json.loads(done.stdout)
    requests = emulator.admin("GET", "counts")["vault"]
    return Measured(whole * 1000, process * 1000, p50 * 1000, p99 * 1000, requests)


def reads(emulator: Emulator) -> None:
    title = f"{READS:,} reads of {len(NAMES)} secrets"
    print(f"{title:<50}{'reads/s':>12}{'p50 ms':>10}{'p99 ms':>10}{'vault':>14}")
    for name in ("1 thread", "16 threads", "asyncio, 16 tasks"):
        for package in PACKAGES.values():
            got = measure(emulator, name, package)
            throughput = READS / got.whole * 1000
            numbers = f"{throughput:12,.0f}{got.p50:10.4f}{got.p99:10.4f}{got.requests:10,} req"
            print(f"{name:<26}{package.name:<24}{numbers}")


def crowd(emulator: Emulator) -> None:
    for package in PACKAGES.values():
        got = measure(emulator, "cold", package)
        numbers = f"{got.whole:9.0f} ms{got.p50:10.1f}{got.p99:10.1f}{got.requests:10,} req"
        print(f"{f'{COLD_READERS} cold readers':<26}{package.name:<24}{numbers}")


def start(emulator: Emulator) -> None:
    """From the process's start to the first secret, in turn, so that a busy machine slows both alike."""
    rounds = [[measure(emulator, "first", package) for package in PACKAGES.values()] for _ in range(ROUNDS)]
    for package, got in zip(PACKAGES.values(), zip(*rounds, strict=True), strict=True):
        took = median(one.process for one in got)
        print(
            f"{'start to first secret':<26}{package.name:<24}{took:9.0f} ms{'':<20}{got[-1].requests:10,} req"
        )


def imports() -> None:
    """What importing adds to bare Python: time, and memory at its most."""
    programs = {"": "pass"}
    for package in PACKAGES.values():
        programs[package.name] = f"import {package.credentials}, {package.secrets}"
    costs: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
    for _ in range(ROUNDS):
        for name, program in programs.items():
            costs[name].append(cost(program))
    least = {
        name: tuple(median(column) for column in zip(*rows, strict=True)) for name, rows in costs.items()
    }
    for package in PACKAGES.values():
        (took, memory), bare = least[package.name], least[""]
        numbers = f"{took - bare[0]:9.0f} ms{memory - bare[1]:10.1f} MB over bare Python"
        print(f"{'import':<26}{package.name:<24}{numbers}")


def cost(program: str) -> tuple[float, float]:
    """Milliseconds, and megabytes resident at most."""
    # Not what getrusage says: on Linux that begins with what the parent had.
    tell = "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])"
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", f"{program}\n{tell}"], check=True, stdout=subprocess.PIPE)
    return (time.perf_counter() - began) * 1000, int(done.stdout) / 1024


def main() -> None:
    if len(sys.argv) == 3:
        work(sys.argv[1], PACKAGES[sys.argv[2]])
        return
    with Emulator(azure()) as emulator:
        os.environ.update(emulator.environment(), REQUESTS_CA_BUNDLE=emulator.ca)
        reads(emulator)
        crowd(emulator)
        start(emulator)
    imports()


if __name__ == "__main__":
    main()
