"""Rotations by processes that end in the middle."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import APP_OBJECT, MACHINE_OBJECT, REPOSITORY, binary
from .test_cli import Emulator

AZURE = {
    "vaults": [
        {
            "name": "contoso",
            "secrets": {"db": "old-value"},
            "access": [
                {"principal": MACHINE_OBJECT, "secrets": ["get", "set"]},
                {"principal": APP_OBJECT, "secrets": ["get", "set"]},
            ],
        }
    ]
}

# What the value is used by is a file; the function says where it is, and stays there if it is told to.
PROGRAM = """
import json, pathlib, sys, time
from nightlatch import SecretClient

used, stay, new = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]

def at(step):
    print(step, flush=True)
    if step == stay:
        time.sleep(60)

def make():
    at("make")
    return new

def apply(value):
    at("apply")
    used.write_text(value)
    at("applied")

def verify(value):
    at("verify")
    return used.read_text() == value

client = SecretClient("https://contoso.vault.azure.net")
result = client.rotate_secret("db", make, apply, verify)
print(json.dumps([result.resumed, client.get_secret("db").value, used.read_text()]))
"""


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    if binary() is None:
        pytest.skip("no emulator: cargo build -p nightlatch-emulator, or set NIGHTLATCH_EMULATOR")
    with Emulator(AZURE) as emulator:
        yield emulator


def rotate(emulator: Emulator, used: Path, stay: str, new: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(used), stay, new]
    return subprocess.Popen(command, env=emulator.environment(), stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("stay", ["make", "apply", "applied", "verify"])
def test_a_killed_rotation_goes_on_in_the_next_process(stay: str, emulator: Emulator, tmp_path: Path) -> None:
    used = tmp_path / "used"
    used.write_text("old-value")
    first = rotate(emulator, used, stay, "new-value")
    assert first.stdout is not None
    for line in first.stdout:
        if line.strip() == stay:
            break
    first.kill()
    first.wait(10)
    first.stdout.close()
    with rotate(emulator, used, "", "other-value") as second:
        said, _ = second.communicate(timeout=30)
    assert second.returncode == 0
    *steps, last = said.splitlines()
    told: list[Any] = json.loads(last)
    # Cut off before there was a value, it begins anew; after that it goes on with the one in the vault.
    if stay == "make":
        assert steps == ["make", "apply", "applied", "verify"]
        assert told == [False, "other-value", "other-value"]
    else:
        assert steps == ["apply", "applied", "verify"]
        assert told == [True, "new-value", "new-value"]


# What the page's example asks of a database, and a database that has users.
PSYCOPG = """
import json, pathlib

USERS = pathlib.Path("users.json")

def connect(conninfo, *, user, password=None, passfile=None):
    assert conninfo == "host=db.example.net dbname=shop"
    if passfile is None and json.loads(USERS.read_text()).get(user) != password:
        raise PermissionError(user)
    return Connection()

class Connection:
    def __enter__(self):
        return self
    def __exit__(self, *_):
        pass
    def close(self):
        pass
    def execute(self, change):
        user, password = change
        USERS.write_text(json.dumps({**json.loads(USERS.read_text()), user: password}))

class sql:
    Identifier = Literal = str
    class SQL(str):
        def format(self, user, password):
            assert self == "ALTER USER {} PASSWORD {}"
            return user, password
"""


def test_the_example_of_the_page_changes_users_in_turn(emulator: Emulator, tmp_path: Path) -> None:
    page = (REPOSITORY / "docs" / "rotation.md").read_text()
    program = page.split("```py\n")[1].split("```")[0]
    (tmp_path / "psycopg.py").write_text(PSYCOPG)
    (tmp_path / "users.json").write_text("{}")
    environment = {**emulator.environment(), "PYTHONPATH": str(tmp_path)}
    used = []
    for _ in range(3):
        said = subprocess.check_output(
            [sys.executable, "-c", program], cwd=tmp_path, env=environment, text=True
        )
        used.append(said.strip())
    assert used == [f"shop_{color} is in use" for color in ("blue", "green", "blue")]
    users = json.loads((tmp_path / "users.json").read_text())
    assert len(set(users.values())) == len(users) == 2
