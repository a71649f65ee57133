"""Values that are stored encrypted, with a key that stands in `tests/encryption/values.json`, where others encrypted with it too.
`jwcrypto` is the judge. What the vault answers otherwise is played by the scenarios."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import nightlatch
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA256
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK
from nightlatch import FieldEncryption, aio
from nightlatch._testing import Answer, Request

from .conftest import Cloud, refusal, reply

VECTORS = json.loads((Path(__file__).parents[2] / "tests" / "encryption" / "values.json").read_text())
KEY = JWK(**VECTORS["jwk"])
KID = f"{VECTORS['vault']}/keys/{VECTORS['key']}/{VECTORS['version']}"
TEXT = "hunter2 välue"


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def answer(request: Request) -> Answer | None:
    """A vault that has the key."""
    if "/keys/" not in request.url:
        return None
    key, padding = KEY.get_op_key("decrypt"), OAEP(MGF1(SHA256()), SHA256(), None)
    if request.method == "GET":
        return reply({"key": {"kid": KID, "kty": "RSA"}, "attributes": {"enabled": True}})
    if not request.url.startswith(KID):
        return refusal(404, "KeyNotFound", message="A key with this version was not found in this key vault.")
    asked = json.loads(request.body)
    assert asked["alg"] == "RSA-OAEP-256"
    value = decode(asked["value"])
    try:
        wrapping = "/wrapkey" in request.url
        result = key.public_key().encrypt(value, padding) if wrapping else key.decrypt(value, padding)
    except ValueError:
        return refusal(400, "BadParameter", message="The parameter is incorrect.")
    return reply({"kid": KID, "value": encode(result)})


class Both(NamedTuple):
    """Both families, called alike."""

    cloud: Cloud
    family: Any

    def __call__(self, method: str, *arguments: Any, **keywords: Any) -> Any:
        encryption = self.encryption()
        result = getattr(encryption, method)(*arguments, **keywords)
        return self.cloud.world.run(result) if asyncio.iscoroutine(result) else result

    def encryption(self, **options: Any) -> Any:
        world = self.cloud.world
        host = world.async_host() if self.family is aio else world.host()
        host.random = __import__("os").urandom
        credential = self.family.ClientSecretCredential("tenant", "app", "hunter2-client-secret")
        return self.family.FieldEncryption(
            VECTORS["vault"], VECTORS["key"], credential, _host=host, **options
        )


@pytest.fixture(params=[nightlatch, aio], ids=["blocking", "asyncio"])
def both(cloud: Cloud, request: pytest.FixtureRequest) -> Both:
    cloud.hook = answer
    return Both(cloud, request.param)


@pytest.fixture
def encryption(cloud: Cloud) -> FieldEncryption:
    cloud.hook = answer
    blocking: FieldEncryption = Both(cloud, nightlatch).encryption()
    return blocking


def opened(compact: str) -> JWE:
    """As another implementation reads it."""
    token = JWE(algs=["RSA-OAEP-256", "A256GCM"])
    token.deserialize(compact, KEY)
    return token


@pytest.mark.parametrize("value", VECTORS["values"], ids=lambda value: f"{value['name']} by {value['by']}")
def test_what_anybody_encrypted_opens(value: dict[str, Any], both: Both) -> None:
    place = {name: value[name] for name in ("document", "field") if name in value}
    assert both("decrypt", value["compact"], **place) == base64.b64decode(value["base64"])


def test_another_implementation_reads_a_value(both: Both) -> None:
    compact = both("encrypt", TEXT, document="customer 17", field="/ä")
    token = opened(compact)
    assert token.payload.decode() == TEXT
    assert token.jose_header == {
        "alg": "RSA-OAEP-256",
        "enc": "A256GCM",
        "kid": KID,
        "document": "customer 17",
        "field": "/ä",
    }
    assert both("decrypt_text", compact, document="customer 17", field="/ä") == TEXT


def test_another_implementation_reads_fields(encryption: FieldEncryption) -> None:
    stored = encryption.encrypt_fields({"card": {"cvc": 123, "of": "Ada"}}, ["/card/cvc"], name="order 1")
    token = opened(str(stored["card"]["cvc"]))
    assert (token.payload, token.jose_header["cty"], token.jose_header["field"]) == (
        b"123",
        "json",
        "/card/cvc",
    )


@pytest.mark.parametrize("headers", [{}, {"kid": KID}, {"kid": KID, "document": "d", "field": "f"}])
def test_what_another_implementation_writes_is_read(headers: dict[str, str], both: Both) -> None:
    token = JWE(
        TEXT.encode(),
        json.dumps({"alg": "RSA-OAEP-256", "enc": "A256GCM", **headers}),
        algs=["RSA-OAEP-256", "A256GCM"],
    )
    token.add_recipient(JWK(**KEY.export_public(as_dict=True)))
    place = {name: headers[name] for name in ("document", "field") if name in headers}
    assert both("decrypt_text", token.serialize(compact=True), **place) == TEXT


def test_bytes_are_bytes(both: Both) -> None:
    assert both("decrypt", both("encrypt", bytes(range(256)))) == bytes(range(256))
    with pytest.raises(UnicodeDecodeError):
        both("decrypt_text", both("encrypt", b"\xff"))


def test_a_value_that_was_altered_anywhere_does_not_open(encryption: FieldEncryption) -> None:
    compact = encryption.encrypt(TEXT, document="d", field="f")
    encryption.decrypt(compact, document="d", field="f")
    for at, char in enumerate(compact):
        for other in {"A", "b", ".", "="} - {char}:
            altered = compact[:at] + other + compact[at + 1 :]
            with pytest.raises(nightlatch.NightlatchError) as caught:
                encryption.decrypt(altered, document="d", field="f")
            # The header may name another version of the key now, which the vault does not know.
            kinds = {"DECRYPTION_FAILED", "NOT_FOUND"} if at < compact.index(".") else {"DECRYPTION_FAILED"}
            assert caught.value.kind in kinds, (at, other, caught.value)
            assert "hunter2" not in str(caught.value)
        with pytest.raises(nightlatch.DecryptionError):
            encryption.decrypt(compact[:at], document="d", field="f")


def test_a_value_belongs_to_its_place(both: Both) -> None:
    compact = both("encrypt", TEXT, document="d", field="f")
    for place in ({}, {"document": "d"}, {"document": "d", "field": "g"}, {"document": "e", "field": "f"}):
        with pytest.raises(nightlatch.DecryptionError) as caught:
            both("decrypt", compact, **place)
        assert caught.value.help == "belongs-elsewhere"


def test_a_data_key_serves_as_often_as_is_said(cloud: Cloud) -> None:
    cloud.hook = answer
    once = Both(cloud, nightlatch).encryption(data_key_uses=1)
    keys = {once.encrypt(TEXT).split(".")[1] for _ in range(5)}
    assert (len(keys), cloud.asked("/wrapkey")) == (5, 5)
    often = Both(cloud, nightlatch).encryption(data_key_uses=100)
    values = [often.encrypt(TEXT).split(".") for _ in range(50)]
    assert (len({value[1] for value in values}), cloud.asked("/wrapkey")) == (1, 6)
    assert len({value[2] for value in values}) == 50, "a nonce came twice"


def test_a_document_stays_to_the_byte(both: Both) -> None:
    text = '{"id": 17,\n\t"born" : 1.50e1, "tags":[ "x" ,null ], "born\\u0020at": "ä"}\n'
    stored = both("encrypt_fields", text, ["/tags", "/born"], name="d")
    assert stored.startswith('{"id": 17,\n\t"born" : "eyJ')
    assert stored.endswith(', "born\\u0020at": "ä"}\n')
    assert both("rewrap_fields", stored, name="d") == stored
    assert both("decrypt_fields", stored, name="d") == text


def test_a_tree_is_copied_and_keeps_what_json_has_not(both: Both) -> None:
    born = date(1815, 12, 10)
    tree = {
        "name": "Ada",
        "born": born,
        1: ("a", float("inf")),
        "cards": [{"cvc": 123}, {"cvc": None}],
        "x": b"y",
    }
    stored = both("encrypt_fields", tree, ["/cards/*/cvc", "/1/0"])
    assert tree["cards"] == [{"cvc": 123}, {"cvc": None}]
    assert stored["born"] == born
    assert stored["x"] == b"y"
    assert stored[1][0].startswith("eyJ")
    assert [card["cvc"][:3] for card in stored["cards"]] == ["eyJ", "eyJ"]
    assert both("decrypt_fields", stored) == tree


@pytest.mark.parametrize("field", ["/born", "", "/people/0"])
def test_what_json_has_not_is_not_encrypted_as_something_else(field: str, both: Both) -> None:
    tree = {"born": date(1815, 12, 10), "people": [{"x": (1, b"hunter2")}]}
    with pytest.raises((TypeError, nightlatch.InvalidArgumentError), match=r"JSON has not|names no field"):
        both("encrypt_fields", tree, [field])


def test_a_yaml_document_keeps_its_comments(both: Both) -> None:
    from ruamel.yaml import YAML

    text = """\
# Of customer 17
name: Ada  # as she writes it
card:
  number: 4111 1111 1111 1111  # never in the open
  valid: 2031-05-01
tags: [a, 'b']
"""
    yaml = YAML()
    yaml.preserve_quotes = True
    tree = yaml.load(text)
    stored = both("encrypt_fields", tree, ["/card/number"], name="customer-17")

    def written(tree: Any) -> str:
        out = io.StringIO()
        YAML().dump(tree, out)
        return out.getvalue()

    yaml.width = 10_000
    assert "4111" not in written(stored)
    for part in ("# Of customer 17", "# as she writes it", "# never in the open", "valid: 2031-05-01", "'b'"):
        assert part in written(stored)
    assert written(both("decrypt_fields", stored, name="customer-17")) == written(tree)


def test_what_cannot_be_is_told_before_anything_is_asked(both: Both) -> None:
    for method, arguments, told in [
        ("encrypt", (17,), "a str or bytes, not int"),
        ("decrypt", (b"x",), "as encrypt gave it, not bytes"),
        ("rewrap", (None,), "as encrypt gave it, not NoneType"),
        ("encrypt_fields", ({}, "/a"), "a list of JSON Pointers, not a str"),
        ("encrypt_fields", (17, ["/a"]), "JSON text, or a tree of it, not int"),
    ]:
        with pytest.raises(TypeError, match=told):
            both(method, *arguments)
    with pytest.raises(nightlatch.InvalidArgumentError, match=r"data_key_uses|no value"):
        Both(both.cloud, nightlatch).encryption(data_key_uses=0).encrypt("x")
    assert not both.cloud.world.requests
    with pytest.raises(nightlatch.InvalidArgumentError, match="not a vault URL"):
        nightlatch.FieldEncryption("contoso", "app", both.cloud.credential())


def test_nothing_shows_a_value(cloud: Cloud) -> None:
    cloud.hook = answer
    events: list[dict[str, Any]] = []
    encryption = Both(cloud, nightlatch).encryption(on_event=events.append)
    encryption.decrypt(encryption.encrypt(TEXT))
    with pytest.raises(nightlatch.NightlatchError) as caught:
        encryption.encrypt_fields('{"a": hunter2}', ["/a"])
    told = f"{encryption!r} {encryption.__dict__} {events} {caught.value} {caught.value!r}"
    assert (
        repr(encryption)
        == "<nightlatch.encryption.FieldEncryption [https://contoso.vault.azure.net/keys/app]>"
    )
    assert events
    assert "hunter2" not in told


def test_random_bytes_come_from_the_operating_system(cloud: Cloud) -> None:
    from nightlatch._host.environment import Host

    host = Host(environment={})
    assert len({host.random(32) for _ in range(100)}) == 100
