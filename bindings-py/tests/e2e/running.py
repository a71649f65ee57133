"""What the tests of `nightlatch run` share: a vault with one secret, and processes that do not outlive a test."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .conftest import MACHINE_OBJECT, binary
from .test_cli import PROGRAM, Emulator

SECRET = 'hunter2 "välue"/?'
REFERENCE = "@Microsoft.KeyVault(VaultName=contoso;SecretName=db)"
AZURE = {
    "vaults": [
        {
            "name": "contoso",
            "secrets": {"db": SECRET},
            "access": [{"principal": MACHINE_OBJECT, "secrets": ["get", "set"]}],
        }
    ]
}
PYTHON = [sys.executable, "-u", "-c"]

# What the two ways to wait for signals have in common; the second is for systems that have no `sigtimedwait`.
WAYS = {
    "nightlatch": [str(PROGRAM)],
    "by handlers": [
        sys.executable,
        "-c",
        "import signal, sys; del signal.sigtimedwait; from nightlatch.cli import main; sys.exit(main())",
    ],
}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    program = binary()
    if program is None:
        pytest.skip("no emulator: cargo build -p nightlatch-emulator, or set NIGHTLATCH_EMULATOR")
    os.environ.setdefault("NIGHTLATCH_EMULATOR", str(program))
    with Emulator(AZURE) as emulator:
        yield emulator


@pytest.fixture
def environment(emulator: Emulator) -> dict[str, str]:
    return {**emulator.environment(), "PATH": os.environ["PATH"], "DB": REFERENCE}


@pytest.fixture(params=WAYS)
def run(request: pytest.FixtureRequest) -> list[str]:
    return [*WAYS[request.param], "run", "--"]


RUN = [str(PROGRAM), "run", "--"]


@contextlib.contextmanager
def started(command: list[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process that does not outlive the test."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, **options)
    timer = threading.Timer(60, process.kill)
    timer.start()
    try:
        yield process
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def read_until(process: subprocess.Popen[bytes], end: bytes) -> bytes:
    assert process.stdout is not None
    seen = b""
    while not seen.endswith(end):
        part = process.stdout.read(4096)
        assert part, seen
        seen += part
    return seen


def comes(what: Callable[[], bool]) -> None:
    """Waits for what another process does, which nobody announces."""
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)
