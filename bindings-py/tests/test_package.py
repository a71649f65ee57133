"""The package as such: what importing it costs, its names, its types, its version."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import nightlatch
import pytest
from nightlatch import _native, aio

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = Path(__file__).parent / "sample_program.py"
HEAVY = {
    "ssl",
    "urllib3",
    "asyncio",
    "http.client",
    "socket",
    "subprocess",
    "logging",
    "email",
    "datetime",
    "inspect",
}


def loaded(program: str) -> set[str]:
    code = f"{program}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(json.loads(result.stdout))


def test_importing_loads_no_transport() -> None:
    bare = loaded("")
    assert not (loaded("import nightlatch") - bare) & {*HEAVY, "nightlatch._native"}
    everything = loaded(
        "from nightlatch import SecretClient, DefaultAzureCredential\n"
        "SecretClient('https://contoso.vault.azure.net', DefaultAzureCredential()).peek('db')"
    )
    assert not (everything - bare) & {
        "urllib3",
        "ssl",
        "asyncio",
        "http.client",
        "subprocess",
        "email",
        "logging",
    }


def test_all_names_exist_and_are_documented() -> None:
    for module in (nightlatch, aio):
        for name in module.__all__:
            value = getattr(module, name)
            assert value.__doc__, name
            assert name in dir(module)
    with pytest.raises(AttributeError):
        nightlatch.no_such_name  # noqa: B018


def test_sync_and_asyncio_have_the_same_surface() -> None:
    # Awaited, they wait for the end themselves, and need no poller; as in azure-keyvault-secrets.
    renamed = {
        "AsyncItemPaged": "ItemPaged",
        "begin_delete_secret": "delete_secret",
        "begin_recover_deleted_secret": "recover_deleted_secret",
    }
    for name in aio.__all__:
        blocking = getattr(nightlatch, renamed.get(name, name))
        ours = {renamed.get(n, n) for n in dir(blocking) if not n.startswith("_")}
        theirs = {n for n in dir(getattr(aio, name)) if not n.startswith("_")}
        assert ours == theirs, name


def test_the_official_client_has_nothing_that_ours_lacks() -> None:
    sdk = pytest.importorskip("azure.keyvault.secrets", reason="pip install azure-keyvault-secrets")
    from azure.keyvault.secrets import aio as sdk_aio

    # Requests by hand, which carry Azure's own request type; and an option of the newest service version.
    lacking = {"send_request", "out_content_type"}
    for theirs, ours in [(sdk, nightlatch), (sdk_aio, aio)]:
        for name in [n for n in dir(theirs.SecretClient) if not n.startswith("_") and n not in lacking]:
            mine, other = (getattr(package.SecretClient, name) for package in (ours, theirs))
            if not callable(other) or name in ("close", "get_secret"):
                continue
            known = inspect.signature(mine).parameters
            wanted = inspect.signature(other).parameters.values()
            wanted = [p.name for p in wanted if p.kind is not p.VAR_KEYWORD and p.name not in lacking]
            assert set(wanted) <= set(known), name
    for model in ("KeyVaultSecret", "SecretProperties", "DeletedSecret", "KeyVaultSecretIdentifier"):
        attributes = {n for n in dir(getattr(sdk, model)) if not n.startswith("_")}
        assert attributes <= set(dir(getattr(nightlatch, model))), model


def test_the_documented_options_are_the_ones_that_exist() -> None:
    from nightlatch import options

    documented = set(re.findall(r":keyword (\w+):", nightlatch.SecretClient.__doc__ or ""))
    documented |= set(re.findall(r"with ``(\w+_burst)``", nightlatch.SecretClient.__doc__ or ""))
    assert documented == {*options.ENGINE_OPTIONS, options.RETRY_TOTAL, *options.HOST_OPTIONS} - {"_host"}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib")
def test_one_version_everywhere() -> None:
    import tomllib

    workspace = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    assert _native.__version__ == nightlatch.__version__ == workspace


def test_a_typed_program_checks() -> None:
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir=/dev/null", SAMPLE]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT / "bindings-py" / "tests")
    assert result.returncode == 0, result.stdout


def test_the_stub_describes_the_native_module() -> None:
    pytest.importorskip("mypy")
    command = [
        sys.executable,
        "-m",
        "mypy.stubtest",
        "nightlatch._native",
        "--ignore-missing-stub",
        "--ignore-disjoint-bases",
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
