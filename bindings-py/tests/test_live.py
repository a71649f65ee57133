"""Settings that follow rotation."""

from __future__ import annotations

import logging
import threading

import nightlatch
import pytest
from nightlatch import aio
from nightlatch._testing import Answer, Request

from .conftest import APP, SECRET, TENANT, VALUE, Cloud, refusal

SETTINGS = {
    "host": "db.example.net",
    "password": "@Microsoft.KeyVault(VaultName=contoso;SecretName=db)",
    "nested": {"again": "@Microsoft.KeyVault(VaultName=contoso;SecretName=db)"},
}
# Everything is asked for again as soon as anybody wants it.
FRESH = {"cache_ttl": 0, "stale_if_error": 0, "retry_total": 0}


@pytest.fixture
def resolver(cloud: Cloud) -> nightlatch.ReferenceResolver:
    return nightlatch.ReferenceResolver(cloud.credential(), _host=cloud.world.host(), **FRESH)


def gone(request: Request) -> Answer | None:
    return refusal(403, "Forbidden", "ForbiddenByFirewall") if "/secrets/" in request.url else None


def test_a_reader_finds_the_new_value_when_the_time_has_come(
    cloud: Cloud, resolver: nightlatch.ReferenceResolver
) -> None:
    told: list[list[str]] = []
    live = resolver.live(SETTINGS, on_change=told.append, interval=30)
    assert dict(live) == {"host": "db.example.net", "password": VALUE, "nested": {"again": VALUE}}
    assert len(live) == 3
    cloud.value = "newer-value"
    cloud.advance(29)
    assert live["password"] == VALUE
    asked = cloud.asked("/secrets/db")
    cloud.advance(1)
    assert live["password"] == "newer-value"
    assert live["nested"] == {"again": "newer-value"}
    assert cloud.asked("/secrets/db") == asked + 1
    assert told == [["password", "nested"]]
    cloud.advance(30)
    assert live["host"] == "db.example.net"
    assert cloud.asked("/secrets/db") == asked + 2
    assert told == [["password", "nested"]]


def test_whoever_does_not_wait_renews_at_once(cloud: Cloud, resolver: nightlatch.ReferenceResolver) -> None:
    live = resolver.live(SETTINGS)
    assert live.refresh() == []
    cloud.value = "newer-value"
    assert live.refresh() == ["password", "nested"]
    assert live["password"] == "newer-value"
    cloud.advance(10)
    assert live.age == pytest.approx(10, abs=0.1)


def test_the_cache_serves_as_its_rules_allow(cloud: Cloud) -> None:
    resolver = nightlatch.ReferenceResolver(cloud.credential(), _host=cloud.world.host())
    live = resolver.live(SETTINGS, interval=30)
    cloud.value = "newer-value"
    cloud.advance(60)
    assert live["password"] == VALUE
    assert live.refresh() == []
    assert cloud.asked("/secrets/db") == 1


def test_a_vault_that_goes_away_leaves_the_settings_as_they_are(
    cloud: Cloud, resolver: nightlatch.ReferenceResolver
) -> None:
    live = resolver.live(SETTINGS, interval=30)
    bounded = resolver.live(SETTINGS, interval=30, max_age=100)
    cloud.hook = gone
    for _ in range(3):
        cloud.advance(31)
        assert live["password"] == bounded["password"] == VALUE
        assert isinstance(live.error, nightlatch.ForbiddenError)
    with pytest.raises(nightlatch.ForbiddenError):
        live.refresh()
    cloud.advance(31)
    assert live["password"] == VALUE
    assert live.age == pytest.approx(124, abs=1)
    with pytest.raises(nightlatch.ForbiddenError):
        bounded["password"]
    # There is always something to ask how old it is.
    assert len(bounded) == 3
    cloud.hook = lambda _: None
    cloud.advance(31)
    assert bounded["password"] == VALUE
    assert bounded.error is None


def test_it_begins_only_when_all_is_there(cloud: Cloud, resolver: nightlatch.ReferenceResolver) -> None:
    cloud.hook = gone
    with pytest.raises(nightlatch.ForbiddenError):
        resolver.live(SETTINGS)


def test_a_callback_may_read_and_renew_and_fail(
    cloud: Cloud, resolver: nightlatch.ReferenceResolver, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []

    def changed(_: list[str]) -> None:
        seen.append(live["password"])
        live.refresh()
        raise RuntimeError("no")

    live = resolver.live(SETTINGS, on_change=changed, interval=30)
    cloud.value = "newer-value"
    cloud.advance(30)
    assert live["password"] == "newer-value"
    assert seen == ["newer-value"]
    assert "on_change failed" in caplog.text
    assert "newer-value" not in caplog.text


def test_one_reader_renews_and_the_others_go_on(cloud: Cloud, resolver: nightlatch.ReferenceResolver) -> None:
    live = resolver.live(SETTINGS, interval=5)
    arrived, released = threading.Event(), threading.Event()

    def hold(_: Request) -> None:
        arrived.set()
        assert released.wait(10)

    cloud.hook = hold
    cloud.value = "newer-value"
    cloud.advance(5)
    first: list[str] = []
    reader = threading.Thread(target=lambda: first.append(live["password"]))
    reader.start()
    assert arrived.wait(30)
    cloud.advance(5)
    assert live["password"] == VALUE
    released.set()
    reader.join()
    assert first == [live["password"]] == ["newer-value"]


def test_awaited_it_is_renewed_by_hand(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "nightlatch")
    told: list[list[str]] = []

    async def ask() -> None:
        credential = aio.ClientSecretCredential(TENANT, APP, SECRET)
        options = {"_host": cloud.world.async_host(), **FRESH}
        async with aio.ReferenceResolver(credential, **options) as resolver:
            live = await resolver.live(SETTINGS, on_change=told.append)
            cloud.value = "newer-value"
            assert live["password"] == VALUE
            assert await live.refresh() == ["password", "nested"]
            assert live["password"] == "newer-value"
            cloud.hook = gone
            with pytest.raises(nightlatch.ForbiddenError):
                await live.refresh()
            assert live["password"] == "newer-value"
            assert isinstance(live.error, nightlatch.ForbiddenError)
            assert "newer-value" not in f"{live!r}{live}{live.error!r}{live.error}"

    cloud.world.run(ask())
    assert told == [["password", "nested"]]
    for secret in (VALUE, "newer-value", SECRET):
        assert secret not in caplog.text


def test_nothing_that_it_shows_is_secret(resolver: nightlatch.ReferenceResolver) -> None:
    live = resolver.live(SETTINGS)
    assert "password" in repr(live)
    assert VALUE not in f"{live!r}{live}{live.items()!r}{live.values()!r}{live.keys()!r}"
