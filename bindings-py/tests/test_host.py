"""Files and programs of this machine."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import nightlatch
import pytest
from nightlatch._host.commands import OUTPUT_LIMIT, Commands, find_program
from nightlatch._host.files import Files

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX programs")


def kind(call: object, *arguments: object) -> str:
    with pytest.raises(nightlatch.TransportError) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.kind


def test_files(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(b"12345")
    read = Files().read
    file.chmod(0o600)
    assert read(str(file), 5) == (b"12345", False)
    file.chmod(0o640)
    assert read(str(file), 5) == (b"12345", True)
    assert kind(read, str(file), 4) == "too_large"
    assert kind(read, str(tmp_path / "nothing"), 5) == "not_found"
    assert kind(read, str(file / "below"), 5) == "not_found"
    assert kind(read, str(tmp_path), 5) == "other"
    assert kind(read, "a\0b", 5) == "other"
    if os.geteuid() != 0:
        file.chmod(0)
        assert kind(read, str(file), 5) == "permission_denied"


def test_a_plain_file_is_no_link(tmp_path: Path) -> None:
    read = Files().read
    (tmp_path / "key").write_bytes(b"12345")
    (tmp_path / "link").symlink_to(tmp_path / "key")
    os.mkfifo(tmp_path / "pipe")
    assert read(str(tmp_path / "key"), 5, True)[0] == b"12345"
    assert read(str(tmp_path / "link"), 5)[0] == b"12345"
    for name in ("link", "pipe"):
        assert kind(read, str(tmp_path / name), 5, True) == "not_plain"
    assert kind(read, str(tmp_path / "nothing"), 5, True) == "not_found"


def test_a_program_is_run_without_a_shell_or_input() -> None:
    run = Commands().run
    assert run(["echo", "$HOME; ls"], [], 5) == (0, b"$HOME; ls\n", b"")
    assert run(["pwd"], [], 5)[1] == b"/bin\n" or os.path.realpath("/bin") in run(["pwd"], [], 5)[1].decode()
    assert run(["cat"], [], 5) == (0, b"", b"")
    assert run(["sh", "-c", "echo $EXTRA; echo bad >&2; exit 3"], [("EXTRA", "more")], 5) == (
        3,
        b"more\n",
        b"bad\n",
    )
    assert run(["sh", "-c", "kill -9 $$"], [], 5)[0] is None


def test_programs_that_cannot_be_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Commands().run
    assert kind(run, ["no-such-program-here"], [], 5) == "not_found"
    assert kind(run, ["./relative"], [], 5) == "not_found"
    (tmp_path / "plain").write_text("#!/bin/sh\n")
    assert kind(run, [str(tmp_path / "plain")], [], 5) == "permission_denied"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "planted").write_text("#!/bin/sh\n")
    (tmp_path / "planted").chmod(0o755)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}/bin")
    assert find_program("planted") is None


def test_a_program_is_killed_with_its_children() -> None:
    began = time.monotonic()
    assert kind(Commands().run, ["sh", "-c", "sleep 30 & sleep 30"], [], 0.2) == "timeout"
    assert time.monotonic() - began < 5


def test_a_programs_output_has_a_limit() -> None:
    assert kind(Commands().run, ["sh", "-c", "yes"], [], 20) == "too_large"
    status, out, _ = Commands().run(["head", "-c", str(OUTPUT_LIMIT), "/dev/zero"], [], 20)
    assert (status, len(out)) == (0, OUTPUT_LIMIT)
