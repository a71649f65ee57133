"""The command line as a user has it: the installed program, in a process of its own, through the emulator. The cases are
Node's, too; tests/cli/README.md tells their form.
"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import nightlatch
import pytest

from ..scenarios.told import depth
from .conftest import REPOSITORY, binary

FOLDER = REPOSITORY / "tests" / "cli"
TABLE = json.loads((FOLDER / "cases.json").read_text())
# What the other tables do not say is as there.
TABLES = [
    TABLE,
    *(TABLE | json.loads((FOLDER / f"{name}.json").read_text()) for name in ("run", "secrets", "scan")),
]
CASES = [(table, case) for table in TABLES for case in table["cases"]]
PROGRAM = Path(sysconfig.get_path("scripts")) / "nightlatch"
KNOWN = {
    "name", "host", "environment", "before", "arguments", "terminal", "interrupt", "exit", "stdout", "stderr",
    "stdout_file", "stdout_contains", "stdout_lacks", "stderr_contains", "stdout_json", "requests", "files",
    "stdin", "inside", "files_after",
}  # fmt: skip

sys.path.insert(0, str(REPOSITORY / "tests"))
from emulator_process import Emulator  # noqa: E402


class Ran:
    """What a process printed, and how it ended."""

    def __init__(self, stdout: str, stderr: str, status: int) -> None:
        self.stdout, self.stderr, self.status = stdout, stderr, status


@pytest.mark.parametrize(("table", "case"), CASES, ids=lambda one: one.get("name", ""))
def test_case(table: dict[str, Any], case: dict[str, Any], tmp_path: Path) -> None:
    found = played(table, case, tmp_path)
    assert not found, "\n".join(found)


def test_the_module_is_the_program() -> None:
    command = [sys.executable, "-m", "nightlatch", "--version"]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    assert told.stdout == f"nightlatch {nightlatch.__version__}\n"


def test_a_reader_that_goes_away_is_no_trouble() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    told = subprocess.run([PROGRAM, "--help"], stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (told.returncode, told.stderr) == (0, b"")


def test_the_player_sees_what_differs(tmp_path: Path) -> None:
    case = {
        "name": "seen", "arguments": ["--version"], "exit": 1, "stdout": "x", "stderr": "x",
        "stdout_file": "README.md", "stdout_contains": ["absent"], "stdout_lacks": ["night"],
        "stderr_contains": ["absent"], "stdout_json": {"ok": True},
        "files": {"a/b": "x"}, "files_after": {"a/b": "y"},
    }  # fmt: skip
    assert len(played(TABLE, case, tmp_path)) == len(case) - 3
    with pytest.raises(AssertionError, match="bogus"):
        played(TABLE, {**case, "bogus": 1}, tmp_path)


def played(table: dict[str, Any], case: dict[str, Any], folder: Path) -> list[str]:
    """Plays a case; tells every difference."""
    assert case.keys() <= KNOWN, case.keys() - KNOWN
    for name, content in case.get("files", {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode())
    arguments = [argument.replace("$FOLDER", str(folder)) for argument in case["arguments"]]
    with surroundings(table, case) as (emulator, variables):
        environment = {"PATH": str(folder), "HOME": str(folder), **variables, **case.get("environment", {})}
        run = in_terminal if case.get("terminal") else piped
        with tempfile.TemporaryFile() as stdin:
            stdin.write(case.get("stdin", "").encode())
            stdin.seek(0)
            interrupted_at = emulator if case.get("interrupt") else None
            place = folder if case.get("inside") else None
            ran = run([str(PROGRAM), *arguments], environment, stdin, interrupted_at, place)
        requests = emulator and len(emulator.admin("GET", "log")["requests"])
    return [*differences(case, ran, requests), *changes(case, folder)]


@contextlib.contextmanager
def surroundings(
    table: dict[str, Any], case: dict[str, Any]
) -> Iterator[tuple[Emulator | None, dict[str, str]]]:
    """The emulator, if the case has one, and the variables by which the program finds it."""
    if "host" not in case:
        yield None, {}
        return
    program = binary()
    if program is None:
        pytest.skip("no emulator: cargo build -p nightlatch-emulator, or set NIGHTLATCH_EMULATOR")
    os.environ.setdefault("NIGHTLATCH_EMULATOR", str(program))
    with Emulator(table["azure"]) as emulator:
        for request in case.get("before", []):
            emulator.admin(request["method"], request["path"], request["body"])
        places = {"$HTTP": emulator.http, "$CA": emulator.ca}
        variables = dict(table["hosts"][case["host"]])
        for place, value in places.items():
            variables = {name: text.replace(place, value) for name, text in variables.items()}
        yield emulator, variables


def piped(
    command: list[str],
    environment: dict[str, str],
    stdin: IO[bytes],
    interrupted_at: Emulator | None,
    folder: Path | None,
) -> Ran:
    """Runs the program with pipes."""
    pipes: dict[str, Any] = {"stdin": stdin, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, env=environment, cwd=folder, **pipes)
    if interrupted_at is not None:
        while not any(one["service"] == "vault" for one in interrupted_at.admin("GET", "log")["requests"]):
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)  # another process's doings, which nobody announces
        process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    return Ran(stdout.decode(), stderr.decode(), process.returncode)


def in_terminal(
    command: list[str], environment: dict[str, str], stdin: IO[bytes], _: Emulator | None, folder: Path | None
) -> Ran:
    """Runs the program with stdout on a terminal."""
    ours, its = pty.openpty()
    pipes: dict[str, Any] = {"stdin": stdin, "stdout": its, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, cwd=folder, **pipes) as process:
        os.close(its)
        shown = bytearray()
        # A terminal whose other end is closed is an error, not an end, to whoever reads it.
        with contextlib.suppress(OSError):
            while part := os.read(ours, 65_536):
                shown += part
        os.close(ours)
        assert process.stderr is not None
        stderr = process.stderr.read().decode()
        return Ran(shown.decode().replace("\r\n", "\n"), stderr, process.wait(60))


def differences(case: dict[str, Any], ran: Ran, requests: int | None) -> Iterator[str]:
    """What is otherwise than the case says."""
    if ran.status != case["exit"]:
        yield f"the exit status is {ran.status}, expected {case['exit']}: {ran.stderr}"
    whole = {"stdout": ran.stdout, "stderr": ran.stderr}
    expected = {
        name: case[name].replace("$VERSION", nightlatch.__version__) for name in whole if name in case
    }
    if not {"stderr", "stderr_contains"} & case.keys():
        expected["stderr"] = ""
    yield from (
        f"{name} is {whole[name]!r}, expected {text!r}"
        for name, text in expected.items()
        if whole[name] != text
    )
    if "stdout_file" in case and ran.stdout != (FOLDER / case["stdout_file"]).read_text():
        yield f"stdout is not {case['stdout_file']}: {ran.stdout}"
    for name, text in whole.items():
        yield from (
            f"{name} lacks {part!r}: {text}" for part in case.get(f"{name}_contains", []) if part not in text
        )
        yield from (f"{name} holds {part!r}: {text}" for part in TABLE["never"] if part in text)
    yield from (
        f"stdout holds {part!r}: {ran.stdout}" for part in case.get("stdout_lacks", []) if part in ran.stdout
    )
    if "stdout_json" in case:
        if not ran.stdout.startswith("{") or ran.stdout.find("\n") != len(ran.stdout) - 1:
            yield f"stdout is no line of JSON: {ran.stdout}"
        else:
            yield from depth("stdout", case["stdout_json"], json.loads(ran.stdout))
    if case.get("requests", requests) != requests:
        yield f"the emulator got {requests} requests"


def changes(case: dict[str, Any], folder: Path) -> Iterator[str]:
    """Which files are not as the case says afterwards."""
    for name, content in case.get("files_after", {}).items():
        found = (folder / name).read_bytes().decode()
        if found != content:
            yield f"{name} holds {found!r}, expected {content!r}"
