"""The doctor as Python's users meet it: what its answers are, what they cost, and that they hold no secret."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import pickle
import sys
from collections.abc import Callable
from typing import Any

import nightlatch
import pytest
from nightlatch import aio, doctor
from nightlatch._testing import Answer, Request

from .conftest import APP, TENANT, Cloud, refusal, reply

FORBIDDEN = refusal(403, "Forbidden", "ForbiddenByFirewall")
# In the forms that Entra ID gives them, by which they are known wherever they turn up.
CLIENT_SECRET = "c1I8Q~eNt5sEcReT9kJhM3bVfD7sL2pO6iU0yT4rE.wQ_x"
TOKEN = (
    "eyJhbGciOiJSUzI1NiJ9.eyJ0aWQiOiJ0Iiwib2lkIjoibyJ9.T0kEnS1gNaTuRe4mNb6vCx8zLk2jHg0fDs3aPo5iUy7tRe9wQa1"
)
CLASSES = [getattr(doctor, name) for name in doctor.__all__]


def vault_says(cloud: Cloud, answer: Answer) -> None:
    cloud.hook = lambda request: answer if "/secrets" in request.url else None


def test_a_diagnosis_is_true_when_all_is_well(cloud: Cloud) -> None:
    diagnosis = cloud.client().diagnose("db")
    assert diagnosis
    assert (diagnosis.ok, diagnosis.verdict, diagnosis.error) == (True, None, None)
    assert str(diagnosis) == diagnosis.text
    assert diagnosis.text.startswith("ok: https://contoso.vault.azure.net/secrets/db can be read")
    assert diagnosis.secret is not None
    assert (diagnosis.secret.version, diagnosis.secret.recoverable_days) == ("0" * 32, 90)
    assert diagnosis.sources[-1].ending == "token"
    assert json.loads(diagnosis.to_json())["secret"]["name"] == "db"
    assert "\n" not in diagnosis.to_json()


def test_trouble_is_told_and_not_raised(cloud: Cloud) -> None:
    vault_says(cloud, FORBIDDEN)
    client = cloud.client()
    diagnosis, health = client.diagnose("db"), client.check("db")
    assert not diagnosis
    assert diagnosis.verdict is not None
    assert diagnosis.verdict.code == "firewall-blocked"
    assert diagnosis.error is not None
    assert (diagnosis.error.kind, diagnosis.error.transient) == ("FORBIDDEN", False)
    assert not health
    assert [(each.name, each.verdict) for each in health.troubles] == [("db", "firewall-blocked")]
    assert str(health).startswith("trouble: db: ")
    with pytest.raises(nightlatch.ForbiddenError) as told:
        client.get_secret("db")
    assert told.value.help == diagnosis.verdict.code


def test_what_cannot_be_asked_is_raised(cloud: Cloud) -> None:
    client = cloud.client()
    for wrong in (
        lambda: client.diagnose("db password"),
        lambda: client.diagnose("db", "not a version"),
        lambda: client.check("db", "db password"),
        lambda: client.check(["db"]),  # type: ignore[arg-type]
        lambda: client.explain(secrets=-1),
    ):
        with pytest.raises(nightlatch.InvalidArgumentError):
            wrong()
    assert not cloud.world.requests


def test_a_warm_check_asks_nobody_and_a_cold_one_asks_twice(cloud: Cloud) -> None:
    client = cloud.client()
    assert client.check("db")
    assert len(cloud.world.requests) == 2
    assert client.check("db")
    assert len(cloud.world.requests) == 2
    client.get_secret("other")
    asked = len(cloud.world.requests)
    assert client.check("db", "other")
    assert len(cloud.world.requests) == asked


def test_explaining_asks_nobody(cloud: Cloud) -> None:
    forecast = cloud.client(cache_ttl=60).explain(secrets=20, instances=3)
    assert not cloud.world.requests
    assert (forecast.requests.secrets, forecast.requests.at_start) == (20, 60)
    assert forecast.requests.per_hour == pytest.approx(3 * forecast.requests.per_instance_hour)
    assert [each.turn for each in forecast.sources] == ["asked"]
    assert str(forecast) == forecast.text
    rarer = cloud.client(cache_ttl=600).explain(secrets=20, instances=3)
    assert rarer.requests.per_hour < forecast.requests.per_hour


def test_awaited_it_tells_the_same(cloud: Cloud) -> None:
    vault_says(cloud, FORBIDDEN)

    async def ask() -> tuple[nightlatch.Diagnosis, nightlatch.Health, nightlatch.Forecast]:
        async with cloud.aio_client() as client:
            return await client.diagnose("db"), await client.check(), await client.explain()

    diagnosis, health, forecast = cloud.world.run(ask())
    assert diagnosis.verdict is not None
    assert diagnosis.verdict.code == "firewall-blocked"
    assert [each.name for each in health.troubles] == [None]
    assert forecast.requests.secrets == 1


def test_whoever_cancels_gets_no_answer(cloud: Cloud) -> None:
    cloud.hook = lambda _: Answer(200, delay=3_600)

    async def ask() -> None:
        async with cloud.aio_client() as client:
            for asked in (client.diagnose("db"), client.check("db", timeout=60)):
                task = asyncio.create_task(asked)  # type: ignore[arg-type]
                await asyncio.sleep(1)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

    cloud.world.run(ask())


def test_json_is_the_cores_own_line(cloud: Cloud) -> None:
    line = cloud.client(cache_ttl=300).explain().to_json()
    share = json.loads(line)["requests"]["share_of_vault"]
    assert "e-" in json.dumps(share), "Python would write it in another way"
    assert '"share_of_vault":0.0000' in line


def test_answers_cannot_be_changed_and_travel_between_processes(cloud: Cloud) -> None:
    client = cloud.client()
    for answer in (client.diagnose("db"), client.check("db"), client.explain()):
        again = pickle.loads(pickle.dumps(answer))  # noqa: S301
        assert str(again) == str(answer)
        assert again.to_json() == answer.to_json()
        with pytest.raises(dataclasses.FrozenInstanceError):
            answer.text = "changed"  # type: ignore[misc]
    assert all(dataclasses.is_dataclass(cls) and cls.__slots__ for cls in CLASSES)


def test_nothing_that_it_tells_is_secret(cloud: Cloud) -> None:
    """The servers echo all that they were given, wherever they can."""
    events: list[Any] = []
    seen = shown = ""

    def echoing(vault: int, entra: int) -> Callable[[Request], Answer]:
        def echo(request: Request) -> Answer:
            nonlocal seen
            text = " ".join([*request.headers.values(), request.body.decode()])
            seen += text
            if "/oauth2/" not in request.url:
                return refusal(vault, "Forbidden", "ForbiddenByRbac", text)
            if entra != 200:
                return reply({"error": "invalid_client", "error_description": text}, entra)
            return reply({"token_type": "Bearer", "expires_in": 3599, "access_token": TOKEN})

        return echo

    for vault, entra in ((403, 200), (404, 200), (400, 200), (403, 401)):
        cloud.hook = echoing(vault, entra)
        credential = nightlatch.ClientSecretCredential(TENANT, APP, CLIENT_SECRET)
        client = cloud.client(credential, on_event=events.append)
        for trouble in (client.diagnose("db"), client.diagnose(), client.check("db"), client.check()):
            assert not trouble
            shown += f"{trouble!r}{trouble}{trouble.to_json()}{dataclasses.asdict(trouble)}"
    assert TOKEN in seen
    assert CLIENT_SECRET in seen
    assert "***" in shown
    cloud.hook = lambda _: None
    client = cloud.client(on_event=events.append)
    for well in (client.diagnose("db"), client.check("db"), client.explain()):
        shown += f"{well!r}{well}{well.to_json()}{dataclasses.asdict(well)}"
    shown += repr(events)
    for secret in (CLIENT_SECRET, TOKEN, TOKEN.split(".")[2], "hunter2"):
        assert secret not in shown


def test_asking_the_doctor_is_what_loads_it() -> None:
    program = (
        "import sys\nimport nightlatch\nfrom nightlatch import SecretClient, aio\n"
        "assert 'nightlatch.doctor' not in sys.modules and 'nightlatch.cli' not in sys.modules\n"
        "assert 'dataclasses' not in sys.modules\nnightlatch.Diagnosis\n"
        "assert 'nightlatch.doctor' in sys.modules and 'argparse' not in sys.modules"
    )
    import subprocess

    subprocess.run([sys.executable, "-c", program], check=True)


def test_every_part_is_documented() -> None:
    import inspect

    for cls in CLASSES:
        source = inspect.getsource(cls)
        for field in dataclasses.fields(cls):
            if not field.name.startswith("_"):
                declared = source.split(f"    {field.name}: ", 1)[1]
                assert declared.split("\n", 2)[1].strip().startswith('"""'), (cls, field.name)
    assert {name for name in doctor.__all__ if hasattr(nightlatch, name)} >= {
        "Diagnosis",
        "Health",
        "Forecast",
    }
    assert aio.SecretClient.diagnose.__doc__ == nightlatch.SecretClient.diagnose.__doc__
