"""The command line: ``nightlatch`` and ``python -m nightlatch``.

It prints what the core tells, and ends with a status by which scripts know how things stand. The cases in
``tests/cli`` hold for it and for Node's alike.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from . import InvalidArgumentError, NightlatchError
from ._cli.arguments import UsageError
from ._cli.help import HELP, usage
from ._cli.output import INTERRUPTED, NOT_RUN, OK, PASSING, TROUBLE, USAGE, complain, end
from ._native import TRANSIENT_KINDS, __version__

__all__ = ["main"]

COMMANDS = {
    "run": "run", "inject": "inject", "get": "secrets", "list": "secrets", "set": "secrets",
    "scan": "scan", "doctor": "doctor", "check": "doctor", "explain": "doctor",
}  # fmt: skip
"""The commands, and the modules of `_cli` in which they are functions."""

OWN = {"run": dict.fromkeys((USAGE, TROUBLE, PASSING), NOT_RUN), "scan": {TROUBLE: USAGE}}
"""Statuses that some commands end with in place of the usual ones."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    :param arguments: those of the process, if not given
    :returns: the exit status
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = given[0] if given and given[0] in COMMANDS else ""
    name = f"nightlatch {command}".rstrip()
    own = OWN.get(command, {})
    try:
        status: int = _function(command)(given[1:]) if command else _without_command(given)
        return status
    except (UsageError, InvalidArgumentError) as why:
        complain(f"{usage(command)}\n{name}: {why}\nSee {name} --help.\n")
        return own.get(USAGE, USAGE)
    except NightlatchError as why:
        complain(f"trouble: {why}\n")
        status = PASSING if why.kind in TRANSIENT_KINDS else TROUBLE
        return own.get(status, status)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as why:
        complain(f"trouble: a defect of nightlatch, please report it: {type(why).__name__}: {why}\n")
        return own.get(TROUBLE, TROUBLE)


def _function(command: str) -> Any:
    """Loads a command: none of them needs what the others do."""
    return getattr(import_module(f"{__package__}._cli.{COMMANDS[command]}"), f"{command}_command")


def _without_command(given: list[str]) -> int:
    match given:
        case ["--version"]:
            return end(OK, f"nightlatch {__version__}\n")
        case ["-h" | "--help"]:
            return end(OK, HELP[""])
        case []:
            raise UsageError("a command is missing")
    raise UsageError(f"{given[0]} is no command")
