"""The operations beyond reading, as a user of this package asks for them: by the names and arguments of the core's."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone
from typing import Any, NamedTuple

from nightlatch import KeyVaultOperationPoller, _replies
from nightlatch._requests import vault_operation

DATES = ("not_before", "expires_on", "if_unchanged_since")
CHANGES = ("delete_secret", "recover_deleted_secret")
LOOKS = ("deletion_finished", "recovery_finished")


class Page(NamedTuple):
    """A page, and what comes after it."""

    items: list[Any]
    continuation: str | None


class Finished(NamedTuple):
    """What was deleted or recovered, and whether the vault has finished."""

    resource: Any
    finished: bool | None


class Resolved(NamedTuple):
    """A text with its secrets, and how its references fared; or only the latter."""

    text: Any
    resolution: Any


def resolving(given: dict[str, Any]) -> tuple[str, dict[str, Any] | None]:
    """The method that resolves a text of this form, whose arguments are left in `given`; and the arguments of
    `status` for the same question. The domain is the resolver's own.
    """
    given.pop("vault_domain", None)
    told = dict(given)
    if given.pop("report", False):
        return "status", None
    methods = {
        "value": "resolve",
        "json": "resolve_json",
        "yaml": "resolve_yaml",
        "toml": "resolve_toml",
        "env": "resolve_dotenv",
    }
    return methods[given.pop("form", "value")], told


def blocking(client: Any, call: dict[str, Any]) -> Any:
    """Carries out a call of a scenario."""
    op, name, given = call["op"], _names(call), given_to(call)
    wait, timeout = given.pop("wait", False), {"timeout": call["timeout"]} if "timeout" in call else {}
    interval = given.get("polling_interval")
    match op:
        case "delete_secret" | "recover_deleted_secret":
            now, begun = client._driver.host.now, client._driver.host.now()
            poller = getattr(client, f"begin_{op}")(*name, *_value(call), **given, **timeout)
            if wait and "timeout" in call:
                # `wait` returns when its time is over; what a call of its own would raise is seen below it.
                return Finished(poller.result(), poller._look(True, call["timeout"] - (now() - begun)))
            if wait:
                poller.wait()
            return Finished(poller.result(), poller._finished)
        case "deletion_finished" | "recovery_finished":
            # The poller that somebody began elsewhere.
            look = client._looking(op, *name, interval)
            if not wait:
                return Finished(None, look(False, call.get("timeout")))
            poller = KeyVaultOperationPoller(look, None, False)
            poller.wait(call.get("timeout"))
            return Finished(None, poller._finished)
        case "list_properties_of_secrets" | "list_properties_of_secret_versions" | "list_deleted_secrets":
            pages = getattr(client, op)(*name, **_without_token(given), **timeout).by_page(
                given.get("continuation")
            )
            return Page(list(next(pages)), pages.continuation_token)
        case "refresh_due":
            # What the thread in the background does.
            return client._driver.call({"op": op})
        case "purge_deleted_secret":
            return client.purge_deleted_secret(*name, wait=wait, **given, **timeout)
        case "get_secrets":
            return client.get_secrets(given["names"], return_exceptions=True, **timeout)
        case "check":
            return client.check(*given.get("names", []), **timeout)
        case "load_secrets":
            secrets = client.load_secrets(given.pop("names", None), **given, **timeout)
            return Resolved(json.dumps(secrets, separators=(",", ":")), secrets.resolution)
        case "resolve_references":
            method, told = resolving(given)
            resolved = getattr(client, method)(call["value"], **given, **timeout)
            # How they fared is asked for by itself, and the cache tells it at once.
            wanted = "told" in call.get("expect", {})
            if told is None:
                return Resolved(None, resolved)
            return Resolved(resolved, client.status(call["value"], **told) if wanted else None)
    return getattr(client, op)(*name, *_value(call), **given, **timeout)


async def awaited(client: Any, call: dict[str, Any]) -> Any:
    """Carries out a call of a scenario on an event loop."""
    op, name, given = call["op"], _names(call), given_to(call)
    wait, timeout = given.pop("wait", False), {"timeout": call["timeout"]} if "timeout" in call else {}
    if op in LOOKS or (op in CHANGES and not wait and "value" not in call):
        # Awaited, a deletion is always waited for; what does not wait is played through the same driver.
        told = await client._call(
            vault_operation(op, client.vault_url, *name, **timeout, **({"wait": True} if wait else {}))
        )
        if op in LOOKS:
            return Finished(None, _replies.finished(told))
        return Finished(*_replies.deleted(told)) if op == "delete_secret" else _replies.properties(told)
    match op:
        case "list_properties_of_secrets" | "list_properties_of_secret_versions" | "list_deleted_secrets":
            pages = getattr(client, op)(*name, **_without_token(given), **timeout).by_page(
                given.get("continuation")
            )
            return Page([item async for item in await anext(pages)], pages.continuation_token)
        case "refresh_due":
            return await client._driver.call({"op": op})
        case "purge_deleted_secret":
            return await client.purge_deleted_secret(*name, wait=wait, **given, **timeout)
        case "get_secrets":
            return await client.get_secrets(given["names"], return_exceptions=True, **timeout)
        case "check":
            return await client.check(*given.get("names", []), **timeout)
        case "load_secrets":
            secrets = await client.load_secrets(given.pop("names", None), **given, **timeout)
            return Resolved(json.dumps(secrets, separators=(",", ":")), secrets.resolution)
        case "resolve_references":
            method, told = resolving(given)
            resolved = await getattr(client, method)(call["value"], **given, **timeout)
            wanted = "told" in call.get("expect", {})
            if told is None:
                return Resolved(None, resolved)
            return Resolved(resolved, await client.status(call["value"], **told) if wanted else None)
    return await getattr(client, op)(*name, *_value(call), **given, **timeout)


def encrypting(family: Any, credential: Any, options: dict[str, Any], call: dict[str, Any]) -> Any:
    """Encrypts, decrypts or encrypts anew, by methods for values and for fields of documents."""
    given, timeout = given_to(call), {"timeout": call["timeout"]} if "timeout" in call else {}
    key = {name: given.pop(name) for name in ("data_key_uses", "data_key_ttl") if name in given}
    encryption = family.FieldEncryption(
        call["vault"], call["name"], credential, key_version=given.pop("version", None), **key, **options
    )
    op = call["op"]
    if (given == {"form": "json"} and op == "encrypt") or given.keys() & {"field", "fields"} == {
        "field",
        "fields",
    }:
        return _plainly(encryption, call)
    form = given.pop("form", "value")
    if form != "json" and ("fields" in given or form != "value"):
        return _plainly(encryption, call)
    if form == "json":
        given = {"name" if name == "document" else name: value for name, value in given.items()}
        return _texts(getattr(encryption, f"{op}_fields")(call["value"], **given, **timeout))
    return _texts(getattr(encryption, op)(call["value"], **given, **timeout))


def _plainly(encryption: Any, call: dict[str, Any]) -> Any:
    """What no method of ours can ask."""
    operation = vault_operation(call["op"], call["vault"], call["name"], **call["arguments"])
    return encryption._call(operation, call["value"])


def _texts(result: Any) -> Any:
    if hasattr(result, "__await__"):
        return _awaited_texts(result)
    return Resolved(result.decode() if isinstance(result, bytes) else result, None)


async def _awaited_texts(result: Any) -> Resolved:
    return Resolved(*_texts(await result))


def _names(call: dict[str, Any]) -> list[str]:
    return [call["name"]] if "name" in call else []


def given_to(call: dict[str, Any]) -> dict[str, Any]:
    """A call's further arguments, as this package takes them."""
    given = dict(call.get("arguments", {}))
    if "interval" in given:
        given["polling_interval"] = given.pop("interval")
    if "version" in call:
        given["version"] = call["version"]
    for date in DATES & given.keys():
        given[date] = datetime.fromtimestamp(given[date], timezone.utc)
    return given


def _without_token(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name != "continuation"}


def _value(call: dict[str, Any]) -> list[Any]:
    if "value" not in call:
        return []
    return [
        base64.urlsafe_b64decode(call["value"] + "==")
        if call["op"] == "restore_secret_backup"
        else call["value"]
    ]
