"""The calls of a scenario, through clients and credentials as a user would make them."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nightlatch
from nightlatch import aio
from nightlatch.options import ENGINE_OPTIONS

from .operations import awaited, blocking, encrypting, given_to
from .surroundings import Surroundings

FOLDER = Path(__file__).parents[3] / "tests" / "scenarios"
SOME_VAULT = "https://contoso.vault.azure.net"
KEYWORDS = {path: keyword for keyword, path in ENGINE_OPTIONS.items()}

# Settings that are numbers of secret values.
SLOTS = {
    "client_secret", "certificate", "password", "user_assertion", "system_access_token", "authorization_code",
}  # fmt: skip
# What is called otherwise here than in the engine's tree.
CLASSES = {"ClientCertificateCredential": "CertificateCredential"}
RENAMED = {
    ("ClientCertificateCredential", "certificate"): "certificate_data",
    ("ClientAssertionCredential", "assertion"): "func",
    ("OnBehalfOfCredential", "certificate"): "client_certificate",
    ("OnBehalfOfCredential", "assertion"): "client_assertion_func",
    ("DeviceCodeCredential", "prompt"): "prompt_callback",
}


def index() -> list[str]:
    """The paths of all scenarios."""
    listed: list[str] = json.loads((FOLDER / "index.json").read_text())
    return listed


def load(path: str) -> dict[str, Any]:
    """Reads a scenario and puts its tokens in place."""
    text = (FOLDER / path).read_text()
    for name, claims in json.loads(text).get("tokens", {}).items():
        text = text.replace(f"$token:{name}", _unsigned(claims))
    scenario: dict[str, Any] = json.loads(text)
    return scenario


def _unsigned(claims: dict[str, Any]) -> str:
    def encode(part: str) -> str:
        return base64.urlsafe_b64encode(part.encode()).decode().rstrip("=")

    payload = json.dumps(claims, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    header = '{"alg":"none","typ":"JWT"}'
    return f"{encode(header)}.{encode(payload)}.bm9uZQ"


class Ended:
    """How a call ended."""

    def __init__(self, took_ms: int, result: Any = None, error: BaseException | None = None) -> None:
        self.took_ms = took_ms
        self.result = result
        self.error = error


class Player:
    """Plays one scenario with one family of classes."""

    def __init__(self, scenario: dict[str, Any], family: Any) -> None:
        self.scenario = scenario
        self.family = family
        self.world = Surroundings(scenario["world"])
        self.events: list[dict[str, Any]] = []
        self.ended: dict[str, Ended] = {}
        self.construction: Exception | None = None
        self._clients: dict[str, Any] = {}
        host = self.world.async_host() if family is aio else self.world.host()
        try:
            self.options = {**_keywords(scenario.get("options", {})), "_host": host}
            self.credential = self._credential(scenario.get("options", {}).get("credential", {}))
            self._clients[SOME_VAULT] = family.SecretClient(
                SOME_VAULT, self.credential, on_event=self.events.append, **self.options
            )
        except (nightlatch.NightlatchError, TypeError, ValueError) as why:
            self.construction = why

    def play(self) -> None:
        """Plays the scenario to its end."""
        if self.construction is not None:
            return
        if self.family is aio:
            self.world.run(self._play_concurrently())
        else:
            for call in self.scenario["calls"]:
                self._advance_to(call["at_ms"])
                for name, act in self._acts(call):
                    began = self.world.clock.monotonic_ms
                    try:
                        result, error = act(), None
                    except Exception as why:
                        result, error = None, why
                    self.ended[name] = Ended(self.world.clock.monotonic_ms - began, result, error)

    def cache_info(self) -> dict[str, Any]:
        """What the cache tells of itself."""
        info: dict[str, Any] = self._clients[SOME_VAULT].cache_info()._asdict()
        return info

    async def _play_concurrently(self) -> None:
        async def one(call: dict[str, Any], name: str, act: Callable[[], Any]) -> None:
            await self._sleep_to(call["at_ms"])
            began = self.world.clock.monotonic_ms
            result, error = None, None
            try:
                result = act()
                if asyncio.iscoroutine(result):
                    result = await result
            except (Exception, asyncio.CancelledError) as why:
                error = why
            self.ended[name] = Ended(self.world.clock.monotonic_ms - began, result, error)

        tasks = []
        for call in self.scenario["calls"]:
            for name, act in self._acts(call):
                task = asyncio.create_task(one(call, name, act))
                tasks.append(task)
                if "cancel_at_ms" in call:
                    loop = asyncio.get_running_loop()
                    loop.call_at(call["cancel_at_ms"] / 1000, task.cancel)
                if self.scenario["sequential"]:
                    await task
        await asyncio.gather(*tasks)
        # What goes on without a caller, a renewal say, may still tell something.
        await asyncio.sleep(30)

    async def _sleep_to(self, at_ms: int) -> None:
        while (left := at_ms - self.world.clock.monotonic_ms) > 0:
            await asyncio.sleep(left / 1000)

    def _advance_to(self, at_ms: int) -> None:
        left = at_ms - self.world.clock.monotonic_ms
        if left > 0:
            self.world.clock.advance(left)

    def _acts(self, call: dict[str, Any]) -> list[tuple[str, Callable[[], Any]]]:
        name = call.get("as", call["op"])
        names = [f"{name}-{nr + 1}" for nr in range(call["count"])] if "count" in call else [name]
        return [(name, lambda: self._act(call)) for name in names]

    def _act(self, call: dict[str, Any]) -> Any:
        timeout = {"timeout": call["timeout"]} if "timeout" in call else {}
        match call["op"]:
            case "get_secret":
                given = call.get("arguments", {})
                return self._client(call).get_secret(call["name"], call.get("version"), **given, **timeout)
            case "refresh":
                return self._client(call).refresh(call["name"], call.get("version"), **timeout)
            case "get_token":
                return self._token_awaited(call) if self.family is aio else self._token(call)
            case "invalidate":
                return self._client(call).invalidate(call["name"], call.get("version"))
            case "invalidate_all":
                return self._clients[SOME_VAULT].invalidate()
            case "set_wall_clock":
                clock = self.world.clock
                return clock.set(unix_ms=clock.unix_ms + call["by_ms"])
            case "encrypt" | "decrypt" | "rewrap":
                return encrypting(self.family, self.credential, self.options, call)
            case "rotate_secret":
                given = given_to(call)
                functions = self.world.functions(self.family is aio, "slots" in given)
                return self._client(call).rotate_secret(call["name"], **functions, **given, **timeout)
        play = awaited if self.family is aio else blocking
        asked = self._resolver(call) if call["op"] == "resolve_references" else self._client(call)
        return play(asked, call)

    def _token(self, call: dict[str, Any]) -> Any:
        arguments, keywords, sign_in = _token_arguments(call)
        if sign_in:
            self.credential.authenticate(**sign_in)
        # Whoever signed in for nothing in particular has nothing to ask for.
        if sign_in and not arguments:
            return None
        return self.credential.get_token(*arguments, **keywords)

    async def _token_awaited(self, call: dict[str, Any]) -> Any:
        arguments, keywords, sign_in = _token_arguments(call)
        if sign_in:
            await self.credential.authenticate(**sign_in)
        if sign_in and not arguments:
            return None
        return await self.credential.get_token(*arguments, **keywords)

    def _client(self, call: dict[str, Any]) -> Any:
        vault = call.get("vault", SOME_VAULT)
        if vault not in self._clients:
            self._clients[vault] = self.family.SecretClient(vault, self.credential, **self.options)
        return self._clients[vault]

    def _resolver(self, call: dict[str, Any]) -> Any:
        domain = call.get("arguments", {}).get("vault_domain")
        return self.family.ReferenceResolver(self.credential, vault_domain=domain, **self.options)

    def _credential(self, tree: dict[str, Any]) -> Any:
        given = {name: value for name, value in tree.items() if name != "type"}
        given.update(given.pop("authority", {}) if isinstance(given.get("authority"), dict) else {})
        secrets = self.scenario.get("secrets", [])
        for slot in SLOTS & given.keys():
            given[slot] = secrets[given[slot]] if given[slot] < len(secrets) else ""
        hands = self.world.hands(self.family is aio)
        given |= {name: function for name, function in hands.items() if name in given}
        kind = tree.get("type", "DefaultAzureCredential")
        given = {RENAMED.get((kind, name), name): value for name, value in given.items()}
        if port := given.pop("redirect_port", None):
            given["redirect_uri"] = f"http://localhost:{port}"
        if kind == "UsernamePasswordCredential":
            # The SDK wants it said; the core has the developers' own application for it.
            given.setdefault("client_id", "04b07795-8ddb-461a-bbee-02f9e1bf7b46")
        if kind == "DeviceCodeCredential":
            # The host's own way shows a line; what stands in it is known from a function of the user's.
            given.setdefault("prompt_callback", hands["prompt"])
        if kind == "ManagedIdentityCredential":
            named = {name: given.pop(name) for name in ("object_id", "resource_id") if name in given}
            return self.family.ManagedIdentityCredential(identity_config=named, **given)
        if kind == "ChainedTokenCredential":
            sources = [self._credential(source) for source in given["sources"]]
            return self.family.ChainedTokenCredential(*sources)
        return getattr(self.family, CLASSES.get(kind, kind))(**given)


def _token_arguments(call: dict[str, Any]) -> tuple[list[str], dict[str, Any], dict[str, Any]]:
    """Of `get_token`: scopes and keywords; and, if a person is to sign in first, the keywords of that."""
    keywords = {"tenant_id": call.get("tenant"), "claims": call.get("claims")}
    if "timeout" in call:
        keywords["timeout"] = call["timeout"]
    scopes = call.get("scopes", [])
    sign_in = {"scopes": scopes, "claims": call.get("claims")} if call.get("authenticate") else {}
    return scopes, keywords, sign_in


def _keywords(options: dict[str, Any]) -> dict[str, Any]:
    """The options of the core's tree by the names that users of this package know."""
    keywords: dict[str, Any] = {}
    for group, content in options.items():
        if group == "credential":
            continue
        if (group,) in KEYWORDS:
            keywords[KEYWORDS[(group,)]] = content
            continue
        for name, value in content.items():
            if (group, name) == ("retry", "tries"):
                keywords["retry_total"] = value - 1
            else:
                keywords[KEYWORDS.get((group, name), f"{group}_{name}")] = value
    return keywords
