"""``nightlatch run``: a command with the secrets in its environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import _command
from ._native import read_dotenv
from .errors import InvalidConfigurationError
from .references import ReferenceResolver

NOT_EXECUTABLE, NOT_FOUND = 126, 127
"""What shells, ``env`` and ``timeout`` end with when a command cannot be started."""


class Plan:
    """What is to be run, and with what.

    :param files: ``.env`` files; a later one wins over an earlier one, and the environment over both
    :raises InvalidConfigurationError: a file cannot be read
    """

    def __init__(self, resolver: ReferenceResolver, files: Sequence[str], timeout: float | None) -> None:
        self._resolver, self._timeout = resolver, timeout
        self._given = {**{name: value for file in files for name, value in _variables(file)}, **os.environ}

    def resolved(self, max_age: float | None = None) -> tuple[dict[str, str], list[str]]:
        """The environment with its secrets, and these by themselves.

        :raises NightlatchError: one could not be had
        """
        environment = self._resolver.resolve_environ(self._given, max_age=max_age, timeout=self._timeout)
        secrets = {value for name, value in environment.items() if value != self._given[name]}
        return environment, sorted(secrets)


def run(words: Sequence[str], environment: Mapping[str, str], secrets: Sequence[str]) -> int:
    """Runs a command, and ends as it does.

    :param secrets: what its output must not show
    """
    try:
        if not secrets and sys.platform != "win32":
            _command.become(words, environment)
        with _command.signals() as received:
            command = _command.Command(words, environment, secrets, received.unblock)
            status = _command.stand_for(command, received)
        command.pass_on_the_rest()
    except OSError as why:
        sys.stderr.write(f"nightlatch run: {words[0]}: {why.strerror}\n")
        return NOT_FOUND if isinstance(why, FileNotFoundError) else NOT_EXECUTABLE
    return _command.end_as(status)


def _variables(file: str) -> list[tuple[str, str]]:
    try:
        return read_dotenv(Path(file).read_text(encoding="utf-8"))
    except OSError as why:
        raise _unread(file, str(why.strerror)) from None
    except UnicodeDecodeError:
        raise _unread(file, "it is not UTF-8") from None
    except InvalidConfigurationError as why:
        raise _unread(file, str(why)) from None


def _unread(file: str, why: str) -> InvalidConfigurationError:
    return InvalidConfigurationError(f"{file} cannot be read: {why}")
