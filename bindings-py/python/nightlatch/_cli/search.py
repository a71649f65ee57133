"""The files that ``nightlatch scan`` reads."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from . import files

LARGEST = 1 << 20
"""Bytes of the largest file that is read: what people write is smaller."""

LEFT_OUT = (".git", "node_modules")
"""Folders that hold nothing of one's own."""

PASSED_OVER = {
    "excluded": "excluded", "folders": ".git and node_modules", "links": "links",
    "large": "larger than 1 MiB", "binary": "not UTF-8", "unreadable": "not readable",
}  # fmt: skip
"""Why something is passed over, as programs and as people read it."""


class File(NamedTuple):
    """A file's path, as it is shown, and its text."""

    path: str
    text: str


class Search:
    """The texts of files below some paths, in the order of their paths, and how many there were.

    :raises InvalidConfigurationError: a path cannot be read
    """

    def __init__(self, paths: Sequence[str], excluded: Sequence[str]) -> None:
        self._paths, self._excluded = paths or ["."], [_pattern(glob) for glob in excluded]
        self.count = 0
        self.passed_over = dict.fromkeys(PASSED_OVER, 0)

    def __iter__(self) -> Iterator[File]:
        for path in self._paths:
            if not os.path.isdir(path):
                yield from self._file(path, is_named=True)
                continue
            inside = _known_to_git(path)
            for name in self._below(path) if inside is None else inside:
                yield from self._file(name if path == "." else f"{path.rstrip('/')}/{name}")

    def _below(self, folder: str) -> Iterator[str]:
        """Every file below a folder."""
        found = []
        for place, folders, names in os.walk(folder):
            self.passed_over["folders"] += sum(name in LEFT_OUT for name in folders)
            links = [name for name in folders if os.path.islink(os.path.join(place, name))]
            folders[:] = [name for name in folders if name not in LEFT_OUT and name not in links]
            inner = os.path.relpath(place, folder)
            found += [os.path.normpath(os.path.join(inner, name)) for name in [*names, *links]]
        return iter(sorted(found))

    def _file(self, path: str, is_named: bool = False) -> Iterator[File]:
        try:
            told = os.stat(path) if is_named else os.lstat(path)
        except OSError as why:
            if is_named:
                raise files.unread(path, str(why.strerror)) from None
            return  # git knows it, and it is gone
        reason = self._reason(path, told)
        if reason is None:
            try:
                text = Path(path).read_bytes().decode()
                reason = "binary" if "\0" in text else None
            except OSError as why:
                if is_named:
                    raise files.unread(path, str(why.strerror)) from None
                reason = "unreadable"
            except UnicodeDecodeError:
                reason = "binary"
        if reason is None:
            self.count += 1
            yield File(path, text)
        elif reason:
            self.passed_over[reason] += 1

    def _reason(self, path: str, told: os.stat_result) -> str | None:
        """Why a file is passed over, if it is; ``""`` for what is none."""
        if any(pattern.search(path) for pattern in self._excluded):
            return "excluded"
        if stat.S_ISLNK(told.st_mode):
            return "links"
        if not stat.S_ISREG(told.st_mode):
            return ""
        return "large" if told.st_size > LARGEST else None


def _known_to_git(folder: str) -> list[str] | None:
    """The files below a folder that git does not ignore; ``None`` without git, or outside its work trees."""
    # No program that the repository names is started.
    command = ["git", "-c", "core.fsmonitor=false", "ls-files", "-coz", "--exclude-standard"]
    try:
        told = subprocess.run(command, cwd=folder, capture_output=True)  # noqa: S603
    except OSError:
        return None
    if told.returncode != 0:
        return None
    return sorted({os.fsdecode(name) for name in told.stdout.split(b"\0") if name})


def _pattern(glob: str) -> re.Pattern[str]:
    """A pattern for the end of a path, or of one of the folders above."""
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    found = re.split(r"(\*\*/|\*\*|\*|\?)", glob.strip("/"))
    return re.compile(f"(?:^|/){''.join(parts.get(part, re.escape(part)) for part in found)}(?:/|$)")
