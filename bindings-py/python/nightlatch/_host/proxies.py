"""Which proxy an exchange passes, by option or by the usual environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit


def proxy_for(
    url: str, environment: Mapping[str, str], configured: Mapping[str, str] | None = None
) -> str | None:
    """The proxy's URL, or ``None`` for a direct connection.

    :param environment: where ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` are looked up;
        lower case wins
    :param configured: proxies by scheme (or ``all``); if given, the environment does not count
    """
    parts = urlsplit(url)
    if configured is not None:
        return configured.get(parts.scheme) or configured.get("all") or None
    if bypassed(parts.hostname or "", parts.port, _variable(environment, "no_proxy")):
        return None
    own = f"{parts.scheme}_proxy"
    proxy = environment.get(own, "")
    # A web server hands a client's "Proxy:" header to CGI programs as HTTP_PROXY.
    if not proxy and not (own == "http_proxy" and "REQUEST_METHOD" in environment):
        proxy = environment.get(own.upper(), "")
    proxy = proxy or _variable(environment, "all_proxy")
    if proxy and "://" not in proxy:
        proxy = f"http://{proxy}"
    return proxy or None


def bypassed(host: str, port: int | None, rules: str) -> bool:
    """Whether ``NO_PROXY`` names the host: exactly, by a domain above it, by network, or ``*`` for all."""
    host = host.lower().rstrip(".")
    for rule in rules.lower().replace(",", " ").split():
        if rule == "*":
            return True
        name, separator, number = rule.rpartition(":")
        if separator and number.isdigit() and "]" not in number and ":" not in name.strip("[]"):
            if port is not None and int(number) != port:
                continue
            rule = name
        rule = rule.removeprefix("*").strip("[]")
        domain = rule.lstrip(".")
        if host == domain or (domain and host.endswith(f".{domain}")):
            return True
        if "/" in rule and _in_network(host, rule):
            return True
    return False


def _in_network(host: str, rule: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(rule, strict=False)
    except ValueError:
        return False


def _variable(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name) or environment.get(name.upper(), "")
