"""``nightlatch run``: a command with the secrets in its environment."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from .._native import read_dotenv
from ..errors import InvalidConfigurationError
from ..references import ReferenceResolver
from . import files
from .arguments import Parser, UsageError, credential_of, seconds, words_of
from .command import Command, become, end_as, signals
from .help import HELP
from .output import OK, complain, end
from .watch import Found, Watch, Watched

NOT_EXECUTABLE, NOT_FOUND = 126, 127
"""What shells, ``env`` and ``timeout`` end with when a command cannot be started."""


def run_command(given: list[str]) -> int:
    """The command line's."""
    parser = Parser(json=False)
    parser.add_argument("--env-file", action="append", default=[])
    parser.add_argument("--max-age", type=seconds)
    parser.add_argument("--timeout", type=seconds)
    parser.add_argument("--no-mask", action="store_true")
    parser.add_argument("--watch", action="store_true")
    parser.add_argument("--watch-interval", type=seconds, default=60.0)
    parser.add_argument("--watch-spread", type=seconds, default=30.0)
    parser.add_argument("--watch-signal", type=_signal)
    border = given.index("--") if "--" in given else len(given)
    asked = parser.parse_known_intermixed_args(given[:border])
    if asked[0].help:
        return end(OK, HELP["run"])
    words_of(asked, least=0, most=0)
    command = given[border + 1 :]
    if not command:
        raise UsageError("COMMAND is missing: it stands behind --")
    if not asked[0].watch_interval:
        raise UsageError("argument --watch-interval: 0 is no time between two looks")
    plan = Plan(ReferenceResolver(credential_of(asked[0])), asked[0].env_file, asked[0].timeout)
    found = plan.resolved()
    try:
        status = _run(command, plan, found, asked[0])
    except OSError as why:
        complain(f"nightlatch run: {command[0]}: {why.strerror}\n")
        return NOT_FOUND if isinstance(why, FileNotFoundError) else NOT_EXECUTABLE
    return end_as(status)


def _run(command: Sequence[str], plan: Plan, found: Found, asked: argparse.Namespace) -> int:
    """Runs a command to its end, with what was found; how it ended, see `Command.status`.

    :raises OSError: it cannot be started
    """
    shown: set[str] = set()

    def start(found: Found) -> Command:
        # What an earlier one had, a later one may have kept.
        shown.update(() if asked.no_mask else found[1])
        return Command(command, found[0], sorted(shown), received.unblock)

    if not asked.watch and (asked.no_mask or not found[1]) and sys.platform != "win32":
        become(command, found[0])
    watch = Watch(asked.watch_interval, asked.watch_spread, asked.watch_signal)
    # Each look finds copies that are too old, and so asks the vault.
    max_age = watch.interval / 2 if asked.max_age is None else asked.max_age
    with signals() as received:
        running: Command | Watched
        if asked.watch:
            running = Watched(watch, found, start, lambda: plan.resolved(max_age))
        else:
            running = start(found)
        status = running.stand_for(received)
    running.finish()
    return status


class Plan:
    """What is to be run, and with what.

    :param paths: ``.env`` files; a later one wins over an earlier one, and the environment over both
    :raises InvalidConfigurationError: a file cannot be read
    """

    def __init__(self, resolver: ReferenceResolver, paths: Sequence[str], timeout: float | None) -> None:
        self._resolver, self._timeout = resolver, timeout
        self._given = {**{name: value for path in paths for name, value in _variables(path)}, **os.environ}

    def resolved(self, max_age: float | None = None) -> Found:
        """The environment with its secrets, and these by themselves.

        :raises NightlatchError: one could not be had
        """
        environment = self._resolver.resolve_environ(self._given, max_age=max_age, timeout=self._timeout)
        secrets = {value for name, value in environment.items() if value != self._given[name]}
        return environment, sorted(secrets)


def _signal(name: str) -> int:
    """A signal by its name, for argparse."""
    try:
        return signal.Signals[f"SIG{name.upper().removeprefix('SIG')}"]
    except KeyError:
        raise argparse.ArgumentTypeError(f"{name} is no signal") from None


def _variables(file: str) -> list[tuple[str, str]]:
    text = files.read(file)
    try:
        return read_dotenv(text)
    except InvalidConfigurationError as why:
        raise files.unread(file, str(why)) from None
