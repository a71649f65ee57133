"""Every operation by the official client and by ours: one program, blocking and awaited, whose import lines alone are
changed. What it is told and what the vault is asked for it, step by step and field by field, must be the same.
What differs on purpose stands in `INTENDED`; anything else fails, and so does a difference that is no longer there.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest
from nightlatch._host.http_transport import HttpTransport

from .conftest import APP, TENANT, Emulator
from .test_samples import IMPORTS
from .vaults import emulator_with

pytestmark = pytest.mark.e2e
shared = pytest.importorskip("azure.keyvault.secrets._shared", reason="pip install azure-keyvault-secrets")
sdk = pytest.importorskip("azure.keyvault.secrets", reason="pip install azure-keyvault-secrets")
pytest.importorskip("azure.identity", reason="pip install azure-identity")
pytest.importorskip("aiohttp", reason="pip install aiohttp")

PROGRAMS = Path(__file__).with_name("programs")
MODELS = (sdk.KeyVaultSecret, sdk.SecretProperties, sdk.DeletedSecret, sdk.KeyVaultSecretIdentifier)

# What differs (step and field as patterns), and why.
INTENDED = {
    "*: query api-version": "the newest version that each was made for",
    "*: request without a token": "in Azure's own domains ours know what a token must be for and need not be told",
    "get_secret: requests": "what was set is in the cache",
    "get_secret again: requests": "what was read is in the cache",
    "get_secret empty version: requests": "the same",
    "get_secret by identifier: requests": "the same",
    "get_secret deleted: requests": "what was deleted a moment ago is known to be gone",
    "*tags": "no tags are an empty dict and not None, so that nobody has to ask first",
    "identifier: repr": "ours shows the identifier, theirs where the object lies in memory",
    "list_properties_of_secrets by page: header accept": "ours want JSON for every page, theirs for the first",
    "purge_deleted_secret*: header accept": "ours want JSON should it be refused",
}
SEEN: set[str] = set()


class Asked(NamedTuple):
    """A request to the vault."""

    what: str
    fields: dict[str, Any]


class Step(NamedTuple):
    """What a program was told, and what was asked for it."""

    told: Any
    asked: list[Asked]


class Transcript:
    """Takes down what a program does. Versions are numbered, and times that the vault's clock made are left out."""

    def __init__(self) -> None:
        self.steps: dict[str, Step] = {}
        self.versions: dict[str, str] = {}
        self._asked: list[Asked] = []

    def tell(self, step: str, what: Any) -> None:
        self.steps[step] = Step(self.plain(what), self._asked)
        self._asked = []

    def request(self, method: str, url: str, headers: Any, body: Any) -> None:
        parts = urlsplit(url)
        if not (parts.hostname or "").endswith(".vault.azure.net"):
            return
        named = {str(name).lower(): str(value) for name, value in dict(headers).items()}
        fields = {f"header {name}": named.get(name) for name in ("accept", "content-type")}
        fields["token"] = "authorization" in named
        fields |= {f"query {name}": self.plain(value) for name, value in parse_qsl(parts.query)}
        text = body.decode() if isinstance(body, bytes) else body
        fields["body"] = self.plain(json.loads(text)) if text else None
        path = self.plain(parts.path.replace("//", "/").rstrip("/"))
        self._asked.append(Asked(f"{method} {path}", fields))

    def plain(self, what: Any) -> Any:
        if isinstance(what, (list, tuple)):
            return [self.plain(item) for item in what]
        if isinstance(what, dict):
            return {name: self.plain(value) for name, value in what.items()}
        if isinstance(what, bytes):
            return "bytes" if what else "no bytes"
        if isinstance(what, str):
            if len(what) > 200:
                return "a long text"
            return re.sub("[0-9a-f]{32}", lambda version: self.version(version[0]), what)
        if isinstance(what, datetime):
            days = (what - datetime.now(what.tzinfo)) / timedelta(days=1)
            # What the vault's clock made is a whole number of days away.
            return f"in {round(days)} days" if abs(days - round(days)) < 0.01 else str(what)
        if isinstance(what, Exception):
            return self.error(what)
        for model in MODELS:
            if model.__name__ == type(what).__name__:
                return self.model(model, what)
        return what

    def version(self, text: str) -> str:
        return self.versions.setdefault(text, f"version {len(self.versions) + 1}")

    def model(self, model: type, what: Any) -> dict[str, Any]:
        names = [name for name in dir(model) if not name.startswith("_")]
        facts = {name: self.plain(getattr(what, name)) for name in names}
        return {**facts, "repr": self.plain(repr(what)), "type": model.__name__}

    def error(self, what: Any) -> dict[str, Any]:
        known = [kind.__name__ for kind in type(what).__mro__ if kind.__name__ in ERRORS]
        code = what.error.code if getattr(what, "error", None) else getattr(what, "error_code", None)
        return {"type": known[0] if known else None, "status_code": what.status_code, "code": code}


ERRORS = {
    "HttpResponseError", "ResourceNotFoundError", "ResourceExistsError", "ClientAuthenticationError",
    "ServiceRequestError", "ServiceResponseError",
}  # fmt: skip


def play(name: str, ours: bool, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Transcript:
    """Plays a program against a vault of its own."""
    text = (PROGRAMS / name).read_text()
    if ours:
        for old, new in {**IMPORTS, "from azure.core.exceptions import": "from nightlatch import"}.items():
            text = text.replace(f"\n{old} ", f"\n{new} ")
        assert "azure" not in re.sub("#.*", "", text)
    space: dict[str, Any] = {}
    exec(compile(text, name, "exec"), space)  # noqa: S102
    transcript = Transcript()
    # One for the whole process, in which others have left what they were told.
    shared.HttpChallengeCache.clear()
    with emulator_with(folder) as emulator:
        for variable, value in emulator.network.items():
            monkeypatch.setenv(variable, value)
        # aiohttp reads the variable for certificates once in a process.
        trust = {} if ours else {"connection_verify": emulator.ca}
        identity = {"tenant_id": TENANT, "client_id": APP, "client_secret": "app-secret", **trust}
        options: dict[str, Any] = {"transport": wire(transcript, ours, "async" in name, **trust)}
        if ours:
            options["secret_requests_per_second"] = 0
        playing = space["main"](transcript.tell, Emulator.url, identity, **options)
        if playing is not None:
            asyncio.run(playing)
    return transcript


def wire(transcript: Transcript, ours: bool, awaited: bool, **trust: str) -> Any:
    """The library's own transport, whose requests are taken down."""
    if ours:

        class OurWire(HttpTransport):
            def send(self, method: str, url: str, headers: Any, body: bytes, **options: Any) -> Any:
                transcript.request(method, url, headers, body)
                return super().send(method, url, headers, body, **options)

        return OurWire()
    from azure.core.pipeline.transport import AioHttpTransport, RequestsTransport

    if not awaited:

        class TheirWire(RequestsTransport):
            def send(self, request: Any, **options: Any) -> Any:
                transcript.request(request.method, request.url, request.headers, request.content)
                return super().send(request, **options)

        return TheirWire(**trust)

    class TheirAwaitedWire(AioHttpTransport):
        async def send(self, request: Any, **options: Any) -> Any:
            transcript.request(request.method, request.url, request.headers, request.content)
            return await super().send(request, **options)

    return TheirAwaitedWire(**trust)


def differences(theirs: Transcript, ours: Transcript) -> Iterator[tuple[str, Any, Any]]:
    """Where they differ, as `step: field`, and what each has there."""
    assert list(theirs.steps) == list(ours.steps)
    for step, (told, asked) in theirs.steps.items():
        mine = ours.steps[step]
        yield from compare(f"{step}: ", told, mine.told)
        bare = [one for one in asked if not one.fields["token"]]
        yield from ((f"{step}: request without a token", one.what, None) for one in bare)
        asked = [one for one in asked if one.fields["token"]]
        yield from compare(f"{step}: requests", [one.what for one in asked], [one.what for one in mine.asked])
        for one, other in zip(asked, mine.asked, strict=False):
            yield from compare(f"{step}: ", one.fields, other.fields)


def compare(where: str, theirs: Any, ours: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name in sorted(theirs.keys() | ours.keys()):
            place = where if where.endswith(": ") else f"{where}."
            yield from compare(f"{place}{name}", theirs.get(name), ours.get(name))
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for one, other in zip(theirs, ours, strict=True):
            yield from compare(where, one, other)
    elif theirs != ours:
        yield where, theirs, ours


@pytest.mark.parametrize("program", ["every_operation.py", "every_operation_async.py"])
def test_only_the_imports_change(program: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    theirs, ours = (play(program, own, monkeypatch, tmp_path) for own in (False, True))
    assert len(theirs.steps) > 30
    unintended = []
    for where, one, other in differences(theirs, ours):
        reasons = {pattern for pattern in INTENDED if fnmatchcase(where, pattern)}
        SEEN.update(reasons)
        if not reasons:
            unintended.append(f"{where}: {one!r} is {other!r} with us")
    assert not unintended, "\n".join(unintended)


def test_no_difference_is_intended_in_vain() -> None:
    """After the one before: what is listed above still differs somewhere."""
    if not SEEN:
        pytest.skip("nothing was compared")
    assert INTENDED.keys() - SEEN == set()


def test_a_difference_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """This comparison can fail: each field of a transcript, altered, is a difference."""
    theirs = play("every_operation.py", False, monkeypatch, tmp_path)
    for step, (told, asked) in theirs.steps.items():
        altered = Transcript()
        altered.steps = {**theirs.steps, step: Step(["something else", told], asked)}
        assert list(differences(theirs, altered)), step
        altered.steps = {**theirs.steps, step: Step(told, [*asked, Asked("GET /", {"token": True})])}
        assert list(differences(theirs, altered)), step
