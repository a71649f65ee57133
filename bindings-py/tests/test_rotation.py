"""Rotating a secret: where the functions run, and what becomes of what they raise. The rest is played by the scenarios."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine
from typing import Any

import nightlatch
import pytest
from nightlatch._testing import Answer, Request

from .conftest import URL, Cloud, refusal, reply

OLD, NEW = "hunter2-old", "hunter2-new"


class Vault:
    """One that keeps versions of any name."""

    def __init__(self) -> None:
        self.versions: dict[str, list[dict[str, Any]]] = {}

    def set(self, name: str, **version: Any) -> dict[str, Any]:
        versions = self.versions.setdefault(name, [])
        versions.append({"tags": {}, "attributes": {"enabled": True}, **version})
        versions[-1]["id"] = f"{URL}/secrets/{name}/{len(versions) - 1:032x}"
        return versions[-1]

    def value(self, name: str) -> str:
        return str(self.versions[name][-1]["value"])

    def tags(self, name: str) -> dict[str, str]:
        tags: dict[str, str] = self.versions[name][-1]["tags"]
        return tags

    def __call__(self, request: Request) -> Answer | None:
        if "/secrets/" not in request.url:
            return None
        name, _, version = request.url.split("/secrets/")[1].split("?")[0].partition("/")
        body = json.loads(request.body or b"{}")
        if request.method == "PUT":
            return reply(self.set(name, value=body["value"], tags=body["tags"]))
        if name not in self.versions:
            return refusal(404, "SecretNotFound")
        found = self.versions[name][int(version, 16) if version else -1]
        if request.method == "PATCH":
            found["tags"] = body["tags"]
            found["attributes"].update(body.get("attributes", {}))
        return reply(found)


class RefusedError(Exception):
    """As a driver of a database raises it, with more than anybody should read."""


def really(main: Coroutine[Any, Any, None]) -> None:
    """Runs it in real time: threads are at work, and a clock that jumps would run away from them."""
    asyncio.run(asyncio.wait_for(main, 30))


@pytest.fixture
def vault(cloud: Cloud) -> Vault:
    vault = Vault()
    vault.set("db", value=OLD)
    cloud.hook = vault
    return vault


def test_a_secret_is_rotated(cloud: Cloud, vault: Vault) -> None:
    events: list[dict[str, Any]] = []
    applied: list[str] = []
    client = cloud.client(on_event=events.append)
    assert client.get_secret("db").value == OLD
    result = client.rotate_secret("db", lambda: NEW, applied.append, lambda value: value in applied)
    assert (result.properties.version, result.previous_version) == (f"{1:032x}", f"{0:032x}")
    assert (result.resumed, result.slot, applied, vault.value("db")) == (False, None, [NEW], NEW)
    assert result.properties.tags["nightlatch-rotation"] == vault.tags("db")["nightlatch-rotation"] == "done"
    assert client.get_secret("db").value == NEW
    assert [event["event"] for event in events if event["event"].startswith("rotation")] == [
        "rotation_started", "rotation_finished",
    ]  # fmt: skip
    assert "hunter2" not in f"{events} {result}"


def test_what_is_not_given_has_nothing_to_do(cloud: Cloud, vault: Vault) -> None:
    assert cloud.client().rotate_secret("db", lambda: NEW).resumed is False
    assert vault.value("db") == NEW


def test_slots_are_passed_on(cloud: Cloud, vault: Vault) -> None:
    seen: list[Any] = []

    def note(*arguments: str) -> None:
        seen.append(arguments)

    def make(slot: str) -> str:
        seen.append(slot)
        return NEW

    result = cloud.client().rotate_secret("db", make, note, note, slots=("blue", "green"))
    assert (result.slot, seen) == ("green", ["green", (NEW, "green"), (NEW, "green")])


def test_what_a_function_raises_is_the_cause_and_is_not_quoted(cloud: Cloud, vault: Vault) -> None:
    def apply(value: str) -> None:
        if value == NEW:
            raise RefusedError(f"could not set {value}")

    client = cloud.client()
    with pytest.raises(nightlatch.ServiceFailureError) as caught:
        client.rotate_secret("db", lambda: NEW, apply)
    error = caught.value
    assert isinstance(error.__cause__, RefusedError)
    assert error.help == "rotation-rolled-back"
    assert "apply failed (RefusedError)" in error.message
    assert "hunter2" not in f"{error} {error!r} {error.advice}"
    assert vault.value("db") == client.get_secret("db").value == OLD
    assert vault.versions["db"][1]["attributes"]["enabled"] is False


def test_the_first_exception_is_the_cause(cloud: Cloud, vault: Vault) -> None:
    raised = [RefusedError("one"), RefusedError("two")]
    left = list(raised)

    def apply(_: str) -> None:
        raise left.pop(0)

    with pytest.raises(nightlatch.ServiceFailureError) as caught:
        cloud.client().rotate_secret("db", lambda: NEW, apply)
    assert (caught.value.__cause__, left) == (raised[0], [])
    assert caught.value.help == "rotation-unfinished"


def test_verify_may_return_false(cloud: Cloud, vault: Vault) -> None:
    with pytest.raises(nightlatch.ServiceFailureError, match="does not work") as caught:
        cloud.client().rotate_secret("db", lambda: NEW, None, lambda _: False)
    assert caught.value.__cause__ is None
    assert vault.value("db") == OLD


def test_what_cannot_be_is_refused_before_anything_begins(cloud: Cloud, vault: Vault) -> None:
    async def awaited(*_: str) -> str:
        return NEW

    rotate: Any = cloud.client().rotate_secret
    for arguments, told in [
        ((None,), "make must be a function, not NoneType"),
        ((str, "x"), "apply must be a function, not str"),
        ((awaited,), "make is a coroutine function: use nightlatch.aio"),
    ]:
        with pytest.raises(TypeError, match=told):
            rotate("db", *arguments)
    with pytest.raises(TypeError, match="slots is two names"):
        rotate("db", str, slots="ab")
    assert not cloud.world.requests


def test_a_value_is_text(cloud: Cloud, vault: Vault) -> None:
    rotate: Any = cloud.client().rotate_secret
    with pytest.raises(nightlatch.ServiceFailureError) as caught:
        rotate("db", lambda: NEW.encode())
    assert str(caught.value.__cause__) == "make must return a str, not bytes"
    assert len(vault.versions["db"]) == 1


def test_an_interrupted_rotation_goes_on(cloud: Cloud, vault: Vault) -> None:
    client = cloud.client()

    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.rotate_secret("db", lambda: NEW, interrupted)
    assert (vault.value("db"), vault.tags("db")["nightlatch-rotation"]) == (NEW, "pending")
    applied: list[str] = []
    made: Any = pytest.fail
    assert client.rotate_secret("db", made, applied.append).resumed
    assert (applied, vault.tags("db")["nightlatch-rotation"]) == ([NEW], "done")


def test_functions_run_in_the_thread_that_gave_them(cloud: Cloud, vault: Vault) -> None:
    client = cloud.client()
    names = [f"db-{number}" for number in range(8)]
    together = threading.Barrier(len(names))
    wrong: list[str] = []

    def rotate(name: str) -> None:
        mine = threading.get_ident()

        def seen(*_: str) -> None:
            if threading.get_ident() != mine:
                wrong.append(name)

        def make() -> str:
            seen()
            together.wait(10)  # all rotations are under way, and their threads do each other's requests
            return f"{NEW}-{name}"

        client.rotate_secret(name, make, seen, seen)

    for name in names:
        vault.set(name, value=OLD)
    threads = [threading.Thread(target=rotate, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not wrong
    assert [vault.value(name) for name in names] == [f"{NEW}-{name}" for name in names]


def test_awaited_functions_run_on_the_callers_loop_and_others_beside_it(cloud: Cloud, vault: Vault) -> None:
    client = cloud.aio_client(secret_requests_per_second=0)
    seen: dict[str, Any] = {}

    def make() -> str:
        seen["make"] = threading.get_ident()
        return NEW

    async def apply(value: str) -> None:
        await asyncio.sleep(0)
        seen["apply"] = asyncio.get_running_loop()

    async def main() -> None:
        result = await client.rotate_secret("db", make, apply, lambda value: value == NEW)
        assert result.properties.version == f"{1:032x}"
        assert seen["apply"] is asyncio.get_running_loop()
        assert seen["make"] != threading.get_ident()

    really(main())


def test_a_plain_function_returns_nothing_to_be_awaited(cloud: Cloud, vault: Vault) -> None:
    client = cloud.aio_client(secret_requests_per_second=0)

    async def apply(value: str) -> None:
        pytest.fail("nobody awaits it")

    async def main() -> None:
        with pytest.raises(nightlatch.ServiceFailureError) as caught:
            await client.rotate_secret("db", lambda: NEW, lambda value: apply(value))
        assert "give a coroutine function" in str(caught.value.__cause__)

    really(main())


def test_a_function_may_ask_the_same_client(cloud: Cloud, vault: Vault) -> None:
    vault.set("admin", value="hunter2-admin")
    client = cloud.client()
    client.rotate_secret("db", lambda: client.get_secret("admin").value[::-1])
    assert vault.value("db") == "nimda-2retnuh"


def test_functions_are_let_go_of(cloud: Cloud, vault: Vault) -> None:
    client = cloud.client()
    before = len(client._driver.foreign)
    client.rotate_secret("db", lambda: NEW)
    with pytest.raises(nightlatch.InvalidArgumentError, match="in use already"):
        client.rotate_secret("db", lambda: NEW)
    assert len(client._driver.foreign) == before
