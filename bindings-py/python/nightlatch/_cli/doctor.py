"""``nightlatch doctor``, ``check`` and ``explain``: what the core tells."""

from __future__ import annotations

from ..doctor import Diagnosis, Health
from .arguments import Parser, client_of, count, seconds, words_of
from .help import HELP
from .output import OK, PASSING, TROUBLE, end, is_colourful, painted


def doctor_command(given: list[str]) -> int:
    parser = Parser()
    parser.add_argument("--version-id")
    parser.add_argument("--timeout", type=seconds)
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    asked = parser.parse_known_intermixed_args(given)
    if asked[0].help:
        return end(OK, HELP["doctor"])
    vault, names = words_of(asked, most=2)
    client = client_of(vault, asked[0])
    name = names[0] if names else None
    found = client.diagnose(name, asked[0].version_id, timeout=asked[0].timeout)
    status = status_of(found)
    if asked[0].json:
        return end(status, f"{found.to_json()}\n")
    return end(status, painted(found.text) if is_colourful(asked[0].color) else found.text)


def check_command(given: list[str]) -> int:
    parser = Parser()
    parser.add_argument("--timeout", type=seconds)
    parser.add_argument("--quiet", action="store_true")
    asked = parser.parse_known_intermixed_args(given)
    if asked[0].help:
        return end(OK, HELP["check"])
    vault, names = words_of(asked)
    client = client_of(vault, asked[0])
    health = client.check(*names, timeout=asked[0].timeout)
    status = status_of(health)
    if asked[0].quiet:
        return status
    return end(status, f"{health.to_json()}\n" if asked[0].json else health.text)


def explain_command(given: list[str]) -> int:
    parser = Parser()
    parser.add_argument("--secrets", type=count, default=1)
    parser.add_argument("--instances", type=count, default=1)
    parser.add_argument("--ttl", type=seconds)
    asked = parser.parse_known_intermixed_args(given)
    if asked[0].help:
        return end(OK, HELP["explain"])
    vault, _ = words_of(asked, least=0, most=1)
    client = client_of(vault, asked[0], cache_ttl=asked[0].ttl)
    forecast = client.explain(secrets=asked[0].secrets, instances=asked[0].instances)
    return end(OK, f"{forecast.to_json()}\n" if asked[0].json else forecast.text)


def status_of(found: Diagnosis | Health) -> int:
    if found.ok:
        return OK
    return PASSING if found.transient else TROUBLE
