"""``nightlatch scan``: values in files that look like secrets, and references in their place."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from typing import NamedTuple

from .. import SecretClient
from .._native import Scanned, reference_to
from ..errors import (
    InvalidConfigurationError,
    ResourceExistsError,
    ResourceNotFoundError,
    SecretDisabledError,
)
from . import files
from .arguments import Parser, UsageError, client_of, seconds
from .help import HELP
from .output import OK, complain, end
from .search import PASSED_OVER, File, Search

FOUND = 1
"""What a scan ends with that has found something that is still there."""

NAMES = 9
"""How many names are tried for a secret whose first name is taken."""


class Finding(NamedTuple):
    """A value that looks like a secret."""

    line: int
    column: int
    rule: str
    what: str
    name: str
    fixable: bool


def scan_command(given: list[str]) -> int:
    """The command line's."""
    parser = Parser()
    parser.add_argument("--exclude", action="append", default=[])
    parser.add_argument("--vault")
    parser.add_argument("--fix", action="store_true")
    parser.add_argument("--yes", action="store_true")
    parser.add_argument("--timeout", type=seconds)
    asked, unknown = parser.parse_known_intermixed_args(given)
    if asked.help:
        return end(OK, HELP["scan"])
    _check(asked, unknown)
    # A vault that is none is told before anything else.
    reference_to(_url(asked.vault), "name")
    search = Search(asked.words, asked.exclude)
    if asked.fix:
        return _fix(search, asked)
    found = [(file.path, finding) for file in search for finding in _findings(file)]
    if asked.json:
        told = [_told(path, finding, asked.vault) for path, finding in found]
        report = {"findings": told, "files": search.count, "passed_over": search.passed_over}
        text = f"{json.dumps(report, ensure_ascii=False, separators=(',', ':'))}\n"
    else:
        text = "".join(_text(path, finding, asked.vault) for path, finding in found)
        text += _summary(len(found), search)
    return end(FOUND if found else OK, text)


def _check(asked: argparse.Namespace, unknown: Sequence[str]) -> None:
    for one in unknown:
        raise UsageError(f"{one} is not understood")
    if asked.fix and asked.vault is None:
        raise UsageError("--vault is missing: --fix sets the secrets there")
    if asked.fix and asked.json:
        raise UsageError("--fix and --json do not go together")
    if asked.yes and not asked.fix:
        raise UsageError("--yes is for --fix")
    if asked.fix and not asked.yes and not sys.stdin.isatty():
        raise UsageError("--fix asks on a terminal; give --yes to replace all without asking")


def _findings(file: File) -> list[Finding]:
    return [Finding(*one) for one in Scanned(_printable(file.path), file.text).findings()]


def _told(path: str, finding: Finding, vault: str | None) -> dict[str, object]:
    reference = reference_to(_url(vault), finding.name)
    return {
        "path": path, **finding._asdict(), "command": _command(finding.name, vault), "reference": reference,
    }  # fmt: skip


def _text(path: str, finding: Finding, vault: str | None) -> str:
    place = reference_to(_url(vault), finding.name) if finding.fixable else "(no reference can stand here)"
    head = f"{_printable(path)}:{finding.line}:{finding.column} {finding.rule} {finding.what}"
    return f"{head}\n    {_command(finding.name, vault)}\n    {place}\n"


def _command(name: str, vault: str | None) -> str:
    return f"nightlatch set {vault or 'VAULT'} {name}"


def _summary(found: int, search: Search, replaced: int | None = None) -> str:
    text = f"{found or 'No'} {'secret' if found < 2 else 'secrets'} found"
    text += f" in {search.count} {'file' if search.count == 1 else 'files'}"
    text += "" if replaced is None else f", {replaced} replaced"
    passed_over = [f"{PASSED_OVER[why]} {count}" for why, count in search.passed_over.items() if count]
    over = f" Passed over: {', '.join(passed_over)}." if passed_over else ""
    return f"{text}.{over}\n"


def _printable(path: str) -> str:
    """No name of a file does anything to a terminal."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", "?", path)


def _url(vault: str | None) -> str | None:
    return vault if vault is None or "://" in vault else f"https://{vault}"


def _fix(search: Search, asked: argparse.Namespace) -> int:
    """Sets the secrets, and puts references in their place."""
    found = replaced = 0
    ask = Question(asked.yes)
    with client_of(asked.vault, asked) as client:
        for file in search:
            findings = _findings(file)
            found += len(findings)
            chosen = []
            for index, finding in enumerate(findings):
                end(OK, _text(file.path, finding, asked.vault))
                if finding.fixable and ask.whether():
                    chosen.append(index)
            if chosen:
                names = _replace(file, findings, chosen, client, asked)
                replaced += len(names)
                end(OK, f"{_printable(file.path)}: replaced by {', '.join(names)}\n")
    return end(OK if found == replaced else FOUND, _summary(found, search, replaced))


def _replace(
    file: File, findings: list[Finding], chosen: list[int], client: SecretClient, asked: argparse.Namespace
) -> list[str]:
    """Replaces values of a file. It is written once all of them are in the vault."""
    scanned = Scanned(_printable(file.path), file.text)
    names = [
        _set(client, findings[index].name, scanned.value(index) or "", asked.timeout) for index in chosen
    ]
    references = [
        (index, reference_to(_url(asked.vault), name)) for index, name in zip(chosen, names, strict=True)
    ]
    content = scanned.replaced(references)
    if files.read(file.path) != file.text:
        raise InvalidConfigurationError(f"{file.path} was changed meanwhile, and is left as it is")
    files.write(file.path, content.encode(), keep_mode=True)
    return names


def _set(client: SecretClient, name: str, value: str, timeout: float | None) -> str:
    """Sets a secret, unless it is there with this value, and never over another one; gives its name."""
    for number in range(1, NAMES + 1):
        candidate = name if number == 1 else f"{name[:120]}-{number}"
        try:
            if client.get_secret(candidate, timeout=timeout).value == value:
                return candidate
        except ResourceNotFoundError:
            try:
                client.set_secret(candidate, value, timeout=timeout)
            except ResourceExistsError:
                continue  # deleted, and it can still be recovered
            return candidate
        except SecretDisabledError:
            continue
    raise InvalidConfigurationError(
        f"{name} and {NAMES - 1} names like it are taken in the vault by other secrets; none was changed"
    )


class Question:
    """Asks a person what to replace."""

    def __init__(self, is_answered: bool) -> None:
        self._is_answered = is_answered

    def whether(self) -> bool:
        """Whether to replace this one."""
        if self._is_answered:
            return True
        complain("Set it, and replace it? [y/N/all] ")
        sys.stderr.flush()
        answer = sys.stdin.readline().strip().lower()
        self._is_answered = answer in ("a", "all")
        return self._is_answered or answer in ("y", "yes")
