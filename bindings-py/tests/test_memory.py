"""The cache's bounds hold however much is read; and of a value that has left it, our own memory keeps nothing."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nightlatch
import pytest

URL = "https://contoso.vault.azure.net"
NAMES = [f"secret-{number}" for number in range(5_000)]
READS = 100_000
BYTES = 1 << 20
PATIENT = {"vault_requests_per_second": 0, "secret_requests_per_second": 0}

linux = pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="Linux shows a process its memory")


class Vault:
    """Answers at once, with values of a kilobyte."""

    def send(self, method: str, url: str, *_: Any, **__: Any) -> tuple[int, list[tuple[str, str]], bytes]:
        if "/oauth2/" in url:
            body = {"token_type": "Bearer", "expires_in": 86_400, "access_token": "token"}
        else:
            name = url.split("/secrets/")[1].split("/")[0]
            body = {"value": f"value of {name} " * 60, "id": f"{URL}/secrets/{name}/{1:032x}"}
        return 200, [("content-type", "application/json")], json.dumps(body).encode()


def resident() -> int:
    """Kilobytes of this process in memory."""
    status = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmRSS")).split()[1])


@linux
def test_a_hundred_thousand_reads_of_five_thousand_secrets_stay_within_the_bounds() -> None:
    credential = nightlatch.ClientSecretCredential("tenant", "client", "secret")
    bounds = {"cache_max_entries": 1_000, "cache_max_bytes": BYTES}
    client = nightlatch.SecretClient(URL, credential, transport=Vault(), **bounds, **PATIENT)
    chance = random.Random(17)  # noqa: S311
    grown: list[int] = []
    for number in range(READS):
        client.get_secret(chance.choice(NAMES))
        if number % 10_000 == 9_999:
            info = client.cache_info()
            assert info.entries <= 1_000
            assert 0 < info.bytes <= BYTES
            grown.append(resident())
    info = client.cache_info()
    assert info.hits + info.misses == READS
    assert info.evictions > READS // 2
    # What the first ten thousand needed serves the rest as well.
    assert max(grown) - grown[0] < 2 * BYTES // 1024, grown


# A value that is UTF-8 nowhere but in our own memory: on the wire it is escaped, and Python keeps characters of this kind by
# two bytes each. So what is found is ours, and not a `str` that the program was given.
PROGRAM = r"""
import json, sys
import nightlatch

class Vault:
    def send(self, method, url, *_, **__):
        if "/oauth2/" in url:
            body = {"token_type": "Bearer", "expires_in": 86400, "access_token": "token"}
        else:
            name = url.split("/secrets/")[1].split("/")[0]
            value = "".join(map(chr, range(0x4e00, 0x4e20))) if name == "marked" else "plain"
            body = {"value": value, "id": f"https://contoso.vault.azure.net/secrets/{name}/" + "1" * 32}
        return 200, [("content-type", "application/json")], json.dumps(body).encode()

def pause(where):
    print(where, flush=True)
    sys.stdin.readline()

credential = nightlatch.ClientSecretCredential("tenant", "client", "secret")
options = {"transport": Vault(), "secret_requests_per_second": 0, "cache_refresh_interval": 0}
client = nightlatch.SecretClient("https://contoso.vault.azure.net", credential, cache_max_entries=10, **options)
assert len(client.get_secret("marked").value) == 32
pause("cached")
resolver = nightlatch.ReferenceResolver(credential, cache_max_entries=10, **options)
reference = "@Microsoft.KeyVault(VaultName=contoso;SecretName=marked)"
assert len(resolver.resolve({"a": [reference]})["a"][0]) == 32
assert len(resolver.resolve_json('{"a": "%s"}' % reference)) == 41
assert len(resolver.resolve_dotenv("A='%s'" % reference)["A"]) == 32
assert resolver.status(reference).ok
pause("resolved")
for number in range(20):
    client.get_secret(f"secret-{number}")
assert client.peek("marked") is None
pause("evicted")
client.get_secret("marked")
pause("cached again")
client.invalidate("marked")
pause("invalidated")
client.get_secret("marked")
client.refresh("marked")
pause("replaced")
client.close()
resolver.close()
del client, credential, resolver
pause("closed")
"""
MARK = "".join(map(chr, range(0x4E00, 0x4E20))).encode()


def found(process: int) -> int:
    """How often the mark stands in a process's memory."""
    count = 0
    with Path(f"/proc/{process}/mem").open("rb", 0) as memory:
        for start, end in _writable(process):
            memory.seek(start)
            try:
                count += memory.read(end - start).count(MARK)
            except OSError:
                continue  # pages that only the kernel may read
    return count


def _writable(process: int) -> Iterator[tuple[int, int]]:
    for line in Path(f"/proc/{process}/maps").read_text().splitlines():
        span, rights = line.split()[:2]
        if rights.startswith("rw"):
            start, end = span.split("-")
            yield int(start, 16), int(end, 16)


@linux
def test_what_leaves_the_cache_is_wiped() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    seen: dict[str, int] = {}
    try:
        while where := process.stdout.readline().strip():
            seen[where] = found(process.pid)
            process.stdin.write("\n")
            process.stdin.flush()
    finally:
        process.stdin.close()
        assert process.wait(10) == 0
        process.stdout.close()
    kept = seen.pop("cached")
    assert kept > 0, "the search does not find what is there"
    assert seen.pop("resolved") == kept
    assert seen == {"evicted": 0, "cached again": kept, "invalidated": 0, "replaced": kept, "closed": 0}
