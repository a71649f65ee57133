"""What is given on the command line, and what is made of it."""

from __future__ import annotations

import argparse
import re
from typing import NoReturn

from .. import DefaultAzureCredential, SecretClient

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


def words_of(
    asked: tuple[argparse.Namespace, list[str]], least: int = 1, most: int | None = None
) -> tuple[str, list[str]]:
    """The vault and the secrets' names, if there are as many as there should be, and nothing unknown."""
    words: list[str] = asked[0].words
    for unknown in [*asked[1], *(words[most:] if most is not None else [])]:
        raise UsageError(f"{unknown} is not understood")
    if len(words) < least:
        raise UsageError(f"{('VAULT', 'SECRET')[len(words)]} is missing")
    return (words[0], words[1:]) if words else (NO_VAULT, [])


def client_of(vault: str, asked: argparse.Namespace, **options: float | None) -> SecretClient:
    """A client of the vault, by the identity of this host."""
    return SecretClient(vault if "://" in vault else f"https://{vault}", credential_of(asked), **options)


def credential_of(asked: argparse.Namespace) -> DefaultAzureCredential:
    """The identity of this host."""
    return DefaultAzureCredential(managed_identity_client_id=asked.client_id)


def seconds(text: str) -> float:
    """A number of seconds, for argparse."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds")
    return float(text)


def count(text: str) -> int:
    """A number, for argparse."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text} is no number")
    return int(text)
