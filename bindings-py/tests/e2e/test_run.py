"""`nightlatch run` as real processes: how it ends, whose signals it hands on, what passes through it. What needs only
arguments and texts stands in tests/cli/run.json.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import pty
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from .running import PYTHON, RUN, SECRET, comes, read_until, started
from .running import emulator as emulator
from .running import environment as environment
from .running import run as run
from .test_cli import PROGRAM, Emulator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals of POSIX")


def state(process: int) -> str:
    """The state of a process as Linux tells it: T is stopped."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]


# Tells each signal by itself. Two of a kind are one only if the second comes before the first is taken.
LISTENER = """
import os, signal, sys, threading
names = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH"]
awaited = {getattr(signal, name) for name in names}
signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
def end():
    sys.stdin.read()
    os._exit(9)
threading.Thread(target=end).start()
os.write(1, b"ready\\n")
while True:
    number = signal.sigwait(awaited)
    os.write(1, (signal.Signals(number).name + "\\n").encode())
"""


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGABRT, signal.SIGPIPE]
)
@pytest.mark.parametrize("masked", [True, False])
def test_a_signal_that_ends_the_command_ends_us(
    environment: dict[str, str], run: list[str], number: signal.Signals, masked: bool, tmp_path: Path
) -> None:
    if not masked:
        del environment["DB"]
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    options: dict[str, Any] = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_CORE, (most, most))}
    program = f"ulimit -c 0; kill -{number.value} $$"
    with started([*run, "sh", "-c", program], env=environment, cwd=tmp_path, **options) as process:
        assert process.wait() == -number
    # The command wanted no core dump, and of our memory there is none either.
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("status", [0, 1, 2, 3, 124, 125, 126, 127, 130, 255])
def test_every_status_is_the_commands(environment: dict[str, str], status: int) -> None:
    with started([*RUN, "sh", "-c", f"exit {status}"], env=environment) as process:
        assert process.wait() == status


def test_signals_that_somebody_sends_are_handed_on_once(environment: dict[str, str], run: list[str]) -> None:
    with started([*run, *PYTHON, LISTENER], env=environment, stdin=subprocess.PIPE) as process:
        read_until(process, b"\n")
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH"):
            process.send_signal(getattr(signal, name))
            assert read_until(process, b"\n") == f"{name}\n".encode()
        assert process.poll() is None
        out, _ = process.communicate(b"")
        assert (out, process.returncode) == (b"", 9)


def test_signals_of_a_terminal_reach_the_command_once(environment: dict[str, str], run: list[str]) -> None:
    leader, ours = pty.fork()
    if leader == 0:
        # The terminal's foreground group is the program's, as after a shell has started it.
        os.execve(run[0], [*run, *PYTHON, LISTENER], environment)  # noqa: S606
    seen = b""

    def shows(text: bytes) -> bool:
        nonlocal seen
        while text not in seen:
            seen += os.read(ours, 4096)
        return True

    try:
        assert shows(b"ready")
        comes(lambda: b"\n" in seen or bool(shows(b"\n")))
        for key, name in ((b"\x03", b"SIGINT\r\n"), (b"\x1c", b"SIGQUIT\r\n")):
            os.write(ours, key)
            assert shows(name)
        # This one goes to the program alone.
        os.kill(leader, signal.SIGUSR1)
        assert shows(b"SIGUSR1\r\n")
        os.write(ours, b"\x04")
        with contextlib.suppress(OSError):
            while part := os.read(ours, 4096):
                seen += part
        _, status = os.waitpid(leader, 0)
        leader = 0
        assert os.waitstatus_to_exitcode(status) == 9
        assert seen.count(b"SIGINT") == seen.count(b"SIGQUIT") == 1
    finally:
        if leader:
            os.kill(leader, signal.SIGKILL)
            os.waitpid(leader, 0)
        os.close(ours)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="Linux tells the state of a process")
def test_to_stop_and_to_go_on_is_handed_on(environment: dict[str, str], run: list[str]) -> None:
    # A group whose parent is in another group of the session can be stopped: it is no orphan.
    program = "import os, sys; print(os.getpid()); sys.stdin.read(); print('on')"
    options: dict[str, Any] = {"preexec_fn": lambda: os.setpgid(0, 0)}
    with started([*run, *PYTHON, program], env=environment, stdin=subprocess.PIPE, **options) as process:
        command = int(read_until(process, b"\n"))
        process.send_signal(signal.SIGTSTP)
        comes(lambda: (state(process.pid), state(command)) == ("T", "T"))
        process.send_signal(signal.SIGCONT)
        comes(lambda: "T" not in (state(process.pid), state(command)))
        out, _ = process.communicate(b"")
        assert (out, process.returncode) == (b"on\n", 0)


def test_what_is_ignored_stays_ignored(environment: dict[str, str], run: list[str]) -> None:
    ignoring = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh"]
    program = "import signal; print(signal.getsignal(signal.SIGHUP).name); input(); print('on')"
    with started([*ignoring, *run, *PYTHON, program], env=environment, stdin=subprocess.PIPE) as process:
        assert read_until(process, b"\n") == b"SIG_IGN\n"
        process.send_signal(signal.SIGHUP)
        out, _ = process.communicate(b"\n")
        assert (out, process.returncode) == (b"on\n", 0)


def test_a_command_starts_with_the_signals_as_we_had_them(
    environment: dict[str, str], run: list[str]
) -> None:
    program = (
        "import signal\nassert not signal.pthread_sigmask(signal.SIG_BLOCK, ())\n"
        "assert signal.getsignal(signal.SIGTERM) == signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL"
    )
    for variables in (environment, {**environment, "DB": "plain"}):
        with started([*run, *PYTHON, program], env=variables) as process:
            _, err = process.communicate()
            assert (err, process.returncode) == (b"", 0)
        # Python itself ignores SIGPIPE.
        ended = ["sh", "-c", "kill -PIPE $$; echo went on"]
        with started([*run, *ended], env=variables) as process:
            assert process.wait() == -signal.SIGPIPE


def test_input_and_output_pass_while_they_come(environment: dict[str, str]) -> None:
    program = (
        "import os, sys\nwhile line := sys.stdin.readline():\n"
        "    sys.stdout.write(f'<{line.strip()}>'); sys.stdout.flush()\n"
    )
    with started([*RUN, *PYTHON, program], env=environment, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for line in (b"one", b"two", b"hunter"):
            process.stdin.write(line + b"\n")
            assert read_until(process, b">") == b"<" + line + b">"
        process.stdin.close()
        assert process.wait() == 0


def test_a_hundred_megabytes_pass_to_the_byte(environment: dict[str, str]) -> None:
    block = hashlib.sha256(b"seed").digest() * 2048 + b'\x00\xff\r\n\n\rhunter2 "v\xc3\xa4lue"/!hunter'
    blocks = (100 << 20) // len(block) + 1
    with started([*RUN, "cat"], env=environment, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def write() -> None:
            assert process.stdin is not None
            for _ in range(blocks):
                process.stdin.write(block)
            process.stdin.close()

        writer = threading.Thread(target=write)
        writer.start()
        seen, digest = 0, hashlib.sha256()
        while part := process.stdout.read(1 << 20):
            seen += len(part)
            digest.update(part)
        writer.join()
        assert process.wait() == 0
    expected = hashlib.sha256()
    for _ in range(blocks):
        expected.update(block)
    assert (seen, digest.digest()) == (blocks * len(block), expected.digest())
    assert seen > 100 << 20


def test_a_slow_reader_holds_the_command_up(environment: dict[str, str]) -> None:
    program = (
        "import os\nwritten = 0\nos.set_blocking(1, False)\ntry:\n"
        "    while True:\n        written += os.write(1, b'x' * 65536)\n"
        "        assert written < 1 << 26\nexcept BlockingIOError:\n    pass\n"
    )
    # Nobody reads: pipes fill up, and the command notices, instead of us keeping what it writes.
    with started([*RUN, "sh", "-c", 'while "$0" -c "$1"; do sleep 0.05; done', sys.executable, program],
                 env=environment) as process:  # fmt: skip
        status = Path(f"/proc/{process.pid}/status")
        if not status.exists():
            pytest.skip("Linux shows a process's memory")
        time.sleep(1)
        resident = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        assert int(resident.split()[1]) < 64 << 10
        assert process.poll() is None


@pytest.mark.parametrize("stream", [1, 2])
def test_secrets_are_hidden_wherever_they_are_cut(environment: dict[str, str], stream: int) -> None:
    forms = [SECRET, base64.b64encode(SECRET.encode()).decode(), quote(SECRET, safe="")]
    text = "|".join(["begin", *forms, "hunter2", "end"])
    program = (
        f"import os, sys\nfor byte in sys.stdin.buffer.read():\n    os.write({stream}, bytes([byte]))\n"
        f"os.write({stream}, os.environb[b'DB'] + b'hunter2')\n"
    )
    with started([*RUN, *PYTHON, program], env=environment, stdin=subprocess.PIPE) as process:
        streams = process.communicate(text.encode())
    # The end might have been the beginning of a secret.
    expected = b"begin|***|***|***|hunter2|end***hunter2"
    assert streams == ((expected, b"") if stream == 1 else (b"", expected))


def test_what_runs_on_in_the_background_does_not_hold_us_up(environment: dict[str, str]) -> None:
    with started([*RUN, "sh", "-c", "sleep 30 & echo $!"], env=environment) as process:
        assert process.wait(20) == 0
        assert process.stdout is not None
        # Whatever was written before the end is there.
        os.kill(int(process.stdout.readline()), signal.SIGKILL)


def test_a_reader_that_goes_away_ends_the_command_as_without_us(environment: dict[str, str]) -> None:
    with started([*RUN, "sh", "-c", "while echo line; do :; done"], env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.read(5) == b"line\n"
        process.stdout.close()
        assert process.wait(20) == -signal.SIGPIPE


def test_the_command_has_the_secret_and_nobody_else_sees_it(environment: dict[str, str]) -> None:
    program = "import os, sys; print(len(os.environ['DB']), os.getppid()); sys.stdin.read()"
    with started([*RUN, *PYTHON, program], env=environment, stdin=subprocess.PIPE) as process:
        length, parent = read_until(process, b"\n").split()
        assert (int(length), int(parent)) == (len(SECRET), process.pid)
        for told in ("environ", "cmdline"):
            shown = Path(f"/proc/{process.pid}/{told}")
            assert not shown.exists() or b"hunter2" not in shown.read_bytes()


def test_without_anything_to_hide_we_become_the_command(environment: dict[str, str]) -> None:
    for more in ({"DB": "plain"}, {}):
        words = [str(PROGRAM), "run", *([] if more else ["--no-mask"]), "--"]
        with started([*words, "sh", "-c", "echo $$"], env={**environment, **more}) as process:
            assert int(read_until(process, b"\n")) == process.pid


def test_an_interrupt_before_the_command_starts_it_never(
    emulator: Emulator, environment: dict[str, str]
) -> None:
    emulator.admin("POST", "faults", {"service": "vault", "action": "hang", "times": None})
    emulator.admin("DELETE", "log")
    try:
        with started([*RUN, "echo", "started"], env=environment) as process:
            comes(lambda: any(one["service"] == "vault" for one in emulator.admin("GET", "log")["requests"]))
            process.send_signal(signal.SIGINT)
            assert (process.communicate()[0], process.returncode) == (b"", 130)
    finally:
        emulator.admin("DELETE", "faults")
