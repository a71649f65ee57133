"""Spans and metrics by the real SDK of OpenTelemetry, and the audit stream."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nightlatch
import pytest

from .conftest import URL, Cloud, refusal, reply

trace = pytest.importorskip("opentelemetry.trace", reason="pip install opentelemetry-sdk")
metrics = pytest.importorskip("opentelemetry.metrics", reason="pip install opentelemetry-sdk")
pytest.importorskip("opentelemetry.sdk", reason="pip install opentelemetry-sdk")


class Told:
    """What OpenTelemetry was told."""

    def __init__(self) -> None:
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        self.exporter = InMemorySpanExporter()
        self.reader = InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.meters = MeterProvider([self.reader])

    def spans(self) -> list[Any]:
        return list(self.exporter.get_finished_spans())

    def points(self) -> dict[str, list[Any]]:
        data = self.reader.get_metrics_data()
        return {
            metric.name: list(metric.data.data_points)
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    # A process may set its providers once only.
    told = Told()
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: told.tracers)
    monkeypatch.setattr(metrics, "get_meter_provider", lambda: told.meters)
    yield told
    told.meters.shutdown()


def _blocking(cloud: Cloud, use: Callable[[Any], Any], **options: Any) -> Any:
    return use(cloud.client(**options))


def _awaited(cloud: Cloud, use: Callable[[Any], Any], **options: Any) -> Any:
    async def main() -> Any:
        return await use(cloud.aio_client(**options))

    return cloud.world.run(main())


@pytest.fixture(params=[_blocking, _awaited], ids=["blocking", "asyncio"])
def play(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_an_operation_and_its_requests_are_spans(cloud: Cloud, told: Told, play: Any) -> None:
    with told.tracers.get_tracer("the program").start_as_current_span("handler") as outer:
        assert play(cloud, lambda client: client.get_secret("db")).value == "hunter2-value"
    token, secret, operation, _ = told.spans()
    assert operation.name == "SecretClient.get_secret"
    assert operation.kind is trace.SpanKind.INTERNAL
    assert operation.parent.span_id == outer.get_span_context().span_id
    assert operation.attributes == {
        "azure.resource_provider.namespace": "Microsoft.KeyVault",
        "nightlatch.operation": "get_secret",
        "nightlatch.secret.name": "db",
        "server.address": "contoso.vault.azure.net",
        "server.port": 443,
    }
    for request in (token, secret):
        assert request.kind is trace.SpanKind.CLIENT
        assert request.parent.span_id == operation.context.span_id
        assert request.status.is_unset
    assert (token.name, token.attributes["server.address"]) == ("POST", "login.microsoftonline.com")
    assert secret.name == secret.attributes["http.request.method"] == "GET"
    assert secret.attributes["url.full"].rstrip("/") == f"{URL}/secrets/db"
    assert secret.attributes["http.response.status_code"] == 200
    assert secret.attributes["az.client_request_id"]


def test_a_failure_is_told_with_its_kind(cloud: Cloud, told: Told, play: Any) -> None:
    def answer(request: Any) -> Any:
        if "/secrets/" not in request.url:
            return None
        answer = refusal(403, "Forbidden", "ForbiddenByRbac")
        answer.headers.append(("X-Ms-Request-Id", "number-7"))
        return answer

    cloud.hook = answer
    with pytest.raises(nightlatch.ForbiddenError):
        play(cloud, lambda client: client.get_secret("db"))
    _, request, operation = told.spans()
    assert request.attributes["error.type"] == "403"
    assert request.attributes["az.service_request_id"] == "number-7"
    assert operation.attributes["error.type"] == "FORBIDDEN"
    assert operation.status.status_code is request.status.status_code is trace.StatusCode.ERROR
    assert operation.status.description


def test_a_lost_connection_is_told(cloud: Cloud, told: Told, play: Any) -> None:
    from nightlatch._testing import Answer

    cloud.hook = lambda request: Answer(fault="dns") if "/secrets/" in request.url else None
    with pytest.raises(nightlatch.ServiceRequestError):
        play(cloud, lambda client: client.get_secret("db"), retry_total=1)
    spans = told.spans()
    assert [span.attributes.get("error.type") for span in spans] == [None, "dns", "dns", "UNREACHABLE"]


def test_what_is_measured(cloud: Cloud, told: Told) -> None:
    client = cloud.client()
    for _ in range(4):
        client.get_secret("db")
    with pytest.raises(nightlatch.InvalidArgumentError):
        client.get_secret("no_name")
    points = told.points()
    requests = points["http.client.request.duration"]
    assert {point.attributes["server.address"]: point.count for point in requests} == {
        "login.microsoftonline.com": 1,
        "contoso.vault.azure.net": 1,
    }
    assert requests[0].attributes["http.response.status_code"] == 200
    operations = points["nightlatch.client.operation.duration"]
    assert {point.attributes.get("error.type"): point.count for point in operations} == {
        None: 1,
        "INVALID_ARGUMENT": 1,
    }
    info = client.cache_info()
    assert (info.hits, info.misses, info.entries) == (3, 1, 1)
    # Summed over all caches of the process, of which other tests may have left some.
    reads = {
        point.attributes["nightlatch.cache.result"]: point.value for point in points["nightlatch.cache.reads"]
    }
    assert reads["hit"] >= 3
    assert reads["miss"] >= 1
    assert points["nightlatch.cache.entries"][0].value >= 1
    assert points["nightlatch.cache.bytes"][0].value >= info.bytes > 0


def test_a_cached_read_makes_no_span(cloud: Cloud, told: Told) -> None:
    client, awaited = cloud.client(), cloud.aio_client()

    async def read() -> None:
        await awaited.get_secret("db")

    many = lambda: client.get_secrets(["db", "other"])  # noqa: E731
    for reading in (lambda: client.get_secret("db"), lambda: cloud.world.run(read()), many):
        reading()
        assert told.spans()
        told.exporter.clear()
        reading()
        assert told.spans() == []


def test_writes_and_tokens_are_told_without_values(cloud: Cloud, told: Told) -> None:
    client = cloud.client()
    client.set_secret("db", "hunter2-new")
    cloud.credential(_host=cloud.world.host()).get_token("https://vault.azure.net/.default")
    assert {span.name for span in told.spans()} >= {"SecretClient.set_secret", "TokenCredential.get_token"}
    shown = "".join(span.to_json() for span in told.spans()) + repr(told.points())
    assert "hunter2" not in shown


def test_requests_of_a_shared_fetch_belong_to_who_began_it(cloud: Cloud, told: Told) -> None:
    client = cloud.aio_client()

    async def main() -> None:
        await asyncio.gather(*(client.get_secret("db") for _ in range(3)))

    cloud.world.run(main())
    *requests, first, second, third = told.spans()
    operations = {span.context.span_id for span in (first, second, third)}
    assert len(operations) == 3
    assert len(requests) == 2
    assert {request.parent.span_id for request in requests} <= operations
    assert not client._driver.spans


def test_nobody_who_does_not_want_it_imports_it() -> None:
    program = """
import sys, nightlatch
from nightlatch._testing import World
client = nightlatch.SecretClient("https://contoso.vault.azure.net", _host=World().host())
try:
    client.get_secret("db", timeout=1)
except nightlatch.NightlatchError:
    print([name for name in sys.modules if name.startswith("opentelemetry")])
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


# The audit stream.


def test_every_event_is_a_line(cloud: Cloud, tmp_path: Path, play: Any) -> None:
    path, lines, file = tmp_path / "audit.jsonl", [], io.StringIO()
    events: list[Any] = []
    for target in (path, lines.append, file):
        cloud.world.requests.clear()
        events.clear()
        play(cloud, lambda client: client.get_secret("db"), audit=target, on_event=events.append)
        assert [event["event"] for event in events] == ["token_acquired", "secret_fetched"]
        written = {path: path.read_text() if path.exists() else "", file: file.getvalue()}
        text = written.get(target, "".join(f"{line}\n" for line in lines))
        told = [json.loads(line) for line in text.splitlines()]
        for event, line in zip(events, told, strict=True):
            assert line.pop("time").startswith("2026-10-2")
            assert line == event
        assert "hunter2" not in text
    assert path.stat().st_mode & 0o777 == 0o600


def test_clients_that_share_events_share_a_file(cloud: Cloud, tmp_path: Path) -> None:
    path, credential, host = tmp_path / "audit.jsonl", cloud.credential(), cloud.world.host()
    first = cloud.client(credential, _host=host, audit=path)
    second = cloud.client(credential, _host=host, audit=str(path))
    first.get_secret("a")
    assert len(path.read_text().splitlines()) == 2
    first.close()
    second.get_secret("b")
    assert len(path.read_text().splitlines()) == 3
    second.close()
    second.get_secret("c")
    assert len(path.read_text().splitlines()) == 3


def test_writes_are_audited_with_their_outcome(cloud: Cloud) -> None:
    lines: list[str] = []
    client = cloud.client(audit=lines.append)
    client.set_secret("db", "hunter2-new", tags={"a": "b"})
    cloud.hook = lambda request: refusal(403, "Forbidden", "ForbiddenByRbac")
    with pytest.raises(nightlatch.ForbiddenError):
        client.set_secret("db", "hunter2-newer")
    told = [json.loads(line) for line in lines if "vault_operation" in line]
    assert [(line["operation"], line["name"], line["outcome"]) for line in told] == [
        ("set_secret", "db", "ok"),
        ("set_secret", "db", "FORBIDDEN"),
    ]
    assert "hunter2" not in "".join(lines)


def test_an_audit_that_fails_fails_nobody_and_is_heard_of(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    def full(line: str) -> None:
        raise OSError("no space left")

    assert cloud.client(audit=full).get_secret("db").value
    assert "no space left" in caplog.text
    with pytest.raises(TypeError):
        cloud.client(audit=7)


def test_what_ends_soon_is_told(cloud: Cloud) -> None:
    def answer(request: Any) -> Any:
        if "/secrets/" not in request.url:
            return None
        soon = cloud.world.clock.unix_ms // 1000 + 3 * 86_400
        attributes = {"enabled": True, "exp": soon}
        return reply({"value": "hunter2", "id": f"{URL}/secrets/db/{'0' * 32}", "attributes": attributes})

    cloud.hook = answer
    events: list[Any] = []
    cloud.client(on_event=events.append).get_secret("db")
    assert [event["name"] for event in events if event["event"] == "secret_near_expiry"] == ["db"]
    events.clear()
    cloud.client(on_event=events.append, near_expiry=86_400).get_secret("db")
    assert not [event for event in events if event["event"] == "secret_near_expiry"]
