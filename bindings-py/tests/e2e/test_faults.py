"""Every fault that the emulator can script, met by a cold client and by one that holds a copy past its life."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

import nightlatch
import pytest
from nightlatch._host.environment import Host
from nightlatch._native import ManualClock

from .conftest import Emulator

pytestmark = pytest.mark.e2e

QUICK = {"retry_total": 1, "retry_backoff_factor": 0.01, "read_timeout": 0.5}

# The fault, the kind of error it must become, and whether a copy past its life bridges it.
VAULT_FAULTS = [
    ({"status": 429}, "THROTTLED", True),
    ({"status": 429, "headers": {"Retry-After": "1"}}, "THROTTLED", True),
    ({"status": 500}, "SERVICE_FAILURE", True),
    ({"status": 503}, "SERVICE_FAILURE", True),
    ({"action": "drop"}, "UNREACHABLE", True),
    ({"action": "truncate"}, "UNREACHABLE", True),
    ({"action": "garbage"}, "TIMEOUT", True),  # no line ends in it, so the client waits for one
    ({"action": "hang", "delay_ms": 2000}, "TIMEOUT", True),
    ({"action": "big"}, "MALFORMED_RESPONSE", False),
    ({"action": "malformed_json"}, "MALFORMED_RESPONSE", False),
    ({"action": "html"}, "MALFORMED_RESPONSE", False),
    ({"action": "redirect"}, "MALFORMED_RESPONSE", False),
    ({"action": "challenge_other_domain"}, "CHALLENGE_REJECTED", False),
    ({"action": "challenge_http"}, "AUTHENTICATION_FAILED", False),
    ({"action": "revoke"}, "AUTHENTICATION_FAILED", False),
    ({"status": 403}, "FORBIDDEN", False),
    ({"status": 404}, "NOT_FOUND", False),
]
TOKEN_FAULTS = [
    ({"status": 429}, "THROTTLED"),
    ({"status": 503}, "SERVICE_FAILURE"),
    ({"action": "drop"}, "UNREACHABLE"),
    ({"action": "truncate"}, "UNREACHABLE"),
    ({"action": "garbage"}, "TIMEOUT"),
    ({"action": "hang", "delay_ms": 2000}, "TIMEOUT"),
    ({"action": "big"}, "MALFORMED_RESPONSE"),
    ({"action": "malformed_json"}, "MALFORMED_RESPONSE"),
]


def name_of(value: Any) -> str:
    return "-".join(map(str, value.values())) if isinstance(value, dict) else ""


class Reader:
    """A client over the real transport whose waits and lives pass in no time."""

    def __init__(self, emulator: Emulator) -> None:
        self.clock = ManualClock(0, time.time_ns() // 1_000_000)
        self.events: list[str] = []
        host = Host(environment=os.environ, clock=self.clock)
        self.client = nightlatch.SecretClient(
            emulator.url,
            nightlatch.ManagedIdentityCredential(),
            on_event=lambda event: self.events.append(event["event"]),
            _host=host,
            **QUICK,
        )

    def read(self) -> str | None:
        return self.client.get_secret("db-password").value


@pytest.fixture
def reader(emulator: Emulator, variables: Callable[..., None]) -> Reader:
    variables(emulator.app_service)
    return Reader(emulator)


@pytest.mark.parametrize(("fault", "kind", "bridged"), VAULT_FAULTS, ids=name_of)
def test_a_cold_client_hears_the_right_kind_and_recovers(
    emulator: Emulator, reader: Reader, fault: dict[str, Any], kind: str, bridged: bool
) -> None:
    emulator.fault(service="vault", times=None, **fault)
    with pytest.raises(nightlatch.NightlatchError) as caught:
        reader.read()
    assert caught.value.kind == kind
    assert "s3cr3t" not in str(caught.value)
    emulator.ask("DELETE", "/_emulator/faults")
    reader.clock.advance(11_000)  # longer than "no such secret" is remembered
    assert reader.read() == "s3cr3t"


@pytest.mark.parametrize(("fault", "kind", "bridged"), VAULT_FAULTS, ids=name_of)
def test_a_copy_past_its_life_bridges_what_passes_and_nothing_else(
    emulator: Emulator, reader: Reader, fault: dict[str, Any], kind: str, bridged: bool
) -> None:
    assert reader.read() == "s3cr3t"
    emulator.fault(service="vault", times=None, **fault)
    assert reader.read() == "s3cr3t", "within its life a copy needs nobody"
    reader.clock.advance(400_000)
    if bridged:
        assert reader.read() == "s3cr3t"
        assert reader.events[-1] == "served_stale"
    else:
        with pytest.raises(nightlatch.NightlatchError) as caught:
            reader.read()
        assert caught.value.kind == kind
    emulator.ask("DELETE", "/_emulator/faults")
    reader.clock.advance(31_000)  # longer than a failure keeps others from asking
    assert reader.read() == "s3cr3t"


@pytest.mark.parametrize(("fault", "kind"), TOKEN_FAULTS, ids=name_of)
def test_a_failing_token_endpoint_is_told_apart_and_recovered_from(
    emulator: Emulator, reader: Reader, fault: dict[str, Any], kind: str
) -> None:
    emulator.fault(service="app_service", times=None, **fault)
    with pytest.raises(nightlatch.NightlatchError) as caught:
        reader.read()
    assert (caught.value.kind, caught.value.source) == (kind, "ManagedIdentityCredential")
    assert emulator.counts()["vault"] == 0
    emulator.ask("DELETE", "/_emulator/faults")
    assert reader.read() == "s3cr3t"


def test_one_fault_in_passing_is_not_noticed(emulator: Emulator, reader: Reader) -> None:
    for service in ("app_service", "vault"):
        emulator.fault(service=service, times=1, status=503)
    assert reader.read() == "s3cr3t"
    assert emulator.counts()["vault_by_status"] == {"200": 1, "503": 1}


def test_a_revoked_token_is_replaced_once(emulator: Emulator, reader: Reader) -> None:
    assert reader.read() == "s3cr3t"
    emulator.ask("POST", "/_emulator/revoke")
    reader.clock.advance(2_000)  # longer than refreshes share one fetch
    assert reader.client.refresh("db-password").value == "s3cr3t"
    assert emulator.counts()["app_service"] == 2


def test_a_redirect_is_not_followed_with_a_token(emulator: Emulator, reader: Reader) -> None:
    emulator.fault(service="vault", times=None, action="redirect")
    with pytest.raises(nightlatch.NightlatchError):
        reader.read()
    assert {entry["host"] for entry in emulator.log() if entry["service"] == "vault"} == {
        "contoso.vault.azure.net"
    }


def test_the_limiter_bounds_what_the_vault_sees(emulator: Emulator, variables: Callable[..., None]) -> None:
    variables(emulator.app_service)
    emulator.ask("PUT", "/_emulator/limits/contoso", {})
    client = nightlatch.SecretClient(
        emulator.url,
        nightlatch.ManagedIdentityCredential(),
        cache_ttl=0,
        secret_requests_per_second=20,
        secret_burst=5,
    )
    client.get_secret("db-password")
    emulator.ask("DELETE", "/_emulator/log")

    def read() -> None:
        for _ in range(5):
            client.get_secret("db-password")

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = emulator.counts()
    assert 0 < counts["peak_per_secret_second"] <= 25
    assert counts["vault_by_status"] == {"200": counts["vault"]}
