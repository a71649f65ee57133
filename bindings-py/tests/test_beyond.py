"""What no Azure SDK does: values that are replaced when they are refused, rotation that is told, renewal in the
background."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import nightlatch
import pytest
from nightlatch._testing import Answer

from .conftest import URL, Cloud, Request, refusal


class RefusedError(Exception):
    """What a database raises for a wrong password."""


class Database:
    """Accepts the secret of the versions given, and counts who knocked."""

    def __init__(self, *accepted: int) -> None:
        self.accepted = {f"{number:032x}" for number in accepted}
        self.knocks = 0

    def connect(self, secret: nightlatch.KeyVaultSecret) -> str | None:
        self.knocks += 1
        if secret.properties.version not in self.accepted:
            raise RefusedError
        return secret.properties.version

    async def connect_async(self, secret: nightlatch.KeyVaultSecret) -> str | None:
        await asyncio.sleep(0)
        return self.connect(secret)


def rotated(cloud: Cloud, seconds: float = 5) -> Any:
    """A client that knows the first version, in a world that has the second."""
    client = cloud.client()
    client.get_secret("db")
    cloud.advance(seconds)
    cloud.versions["db"] += 1
    return client


def test_a_refused_value_is_replaced_once(cloud: Cloud) -> None:
    client, database = rotated(cloud), Database(1)
    assert client.with_secret("db", database.connect, auth_error=RefusedError) == f"{1:032x}"
    assert (database.knocks, cloud.asked("/secrets/")) == (2, 2)
    assert client.with_secret("db", database.connect, auth_error=RefusedError) == f"{1:032x}"
    assert (database.knocks, cloud.asked("/secrets/")) == (3, 2)


@pytest.mark.parametrize(
    "auth_error",
    [RefusedError, (KeyError, RefusedError), lambda why: type(why).__name__ == "RefusedError"],
    ids=["class", "classes", "function"],
)
def test_the_caller_says_what_a_refusal_is(cloud: Cloud, auth_error: Any) -> None:
    assert rotated(cloud).with_secret("db", Database(1).connect, auth_error=auth_error) == f"{1:032x}"


def test_other_errors_are_the_callers_own(cloud: Cloud) -> None:
    database = Database()
    for auth_error in (KeyError, (), lambda why: False):
        with pytest.raises(RefusedError):
            rotated(cloud).with_secret("db", database.connect, auth_error=auth_error)
    assert database.knocks == 3


def test_without_a_new_version_the_refusal_stands(cloud: Cloud) -> None:
    client, database = rotated(cloud), Database()
    with pytest.raises(RefusedError):
        client.with_secret("db", database.connect, auth_error=RefusedError)
    # The new version was tried as well; from now on there is none.
    assert database.knocks == 2
    cloud.advance(5)
    with pytest.raises(RefusedError):
        client.with_secret("db", database.connect, auth_error=RefusedError)
    assert database.knocks == 3


def test_a_newer_version_at_hand_is_not_asked_for_again(cloud: Cloud) -> None:
    client, database = rotated(cloud), Database(1)

    def use(secret: nightlatch.KeyVaultSecret) -> str | None:
        if secret.properties.version == f"{0:032x}":
            # Meanwhile somebody else meets the same refusal.
            client.refresh("db")
            cloud.advance(5)
        return database.connect(secret)

    assert client.with_secret("db", use, auth_error=RefusedError) == f"{1:032x}"
    assert cloud.asked("/secrets/") == 2


def test_a_vault_that_is_away_is_the_cause_of_the_refusal(cloud: Cloud) -> None:
    client = rotated(cloud)
    cloud.hook = lambda request: refusal(403, "Forbidden", "ForbiddenByRbac")
    with pytest.raises(RefusedError) as caught:
        client.with_secret("db", Database(1).connect, auth_error=RefusedError)
    assert isinstance(caught.value.__cause__, nightlatch.ForbiddenError)


def test_a_thousand_threads_with_a_revoked_value_ask_once(cloud: Cloud) -> None:
    client, database = rotated(cloud), Database(1)
    together = threading.Barrier(100)

    def connect(number: int) -> str | None:
        def use(secret: nightlatch.KeyVaultSecret) -> str | None:
            if number < 100:
                # The first hundred hold the old value at the same time.
                together.wait(30)
            return database.connect(secret)

        # The second time, everybody comes on their own.
        return client.with_secret("db", _once(use, database.connect), auth_error=RefusedError)

    with ThreadPoolExecutor(100) as pool:
        assert set(pool.map(connect, range(1_000))) == {f"{1:032x}"}
    assert cloud.asked("/secrets/") == 2


def _once(first: Callable[..., Any], then: Callable[..., Any]) -> Callable[..., Any]:
    functions = iter((first,))
    return lambda secret: next(functions, then)(secret)


@pytest.mark.parametrize("kind", ["function", "coroutine function"])
def test_a_thousand_tasks_with_a_revoked_value_ask_once(cloud: Cloud, kind: str) -> None:
    database = Database(1)
    use: Any = database.connect if kind == "function" else database.connect_async

    async def main() -> set[Any]:
        client = cloud.aio_client()
        await client.get_secret("db")
        await asyncio.sleep(5)
        cloud.versions["db"] += 1
        tasks = (client.with_secret("db", use, auth_error=RefusedError) for _ in range(1_000))
        found = set(await asyncio.gather(*tasks))
        none = Database()
        with pytest.raises(RefusedError):
            await client.with_secret("db", none.connect_async, auth_error=RefusedError)
        assert none.knocks == 1
        with pytest.raises(RefusedError):
            await client.with_secret("db", Database().connect_async, auth_error=KeyError)
        return found

    assert cloud.world.run(main()) == {f"{1:032x}"}
    # The last one came so soon that its refresh was that of the thousand.
    assert cloud.asked("/secrets/") == 2


# Rotation.


class Rotating:
    """A database whose password is replaced every 1,130 seconds, and which takes the one before for `overlap` seconds."""

    EVERY = 1_130

    def __init__(self, cloud: Cloud, overlap: float) -> None:
        self.cloud, self.overlap = cloud, overlap
        self.refused = 0
        self.calls = 0

    def connect(self, secret: nightlatch.KeyVaultSecret) -> str | None:
        self.calls += 1
        seconds = self.cloud.world.clock.monotonic_ms / 1000
        latest, since = divmod(seconds, self.EVERY)
        taken = {latest, latest - 1} if since < self.overlap else {latest}
        if int(secret.properties.version or "", 16) not in taken:
            self.refused += 1
            raise RefusedError
        return secret.value

    def rotate(self) -> None:
        """What happens to the vault as time passes."""
        self.cloud.versions["db"] = int(self.cloud.world.clock.monotonic_ms / 1000 // self.EVERY)


HOURS = [5.0] * 2_880
"""Pauses between the calls of four hours."""
ROTATIONS = 12


def test_with_an_overlap_no_call_fails(cloud: Cloud) -> None:
    database, client = Rotating(cloud, overlap=301), cloud.client(cache_ttl=300, cache_jitter=0)
    for pause in HOURS:
        database.rotate()
        database.connect(client.get_secret("db"))
        cloud.advance(pause)
    assert (database.refused, cloud.versions["db"]) == (0, ROTATIONS)


def test_without_an_overlap_no_call_fails_and_each_rotation_costs_one_request_at_most(cloud: Cloud) -> None:
    database, client = Rotating(cloud, overlap=0), cloud.client(cache_ttl=300, cache_jitter=0)
    for pause in HOURS:
        database.rotate()
        client.with_secret("db", database.connect, auth_error=RefusedError)
        cloud.advance(pause)
    assert 1 <= database.refused <= ROTATIONS
    assert database.calls == len(HOURS) + database.refused
    _costs_one_request_at_most(cloud)


def test_the_same_awaited(cloud: Cloud) -> None:
    database = Rotating(cloud, overlap=0)

    async def main() -> None:
        client = cloud.aio_client(cache_ttl=300, cache_jitter=0)
        for pause in HOURS:
            database.rotate()
            await client.with_secret("db", database.connect, auth_error=RefusedError)
            await asyncio.sleep(pause)

    cloud.world.run(main())
    assert 1 <= database.refused <= ROTATIONS
    _costs_one_request_at_most(cloud)


def _costs_one_request_at_most(cloud: Cloud) -> None:
    """Each rotation, compared with the same hours without any."""
    quiet = Cloud()
    client = quiet.client(cache_ttl=300, cache_jitter=0)
    for pause in HOURS:
        client.get_secret("db")
        quiet.advance(pause)
    assert 0 <= cloud.asked("/secrets/") - quiet.asked("/secrets/") <= ROTATIONS


def test_rotation_calls_back(cloud: Cloud) -> None:
    client = cloud.client()
    told: list[Any] = []
    end = client.on_rotation(
        lambda rotation: told.append((rotation, client.get_secret("db").properties.version))
    )
    other: list[Any] = []
    client.on_rotation(other.append, name="another")
    mine: list[Any] = []
    client.on_rotation(mine.append, name="DB")
    for number in range(3):
        if number == 2:
            end()
        client.refresh("db")
        client.refresh("another")
        cloud.advance(5)
        cloud.versions["db"] += 1
    ((rotation, seen),) = told
    assert rotation == (URL, "db", f"{0:032x}", f"{1:032x}")
    assert (rotation.name, rotation.new_version, seen) == ("db", f"{1:032x}", f"{1:032x}")
    assert len(mine) == 2
    assert other == []
    client.close()
    client.refresh("db")
    assert len(mine) == 2


def test_a_callback_that_fails_fails_nobody(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    client = rotated(cloud)
    client.on_rotation(lambda rotation: 1 / 0)
    assert client.refresh("db").properties.version == f"{1:032x}"
    assert "ZeroDivisionError" in caplog.text


# Renewal in the background.


def refreshers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "nightlatch-refresh"]


def gone(threads: list[threading.Thread]) -> bool:
    """Whether threads end that nobody wants any more."""
    for thread in threads:
        thread.join(10)
    return not any(thread.is_alive() for thread in threads)


def test_a_thread_renews_before_anybody_has_to(cloud: Cloud) -> None:
    assert refreshers() == []
    client = cloud.client(refresh_in_background=True, cache_ttl=100, cache_jitter=0)
    assert refreshers() == []
    client.get_secret("db")
    cloud.advance(5)
    client.get_secret("db")
    threads = refreshers()
    assert [thread.daemon for thread in threads] == [True]
    cloud.world.asleep()
    for round_ in range(1, 4):
        cloud.versions["db"] += 1
        for _ in range(18):
            cloud.advance(5)
        assert cloud.asked("/secrets/db") == round_ + 1
        assert client.get_secret("db").properties.version == f"{round_:032x}"
        assert cloud.asked("/secrets/db") == round_ + 1
        cloud.advance(2)
        client.get_secret("db")
    client.close()
    assert gone(threads)


def test_nobody_renews_what_nobody_reads(cloud: Cloud) -> None:
    client = cloud.client(refresh_in_background=True, cache_ttl=100, cache_jitter=0)
    client.get_secret("db")
    cloud.world.asleep()
    threads = refreshers()
    for _ in range(60):
        cloud.advance(5)
    assert cloud.asked("/secrets/db") == 1
    client.close()
    assert gone(threads)


def test_the_thread_ends_with_the_last_client_that_wants_it(cloud: Cloud) -> None:
    credential, host = cloud.credential(), cloud.world.host()
    first, second = (cloud.client(credential, _host=host, refresh_in_background=True) for _ in range(2))
    plain = cloud.client(credential, _host=host)
    for client in (plain, first, second):
        client.get_secret("db")
    assert len(refreshers()) == 1
    first.close()
    first.close()
    assert len(refreshers()) == 1
    threads = refreshers()
    del second, client
    gc.collect()
    assert gone(threads)
    plain.invalidate()
    plain.get_secret("db")
    assert refreshers() == []


@pytest.mark.parametrize(
    "away", [refusal(503, "ServiceUnavailable"), Answer(delay=1_000)], ids=["failing", "silent"]
)
def test_the_thread_survives_a_vault_that_is(cloud: Cloud, away: Answer) -> None:
    client = cloud.client(refresh_in_background=True, cache_ttl=100, cache_jitter=0, operation_timeout=1)
    client.get_secret("db")
    cloud.world.asleep()
    cloud.advance(5)
    client.get_secret("db")
    cloud.hook = lambda request: away
    for _ in range(30):
        cloud.advance(5)
    assert len(refreshers()) == 1
    cloud.hook = lambda request: None
    client.refresh("db")
    cloud.advance(5)
    client.get_secret("db")
    asked = cloud.asked("/secrets/db")

    # Nobody reads: only the thread can ask.
    for _ in range(24):
        cloud.advance(5)
    assert cloud.asked("/secrets/db") > asked
    threads = refreshers()
    client.close()
    assert gone(threads)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_starts_a_thread_of_its_own(cloud: Cloud) -> None:
    client = cloud.client(refresh_in_background=True)
    client.get_secret("db")
    assert len(refreshers()) == 1
    child = os.fork()
    if child == 0:
        status = 1
        try:
            before = len(refreshers())
            client.refresh("db")
            after = len(refreshers())
            threads = refreshers()
            client.close()
            assert gone(threads)
            status = 0 if (before, after) == (0, 1) else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    threads = refreshers()
    assert len(threads) == 1
    client.close()
    assert gone(threads)


def test_asyncio_needs_no_thread_for_it(cloud: Cloud) -> None:
    with pytest.raises(TypeError, match="refresh_in_background"):
        cloud.aio_client(refresh_in_background=True)


# What the cache tells.


def test_the_cache_tells_what_it_did(cloud: Cloud) -> None:
    client = cloud.client(cache_ttl=100, cache_jitter=0, cache_max_entries=2, retry_total=0)
    assert client.cache_info() == nightlatch.CacheInfo(0, 0, 0, 0, 0, 0, 0, 0, None)
    for name in ("a", "b", "a", "c"):
        client.get_secret(name)
        cloud.advance(1)
    info = client.cache_info()
    assert (info.entries, info.hits, info.misses, info.evictions) == (2, 1, 3, 1)
    assert info.bytes > 0
    assert info.oldest_age == 4
    client.refresh("c")
    assert client.cache_info().refreshes == 1
    cloud.hook = lambda request: refusal(503, "ServiceUnavailable")
    cloud.advance(200)
    client.get_secret("c")
    assert client.cache_info().stale_served == 1


def test_many_come_from_the_cache_as_far_as_they_can(cloud: Cloud) -> None:
    client = cloud.client()
    first = client.get_secret("a")
    found = client.get_secrets(["b", "a", "c", "b"])
    assert list(found) == ["b", "a", "c"]
    assert found["a"] is first
    assert found["b"] is client.get_secret("b")
    assert cloud.asked("/secrets/") == 3
    assert client.get_secrets(["a", "b", "c"]) == found
    assert cloud.asked("/secrets/") == 3
    cloud.advance(5)
    assert client.get_secrets(["a"], refresh=True)["a"] is not first
    assert cloud.asked("/secrets/") == 4
    assert client.get_secrets([]) == {}


def test_one_that_fails_leaves_the_others_alone(cloud: Cloud) -> None:
    def answer(request: Request) -> Any:
        return refusal(404, "SecretNotFound") if "/secrets/none" in request.url else None

    cloud.hook = answer

    async def main() -> Any:
        client = cloud.aio_client()
        with pytest.raises(nightlatch.ResourceNotFoundError):
            await client.get_secrets(["a", "none", "b"])
        return await client.get_secrets(["a", "none", "b"], return_exceptions=True)

    found = cloud.world.run(main())
    assert isinstance(found["none"], nightlatch.ResourceNotFoundError)
    assert found["b"].value
    assert cloud.asked("/secrets/") == 3
