"""The examples do what they say: probes that a load balancer or Kubernetes would ask, settings out of a vault."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from .conftest import REPOSITORY, Emulator
from .vaults import emulator_with

EXAMPLES = REPOSITORY / "bindings-py" / "examples"


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Emulator]:
    secrets = {
        "db-password": "s3cr3t",
        "mail-key": "s3cr3t",
        "django-secret-key": "k3y",
        "shop-SECRET-KEY": "k3y",
    }
    with emulator_with(tmp_path, secrets=secrets) as emulator:
        yield emulator


@pytest.fixture
def reached(azure: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The emulator, for programs in this process."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name, value in {**azure.network, **azure.principal, "VAULT_URL": azure.url}.items():
        monkeypatch.setenv(name, value)
    return azure


def example(name: str) -> ModuleType:
    described = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert described is not None
    assert described.loader is not None
    module = importlib.util.module_from_spec(described)
    described.loader.exec_module(module)
    return module


def test_a_probe_without_any_framework(azure: Emulator) -> None:
    environment = {**azure.network, **azure.principal, "VAULT_URL": azure.url}
    command = [sys.executable, EXAMPLES / "readiness_plain.py", "0"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, text=True, **pipes) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline().split()[-1])

            def ask() -> tuple[int, object]:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                connection.request("GET", "/readyz")
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read())

            assert ask() == (200, {"ok": True, "troubles": {}})
            warm = azure.counts()["vault"]
            assert ask() == (200, {"ok": True, "troubles": {}})
            assert azure.counts()["vault"] == warm
        finally:
            process.terminate()
            process.wait(10)


def test_a_program_that_cannot_start_says_why_not(azure: Emulator) -> None:
    azure.ask("POST", "/_emulator/situation", {"situation": "role-missing"})
    environment = {**azure.network, **azure.principal, "VAULT_URL": azure.url}
    command = [sys.executable, EXAMPLES / "readiness_plain.py", "0"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1
    assert ran.stderr.startswith("trouble: ")
    assert "$ az role assignment create " in ran.stderr


def test_a_probe_with_fastapi(reached: Emulator) -> None:
    from fastapi.testclient import TestClient

    app = example("readiness_fastapi").app
    reached.ask("POST", "/_emulator/situation", {"situation": "secret-disabled", "secret": "mail-key"})
    with TestClient(app) as probe:
        answer = probe.get("/readyz")
        troubles = {"mail-key": "secret-disabled"}
        assert (answer.status_code, answer.json()) == (503, {"ok": False, "troubles": troubles})
        reached.ask("DELETE", "/_emulator/situation")
        answer = probe.get("/readyz")
        assert (answer.status_code, answer.json()) == (200, {"ok": True, "troubles": {}})


def test_settings_of_django(reached: Emulator) -> None:
    settings = example("settings_django")
    assert (settings.SECRET_KEY, settings.DATABASES["default"]["PASSWORD"]) == ("k3y", "s3cr3t")
    asked = [each["path"] for each in reached.log() if each["path"].startswith("/secrets")]
    assert sorted(asked) == ["/secrets/db-password/", "/secrets/django-secret-key/"]


def test_settings_of_flask(reached: Emulator) -> None:
    pytest.importorskip("flask")
    assert example("settings_flask").create_app().config["SECRET_KEY"] == "k3y"


def test_settings_of_fastapi(reached: Emulator) -> None:
    from fastapi.testclient import TestClient

    module = example("settings_fastapi")
    with TestClient(module.app) as program:
        assert program.get("/").json() == {"page_size": 20}
    assert module.settings().db_password.get_secret_value() == "s3cr3t"
    assert "s3cr3t" not in repr(module.settings())
