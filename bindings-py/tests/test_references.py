"""References as Python's users meet them: what goes in and what comes out, what it costs, and that
nothing of it is told to others.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import random
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import nightlatch
import pytest
from nightlatch import aio, resolution
from nightlatch._testing import Answer, Request

from .conftest import APP, SECRET, TENANT, VALUE, Cloud, refusal, reply

VECTORS = json.loads((Path(__file__).parents[2] / "tests" / "vectors" / "references.json").read_text())
PREFIX = "@microsoft.keyvault("
DB = "@Microsoft.KeyVault(VaultName=contoso;SecretName=db)"
ABSENT = "@Microsoft.KeyVault(VaultName=contoso;SecretName=absent)"


class Pair(NamedTuple):
    left: Any
    right: Any


class Whimsical(list[Any]):
    """A library's own list, which is made otherwise."""

    def __init__(self, values: Any, layout: str) -> None:
        super().__init__(values)
        self.layout = layout


@pytest.fixture
def resolver(cloud: Cloud) -> nightlatch.ReferenceResolver:
    cloud.hook = absent
    return nightlatch.ReferenceResolver(cloud.credential(), _host=cloud.world.host())


def absent(request: Request) -> Answer | None:
    return refusal(404, "SecretNotFound") if "/secrets/absent/" in request.url else None


def test_a_value_is_the_secret_or_itself(resolver: nightlatch.ReferenceResolver) -> None:
    assert resolver.resolve(DB) == VALUE
    plain = "x" * 20
    assert resolver.resolve(plain) is plain
    written = json.dumps({"uri": "https://contoso.vault.azure.net/secrets/db"})
    kind = "application/vnd.microsoft.appconfig.keyvaultref+json;charset=utf-8"
    assert resolver.resolve(written, content_type=kind) == VALUE
    assert resolver.resolve(written) == written


def test_a_tree_keeps_its_shape_and_all_that_is_no_text(resolver: nightlatch.ReferenceResolver) -> None:
    thing = object()
    tree = {
        "db": {"password": DB, "port": 5432, "since": date(2026, 1, 1), "ratio": 0.1, "nan": float("nan")},
        "list": [DB, None, True, thing, ["deep", DB]],
        "pair": Pair(DB, "right"),
        "tuple": (DB, 1),
        "set": {DB},
        "bytes": [DB.encode(), b"\xff", bytearray(b"x")],
        "own": Whimsical([DB], "wide"),
        "ordered": OrderedDict(a=DB),
        1: DB, "1": "text", None: "nothing", b"\xff": "odd",
        "Grüße": "schön 🎉\u0000", "bad": "caf\udce9",
    }  # fmt: skip
    before = repr(tree)
    got = resolver.resolve(tree)
    assert repr(tree) == before
    assert list(got) == list(tree)
    nan = got["db"].pop("nan")
    assert nan != nan
    assert got["db"] == {"password": VALUE, "port": 5432, "since": date(2026, 1, 1), "ratio": 0.1}
    assert got["list"] == [VALUE, None, True, thing, ["deep", VALUE]]
    assert got["pair"] == Pair(VALUE, "right")
    assert isinstance(got["pair"], Pair)
    assert (got["tuple"], got["set"]) == ((VALUE, 1), {VALUE})
    assert got["bytes"] == [VALUE.encode(), b"\xff", bytearray(b"x")]
    assert (got["own"], got["ordered"]) == ([VALUE], {"a": VALUE})
    assert (got[1], got["1"], got[None], got[b"\xff"]) == (VALUE, "text", "nothing", "odd")
    assert (got["Grüße"], got["bad"]) == ("schön 🎉\u0000", "caf\udce9")
    assert resolver.resolve([]) == []
    assert resolver.resolve(7) == 7


def test_other_formats_are_read_by_their_own_libraries(resolver: nightlatch.ReferenceResolver) -> None:
    tomllib = pytest.importorskip("tomllib", reason="Python 3.11")
    text = f'when = 2026-01-01T00:00:00Z\n[db]\npassword = "{DB}"\n'
    got = resolver.resolve(tomllib.loads(text))
    assert got["db"] == {"password": VALUE}
    assert got["when"] == tomllib.loads(text)["when"]


def test_json_stays_to_the_byte(resolver: nightlatch.ReferenceResolver) -> None:
    text = ' {"a" :\t[1.50, "\\u0041",\r\n"%s"] }\n'
    assert resolver.resolve_json(text % DB) == text % VALUE


def test_yaml_and_toml_stay_to_the_byte(resolver: nightlatch.ReferenceResolver) -> None:
    yaml = "# it\r\ndb: &p %s # why\nn: 1.50\n"
    assert resolver.resolve_yaml(yaml % f"'{DB}'") == yaml % f'"{VALUE}"'
    toml = "[db] # it\r\npassword = %s # why\nn = 1.50\n"
    assert resolver.resolve_toml(toml % f"'''{DB}'''") == toml % f'"{VALUE}"'
    with pytest.raises(nightlatch.InvalidConfigurationError, match="line 2"):
        resolver.resolve_yaml(f"a: 1\nb: {DB}\n")
    with pytest.raises(nightlatch.InvalidConfigurationError, match="line 1"):
        resolver.resolve_toml("a: 1")


def test_an_env_file_is_its_variables(resolver: nightlatch.ReferenceResolver) -> None:
    assert resolver.resolve_dotenv(f"# it\nexport A='{DB}'\nB=x # y\n") == {"A": VALUE, "B": "x"}


def test_the_environment_is_resolved_as_a_copy(
    resolver: nightlatch.ReferenceResolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    monkeypatch.setenv("DB_PASSWORD", DB)
    got = resolver.resolve_environ()
    assert got == {**os.environ, "DB_PASSWORD": VALUE}
    assert os.environ["DB_PASSWORD"] == DB
    assert resolver.resolve_environ({"A": "b"}) == {"A": "b"}


def test_one_missing_is_no_result_at_all(resolver: nightlatch.ReferenceResolver, cloud: Cloud) -> None:
    with pytest.raises(nightlatch.ResourceNotFoundError) as told:
        resolver.resolve({"a": DB, "b": ABSENT})
    assert [(each.source, each.ending) for each in told.value.attempts] == [("/b", "SecretNotFound")]
    assert VALUE not in str(told.value)
    with pytest.raises(nightlatch.InvalidConfigurationError) as wrong:
        resolver.resolve({"a": {"b": ["x", "@Microsoft.KeyVault(oops"]}})
    assert [each.source for each in wrong.value.attempts] == ["/a/b/1"]
    # Bytes that are no text make no plain text of what means to be a reference.
    with pytest.raises(nightlatch.InvalidConfigurationError):
        resolver.resolve_environ({"A": f"{DB[:-1]}\udce9)"})


def test_status_tells_and_does_not_raise(resolver: nightlatch.ReferenceResolver) -> None:
    told = resolver.status({"a": DB, "b": ABSENT, "c": "@Microsoft.KeyVault(oops", "d": "plain"})
    assert not told
    assert [(each.name, each.status) for each in told.references] == [
        ("/a", "Resolved"), ("/b", "SecretNotFound"), ("/c", "InvalidSyntax"),
    ]  # fmt: skip
    assert told.references[0].version == "0" * 32
    assert told.references[1].verdict == "secret-not-found"
    assert str(told) == told.text
    assert told.text.startswith("trouble: ")
    assert "\n" not in told.to_json()
    assert resolver.status(DB)
    assert [each.name for each in resolver.status(f"A={DB}", form="env").references] == ["A"]
    assert [each.name for each in resolver.status(f'["{DB}"]', form="json").references] == ["/0"]
    with pytest.raises(nightlatch.InvalidConfigurationError):
        resolver.status("{", form="json")
    with pytest.raises(nightlatch.InvalidArgumentError):
        resolver.status("x", form="xml")


def test_whoever_sets_a_bound_gets_no_older_copy(cloud: Cloud) -> None:
    options = {"_host": cloud.world.host()}
    resolver = nightlatch.ReferenceResolver(cloud.credential(), max_age=30, **options)
    assert resolver.resolve(DB) == VALUE
    cloud.value = "newer-value"
    cloud.advance(20)
    assert resolver.resolve(DB) == VALUE
    assert resolver.status(DB).references[0].age == pytest.approx(20, abs=0.1)
    assert resolver.resolve(DB, max_age=10) == "newer-value"
    cloud.value = "newest-value"
    cloud.advance(40)
    assert resolver.resolve(DB) == "newest-value"
    asked = cloud.asked("/secrets/db")
    cloud.advance(40)
    assert resolver.resolve(DB, max_age=60) == "newest-value"
    assert cloud.asked("/secrets/db") == asked


def test_each_secret_is_asked_for_once_and_clients_share_it(cloud: Cloud) -> None:
    host, credential = cloud.world.host(), cloud.credential()
    resolver = nightlatch.ReferenceResolver(credential, _host=host)
    resolver.resolve([DB, {"again": DB}, "https://contoso.vault.azure.net/secrets/db", DB])
    resolver.resolve(DB)
    assert cloud.client(credential, _host=host).get_secret("db").value == VALUE
    assert cloud.asked("/secrets/db") == 1
    assert resolver.cache_info().entries == 1
    resolver.invalidate()
    assert resolver.cache_info().entries == 0


def test_wrong_arguments_are_refused(cloud: Cloud) -> None:
    with pytest.raises(TypeError, match=r"ReferenceResolver\(\) got an unexpected .* 'max_ago'"):
        nightlatch.ReferenceResolver(cloud.credential(), max_ago=3)
    abroad = nightlatch.ReferenceResolver(cloud.credential(), vault_domain="://", _host=cloud.world.host())
    with pytest.raises(nightlatch.InvalidConfigurationError, match="domain"):
        abroad.resolve(DB)
    with nightlatch.ReferenceResolver(cloud.credential(), _host=cloud.world.host()) as resolver:
        with pytest.raises(TypeError, match="content_type"):
            resolver.resolve([DB], content_type="text/plain")  # type: ignore[call-overload]
        with pytest.raises(TypeError, match="str, not dict"):
            resolver.resolve_json({})  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="no Unicode text"):
            resolver.resolve_dotenv("A=\udce9")
    with pytest.raises(TypeError, match="refresh_in_background"):
        aio.ReferenceResolver(aio.ClientSecretCredential(TENANT, APP, SECRET), refresh_in_background=True)
    assert not cloud.world.requests


def near_misses() -> list[str]:
    """The conformance file's texts, and each with something changed."""
    chance = random.Random(8)  # noqa: S311
    texts = [vector["input"] for vector in VECTORS if isinstance(vector["input"], str)]
    for text in [text for text in texts if text] * 4:
        at = chance.randrange(len(text))
        change = chance.choice(["", " ", "@", ")", ";", "=", "\u200b", "\udc80", text[:at].swapcase()])
        texts.append(text[:at] + change + text[at + chance.randrange(2) :])
    return [DB, *texts]


def entries(resolver: Any) -> Iterator[Callable[[str], Any]]:
    """Every way for a text into a program."""
    yield resolver.resolve
    yield lambda text: resolver.resolve({"a": text})
    yield lambda text: resolver.resolve([text])
    yield lambda text: resolver.resolve(text.encode(errors="surrogateescape"))
    yield lambda text: resolver.resolve_environ({"A": text})
    yield lambda text: resolver.resolve_json(json.dumps([_whole(text)]))
    yield lambda text: resolver.resolve_dotenv(f"A='{_whole(text)}'")


def _whole(text: str) -> str:
    return text.encode(errors="surrogatepass").decode(errors="replace")


def handed_out(answer: Any) -> str:
    """The text in what came out."""
    while isinstance(answer, (dict, list)):
        answer = next(iter(answer.values() if isinstance(answer, dict) else answer))
    if isinstance(answer, bytes):
        answer = answer.decode(errors="surrogateescape")
    return str(json.loads(answer)[0] if answer.startswith('["') else answer)


def test_no_reference_reaches_a_program_unresolved(cloud: Cloud) -> None:
    """Whatever stands behind the prefix: either the secret comes out, or nothing does."""
    cloud.hook = absent
    options: dict[str, Any] = {"secret_requests_per_second": 0, "vault_requests_per_second": 0}
    resolver = nightlatch.ReferenceResolver(cloud.credential(), _host=cloud.world.host(), **options)
    secrets = refused = 0
    for text in near_misses():
        meant = text.strip(" \t\r\n").lower().startswith(PREFIX)
        for enter in entries(resolver):
            try:
                out = handed_out(enter(text))
            except nightlatch.NightlatchError:
                refused += meant
                continue
            assert not (meant and PREFIX in out.lower()), text
            secrets += out == VALUE
    assert secrets > 100
    assert refused > 2_000


def test_awaited_it_is_the_same(cloud: Cloud) -> None:
    cloud.hook = absent

    async def ask() -> None:
        credential = aio.ClientSecretCredential(TENANT, APP, SECRET)
        async with aio.ReferenceResolver(credential, _host=cloud.world.async_host()) as resolver:
            assert await resolver.resolve(DB) == VALUE
            assert await resolver.resolve({"a": [DB, 1]}) == {"a": [VALUE, 1]}
            assert await resolver.resolve_environ({"A": DB}) == {"A": VALUE}
            assert await resolver.resolve_json(f'[ "{DB}"]') == f'[ "{VALUE}"]'
            assert await resolver.resolve_dotenv(f"A={DB}") == {"A": VALUE}
            assert not await resolver.status({"a": ABSENT})
            with pytest.raises(nightlatch.ResourceNotFoundError):
                await resolver.resolve({"a": ABSENT})

    cloud.world.run(ask())
    for name in ("resolve", "resolve_json", "status"):
        ours, other = (getattr(family.ReferenceResolver, name) for family in (aio, nightlatch))
        assert ours.__doc__ == other.__doc__


def test_nothing_that_it_tells_is_secret(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    """One of the secrets is a reference itself, and one reference is broken."""
    caplog.set_level(logging.DEBUG, "nightlatch")
    events: list[Any] = []
    hidden = "Va1ue7kQ9zX3mB5n"
    chained = f"@Microsoft.KeyVault(VaultName=contoso;SecretName={hidden})"

    def answer(request: Request) -> Answer | None:
        if "/secrets/chained" in request.url:
            return reply({"value": chained, "id": "https://contoso.vault.azure.net/secrets/chained/1"})
        if "/secrets/absent" in request.url:
            return refusal(403, "Forbidden", "ForbiddenByRbac")
        return None

    cloud.hook = answer
    resolver = nightlatch.ReferenceResolver(
        cloud.credential(), _host=cloud.world.host(), on_event=events.append, retry_total=0
    )
    tree = {
        "ok": DB, "plain": hidden, "chain": "@Microsoft.KeyVault(VaultName=contoso;SecretName=chained)",
        "absent": ABSENT, "broken": f"@Microsoft.KeyVault({hidden}",
    }  # fmt: skip
    told = resolver.status(tree)
    shown = f"{resolver!r}{told!r}{told}{told.to_json()}{dataclasses.asdict(told)}"
    for name in ("chain", "absent", "broken"):
        with pytest.raises(nightlatch.NightlatchError) as failed:
            resolver.resolve({name: tree[name], "plain": hidden})
        shown += f"{failed.value!r}{failed.value}{failed.value.attempts}{failed.value.advice}"
    with pytest.raises(nightlatch.NightlatchError) as failed:
        resolver.resolve_json('{"a": "' + hidden)
    shown += f"{failed.value!r}{failed.value}"
    assert resolver.resolve(tree["ok"]) == VALUE
    shown += repr(events) + caplog.text
    assert events
    assert caplog.text
    assert "AccessToKeyVaultDenied" in shown
    for secret in (VALUE, hidden, SECRET, "hunter2"):
        assert secret not in shown


def test_answers_are_frozen_and_loaded_when_asked_for() -> None:
    for cls in (resolution.Resolution, resolution.ReferenceStatus):
        assert dataclasses.is_dataclass(cls)
        assert cls.__slots__
    program = (
        "import sys\nfrom nightlatch import ReferenceResolver\n"
        "ReferenceResolver().resolve('plain')\n"
        "assert not {'dataclasses', 'nightlatch.resolution', 'ssl', 'urllib3'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
