"""`nightlatch inject`, and what is typed to `nightlatch set`, as real processes. What needs only arguments and texts
stands in tests/cli/secrets.json.
"""

from __future__ import annotations

import contextlib
import os
import pty
import random
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nightlatch._cli.inject import as_dotenv
from nightlatch._native import read_dotenv

from .conftest import MACHINE_OBJECT, binary
from .test_cli import PROGRAM, Emulator

TEXT = '{"db": "@Microsoft.KeyVault(VaultName=contoso;SecretName=db)"}'
AZURE = {
    "vaults": [
        {
            "name": "contoso",
            "secrets": {"db": "hunter2"},
            "access": [{"principal": MACHINE_OBJECT, "secrets": ["get", "set"]}],
        }
    ]
}


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    program = binary()
    if program is None:
        pytest.skip("no emulator: cargo build -p nightlatch-emulator, or set NIGHTLATCH_EMULATOR")
    os.environ.setdefault("NIGHTLATCH_EMULATOR", str(program))
    with Emulator(AZURE) as emulator:
        yield {**emulator.environment(), "PATH": os.environ["PATH"]}


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "app.json"
    path.write_text(TEXT)
    return path


def inject(template: Path, output: Any, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [PROGRAM, "inject", "-i", template, "-o", output]
    # Whatever the user's own mask of rights says.
    return subprocess.run(command, env=environment, capture_output=True, text=True, umask=0, timeout=60)


def test_a_file_is_for_its_owner_alone(template: Path, environment: dict[str, str], tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    for before in (None, "what was there"):
        if before is not None:
            output.write_text(before)
            output.chmod(0o644)
        ran = inject(template, output, environment)
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
        assert output.read_text() == '{"db": "hunter2"}'
        assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert sorted(tmp_path.iterdir()) == [template, output]


def test_a_file_is_there_as_a_whole_or_as_before(
    template: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    output = tmp_path / "out.json"
    output.write_text("before")
    with output.open() as reader:
        # Whoever has it open reads on what was there.
        assert inject(template, output, environment).returncode == 0
        assert reader.read() == "before"
    template.write_text(TEXT.replace("=db", "=absent"))
    assert inject(template, output, environment).returncode == 1
    assert output.read_text() == '{"db": "hunter2"}'
    assert sorted(tmp_path.iterdir()) == [template, output]


def test_a_link_is_followed_and_stays(template: Path, environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    target, link = tmp_path / "deep" / "out.json", tmp_path / "link.json"
    link.symlink_to(target)
    assert inject(template, link, environment).returncode == 0
    assert link.is_symlink()
    assert target.read_text() == '{"db": "hunter2"}'


def test_what_is_no_file_is_refused(template: Path, environment: dict[str, str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for output in (tmp_path, tmp_path / "pipe", tmp_path / "absent" / "out.json"):
        ran = inject(template, output, environment)
        assert (ran.returncode, ran.stdout) == (1, "")
        assert "cannot be written: " in ran.stderr
    assert sorted(tmp_path.iterdir()) == [template, tmp_path / "pipe"]


def test_whatever_a_secret_holds_reads_back() -> None:
    chance = random.Random(5)  # noqa: S311
    pieces = [
        "'",
        '"',
        "\\",
        "$",
        "#",
        " ",
        "\n",
        "\r",
        "\t",
        "=",
        "n",
        "${HOME}",
        "ä",
        "🎉",
        "\x00",
        "\u2028",
    ]
    for _ in range(5_000):
        values = {f"N{at}": "".join(chance.choices(pieces, k=chance.randrange(8))) for at in range(3)}
        written = as_dotenv(values)
        assert dict(read_dotenv(written)) == values, written


def test_a_typed_value_is_not_shown(environment: dict[str, str]) -> None:
    pid, ours = pty.fork()
    if pid == 0:
        command = [str(PROGRAM), "set", "contoso.vault.azure.net", "typed"]
        os.execve(command[0], command, environment)  # noqa: S606
    shown = b""
    while not shown.endswith(b"Value of typed: "):
        shown += os.read(ours, 4096)
    os.write(ours, b"hunter3 \n")
    # A terminal whose other end is closed is an error, not an end.
    with contextlib.suppress(OSError):
        while part := os.read(ours, 4096):
            shown += part
    os.close(ours)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert b"hunter3" not in shown
    assert b"https://contoso.vault.azure.net/secrets/typed/" in shown
    command = [PROGRAM, "get", "contoso.vault.azure.net", "typed"]
    got = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert got.stdout == "hunter3 "
