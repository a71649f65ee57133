"""``nightlatch get``, ``list`` and ``set``: single secrets, for people and scripts."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

from ..models import SecretProperties
from .arguments import Parser, UsageError, client_of, seconds, words_of
from .help import HELP
from .output import OK, end, end_with


def get_command(given: list[str]) -> int:
    """The command line's."""
    parser = Parser()
    parser.add_argument("--timeout", type=seconds)
    parser.add_argument("--version-id")
    asked = parser.parse_known_intermixed_args(given)
    if asked[0].help:
        return end(OK, HELP["get"])
    vault, names = words_of(asked, least=2, most=2)
    secret = client_of(vault, asked[0]).get_secret(names[0], asked[0].version_id, timeout=asked[0].timeout)
    if asked[0].json:
        return end(OK, f"{_line(_facts(secret.properties))}\n")
    # Only people want a line of its own: a program would take its end for a part of the secret.
    return end_with(OK, f"{secret.value}{_line_end()}".encode())


def list_command(given: list[str]) -> int:
    """The command line's."""
    parser = Parser()
    parser.add_argument("--timeout", type=seconds)
    asked = parser.parse_known_intermixed_args(given)
    if asked[0].help:
        return end(OK, HELP["list"])
    vault, _ = words_of(asked, most=1)
    pages = client_of(vault, asked[0]).list_properties_of_secrets(timeout=asked[0].timeout)
    found = sorted(pages, key=lambda one: one.name)
    if asked[0].json:
        return end(OK, f"{_line([_facts(one) for one in found])}\n")
    width = max((len(one.name) for one in found), default=0)
    return end(OK, "".join(f"{one.name:<{width}}  {_state(one)}\n" for one in found))


def set_command(given: list[str]) -> int:
    """The command line's."""
    parser = Parser(json=False)
    parser.add_argument("--timeout", type=seconds)
    parser.add_argument("--content-type")
    asked = parser.parse_known_intermixed_args(given)
    if asked[0].help:
        return end(OK, HELP["set"])
    vault, names = words_of(asked, least=2, most=2)
    client = client_of(vault, asked[0])
    settings = {"content_type": asked[0].content_type, "timeout": asked[0].timeout}
    secret = client.set_secret(names[0], _value(names[0]), **settings)
    return end(OK, f"{secret.id}\n")


def _value(name: str) -> str:
    """The new value: from a person who is not watched, or from stdin."""
    if sys.stdin.isatty():
        from getpass import getpass

        value = getpass(f"Value of {name}: ")
    else:
        try:
            value = sys.stdin.buffer.read().decode()
        except UnicodeDecodeError:
            raise UsageError("the value on stdin is not UTF-8") from None
        value = value.removesuffix("\n").removesuffix("\r")
    if not value:
        raise UsageError("the value on stdin is empty")
    return value


def _line_end() -> str:
    return "\n" if sys.stdout.isatty() else ""


def _state(one: SecretProperties) -> str:
    state = "disabled" if one.enabled is False else "enabled"
    if one.expires_on is None:
        return state
    return f"{state:<8}  expires {one.expires_on:%Y-%m-%dT%H:%M:%SZ}"


def _facts(properties: SecretProperties) -> dict[str, Any]:
    """By the core's names, in its order; times are seconds since 1970."""
    return {name: _plain(getattr(properties, name)) for name in _NAMES}


_NAMES = (
    "id", "vault_url", "name", "version", "enabled", "not_before", "expires_on", "created_on", "updated_on",
    "content_type", "tags", "recovery_level", "recoverable_days", "managed", "key_id", "previous_version",
)  # fmt: skip


def _plain(value: Any) -> Any:
    return int(value.timestamp()) if isinstance(value, datetime) else value


def _line(facts: Any) -> str:
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
