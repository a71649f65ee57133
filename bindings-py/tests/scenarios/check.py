"""What a scenario expects, against what happened. Every difference is told, not only the first."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import nightlatch

from .operations import Finished, Resolved
from .player import Ended, Player
from .told import depth, told

PROPERTIES = (
    "id",
    "vault_url",
    "name",
    "version",
    "enabled",
    "content_type",
    "tags",
    "recovery_level",
    "managed",
)
DATES = ("not_before", "expires_on", "created_on", "updated_on")


def differences(player: Player) -> list[str]:
    """All differences; none means that the scenario holds."""
    return list(_differences(player))


def _differences(player: Player) -> Iterator[str]:
    expect = player.scenario.get("expect", {})
    yield from player.world.complaints
    if "construction" in expect:
        why = player.construction
        if why is None:
            yield "the client could be built"
        elif isinstance(why, nightlatch.NightlatchError):
            yield from _error("construction", expect["construction"], why)
        # A wrong keyword is a TypeError or ValueError of Python's own kind.
        return
    if player.construction is not None:
        yield f"the client could not be built: {player.construction!r}"
        return
    for call in player.scenario["calls"]:
        if "expect" in call:
            names = (
                [f"{call['as']}-{nr + 1}" for nr in range(call["count"])] if "count" in call else [call["as"]]
            )
            for name in names:
                yield from _ended(name, call, player.ended[name])
    yield from _run(expect, player)


def _ended(name: str, call: dict[str, Any], ended: Ended) -> Iterator[str]:
    expected = call["expect"]
    if isinstance(ended.error, asyncio.CancelledError):
        if not expected.get("cancelled"):
            yield f"{name}: was cancelled"
    elif expected.get("cancelled"):
        yield f"{name}: was not cancelled"
    elif isinstance(ended.error, nightlatch.NightlatchError):
        yield from _error(name, expected, ended.error)
    elif isinstance(ended.error, TypeError | ValueError) and expected.get("error") == "INVALID_ARGUMENT":
        pass  # an argument that Python refuses in its own way
    elif ended.error is not None:
        yield f"{name}: raised {ended.error!r}"
    else:
        yield from _reply(name, expected, ended.result)
    if ended.took_ms > call.get("finished_within_ms", ended.took_ms):
        yield f"{name}: took {ended.took_ms} ms, too long"
    if ended.took_ms < call.get("finished_after_ms", 0):
        yield f"{name}: took {ended.took_ms} ms, not long enough"


def _reply(name: str, expected: dict[str, Any], result: Any) -> Iterator[str]:
    if "error" in expected:
        yield f"{name}: no error, but {expected['error']} is expected"
        return
    if isinstance(result, Resolved):
        yield from _resolved(name, expected, result)
        return
    for what in ("value", "token"):
        if what in expected and getattr(result, what, None) != expected[what]:
            yield f"{name}: the {what} is {getattr(result, what, None)!r}, expected {expected[what]!r}"
    finished = None
    if isinstance(result, Finished):
        result, finished = result
    # Whoever purges is told nothing; it has finished when it was waited for.
    if finished is not None and expected.get("finished", finished) != finished:
        yield f"{name}: finished is {finished}"
    if "backup" in expected and base64.urlsafe_b64encode(result).decode().rstrip("=") != expected["backup"]:
        yield f"{name}: the backup is {result!r}"
    if "page" in expected:
        listed = [f"{p.name}/{p.version}" if p.version else p.name for p in map(_properties, result.items)]
        if listed != expected["page"]:
            yield f"{name}: the page is {listed}"
    if "continuation" in expected and result.continuation != expected["continuation"]:
        yield f"{name}: the continuation is {result.continuation}"
    yield from _told(name, expected, result)
    if "next_refresh" in expected:
        least, most = expected["next_refresh"]
        if not least <= json.loads(result[2])["next_refresh"] <= most:
            yield f"{name}: the reply is {result}"
    if "deleted" in expected:
        actual = {part: _seconds(getattr(result, part)) for part in ("deleted_date", "scheduled_purge_date")}
        yield from _parts(
            f"{name}: deleted", expected["deleted"], actual | {"recovery_id": result.recovery_id}
        )
    if "properties" in expected:
        properties = _properties(result)
        actual = {part: getattr(properties, part) for part in PROPERTIES}
        actual |= {part: _seconds(getattr(properties, part)) for part in DATES}
        yield from _parts(f"{name}: properties", expected["properties"], actual)
    for secret, ending in expected.get("secrets", {}).items():
        found = result[secret]
        if isinstance(found, nightlatch.NightlatchError):
            yield from _error(f"{name}, {secret}", ending, found)
        else:
            yield from _reply(f"{name}, {secret}", ending, found)


def _resolved(name: str, expected: dict[str, Any], result: Resolved) -> Iterator[str]:
    text = result.text if isinstance(result.text, str) else json.dumps(result.text, separators=(",", ":"))
    if expected.get("value", text) not in (None, text):
        yield f"{name}: the text is {text!r}, expected {expected['value']!r}"
    if result.resolution is not None:
        yield from _told(name, expected, result.resolution)


def _told(name: str, expected: dict[str, Any], result: Any) -> Iterator[str]:
    if "told" in expected:
        facts = told(result)
        yield from depth(f"{name}: told", expected["told"], facts)
        # Nothing that the core tells is kept from the classes, and nothing is made up.
        if hasattr(result, "to_json") and (line := json.loads(result.to_json())) != facts:
            yield f"{name}: the attributes are {facts}, and the JSON is {line}"
    for part in expected.get("text_contains", []):
        if part not in str(result):
            yield f"{name}: the text lacks {part!r}: {result}"


def _properties(result: Any) -> nightlatch.SecretProperties:
    properties: nightlatch.SecretProperties = getattr(result, "properties", result)
    return properties


def _seconds(date: datetime | None) -> int | None:
    return None if date is None else int(date.timestamp())


def _error(name: str, expected: dict[str, Any], error: nightlatch.NightlatchError) -> Iterator[str]:
    if "error" not in expected:
        yield f"{name}: failed with {error.kind}: {error}"
        return
    actual = {
        "error": error.kind,
        "code": error.error_code,
        "inner_code": error.inner_code,
        "help": error.help,
        "source": error.source,
        "request_id": error.request_id,
        "status": error.status_code,
        "attempts": [[attempt.source, attempt.ending] for attempt in error.attempts],
    }
    yield from _parts(name, {part: value for part, value in expected.items() if part in actual}, actual)
    texts = {"message": error.message, "advice": error.advice or ""}
    for what, text in texts.items():
        for part in expected.get(f"{what}_contains", []):
            if part not in text:
                yield f"{name}: the {what} lacks {part!r}: {text}"
    for part in expected.get("message_lacks", []):
        if part in error.message:
            yield f"{name}: the message holds {part!r}: {error.message}"
    identity = error.identity._asdict() if error.identity else {}
    named = {part.removesuffix("_id"): value for part, value in identity.items()}
    yield from _parts(f"{name}: identity", expected.get("identity", {}), named)


def _parts(what: str, expected: dict[str, Any], actual: dict[str, Any]) -> Iterator[str]:
    for part, value in expected.items():
        if actual.get(part) != value:
            yield f"{what}: {part} is {actual.get(part)!r}, expected {value!r}"


def _run(expect: dict[str, Any], player: Player) -> Iterator[str]:
    requests = [f"{request.method} {request.url}" for request in player.world.requests]
    lists = {
        "requests": requests,
        "commands": player.world.commands_run,
        "files": player.world.files_read,
        "signatures": player.world.signatures,
        "prompts": player.world.prompts,
        "pages": player.world.pages,
        "steps": player.world.steps,
    }
    for what, actual in lists.items():
        expected = expect.get(what)
        if expected is not None and not (
            len(expected) == len(actual)
            and all(a.startswith(e) for e, a in zip(expected, actual, strict=True))
        ):
            yield f"the {what} are {actual}"
    for prefix, count in expect.get("counts", {}).items():
        actual_count = sum(request.startswith(prefix) for request in requests)
        least, most = count if isinstance(count, list) else (count, count)
        if not least <= actual_count <= most:
            yield f"{actual_count} requests begin with {prefix!r}, expected {count}"
    events = player.events
    expected_events = expect.get("events")
    if expected_events is not None and not (
        len(expected_events) == len(events)
        and all(_is_event(e, a) for e, a in zip(expected_events, events, strict=True))
    ):
        yield f"the events are {events}"
    for event in expect.get("events_include", []):
        if not any(_is_event(event, actual) for actual in events):
            yield f"no event is {event} among {events}"
    for name in expect.get("events_exclude", []):
        if any(event["event"] == name for event in events):
            yield f"the event {name} occurs"
    if "cache_info" in expect:
        yield from _parts("the cache", expect["cache_info"], player.cache_info())
    for prefix in expect.get("never_sent_to", []):
        yield from (f"{r.method} {r.url} was sent" for r in player.world.requests if r.url.startswith(prefix))


def _is_event(expected: Any, actual: dict[str, Any]) -> bool:
    if isinstance(expected, str):
        return bool(actual["event"] == expected)
    return not list(_parts("", expected, actual))
