"""Awaiting callers, on one event loop and on several."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from typing import Any

import nightlatch
import pytest
from nightlatch import aio
from nightlatch._testing import Answer, Request

from .conftest import APP, SECRET, TENANT, URL, VALUE, Cloud, refusal


def test_a_hit_is_the_same_object(cloud: Cloud) -> None:
    async def main() -> None:
        async with cloud.aio_client() as client:
            first = await client.get_secret("db")
            assert first.value == VALUE
            assert await client.get_secret("db") is first
            assert await client.get_secret("db", timeout=3) is first
            assert client.peek("db") is first
            assert (await client.refresh("other")).name == "other"

    cloud.world.run(main())
    assert cloud.asked("/secrets/") == 2


def test_many_tasks_share_one_fetch(cloud: Cloud) -> None:
    async def main() -> None:
        client = cloud.aio_client()
        secrets = await asyncio.gather(*(client.get_secret("db") for _ in range(200)))
        assert len({id(secret) for secret in secrets}) == 1

    cloud.world.run(main())
    assert (cloud.asked("/oauth2/"), cloud.asked("/secrets/")) == (1, 1)


def test_a_cancelled_task_leaves_the_others_served(cloud: Cloud) -> None:
    original = cloud.answer

    def slow(request: Request) -> Answer:
        answer = original(request)
        answer.delay = 1.0
        return answer

    cloud.world.http = slow

    async def main() -> None:
        client = cloud.aio_client()
        leader = asyncio.ensure_future(client.get_secret("db"))
        follower = asyncio.ensure_future(client.get_secret("db"))
        await asyncio.sleep(1.5)
        leader.cancel()
        assert (await follower).value == VALUE
        with pytest.raises(asyncio.CancelledError):
            await leader
        assert client._driver.engine.pending() == []
        assert not client._driver._loops

    cloud.world.run(main())
    assert cloud.asked("/secrets/") == 1


def test_when_all_are_cancelled_the_request_is_given_up(cloud: Cloud) -> None:
    cloud.hook = lambda request: Answer(delay=25.0) if "/secrets/" in request.url else None

    async def main() -> None:
        client = cloud.aio_client()
        tasks = [asyncio.ensure_future(client.get_secret("db")) for _ in range(3)]
        await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)
        assert not client._driver._tasks
        assert client._driver.engine.pending() == []

    cloud.world.run(main())


def test_back_off_and_timeouts_in_virtual_time(cloud: Cloud) -> None:
    failures = iter([refusal(503, "ServiceUnavailable")] * 3)
    cloud.hook = lambda request: next(failures, None) if "/secrets/" in request.url else None

    async def main() -> None:
        client = cloud.aio_client(retry_backoff_factor=100, operation_timeout=3600, retry_backoff_max=1000)
        assert (await client.get_secret("db")).value == VALUE
        cloud.hook = lambda request: Answer(delay=25.0)
        with pytest.raises(nightlatch.OperationTimeoutError):
            await client.get_secret("slow", timeout=2)

    began = time.monotonic()
    cloud.world.run(main())
    assert time.monotonic() - began < 5


def test_a_copy_near_its_end_serves_and_is_renewed_behind(cloud: Cloud) -> None:
    async def main() -> None:
        client = cloud.aio_client(cache_ttl=100, cache_jitter=0, cache_soft_window=0.2)
        first = await client.get_secret("db")
        cloud.advance(90)
        cloud.versions["db"] += 1
        assert await client.get_secret("db") is first
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert (await client.get_secret("db")).properties.version == f"{1:032x}"

    cloud.world.run(main())
    assert cloud.asked("/secrets/") == 2


def test_errors_are_raised_in_the_callers_task(cloud: Cloud) -> None:
    cloud.hook = lambda request: refusal(404, "SecretNotFound") if "/secrets/" in request.url else None

    async def main() -> None:
        with pytest.raises(nightlatch.ResourceNotFoundError):
            await cloud.aio_client().get_secret("db")
        with pytest.raises(nightlatch.InvalidArgumentError):
            await cloud.aio_client().get_secret("not a name")

    cloud.world.run(main())


def test_a_transport_for_asyncio_is_refused_by_the_blocking_client(cloud: Cloud) -> None:
    with pytest.raises(TypeError, match="asyncio"):
        cloud.client(_host=cloud.world.async_host())


class Threaded:
    """A blocking transport, as the default one is; answers when `gate` opens."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.gate.set()

    def send(
        self, method: str, url: str, headers: Any, body: bytes, *, timeout: float, direct: bool
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        self.entered.set()
        assert self.gate.wait(10)
        request = Request(0, method, url, dict(headers), body, timeout, direct)
        self.cloud.world.requests.append(request)
        answer = self.cloud.answer(request)
        return answer.status, answer.headers, answer.body


def threaded(cloud: Cloud) -> tuple[aio.SecretClient, Threaded]:
    transport = Threaded(cloud)
    return aio.SecretClient(
        URL, aio.ClientSecretCredential(TENANT, APP, SECRET), transport=transport
    ), transport


def test_one_client_on_two_event_loops(cloud: Cloud) -> None:
    client, transport = threaded(cloud)
    transport.gate.clear()
    results: list[nightlatch.KeyVaultSecret] = []
    waiting = threading.Semaphore(0)

    async def read() -> nightlatch.KeyVaultSecret:
        secret = asyncio.ensure_future(client.get_secret("db"))
        await asyncio.sleep(0)  # until it waits
        waiting.release()
        return await secret

    threads = [threading.Thread(target=lambda: results.append(asyncio.run(read()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert waiting.acquire(timeout=10)
    transport.gate.set()
    for thread in threads:
        thread.join(10)
    assert results[0] is results[1]
    assert (cloud.asked("/oauth2/"), cloud.asked("/secrets/")) == (1, 1)


def test_a_fetch_outlives_the_loop_that_began_it(cloud: Cloud) -> None:
    client, transport = threaded(cloud)
    asyncio.run(client.get_secret("warm"))
    transport.gate.clear()
    transport.entered.clear()

    async def impatient() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.get_secret("db"), 0.05)

    async def patient() -> str | None:
        task = asyncio.ensure_future(client.get_secret("db"))
        await asyncio.sleep(0)
        first.join(10)
        transport.gate.set()
        return (await task).value

    first = threading.Thread(target=lambda: asyncio.run(impatient()))
    first.start()
    transport.entered.wait(10)
    assert asyncio.run(patient()) == VALUE
    assert cloud.asked("/secrets/db") == 1


def test_an_idle_client_keeps_nothing_alive(cloud: Cloud) -> None:
    client, _ = threaded(cloud)
    began = time.monotonic()
    asyncio.run(client.get_secret("db"))
    assert time.monotonic() - began < 5
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "nightlatch")
    gone = weakref.ref(client)
    del client
    gc.collect()
    assert gone() is None


def test_tokens_for_other_clients(cloud: Cloud) -> None:
    async def main() -> None:
        credential = aio.ClientSecretCredential(TENANT, APP, SECRET, _host=cloud.world.async_host())
        async with credential:
            token = await credential.get_token("https://vault.azure.net/.default")
            info = await credential.get_token_info("https://vault.azure.net/.default")
            assert token.token == info.token == "hunter2-token"
            assert "hunter2" not in repr(token) + repr(info)

    cloud.world.run(main())
    assert cloud.asked("/oauth2/") == 1
