"""Runs programs for the engine: directly, without a shell, without input, from a directory nobody else
writes to.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from typing import TYPE_CHECKING

from .faults import TransportError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence
    from typing import IO

OUTPUT_LIMIT = 1 << 20
"""Bytes read of each output stream; a program that writes more is ended."""

# What may be handed to a batch file, which cmd.exe reads with rules of its own.
_HARMLESS = re.compile(r"[A-Za-z0-9 ._:/\\@,=+{}-]*\Z")


class Commands:
    """The machine's programs. Replaceable: anything with this `run` will do."""

    def run(
        self, argv: Sequence[str], env: Sequence[tuple[str, str]], timeout: float
    ) -> tuple[int | None, bytes, bytes]:
        """Runs a program to its end.

        :param argv: program (looked up on ``PATH``) and arguments
        :param env: variables added to those of this process
        :param timeout: seconds after which it is killed, with its children where the system allows
        :returns: exit status (``None`` if a signal ended it), standard output, standard error
        :raises TransportError: ``not_found``, ``permission_denied``, ``timeout``, ``too_large`` or ``other``
        """
        import subprocess

        program = find_program(argv[0])
        if program is None:
            raise TransportError("not_found")
        if program.lower().endswith((".cmd", ".bat")) and not all(map(_HARMLESS.match, argv[1:])):
            raise TransportError("unsupported", "an argument that a batch file could misread")
        try:
            process = subprocess.Popen(  # noqa: S603 (that is what this is for; no shell)
                [program, *argv[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=safe_directory(),
                env={**os.environ, **dict(env)},
                start_new_session=sys.platform != "win32",
            )
        except FileNotFoundError:
            raise TransportError("not_found") from None
        except PermissionError:
            raise TransportError("permission_denied") from None
        except (OSError, ValueError) as why:
            raise TransportError("other", getattr(why, "strerror", None) or type(why).__name__) from None
        return _collect(process, timeout)


def find_program(name: str) -> str | None:
    """The program's absolute path, from the absolute directories on ``PATH`` only: never the current one."""
    if os.path.isabs(name):
        return name
    if os.path.dirname(name):
        return None
    endings = [""]
    if sys.platform == "win32":
        endings = os.environ.get("PATHEXT", ".COM;.EXE;.BAT;.CMD").split(";")
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        if not os.path.isabs(folder):
            continue
        for ending in endings:
            path = os.path.join(folder, name + ending)
            if os.path.isfile(path) and os.access(path, os.X_OK):
                return path
    return None


def safe_directory() -> str:
    """A directory that only the operating system's owner writes to, so that nothing planted there is run."""
    return os.environ.get("SYSTEMROOT", "C:\\Windows") if sys.platform == "win32" else "/bin"


def _collect(process: subprocess.Popen[bytes], timeout: float) -> tuple[int | None, bytes, bytes]:
    outputs: list[bytes] = [b"", b""]

    def drain(index: int, stream: IO[bytes]) -> None:
        outputs[index] = stream.read(OUTPUT_LIMIT + 1)
        if len(outputs[index]) > OUTPUT_LIMIT:
            _kill(process)

    streams = (process.stdout, process.stderr)
    readers = [
        threading.Thread(target=drain, args=(index, stream), daemon=True)
        for index, stream in enumerate(streams)
        if stream is not None
    ]
    import subprocess

    finished = False
    try:
        for reader in readers:
            reader.start()
        process.wait(timeout)
        finished = True
    except subprocess.TimeoutExpired:
        raise TransportError("timeout") from None
    finally:
        if not finished:  # also when the caller is interrupted
            _kill(process)
            process.wait()
    for reader in readers:
        # A grandchild may hold the pipe open after its parent has ended.
        reader.join(1.0)
    if any(len(output) > OUTPUT_LIMIT for output in outputs):
        raise TransportError("too_large")
    for stream in streams:
        if stream is not None and not any(reader.is_alive() for reader in readers):
            stream.close()
    status = process.returncode
    return (status if status >= 0 else None), outputs[0], outputs[1]


def _kill(process: subprocess.Popen[bytes]) -> None:
    if sys.platform != "win32":
        import signal

        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
    else:
        process.kill()
