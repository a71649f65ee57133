"""`nightlatch run --watch` as real processes: what a rotated secret brings about, and what it does not."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from .running import PYTHON, SECRET, WAYS, comes, read_until, started
from .running import emulator as emulator
from .running import environment as environment
from .test_cli import PROGRAM, Emulator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals of POSIX")

# Tells how long the secret is that it was started with, and each signal but the one that ends it.
WATCHED = """
import os, signal
signal.signal(signal.SIGUSR1, lambda *_: os.write(1, b"told\\n"))
os.write(1, b"started with %d\\n" % len(os.environ["DB"]))
while True:
    signal.pause()
"""


IMPATIENT = (
    "import sys; from nightlatch._cli import watch; watch.GRACE = 0.5\n"
    "from nightlatch.cli import main; sys.exit(main())"
)


class Rotating:
    """A vault whose secret changes, and a command that is watched."""

    def __init__(self, emulator: Emulator, environment: dict[str, str]) -> None:
        self.emulator, self.environment = emulator, environment

    def set(self, value: str) -> None:
        command = [PROGRAM, "set", "contoso.vault.azure.net", "db"]
        subprocess.run(command, env=self.environment, input=value.encode(), check=True, capture_output=True)

    def reads(self) -> int:
        requests = self.emulator.admin("GET", "log")["requests"]
        return sum(one["service"] == "vault" and "/secrets/db" in one["path"] for one in requests)

    def start(self, *options: str, way: str = "nightlatch", command: str = WATCHED) -> Any:
        watching = ["--watch", "--watch-interval", "0.3", "--watch-spread", "0", *options, "--"]
        return started(
            [*(WAYS.get(way) or [sys.executable, "-c", way]), "run", *watching, *PYTHON, command],
            env=self.environment,
        )


@pytest.fixture
def vault(emulator: Emulator, environment: dict[str, str]) -> Iterator[Rotating]:
    rotating = Rotating(emulator, environment)
    rotating.set("first value")
    yield rotating
    emulator.admin("DELETE", "faults")
    rotating.set(SECRET)


@pytest.mark.parametrize("way", WAYS)
def test_a_rotated_secret_starts_the_command_anew(vault: Rotating, way: str) -> None:
    with vault.start(way=way) as process:
        assert read_until(process, b"\n") == b"started with 11\n"
        vault.set("the second value")
        assert read_until(process, b"\n") == b"started with 16\n"
        vault.set("the third")
        assert read_until(process, b"\n") == b"started with 9\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait() == -signal.SIGTERM
        assert process.stderr is not None
        assert (process.stderr.read(), read_rest(process)) == (b"", b"")


def test_a_rotated_secret_is_told_by_a_signal(vault: Rotating) -> None:
    with vault.start("--watch-signal", "usr1") as process:
        assert read_until(process, b"\n") == b"started with 11\n"
        for value in ("the second value", "the third"):
            vault.set(value)
            assert read_until(process, b"\n") == b"told\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait() == -signal.SIGTERM


def test_what_does_not_change_starts_nothing(vault: Rotating) -> None:
    with vault.start() as process:
        read_until(process, b"\n")
        before = vault.reads()
        comes(lambda: vault.reads() >= before + 3)
        process.send_signal(signal.SIGTERM)
        assert process.wait() == -signal.SIGTERM
        assert read_rest(process) == b""


def test_old_and_new_secrets_are_hidden(vault: Rotating) -> None:
    program = "import os, signal; print('first value, the second value', os.environ['DB']); signal.pause()"
    with vault.start(command=program) as process:
        assert read_until(process, b"\n") == b"***, the second value ***\n"
        vault.set("the second value")
        assert read_until(process, b"\n") == b"***, *** ***\n"


def test_a_vault_that_goes_away_leaves_the_command_alone(vault: Rotating) -> None:
    with vault.start("--timeout", "0.5") as process:
        assert read_until(process, b"\n") == b"started with 11\n"
        vault.emulator.admin("POST", "faults", {"service": "vault", "status": 503, "times": None})
        assert process.stderr is not None
        told = process.stderr.read(4096)
        assert told.startswith(b"nightlatch run: the secrets could not be read again: ")
        assert told.count(b"\n") == 1
        assert b"first value" not in told
        vault.emulator.admin("DELETE", "faults")
        vault.set("the second value")
        assert read_until(process, b"\n") == b"started with 16\n"


def test_the_end_of_a_watched_command_is_ours(vault: Rotating) -> None:
    with vault.start(command="import sys; print('done'); sys.exit(5)") as process:
        assert (process.wait(), read_rest(process)) == (5, b"done\n")
    with vault.start("--watch-signal", "NOSUCH") as process:
        assert process.wait() == 125
        assert b"NOSUCH is no signal" in process.stderr.read()
    with vault.start("--watch-interval", "0") as process:
        assert process.wait() == 125


def test_a_look_under_way_holds_no_signal_up(vault: Rotating) -> None:
    with vault.start() as process:
        read_until(process, b"\n")
        vault.emulator.admin("POST", "faults", {"service": "vault", "action": "hang", "times": None})
        vault.emulator.admin("DELETE", "log")
        comes(lambda: vault.reads() > 0)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == -signal.SIGTERM


def test_a_command_that_does_not_end_is_killed(vault: Rotating) -> None:
    program = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + WATCHED
    with vault.start(way=IMPATIENT, command=program) as process:
        assert read_until(process, b"\n") == b"started with 11\n"
        vault.set("the second value")
        assert read_until(process, b"\n") == b"started with 16\n"


def test_whoever_wants_an_end_gets_no_new_beginning(vault: Rotating) -> None:
    program = WATCHED.replace("SIGUSR1", "SIGTERM")
    with vault.start(command=program) as process:
        assert read_until(process, b"\n") == b"started with 11\n"
        vault.set("the second value")
        # It was asked to end, and takes its time.
        assert read_until(process, b"\n") == b"told\n"
        process.send_signal(signal.SIGHUP)
        assert process.wait() == -signal.SIGHUP
        assert read_rest(process) == b""


def read_rest(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return process.stdout.read()
