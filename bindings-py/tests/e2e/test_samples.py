"""The sample programs of azure-keyvault-secrets, as its source distribution holds them: with their own imports, and
with only these changed. Both must say the same and ask the vault for the same.

Two differences are intended: the official clients begin with a request without a token, to be told where to get
one; and what our cache holds is not asked for again.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from .vaults import emulator_with

pytestmark = pytest.mark.e2e
pytest.importorskip("azure.keyvault.secrets", reason="pip install azure-keyvault-secrets")
pytest.importorskip("azure.identity", reason="pip install azure-identity")

SAMPLES = ["hello_world", "list_operations", "recover_purge_operations", "backup_restore_operations"]
IMPORTS = {
    "from azure.keyvault.secrets import": "from nightlatch import",
    "from azure.identity import": "from nightlatch import",
    "from azure.keyvault.secrets.aio import": "from nightlatch.aio import",
    "from azure.identity.aio import": "from nightlatch.aio import",
}
# A sample sleeps for a minute while Azure purges, which the emulator does at once.
RUN = """
import asyncio, runpy, sys, time
nap, anap = time.sleep, asyncio.sleep
time.sleep = lambda seconds: nap(0 if seconds >= 30 else seconds)
asyncio.sleep = lambda seconds, *rest: anap(0 if seconds >= 30 else seconds, *rest)
runpy.run_path(sys.argv[1], run_name="__main__")
"""


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples of the installed version, from its source distribution."""
    version = importlib.metadata.version("azure-keyvault-secrets")
    folder = tmp_path_factory.mktemp("samples")
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "--dest", folder,
         f"azure-keyvault-secrets=={version}"],
        check=True,
        timeout=300,
    )  # fmt: skip
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as sources:
        for member in sources.getmembers():
            if "/samples/" in member.name and member.name.endswith(".py"):
                content = sources.extractfile(member)
                assert content is not None
                (folder / Path(member.name).name).write_bytes(content.read())
    return folder


@pytest.mark.parametrize("family", ["", "_async"])
@pytest.mark.parametrize("name", SAMPLES)
def test_only_the_imports_change(samples: Path, tmp_path: Path, name: str, family: str) -> None:
    theirs = samples / f"{name}{family}.py"
    text = theirs.read_text()
    for old, new in IMPORTS.items():
        text = text.replace(f"\n{old} ", f"\n{new} ")
    assert "azure." not in re.sub(r"#.*", "", text), "an import has another form than the ones known here"
    ours = tmp_path / theirs.name
    ours.write_text(text)
    said, asked = _run(theirs, tmp_path)
    said_by_ours, asked_by_ours = _run(ours, tmp_path)
    assert said == said_by_ours
    assert len(asked_by_ours) >= 4
    rest = iter(asked)
    assert all(any(request == other for other in rest) for request in asked_by_ours), (asked, asked_by_ours)
    changes = [request for request in asked if request[0] != "GET"]
    assert changes == [request for request in asked_by_ours if request[0] != "GET"]


def _run(program: Path, folder: Path) -> tuple[list[str], list[tuple[str, str, Any]]]:
    """What a sample prints, and what the vault was asked with a token; both without what differs by itself."""
    with emulator_with(folder, soft_delete={"delete": {"polls": 1}, "recover": {"polls": 1}}) as emulator:
        environment = {
            **os.environ, **emulator.network, **emulator.principal,
            "REQUESTS_CA_BUNDLE": emulator.ca, "VAULT_URL": emulator.url,
        }  # fmt: skip
        command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", RUN, program]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert ran.returncode == 0, ran.stderr
        log = [entry for entry in emulator.log() if entry["service"] == "vault" and entry["authorized"]]
    asked = [(e["method"], _plain(e["path"]), e["status"]) for e in log]
    return [_plain(line) for line in ran.stdout.splitlines()], asked


def _plain(text: str) -> str:
    text = re.sub(r"[0-9a-f]{32}", "VERSION", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S*", "DATE", text)
    return text.replace("//", "/").rstrip("/")
