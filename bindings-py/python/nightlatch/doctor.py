"""What `SecretClient.diagnose`, `check` and `explain` tell: why a secret cannot be read, and what to do.

Nothing here holds a secret: all of it can be logged, and pasted into a ticket. The verdicts are those of
``core/VERDICTS.md``. The parts are those of the core's own report, by the names of this language.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

from ._told import Judged, Told, read, read_all, read_if_any, told
from .models import SecretProperties, _milliseconds, _utc, properties_from_json

__all__ = [
    "Diagnosis",
    "Finding",
    "Health",
    "Trouble",
    "Forecast",
    "Failure",
    "Host",
    "Source",
    "Bearer",
    "Service",
    "Caution",
    "Prospect",
    "Requests",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, with what is to be done on this host."""

    code: str
    """The verdict, one stable word such as ``role-missing``."""
    seen: str
    """What was seen."""
    means: str
    """What that means."""
    step: str
    """The one missing step."""
    commands: tuple[str, ...]
    """Commands to copy, with the real names as far as they are known; what is not known stands in angle
    brackets.
    """
    portal: str | None
    """The way through the portal."""
    tell_apart: str | None
    """Of a candidate: what would tell whether it is the one."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The facts of an error that a program would get."""

    kind: str
    """The stable name of the sort of error, as `NightlatchError.kind`."""
    message: str
    """What happened."""
    status: int | None
    """HTTP status of the answer."""
    code: str | None
    """The service's error code."""
    inner_code: str | None
    """The service's inner error code."""
    request_id: str | None
    """The service's request id, for a support ticket."""
    transient: bool
    """Whether trying again later may help."""


@dataclass(frozen=True, slots=True)
class Host:
    """What kind of host this is, and how that is known."""

    kind: str
    """The kind, such as ``app-service``, ``virtual-machine`` or ``elsewhere``."""
    name: str | None
    """The name of the resource, where it is known."""
    resource_group: str | None
    """Its resource group, where it is known."""
    evidence: tuple[str, ...]
    """What tells."""


@dataclass(frozen=True, slots=True)
class Source:
    """What one source of the credential said."""

    source: str
    """The credential's name."""
    ending: str
    """``token``, ``unavailable``, ``refused`` or ``transient``."""
    reason: str | None
    """Why there was no token."""
    duration_ms: int
    """Milliseconds that it took."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom the token stands for, as its claims say."""

    source: str
    """The credential that gave it."""
    kind: str | None
    """``app`` or ``user``, where the token says."""
    tenant_id: str | None
    """Tenant id."""
    client_id: str | None
    """Application (client) id."""
    object_id: str | None
    """Object (principal) id: what roles are assigned to."""
    resource_id: str | None
    """Resource id of a managed identity."""
    issued_on: datetime | None
    """When the token was issued (UTC)."""
    expires_on: datetime | None
    """When it ends (UTC)."""


@dataclass(frozen=True, slots=True)
class Service:
    """What the vault told of itself."""

    region: str | None
    """The region, such as ``westeurope``."""
    version: str | None
    """The version of the service."""
    address: str | None
    """The address from which it saw the request come."""
    clock_ahead: int | None
    """Seconds that this host's clock is ahead of the service's."""


@dataclass(frozen=True, slots=True)
class Caution:
    """What works today and may not tomorrow."""

    code: str
    """A stable word, such as ``no-purge-protection``."""
    message: str
    """A sentence."""
    command: str | None
    """A command that mends it, where there is one."""


@dataclass(frozen=True, slots=True)
class Diagnosis(Judged):
    """What one whole run showed, from this host's identity to the secret. ``str()`` is the report for people,
    the truth value is `ok`.
    """

    ok: bool
    """Whether the secret (or, without a name, the list of secrets) could be read."""
    transient: bool
    """Whether the error may pass by itself: trying again later may help."""
    vault_url: str
    """The vault's URL."""
    name: str | None
    """The secret's name, if one was named."""
    version: str | None
    """The version, if one was named."""
    verdict: Finding | None
    """What the trouble is; ``None`` when all is well, or when the facts tell nothing."""
    candidates: tuple[Finding, ...]
    """What fits the same facts, each with what would tell it apart."""
    error: Failure | None
    """The error that a program gets."""
    host: Host
    """What this host is."""
    sources: tuple[Source, ...]
    """What each source of the credential said, in order; the one that gave the token comes last."""
    identity: Bearer | None
    """Whom the token stands for."""
    service: Service
    """What the vault told of itself."""
    secret: SecretProperties | None
    """The secret's properties, never its value."""
    latest_version: str | None
    """The latest version, where another one was named and the vault told."""
    warnings: tuple[Caution, ...]
    """What works today and may not tomorrow."""
    duration_ms: int
    """Milliseconds that everything took."""
    text: str = field(repr=False)
    """The report for people, line by line."""
    _json: str = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is not at hand."""

    name: str | None
    """The secret; ``None``: the vault as a whole."""
    verdict: str | None
    """The verdict, when the facts tell."""
    advice: str | None
    """The next step."""
    error: Failure
    """The error that a program gets."""


@dataclass(frozen=True, slots=True)
class Health(Judged):
    """The answer to a health check. ``str()`` is the answer for people, the truth value is `ok`."""

    ok: bool
    """Whether everything asked for is at hand."""
    transient: bool
    """Whether all that is wrong may pass by itself: trying again later may help."""
    troubles: tuple[Trouble, ...]
    """Where it is not."""
    text: str = field(repr=False)
    """The answer for people, line by line."""
    _json: str = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a source would do."""

    source: str
    """The credential's name."""
    turn: str
    """``asked``, ``skipped`` (it does not exist here) or ``behind`` (only if those before it give
    nothing).
    """
    reason: str
    """Why."""


@dataclass(frozen=True, slots=True)
class Requests:
    """What reading some secrets costs, at most: every secret is read all the time."""

    secrets: int
    """How many secrets."""
    instances: int
    """How many processes."""
    per_instance_hour: float
    """Requests to the vault in an hour, by one process."""
    per_hour: float
    """By all."""
    share_of_vault: float
    """Share of the vault's limit, as a part of 1."""
    share_of_subscription: float
    """Share of the limit that all vaults of a subscription have together."""
    at_start: int
    """Requests when all processes start at once."""
    start_seconds: float
    """How long the vault's limit makes that take, in seconds."""


@dataclass(frozen=True, slots=True)
class Forecast(Told):
    """What would be done, and what it would cost, told without the network. ``str()`` is the forecast for
    people.
    """

    host: Host
    """What this host is."""
    sources: tuple[Prospect, ...]
    """The sources in order."""
    requests: Requests
    """What reading the secrets costs."""
    text: str = field(repr=False)
    """The forecast for people, line by line."""
    _json: str = field(repr=False, compare=False)


def diagnosis(result: tuple[Any, ...]) -> Diagnosis:
    """What `diagnose` gave."""
    facts, line = told(result[2])
    secret = facts["secret"]
    return read(
        Diagnosis,
        facts,
        vault_url=facts["vault"],
        verdict=read_if_any(Finding, facts["verdict"]),
        candidates=read_all(Finding, facts["candidates"]),
        error=read_if_any(Failure, facts["error"]),
        host=read(Host, facts["host"]),
        sources=read_all(Source, facts["sources"]),
        identity=_bearer(facts["identity"]),
        service=read(Service, facts["service"]),
        secret=None if secret is None else properties_from_json(secret),
        warnings=read_all(Caution, facts["warnings"]),
        _json=line,
    )


def health(result: tuple[Any, ...]) -> Health:
    """What `check` gave."""
    facts, line = told(result[2])
    troubles = tuple(read(Trouble, one, error=read(Failure, one["error"])) for one in facts["troubles"])
    return read(Health, facts, troubles=troubles, _json=line)


def forecast(result: tuple[Any, ...]) -> Forecast:
    """What `explain` gave."""
    facts, line = told(result[2])
    return read(
        Forecast,
        facts,
        host=read(Host, facts["host"]),
        sources=read_all(Prospect, facts["sources"]),
        requests=read(Requests, facts["requests"]),
        _json=line,
    )


def _bearer(facts: dict[str, Any] | None) -> Bearer | None:
    if facts is None:
        return None
    ids = {f"{one}_id": facts[one] for one in ("tenant", "client", "object", "resource")}
    times = {one: _utc(_milliseconds(facts[one])) for one in ("issued_on", "expires_on")}
    return read(Bearer, facts, **ids, **times)
