"""The pages of `docs/`: their shell commands and their Python do what the pages say. `docs/README.md` tells the rules."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import REPOSITORY, Emulator, binary

DOCS = REPOSITORY / "docs"
PAGES = sorted(page.name for page in DOCS.glob("*.md") if page.name != "README.md")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ID = re.compile(r"\b([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Emulator]:
    program = binary()
    if program is None:
        pytest.skip("no emulator: cargo build -p nightlatch-emulator, or set NIGHTLATCH_EMULATOR")
    config = REPOSITORY / "tests" / "docs" / "azure.json"
    process = subprocess.Popen(
        [program, "--config", config, "--ca", tmp_path / "ca.pem", "--stop-with-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Emulator(json.loads(process.stdout.readline()), tmp_path / "no certificate")
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def blocks(page: str) -> Iterator[tuple[str, str, str | None]]:
    """Language and text of each block, and what it prints if that is told."""
    found = BLOCK.findall((DOCS / page).read_text())
    for (language, text), (following, printed) in zip(found, [*found[1:], ("", "")], strict=True):
        yield language, text, printed if following == "text" else None


@pytest.mark.parametrize("page", PAGES)
def test_a_page_does_what_it_says(page: str, azure: Emulator, tmp_path: Path) -> None:
    folder, exported = tmp_path / "empty", tmp_path / "exported"
    folder.mkdir()
    commands = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**azure.network, **azure.principal, "PATH": commands, "HOME": str(tmp_path)}
    tried = set()
    for language, text, printed in blocks(page):
        if language == "sh":
            command = ["bash", "-euo", "pipefail", "-c", f"{text}\nenv -0 > {exported}"]
        elif language == "python":
            command = [sys.executable, "-u", "-c", text]
        else:
            continue
        ran = subprocess.run(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60
        )
        said = ran.stdout.decode()
        assert ran.returncode == 0, f"{text}\n{said}"
        if printed is not None:
            assert ID.sub("ID", said) == ID.sub("ID", printed), text
        if language == "sh":
            variables = exported.read_text().rstrip("\0").split("\0")
            environment = dict(variable.split("=", 1) for variable in variables)
        tried.add(language)
    assert "python" in tried or "sh" in tried, "there is nothing to try"
