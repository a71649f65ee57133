"""The audit stream: every event as one line of JSON, to wherever the user says. No event holds a secret."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ._host.fork import ForkSafeLock

if TYPE_CHECKING:
    from ._host.environment import Host

__all__ = ["Audit"]


class Audit:
    """Writes events to a function, a file by its path, or an open text file.

    A file by its path is made if it is missing, readable by its owner only, and appended to with one system
    call a line, so that processes may share it. It is opened anew for each line and may therefore be rotated.
    """

    def __init__(self, target: Any, host: Host) -> None:
        self._host = host
        self._lock = ForkSafeLock()
        self._write = self._writer(target)
        self.key = ("audit", os.path.abspath(target) if isinstance(target, (str, os.PathLike)) else target)
        """Equal for equal targets: clients that share events share their audit, too."""

    def __call__(self, event: dict[str, Any]) -> None:
        self._write(json.dumps({"time": self._time(), **event}, separators=(",", ":"), ensure_ascii=False))

    def _writer(self, target: Any) -> Callable[[str], object]:
        if isinstance(target, (str, os.PathLike)):
            path = os.path.abspath(target)
            return lambda line: _append(path, line)
        if hasattr(target, "write"):
            return lambda line: self._print(target, line)
        if callable(target):
            return target  # type: ignore[no-any-return]
        raise TypeError(f"audit is a function, a path or a file, not {type(target).__name__}")

    def _print(self, file: Any, line: str) -> None:
        with self._lock:
            file.write(line + "\n")
            file.flush()

    def _time(self) -> str:
        from datetime import datetime, timezone

        when = datetime.fromtimestamp(self._host.unix(), timezone.utc)
        return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _append(path: str, line: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        os.write(file, line.encode() + b"\n")
    finally:
        os.close(file)
