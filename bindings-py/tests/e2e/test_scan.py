"""`nightlatch scan` as a real process, in work trees of git, on a terminal, and with a vault. What needs only arguments and
texts stands in tests/cli/scan.json.
"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nightlatch
import pytest

from ..test_scan import VECTORS, text_of
from .conftest import MACHINE_OBJECT, binary
from .test_cli import PROGRAM, Emulator

VAULT = "contoso.vault.azure.net"
VALUE = "hunter2-value"


def vault(**more: Any) -> dict[str, Any]:
    rights = ["get", "list", "set", "delete"]
    access = [{"principal": MACHINE_OBJECT, "secrets": rights}]
    return {"vaults": [{"name": "contoso", "access": access, **more}]}


@contextlib.contextmanager
def emulated(**more: Any) -> Iterator[tuple[Emulator, dict[str, str]]]:
    program = binary()
    if program is None:
        pytest.skip("no emulator: cargo build -p nightlatch-emulator, or set NIGHTLATCH_EMULATOR")
    os.environ.setdefault("NIGHTLATCH_EMULATOR", str(program))
    with Emulator(vault(**more)) as emulator:
        yield emulator, {**emulator.environment(), "PATH": os.environ["PATH"]}


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    with emulated() as (_, variables):
        yield variables


def nightlatch_in(
    folder: Path, *arguments: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = [PROGRAM, *arguments]
    ran = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60)
    if arguments[0] == "scan":
        assert "hunter2" not in ran.stdout + ran.stderr
    return ran


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def test_git_tells_which_files_count(tmp_path: Path) -> None:
    git(tmp_path, "init")
    for name in (".env", "kept.env", "gone.env", "sub/new.env", "sub/ä\n.env"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"A_PASSWORD={VALUE}\n")
    (tmp_path / ".gitignore").write_text(".env\n")
    git(tmp_path, "add", "kept.env", "gone.env")
    (tmp_path / "gone.env").unlink()
    (tmp_path / "link.env").symlink_to("kept.env")

    def found(*paths: str, folder: Path = tmp_path) -> list[str]:
        ran = nightlatch_in(folder, "scan", "--json", *paths)
        assert ran.returncode == 1, ran.stderr
        told = json.loads(ran.stdout)
        return [one["path"] for one in told["findings"]]

    assert found() == ["kept.env", "sub/new.env", "sub/ä\n.env"]
    assert found("sub") == ["sub/new.env", "sub/ä\n.env"]
    assert found(folder=tmp_path / "sub") == ["new.env", "ä\n.env"]
    # What is named is read, also what git ignores.
    assert found(".env", "kept.env") == [".env", "kept.env"]
    ran = nightlatch_in(tmp_path, "scan")
    assert "sub/ä?.env:1:12 password" in ran.stdout
    assert ran.stdout.endswith("3 secrets found in 4 files. Passed over: links 1.\n")


def test_no_program_of_a_repository_is_started(tmp_path: Path) -> None:
    git(tmp_path, "init")
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ntouch '{tmp_path}/started'\n")
    hook.chmod(0o755)
    git(tmp_path, "config", "core.fsmonitor", str(hook))
    subprocess.run(["git", "ls-files", "-co"], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "started").exists(), "git itself starts it"
    (tmp_path / "started").unlink()
    assert nightlatch_in(tmp_path, "scan").returncode == 0
    assert not (tmp_path / "started").exists()


def test_what_was_replaced_is_resolved(environment: dict[str, str], tmp_path: Path) -> None:
    target = tmp_path / "app.env"
    target.write_text(f"A=1\nDB_PASSWORD='{VALUE}'\nURL=postgres://app:{VALUE}@db/x\n")
    target.chmod(0o640)
    (tmp_path / "link.env").symlink_to("app.env")
    fix = ["scan", "--fix", "--yes", "--vault", VAULT]
    ran = nightlatch_in(tmp_path, *fix, "link.env", env=environment)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.endswith(
        "link.env: replaced by db-password, url\n2 secrets found in 1 file, 2 replaced.\n"
    )
    assert VALUE not in target.read_text()
    assert (tmp_path / "link.env").is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert sorted(tmp_path.iterdir()) == [target, tmp_path / "link.env"], "no draft is left"
    assert nightlatch_in(tmp_path, "scan").returncode == 0
    written = nightlatch_in(tmp_path, "inject", "-i", "app.env", env=environment)
    assert written.stdout == f"A='1'\nDB_PASSWORD='{VALUE}'\nURL='postgres://app:{VALUE}@db/x'\n"
    # Whoever does it again finds nothing to do.
    before = target.read_bytes()
    assert nightlatch_in(tmp_path, *fix, env=environment).returncode == 0
    assert target.read_bytes() == before


def test_equal_values_share_a_secret(environment: dict[str, str], tmp_path: Path) -> None:
    for name in ("a.env", "b.env"):
        (tmp_path / name).write_text(f"DB_PASSWORD={VALUE}\nDB_PASSWORD={VALUE}\n")
    (tmp_path / "c.env").write_text(f"DB_PASSWORD={VALUE}2\n")
    fix = ["scan", "--fix", "--yes", "--vault", VAULT]
    ran = nightlatch_in(tmp_path, *fix, env=environment)
    assert ran.returncode == 0, ran.stderr
    assert "a.env: replaced by db-password, db-password\n" in ran.stdout
    assert "b.env: replaced by db-password, db-password\n" in ran.stdout
    assert "c.env: replaced by db-password-2\n" in ran.stdout
    listed = nightlatch_in(tmp_path, "list", VAULT, env=environment)
    assert [line.split()[0] for line in listed.stdout.splitlines()] == ["db-password", "db-password-2"]


def test_a_name_that_was_deleted_is_not_taken(tmp_path: Path) -> None:
    with emulated(secrets={"db-password": "hunter2-old"}) as (emulator, variables):
        (tmp_path / "a.env").write_text(f"DB_PASSWORD={VALUE}\n")
        program = (
            f"import nightlatch; client = nightlatch.SecretClient('https://{VAULT}');"
            "client.begin_delete_secret('db-password').wait()"
        )
        python = PROGRAM.parent / "python"
        subprocess.run([python, "-c", program], env=variables, check=True, timeout=60)
        ran = nightlatch_in(tmp_path, "scan", "--fix", "--yes", "--vault", VAULT, env=variables)
        assert "a.env: replaced by db-password-2\n" in ran.stdout, ran.stderr
        assert emulator


def test_where_setting_is_refused_the_file_stays(tmp_path: Path) -> None:
    reading = [{"principal": MACHINE_OBJECT, "secrets": ["get"]}]
    text = f"A_PASSWORD={VALUE}\nB_PASSWORD={VALUE}\n"
    (tmp_path / "a.env").write_text(text)
    with emulated(secrets={"a-password": VALUE}, access=reading) as (_, variables):
        ran = nightlatch_in(tmp_path, "scan", "--fix", "--yes", "--vault", VAULT, env=variables)
    assert ran.returncode == 2
    assert "trouble: " in ran.stderr
    assert (tmp_path / "a.env").read_text() == text


def asked(
    folder: Path, environment: dict[str, str], answers: list[str], before: Callable[[], None] = lambda: None
) -> tuple[int, str, str]:
    """Fixes with a terminal on stdin; answers each question when it is asked."""
    ours, its = pty.openpty()
    command = [PROGRAM, "scan", "--fix", "--vault", VAULT]
    pipes: dict[str, Any] = {"stdin": its, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=folder, env=environment, **pipes) as process:
        os.close(its)
        assert process.stdout is not None
        assert process.stderr is not None
        left, said, questions = list(answers), b"", 0
        while part := os.read(process.stderr.fileno(), 1000):
            said += part
            if not said.endswith(b"[y/N/all] ") or said.count(b"[y/N/all] ") == questions:
                continue
            questions += 1
            if not left:
                os.close(ours)  # whoever asks once more gets no answer
                continue
            before()
            os.write(ours, left.pop(0).encode() + b"\n")
        stdout = process.stdout.read().decode()
        status = process.wait(60)
        with contextlib.suppress(OSError):
            os.close(ours)
    return status, stdout, said.decode()


def test_a_person_is_asked_for_each(environment: dict[str, str], tmp_path: Path) -> None:
    def names() -> list[str]:
        text = "".join((tmp_path / name).read_text() for name in ("a.env", "b.env"))
        return [line.partition("=")[0] for line in text.splitlines() if "@Microsoft" in line]

    (tmp_path / "a.env").write_text("".join(f"{name}_PASSWORD={VALUE}{name}\n" for name in "ABC"))
    (tmp_path / "b.env").write_text("".join(f"{name}_PASSWORD={VALUE}{name}\n" for name in "DE"))
    status, stdout, stderr = asked(tmp_path, environment, ["", "y", "no", "n", "n"])
    assert (status, names()) == (1, ["B_PASSWORD"])
    assert stdout.endswith("5 secrets found in 2 files, 1 replaced.\n")
    assert "hunter2" not in stdout + stderr
    status, stdout, _ = asked(tmp_path, environment, ["n", "all"])
    assert (status, names()) == (1, ["B_PASSWORD", "C_PASSWORD", "D_PASSWORD", "E_PASSWORD"])
    assert stdout.endswith("4 secrets found in 2 files, 3 replaced.\n")


def test_a_file_that_changes_meanwhile_is_left(environment: dict[str, str], tmp_path: Path) -> None:
    target = tmp_path / "a.env"
    target.write_text(f"A_PASSWORD={VALUE}\n")
    status, _, stderr = asked(tmp_path, environment, ["y"], lambda: void(target.write_text("B=1\n")))
    assert status == 2
    assert "a.env was changed meanwhile, and is left as it is" in stderr
    assert target.read_text() == "B=1\n"


def void(_: object) -> None:
    """Takes what a callback gives."""


def test_no_output_holds_a_value(tmp_path: Path) -> None:
    values = set()
    for index, row in enumerate(VECTORS):
        path = tmp_path / str(index) / row["input"]["path"]
        path.parent.mkdir(parents=True)
        path.write_bytes(text_of(row).encode())
        scanned = nightlatch._native.Scanned(row["input"]["path"], text_of(row))
        values |= {scanned.value(at) or "" for at in range(len(scanned.findings()))}
    # A line that says BEGIN PRIVATE KEY is no value; what follows it is.
    values = {value for value in values if not value.startswith("-----BEGIN") or "\n" in value}
    assert len(values) >= 50
    for form in ([], ["--json"]):
        ran = subprocess.run(
            [PROGRAM, "scan", *form], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        assert ran.returncode == 1
        assert not [value for value in values if value in ran.stdout + ran.stderr]
