"""Reads through the public client: what comes from the cache, and what is asked again."""

from __future__ import annotations

import datetime

import nightlatch
import pytest

from .conftest import URL, VALUE, Cloud, refusal


def test_a_hit_is_the_same_object_and_asks_nobody(cloud: Cloud) -> None:
    client = cloud.client()
    first = client.get_secret("db")
    asked = len(cloud.world.requests)
    assert client.get_secret("db") is first
    assert client.get_secret("DB") is first
    assert client.get_secret("db", None) is first
    assert client.get_secret("db", "") is first
    assert client.get_secret(name="db", timeout=5) is first
    assert client.peek("db") is first
    assert asked == len(cloud.world.requests) == 2


def test_a_secret_carries_everything_the_vault_said(cloud: Cloud) -> None:
    secret = cloud.client().get_secret("db")
    assert (secret.name, secret.value, secret.id) == ("db", VALUE, f"{URL}/secrets/db/{'0' * 32}")
    properties = secret.properties
    assert (properties.vault_url, properties.version) == (URL, "0" * 32)
    assert properties.created_on == datetime.datetime(2023, 11, 14, 22, 13, 20, tzinfo=datetime.timezone.utc)
    assert properties.expires_on is not None
    assert properties.not_before is None
    assert (properties.enabled, properties.content_type, properties.tags) == (
        True,
        "text/plain",
        {"team": "shop"},
    )
    assert (properties.recovery_level, properties.recoverable_days) == ("Recoverable+Purgeable", 90)
    parts = nightlatch.KeyVaultSecretIdentifier(secret.id)
    assert (parts.vault_url, parts.name, parts.version) == (URL, "db", "0" * 32)


def test_nothing_shows_the_value(cloud: Cloud) -> None:
    events: list[dict[str, object]] = []
    client = cloud.client(on_event=events.append)
    secret = client.get_secret("db")
    shown = [
        repr(x) + str(x)
        for x in (secret, secret.properties, client, client._credential, client._driver.engine)
    ]
    shown.append(repr(events))
    assert "hunter2" not in "".join(shown)
    assert secret.value == VALUE
    with pytest.raises(AttributeError):
        secret.value = "other"  # type: ignore[misc]


def test_a_copy_lives_as_long_as_its_option_says(cloud: Cloud) -> None:
    client = cloud.client(cache_ttl=100, cache_jitter=0, cache_soft_window=0)
    first = client.get_secret("db")
    cloud.advance(99)
    assert client.get_secret("db") is first
    cloud.advance(2)
    assert client.peek("db") is None
    assert client.get_secret("db") is not first
    assert cloud.asked("/secrets/") == 2


def test_without_a_cache_every_call_asks(cloud: Cloud) -> None:
    client = cloud.client(cache_ttl=0)
    assert client.get_secret("db") is not client.get_secret("db")
    assert cloud.asked("/secrets/") == 2


def test_refresh_and_invalidate(cloud: Cloud) -> None:
    client = cloud.client()
    first = client.get_secret("db")
    cloud.advance(2)
    cloud.versions["db"] += 1
    second = client.refresh("db")
    assert second.properties.version != first.properties.version
    assert client.get_secret("db") is second
    client.invalidate("db")
    assert client.peek("db") is None
    client.get_secret("db")
    client.invalidate()
    assert client.peek("db") is None


def test_rotation_is_told(cloud: Cloud) -> None:
    events: list[dict[str, object]] = []
    client = cloud.client(on_event=events.append)
    client.get_secret("db")
    cloud.advance(2)
    cloud.versions["db"] += 1
    client.refresh("db")
    rotated = [event for event in events if event["event"] == "secret_rotated"]
    assert [(event["name"], event["new_version"]) for event in rotated] == [("db", f"{1:032x}")]


def test_a_stale_copy_serves_while_the_vault_is_down(cloud: Cloud) -> None:
    client = cloud.client(cache_ttl=10, cache_jitter=0, retry_total=0)
    first = client.get_secret("db")
    cloud.hook = lambda request: refusal(503, "ServiceUnavailable")
    cloud.advance(60)
    assert client.get_secret("db").value == first.value
    cloud.hook = lambda request: refusal(403, "Forbidden", "ForbiddenByRbac")
    cloud.advance(60)
    with pytest.raises(nightlatch.ForbiddenError):
        client.get_secret("db")


def test_a_missing_secret_is_remembered_shortly(cloud: Cloud) -> None:
    cloud.hook = lambda request: refusal(404, "SecretNotFound") if "/secrets/" in request.url else None
    client = cloud.client()
    for _ in range(3):
        with pytest.raises(nightlatch.ResourceNotFoundError):
            client.get_secret("db")
    assert cloud.asked("/secrets/") == 1


def test_retries_take_no_real_time(cloud: Cloud) -> None:
    failures = iter([refusal(503, "ServiceUnavailable")] * 3)
    cloud.hook = lambda request: next(failures, None) if "/secrets/" in request.url else None
    client = cloud.client(retry_backoff_factor=10, operation_timeout=600)
    assert client.get_secret("db").value == VALUE
    assert cloud.asked("/secrets/") == 4


def test_clients_share_by_credential_and_options(cloud: Cloud) -> None:
    credential, host = cloud.credential(), cloud.world.host()
    one, two = cloud.client(credential, _host=host), cloud.client(credential, _host=host)
    other = cloud.client(credential, _host=host, cache_ttl=7)
    secret = one.get_secret("db")
    assert two.get_secret("db") is secret
    assert other.peek("db") is None


def test_a_closed_client_stays_usable(cloud: Cloud) -> None:
    with cloud.client() as client:
        first = client.get_secret("db")
    assert client.get_secret("db") is first
    client.invalidate("db")
    assert client.get_secret("db").value == VALUE


def test_a_subclass_may_have_a_constructor_of_its_own(cloud: Cloud) -> None:
    class Contoso(nightlatch.SecretClient):
        def __init__(self) -> None:
            super().__init__(URL, cloud.credential(), _host=cloud.world.host())

    assert Contoso().get_secret("db").value == VALUE
    assert nightlatch.SecretClient.__new__(nightlatch.SecretClient).peek("db") is None
