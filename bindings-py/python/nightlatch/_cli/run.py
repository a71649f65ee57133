"""``nightlatch run``: a command with the secrets in its environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .._native import read_dotenv
from ..errors import InvalidConfigurationError
from ..references import ReferenceResolver
from .arguments import Parser, UsageError, credential_of, seconds, words_of
from .command import Command, become, end_as, signals, stand_for
from .help import HELP
from .output import OK, complain, end

NOT_EXECUTABLE, NOT_FOUND = 126, 127
"""What shells, ``env`` and ``timeout`` end with when a command cannot be started."""


def run_command(given: list[str]) -> int:
    """The command line's."""
    parser = Parser(json=False)
    parser.add_argument("--env-file", action="append", default=[])
    parser.add_argument("--max-age", type=seconds)
    parser.add_argument("--timeout", type=seconds)
    parser.add_argument("--no-mask", action="store_true")
    border = given.index("--") if "--" in given else len(given)
    asked = parser.parse_known_intermixed_args(given[:border])
    if asked[0].help:
        return end(OK, HELP["run"])
    words_of(asked, least=0, most=0)
    command = given[border + 1 :]
    if not command:
        raise UsageError("COMMAND is missing: it stands behind --")
    resolver = ReferenceResolver(credential_of(asked[0]), max_age=asked[0].max_age)
    environment, secrets = Plan(resolver, asked[0].env_file, asked[0].timeout).resolved()
    return run(command, environment, [] if asked[0].no_mask else secrets)


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
            become(words, environment)
        with signals() as received:
            command = Command(words, environment, secrets, received.unblock)
            status = stand_for(command, received)
        command.pass_on_the_rest()
    except OSError as why:
        complain(f"nightlatch run: {words[0]}: {why.strerror}\n")
        return NOT_FOUND if isinstance(why, FileNotFoundError) else NOT_EXECUTABLE
    return end_as(status)


def _variables(file: str) -> list[tuple[str, str]]:
    try:
        return read_dotenv(Path(file).read_text(encoding="utf-8"))
    except OSError as why:
        raise unread(file, str(why.strerror)) from None
    except UnicodeDecodeError:
        raise unread(file, "it is not UTF-8") from None
    except InvalidConfigurationError as why:
        raise unread(file, str(why)) from None


def unread(file: str, why: str) -> InvalidConfigurationError:
    """The error for a file that cannot be read."""
    return InvalidConfigurationError(f"{file} cannot be read: {why}")
