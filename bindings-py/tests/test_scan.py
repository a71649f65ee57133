"""What `nightlatch scan` finds: the rows of `tests/vectors/scan.json`, which the core and JavaScript play, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from nightlatch import InvalidArgumentError
from nightlatch._native import Scanned, reference_to

VECTORS = json.loads((Path(__file__).parents[2] / "tests" / "vectors" / "scan.json").read_text())


def text_of(row: dict[str, Any]) -> str:
    """The text of a row's file, which may stand there in parts."""
    return "".join(row["input"]["text"])


def test_there_are_rows() -> None:
    assert len(VECTORS) >= 80


@pytest.mark.parametrize("row", VECTORS, ids=lambda row: row["name"])
def test_row(row: dict[str, Any]) -> None:
    scanned = Scanned(row["input"]["path"], text_of(row))
    findings = scanned.findings()
    fixable = [(index, reference_to(None, name)) for index, (*_, name, fixes) in enumerate(findings) if fixes]
    told = {
        "found": [
            f"{line}:{column} {rule} {name}{'' if fixes else '!'}"
            for line, column, rule, _, name, fixes in findings
        ],
        "values": [scanned.value(index) for index in range(len(findings))],
        "replaced": scanned.replaced(fixable),
    }
    assert {name: told[name] for name in row["expect"]} == row["expect"]


def test_what_is_told_holds_no_value() -> None:
    for row in VECTORS:
        scanned = Scanned(row["input"]["path"], text_of(row))
        told = f"{scanned!r} {scanned.findings()}"
        values = [scanned.value(index) or "" for index in range(len(scanned.findings()))]
        assert not [value for value in values if value in told], row["name"]


def test_a_reference_names_the_vault() -> None:
    name = "db-password"
    assert reference_to(None, name) == "@Microsoft.KeyVault(VaultName=VAULT;SecretName=db-password)"
    vault = "https://contoso.vault.azure.net"
    assert reference_to(vault, name) == f"@Microsoft.KeyVault(SecretUri={vault}/secrets/db-password/)"
    for wrong in (("contoso", name), (vault, "no name")):
        with pytest.raises(InvalidArgumentError):
            reference_to(*wrong)


def test_what_is_not_there_is_not_replaced() -> None:
    scanned = Scanned("a.py", "password = 'hunter2-value'")
    assert len(scanned.findings()) == 1
    with pytest.raises(InvalidArgumentError):
        scanned.replaced([(0, "x")])
    with pytest.raises(IndexError):
        scanned.replaced([(1, "x")])
    with pytest.raises(IndexError):
        scanned.value(1)
