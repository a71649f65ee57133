"""Blocking callers: they are the workers, and whoever leaves hands over."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import nightlatch
import pytest
from nightlatch._testing import Answer, Request

from .conftest import VALUE, Cloud


def test_many_threads_share_one_fetch(cloud: Cloud) -> None:
    client = cloud.client()
    together = threading.Barrier(50)

    def read(_: int) -> nightlatch.KeyVaultSecret:
        together.wait(10)
        return client.get_secret("db")

    with ThreadPoolExecutor(50) as pool:
        assert len({id(secret) for secret in pool.map(read, range(50))}) == 1
    assert (cloud.asked("/oauth2/"), cloud.asked("/secrets/")) == (1, 1)


def test_different_secrets_are_fetched_at_the_same_time(cloud: Cloud) -> None:
    client = cloud.client()
    client.get_secret("warm")
    both = threading.Barrier(2)

    def hold(request: Request) -> Answer | None:
        both.wait(10)  # ends only if two requests are under way
        return None

    cloud.hook = hold
    with ThreadPoolExecutor(2) as pool:
        assert [s.name for s in pool.map(client.get_secret, ["a", "b"])] == ["a", "b"]


def test_an_interrupted_caller_hands_its_effect_over(cloud: Cloud) -> None:
    client = cloud.client()
    client.get_secret("warm")
    entered, waiting = threading.Event(), threading.Event()

    def hold(request: Request) -> Answer | None:
        if threading.current_thread() is threading.main_thread():
            entered.set()
            waiting.wait(10)
            raise KeyboardInterrupt
        return None

    cloud.hook = hold
    results: list[str | None] = []

    def other() -> None:
        entered.wait(10)
        threading.Timer(0.05, waiting.set).start()
        results.append(client.get_secret("db").value)

    thread = threading.Thread(target=other)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        client.get_secret("db")
    thread.join(10)
    assert results == [VALUE]
    assert client._driver._callers == 0
    assert not client._driver._asleep
    assert client._driver.engine.pending() == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_ends_a_waiting_caller(cloud: Cloud) -> None:
    client = cloud.client()
    client.get_secret("warm")
    release, entered = threading.Event(), threading.Event()

    def hold(request: Request) -> Answer | None:
        entered.set()
        release.wait(10)
        return None

    cloud.hook = hold
    worker = threading.Thread(target=client.get_secret, args=("db",))
    worker.start()
    entered.wait(10)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(KeyboardInterrupt):
            client.get_secret("db")
    finally:
        signal.signal(signal.SIGALRM, previous)
        release.set()
    worker.join(10)
    peeked = client.peek("db")
    assert peeked is not None
    assert client._driver.engine.pending() == []


def test_the_callers_own_time_ends_its_call_only(cloud: Cloud) -> None:
    client = cloud.client(retry_total=4)
    client.get_secret("warm")
    cloud.hook = lambda request: Answer(delay=20.0, body=b"{}")
    began = cloud.world.clock.monotonic_ms
    with pytest.raises(nightlatch.OperationTimeoutError) as caught:
        client.get_secret("db", timeout=2)
    assert isinstance(caught.value, TimeoutError)
    assert cloud.world.requests[-1].timeout <= 2
    assert cloud.world.clock.monotonic_ms - began <= 2100


def test_errors_reach_every_caller_as_an_exception_of_its_own(cloud: Cloud) -> None:
    client = cloud.client(retry_total=0)
    client.get_secret("warm")
    together = threading.Barrier(8)
    cloud.hook = lambda request: Answer(fault="dns")

    def read(_: int) -> BaseException:
        together.wait(10)
        with pytest.raises(nightlatch.ServiceRequestError) as caught:
            client.get_secret("db")
        return caught.value

    with ThreadPoolExecutor(8) as pool:
        assert len({id(error) for error in pool.map(read, range(8))}) == 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_keeps_the_cache_and_begins_anew(cloud: Cloud) -> None:
    client = cloud.client()
    cached = client.get_secret("cached")
    entered, release = threading.Event(), threading.Event()

    def hold(request: Request) -> Answer | None:
        if threading.current_thread() is not threading.main_thread():
            entered.set()
            release.wait(10)
        return None

    cloud.hook = hold
    thread = threading.Thread(target=client.get_secret, args=("db",))
    thread.start()
    entered.wait(10)
    # Under way in the parent: an effect, its caller, and here even the driver's lock.
    client._driver._lock.acquire()
    child = os.fork()
    if child == 0:
        signal.alarm(10)  # the end of a child that waits for ever
        code = 1
        try:
            good = client.get_secret("cached") is cached and client.get_secret("db").value == VALUE
            code = 0 if good and cloud.asked("/oauth2/") == 1 else 2
        finally:
            os._exit(code)
    client._driver._lock.release()
    _, ended = os.waitpid(child, 0)
    release.set()
    thread.join(10)
    assert os.waitstatus_to_exitcode(ended) == 0
    assert client.get_secret("db").value == VALUE
