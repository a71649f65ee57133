"""Spans and metrics for OpenTelemetry, wherever the program has imported its API.

Nothing is imported here: a program that wants telemetry has imported ``opentelemetry.trace`` or
``opentelemetry.metrics`` before it calls us, and everybody else pays a look into a dict for each call that
leaves the cache. Cached reads make no spans; the cache's own counters tell of them.

Names follow the semantic conventions: an internal span for each operation, and in it a client span
(``http.client``) for each request that was made for it. URLs are told without their queries. Nothing here
carries a value.
"""

from __future__ import annotations

import json
import sys
import weakref
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .. import _native

if TYPE_CHECKING:
    from .driver import Driver
    from .effects import Answer, Effect

NAMESPACE = {"azure.resource_provider.namespace": "Microsoft.KeyVault"}
OWNERS = {
    "get_token": "TokenCredential",
    "resolve_references": "ReferenceResolver",
    **dict.fromkeys(("encrypt", "decrypt", "rewrap"), "FieldEncryption"),
}
REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)

_drivers: weakref.WeakSet[Driver] = weakref.WeakSet()
_tracers: dict[Any, Any] = {}
_instruments: dict[Any, Instruments] = {}


class OperationSpan:
    """One operation as a span, below the one that is current where it is called."""

    def __init__(self, driver: Driver, operation: Mapping[str, Any], tracer: Any) -> None:
        self._driver = driver
        self._began = driver.host.now()
        self._op: int | None = None
        self._facts = {"nightlatch.operation": operation["op"], **_server(operation.get("vault", ""))}
        owner = OWNERS.get(operation["op"], "SecretClient")
        self._span: Any = None
        if tracer is not None:
            more = {"nightlatch.secret.name": operation["name"]} if "name" in operation else {}
            facts = {**NAMESPACE, **self._facts, **more}
            self._span = tracer.start_span(f"{owner}.{operation['op']}", attributes=facts)

    def begun(self, op: int) -> None:
        """The engine's number of the operation: by it, requests find the span that they belong to."""
        self._op = op
        if self._span is not None:
            self._driver.spans[op] = sys.modules["opentelemetry.trace"].set_span_in_context(self._span)

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if self._op is not None:
            self._driver.spans.pop(self._op, None)
        kind = None if error is None else str(getattr(error, "kind", type(error).__name__))
        if instruments := _meters():
            facts = {**self._facts, **({"error.type": kind} if kind else {})}
            instruments.operations.record(self._driver.host.now() - self._began, facts)
        if self._span is not None:
            _fail(self._span, kind, str(getattr(error, "message", "")))
            self._span.end()


class RequestSpan:
    """One HTTP exchange as a client span."""

    def __init__(self, driver: Driver, effect: Effect, tracer: Any) -> None:
        _, _, op, method, url, headers = effect[:6]
        self._driver = driver
        self._began = driver.host.now()
        self._facts: dict[str, Any] = {"http.request.method": method, **_server(url)}
        self._span: Any = None
        if tracer is not None:
            facts = {**NAMESPACE, **self._facts, "url.full": url.partition("?")[0]}
            number = next((value for name, value in headers if name == "x-ms-client-request-id"), None)
            if number:
                facts["az.client_request_id"] = number
            kind = sys.modules["opentelemetry.trace"].SpanKind.CLIENT
            parent = driver.spans.get(op)
            self._span = tracer.start_span(method, context=parent, kind=kind, attributes=facts)

    def end(self, answer: Answer) -> None:
        """What the exchange came to."""
        method, arguments = answer
        facts, error, more = dict(self._facts), None, {}
        if method == "complete_http":
            status = facts["http.response.status_code"] = arguments[1]
            error = str(status) if status >= 400 else None
            number = next((value for name, value in arguments[2] if name.lower() == "x-ms-request-id"), None)
            more = {"az.service_request_id": number} if number else {}
        else:
            error = str(arguments[1])
        if error:
            facts["error.type"] = error
        if instruments := _meters():
            instruments.requests.record(self._driver.host.now() - self._began, facts)
        if self._span is not None:
            self._span.set_attributes({**facts, **more})
            _fail(self._span, error)
            self._span.end()


class Instruments:
    """What is measured, by one provider of meters."""

    def __init__(self, meter: Any) -> None:
        self.requests = meter.create_histogram(
            "http.client.request.duration",
            unit="s",
            description="Duration of HTTP requests.",
            explicit_bucket_boundaries_advisory=REQUEST_BUCKETS,
        )
        self.operations = meter.create_histogram(
            "nightlatch.client.operation.duration",
            unit="s",
            description="Duration of operations that the cache did not answer.",
            explicit_bucket_boundaries_advisory=REQUEST_BUCKETS,
        )
        from opentelemetry.metrics import Observation  # the program has it

        def observe(field: str, **facts: str) -> Any:
            return Observation(sum(info[field] for info in _infos()), facts)

        def reads(_: Any) -> Iterable[Any]:
            for result, field in (("hit", "hits"), ("miss", "misses"), ("stale", "stale_served")):
                yield observe(field, **{"nightlatch.cache.result": result})

        def one(field: str) -> Any:
            return [lambda _: [observe(field)]]

        meter.create_observable_counter(
            "nightlatch.cache.reads", [reads], unit="{read}", description="Reads by what the cache did."
        )
        for name, unit in (("refreshes", "{refresh}"), ("evictions", "{secret}")):
            meter.create_observable_counter(f"nightlatch.cache.{name}", one(name), unit=unit)
        for name, unit in (("entries", "{secret}"), ("bytes", "By")):
            meter.create_observable_up_down_counter(f"nightlatch.cache.{name}", one(name), unit=unit)


def watch(driver: Driver) -> None:
    """Counts a driver's cache among those that are measured."""
    _drivers.add(driver)


def operation(driver: Driver, described: Mapping[str, Any]) -> OperationSpan | None:
    """Begins to watch an operation, if anybody wants to know."""
    tracer = _tracer()
    return OperationSpan(driver, described, tracer) if tracer is not None or _meters() else None


def request(driver: Driver, effect: Effect) -> RequestSpan | None:
    """Begins to watch an effect, if it is a request and anybody wants to know."""
    if effect[0] != "http":
        return None
    tracer = _tracer()
    return RequestSpan(driver, effect, tracer) if tracer is not None or _meters() else None


def _tracer() -> Any:
    provider = _provider("opentelemetry.trace", "get_tracer_provider")
    if provider is None:
        return None
    if provider not in _tracers:
        _tracers.clear()
        _tracers[provider] = provider.get_tracer("nightlatch", _native.__version__)
    return _tracers[provider]


def _meters() -> Instruments | None:
    provider = _provider("opentelemetry.metrics", "get_meter_provider")
    if provider is None:
        return None
    if provider not in _instruments:
        _instruments.clear()
        _instruments[provider] = Instruments(provider.get_meter("nightlatch", _native.__version__))
    return _instruments[provider]


def _provider(module: str, getter: str) -> Any:
    # Half imported by another thread, a module may have no getter yet.
    get = getattr(sys.modules.get(module), getter, None)
    return None if get is None else get()


def _infos() -> Iterable[dict[str, Any]]:
    return [json.loads(driver.engine.cache_info()) for driver in list(_drivers)]


def _fail(span: Any, kind: str | None, why: str = "") -> None:
    if kind is not None:
        trace = sys.modules["opentelemetry.trace"]
        span.set_attribute("error.type", kind)
        span.set_status(trace.Status(trace.StatusCode.ERROR, why or None))


def _server(url: str) -> dict[str, Any]:
    scheme, _, rest = url.partition("://")
    host, _, port = rest.split("/")[0].split("?")[0].rpartition(":")
    if not port.isdigit():
        host, port = f"{host}:{port}" if host else port, "80" if scheme == "http" else "443"
    return {"server.address": host.strip("[]"), "server.port": int(port)} if host else {}
