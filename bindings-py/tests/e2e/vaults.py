"""Emulators with vaults of a test's own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .conftest import APP, APP_OBJECT, Emulator, binary

EVERYTHING = ["get", "list", "set", "delete", "recover", "purge", "backup", "restore"]
REGISTRATION = {"client_id": APP, "object_id": APP_OBJECT, "secrets": ["app-secret"]}


@contextmanager
def emulator_with(folder: Path, allowed: list[str] | None = None, **vault: Any) -> Iterator[Emulator]:
    """An emulator whose vault `contoso` the application may use, fully unless told otherwise, without limits."""
    program = binary()
    if program is None:
        pytest.skip("no emulator: cargo build -p nightlatch-emulator, or set NIGHTLATCH_EMULATOR")
    access = [{"principal": APP_OBJECT, "secrets": EVERYTHING if allowed is None else allowed}]
    described = {
        "name": "contoso",
        "access": access,
        "limits": {"creates_per_10s": None, "vault_per_10s": None},
    }
    config = {"app_registrations": [REGISTRATION], "vaults": [{**described, **vault}]}
    (folder / "azure.json").write_text(json.dumps(config))
    process = subprocess.Popen(
        [program, "--config", folder / "azure.json", "--ca", folder / "ca.pem", "--stop-with-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Emulator(json.loads(process.stdout.readline()), folder / "no certificate")
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()
