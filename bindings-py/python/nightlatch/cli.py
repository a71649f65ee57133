"""The command line: ``nightlatch`` and ``python -m nightlatch``.

It prints what the core tells, and ends with a status by which scripts know how things stand. The cases in
``tests/cli`` hold for it and for Node's alike.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from . import DefaultAzureCredential, InvalidArgumentError, NightlatchError, SecretClient
from ._cli_help import HELP, usage
from ._native import __version__
from .doctor import Failure

__all__ = ["main"]

OK, TROUBLE, USAGE, PASSING, INTERRUPTED = 0, 1, 2, 3, 130
"""The exit statuses, as the help explains them."""

NOT_RUN = 125
"""What `run` ends with for reasons of its own, as ``env`` and ``timeout`` do; the rest is its command's."""

# A client has to have a vault; explaining asks none.
NO_VAULT = "https://vault.invalid"


class UsageError(Exception):
    """The arguments are wrong."""


class Parser(argparse.ArgumentParser):
    """Leaves help, messages and the end to `main`; `words` are what is no option."""

    def __init__(self, json: bool = True) -> None:
        super().__init__(add_help=False, allow_abbrev=False)
        self.add_argument("words", nargs="*")
        self.add_argument("-h", "--help", action="store_true")
        self.add_argument("--client-id")
        if json:
            self.add_argument("--json", action="store_true")

    def error(self, message: str) -> NoReturn:
        """Called by argparse."""
        raise UsageError(message)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    :param arguments: those of the process, if not given
    :returns: the exit status
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = given[0] if given and given[0] in COMMANDS else ""
    name = f"nightlatch {command}".rstrip()
    wrong, trouble = (NOT_RUN, NOT_RUN) if command == "run" else (USAGE, TROUBLE)
    try:
        return COMMANDS[command](given[1:]) if command else _without_command(given)
    except (UsageError, InvalidArgumentError) as why:
        _complain(f"{usage(command)}\n{name}: {why}\nSee {name} --help.\n")
        return wrong
    except NightlatchError as why:
        _complain(f"trouble: {why}\n")
        return trouble
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as why:
        _complain(f"trouble: a defect of nightlatch, please report it: {type(why).__name__}: {why}\n")
        return trouble


def _without_command(given: list[str]) -> int:
    match given:
        case ["--version"]:
            return _end(OK, f"nightlatch {__version__}\n")
        case ["-h" | "--help"]:
            return _end(OK, HELP[""])
        case []:
            raise UsageError("a command is missing")
    raise UsageError(f"{given[0]} is no command")


def _doctor(given: list[str]) -> int:
    parser = Parser()
    parser.add_argument("--version-id")
    parser.add_argument("--timeout", type=_seconds)
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    asked = parser.parse_known_intermixed_args(given)
    if asked[0].help:
        return _end(OK, HELP["doctor"])
    vault, names = _words(asked, most=2)
    client = _client(vault, asked[0])
    name = names[0] if names else None
    found = client.diagnose(name, asked[0].version_id, timeout=asked[0].timeout)
    status = _status([found.error] if found.error else [])
    if asked[0].json:
        return _end(status, f"{found.to_json()}\n")
    return _end(status, _painted(found.text) if _is_colourful(asked[0].color) else found.text)


def _check(given: list[str]) -> int:
    parser = Parser()
    parser.add_argument("--timeout", type=_seconds)
    parser.add_argument("--quiet", action="store_true")
    asked = parser.parse_known_intermixed_args(given)
    if asked[0].help:
        return _end(OK, HELP["check"])
    vault, names = _words(asked)
    client = _client(vault, asked[0])
    health = client.check(*names, timeout=asked[0].timeout)
    status = _status([trouble.error for trouble in health.troubles])
    if asked[0].quiet:
        return status
    return _end(status, f"{health.to_json()}\n" if asked[0].json else health.text)


def _explain(given: list[str]) -> int:
    parser = Parser()
    parser.add_argument("--secrets", type=_count, default=1)
    parser.add_argument("--instances", type=_count, default=1)
    parser.add_argument("--ttl", type=_seconds)
    asked = parser.parse_known_intermixed_args(given)
    if asked[0].help:
        return _end(OK, HELP["explain"])
    vault, _ = _words(asked, least=0, most=1)
    client = _client(vault, asked[0], cache_ttl=asked[0].ttl)
    forecast = client.explain(secrets=asked[0].secrets, instances=asked[0].instances)
    return _end(OK, f"{forecast.to_json()}\n" if asked[0].json else forecast.text)


def _run(given: list[str]) -> int:
    parser = Parser(json=False)
    parser.add_argument("--env-file", action="append", default=[])
    parser.add_argument("--max-age", type=_seconds)
    parser.add_argument("--timeout", type=_seconds)
    parser.add_argument("--no-mask", action="store_true")
    border = given.index("--") if "--" in given else len(given)
    asked = parser.parse_known_intermixed_args(given[:border])
    if asked[0].help:
        return _end(OK, HELP["run"])
    _words(asked, least=0, most=0)
    words = given[border + 1 :]
    if not words:
        raise UsageError("COMMAND is missing: it stands behind --")
    from ._run import Plan, run
    from .references import ReferenceResolver

    resolver = ReferenceResolver(_credential(asked[0]), max_age=asked[0].max_age)
    environment, secrets = Plan(resolver, asked[0].env_file, asked[0].timeout).resolved()
    return run(words, environment, [] if asked[0].no_mask else secrets)


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "doctor": _doctor, "check": _check, "explain": _explain, "run": _run,
}  # fmt: skip


def _words(
    asked: tuple[argparse.Namespace, list[str]], least: int = 1, most: int | None = None
) -> tuple[str, list[str]]:
    """The vault and the secrets' names, if there are as many as there should be, and nothing unknown."""
    words: list[str] = asked[0].words
    for unknown in [*asked[1], *(words[most:] if most is not None else [])]:
        raise UsageError(f"{unknown} is not understood")
    if len(words) < least:
        raise UsageError("VAULT is missing")
    return (words[0], words[1:]) if words else (NO_VAULT, [])


def _client(vault: str, asked: argparse.Namespace, **options: float | None) -> SecretClient:
    return SecretClient(vault if "://" in vault else f"https://{vault}", _credential(asked), **options)


def _credential(asked: argparse.Namespace) -> DefaultAzureCredential:
    return DefaultAzureCredential(managed_identity_client_id=asked.client_id)


def _status(errors: Sequence[Failure]) -> int:
    if not errors:
        return OK
    return PASSING if all(error.transient for error in errors) else TROUBLE


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds")
    return float(text)


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text} is no number")
    return int(text)


def _is_colourful(when: str) -> bool:
    return when == "always" or (when == "auto" and sys.stdout.isatty() and not os.environ.get("NO_COLOR"))


BOLD, RED, GREEN, YELLOW, CYAN = 1, 31, 32, 33, 36


def _painted(text: str) -> str:
    """The report in colour: how things stand, the headings of the first column, commands."""

    def paint(line: str) -> str:
        for beginning, colour in (("ok:", GREEN), ("trouble:", RED), ("warning:", YELLOW)):
            if line.startswith(beginning):
                return _in(colour, line)
        line = re.sub(r"^ +(\$ .*)$", lambda found: line[: found.start(1)] + _in(CYAN, found[1]), line)
        return re.sub(r"^([A-Z].*?)(?=  )", lambda found: _in(BOLD, found[1]), line)

    return "\n".join(paint(line) for line in text.split("\n"))


def _in(colour: int, text: str) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m"


def _end(status: int, text: str) -> int:
    """Prints, and ends with a status."""
    try:
        # What this terminal cannot show is spelt out.
        getattr(sys.stdout, "reconfigure", lambda **_: None)(errors="backslashreplace")
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # Nobody reads any more, and Python would complain of that at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def _complain(text: str) -> None:
    sys.stderr.write(text)
