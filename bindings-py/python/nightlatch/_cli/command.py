"""A command that is run in our place: its output through a mask, our signals handed on, its end as ours.

While a command runs, the main thread waits for signals one by one, and a thread for each of the two streams
passes on what comes. The signals of a terminal (Ctrl-C, Ctrl-Z, a new size) reach the command by
themselves, since it is in our process group; only those that somebody sends to us alone are handed on.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import IO, TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from typing_extensions import Self

from .._native import Masker

CHUNK = 1 << 16
"""Bytes that are read at once: what a pipe holds."""

HANDED_ON = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGTSTP", "SIGCONT")
FROM_TERMINALS = ("SIGINT", "SIGHUP", "SIGQUIT", "SIGWINCH", "SIGTSTP")


class Received(NamedTuple):
    """A signal that reached this process."""

    number: int
    by_terminal: bool
    """Whether all processes of our group got it."""


class Signals:
    """The signals that reach this process, one by one, as long as the context lasts. What is ignored (as
    under ``nohup``) stays so.
    """

    def __init__(self) -> None:
        numbers = (getattr(signal, name, None) for name in HANDED_ON)
        self.numbers = {one for one in numbers if one and signal.getsignal(one) is not signal.SIG_IGN}

    def __enter__(self) -> Self:
        # An ignored SIGCHLD would be inherited, and how the command ended would be lost.
        self._child_before = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._before = signal.pthread_sigmask(signal.SIG_BLOCK, {*self.numbers, signal.SIGCHLD})
        return self

    def __exit__(self, *_: object) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._before)
        signal.signal(signal.SIGCHLD, self._child_before)

    def unblock(self) -> None:
        """What a new process has to do: it inherits what is blocked."""
        signal.pthread_sigmask(signal.SIG_SETMASK, self._before)

    def next(self, timeout: float | None) -> Received | None:
        """The next signal; ``None`` when the time is over."""
        awaited = {*self.numbers, signal.SIGCHLD}
        told = signal.sigwaitinfo(awaited) if timeout is None else signal.sigtimedwait(awaited, timeout)
        # What the kernel sends of itself has a positive code; there is no other source than a terminal.
        return None if told is None else Received(told.si_signo, told.si_code > 0)


class Handlers(Signals):
    """The same where the system cannot wait for signals (macOS, Windows)."""

    PATIENCE = 0.05
    """Seconds between two looks whether the command has ended."""

    def __enter__(self) -> Self:
        import queue

        self._arrived: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._replaced = {number: signal.signal(number, self._arrive) for number in self.numbers}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._replaced.items():
            signal.signal(number, handler)

    def unblock(self) -> None:
        """Handlers are not inherited."""

    def next(self, timeout: float | None) -> Received | None:
        import queue

        try:
            wait = self.PATIENCE if timeout is None else min(timeout, self.PATIENCE)
            number = self._arrived.get(timeout=wait)
        except queue.Empty:
            return None
        named = signal.Signals(number).name
        return Received(number, named in FROM_TERMINALS and _is_in_foreground())

    def _arrive(self, number: int, _: FrameType | None) -> None:
        self._arrived.put(number)


def _is_in_foreground() -> bool:
    """Whether a terminal's signals go to our process group."""
    if sys.platform == "win32":
        return True
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    finally:
        os.close(terminal)


def signals() -> Signals:
    """The best way that this system has."""
    return Signals() if hasattr(signal, "sigtimedwait") else Handlers()


class Command:
    """A running command.

    :param secrets: what its output must not show; without any, it writes where we do
    :raises OSError: it cannot be started
    """

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        secrets: Sequence[str],
        unblock: Callable[[], None],
    ) -> None:
        piped: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} if secrets else {}
        if sys.platform != "win32":
            # Safe, since no other thread runs: those of an earlier command have ended.
            piped["preexec_fn"] = unblock
        self._process = subprocess.Popen(words, env=environment, bufsize=0, **piped)  # noqa: S603
        self._end_reading, self._ended = os.pipe()
        self._has_ended = False
        self._streams: list[threading.Thread] = []
        for source, target in ((self._process.stdout, 1), (self._process.stderr, 2)):
            if source is not None:
                arguments = (source, target, Masker(list(secrets)), self._end_reading)
                self._streams.append(threading.Thread(target=_pass_on, args=arguments, daemon=True))
        for stream in self._streams:
            stream.start()

    def send(self, number: int) -> None:
        """Sends it a signal."""
        self._process.send_signal(number)

    def stand_for(self, received: Signals) -> int:
        """Waits for its end, and hands on what reaches us meanwhile; how it ended, see `status`."""
        while (status := self.status()) is None:
            hand_on(self, received.next(None))
        return status

    def status(self) -> int | None:
        """How it ended, once it has: its status, or the negative number of a signal."""
        return self._process.poll()

    def finish(self, patience: float | None = None) -> bool:
        """Passes on what it wrote before its end; false if that takes longer than so many seconds."""
        if not self._has_ended:
            self._has_ended = True
            os.close(self._ended)
        for stream in self._streams:
            stream.join(patience)
        if any(stream.is_alive() for stream in self._streams):
            return False
        os.close(self._end_reading)
        return True


def _pass_on(source: IO[bytes], target: int, masker: Masker, ended: int) -> None:
    """Passes a stream on, until it ends: or, after the command's end, until nothing is left in it. What
    it started in the background may hold it open much longer.
    """
    try:
        wait = _waiting(source.fileno(), ended)
        while wait() and (chunk := os.read(source.fileno(), CHUNK)):
            _write(target, masker.feed(chunk))
        _write(target, masker.finish())
    except OSError:
        pass  # nobody reads any more, which the command learns as it would without us
    finally:
        source.close()


def _waiting(source: int, ended: int) -> Callable[[], bool]:
    """Waits until there is something to read; false when there will not be."""
    if not hasattr(select, "poll"):
        return lambda: True
    poll = select.poll()
    poll.register(source, select.POLLIN)
    poll.register(ended, select.POLLIN)
    return lambda: any(one == source for one, _ in poll.poll())


def _write(target: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        try:
            rest = rest[os.write(target, rest) :]
        except BlockingIOError:
            select.select([], [target], [])


def hand_on(command: Command, received: Received | None) -> None:
    """Lets a signal have the effect that it would have on the command alone."""
    if received is None or received.number == getattr(signal, "SIGCHLD", None):
        return
    if not received.by_terminal:
        command.send(received.number)
    if received.number == getattr(signal, "SIGTSTP", None):
        os.kill(os.getpid(), signal.SIGSTOP)


def become(words: Sequence[str], environment: Mapping[str, str]) -> None:
    """Goes on as the command, in this very process.

    :raises OSError: it cannot be started
    """
    for name in ("SIGPIPE", "SIGXFSZ"):
        # Python ignores them, and that would be inherited.
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    os.execvpe(words[0], list(words), dict(environment))  # noqa: S606  the command is the user's


def end_as(status: int) -> int:
    """Ends this process by the signal that ended the command, or gives the status to end with."""
    if status >= 0:
        return status
    import resource

    # Secrets are in this process's memory, and not in what the signal may leave behind.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if -status not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
    return 128 - status
