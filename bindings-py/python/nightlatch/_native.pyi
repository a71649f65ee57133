"""The native half of nightlatch: the engine, and the cached read. Private: its shape follows the engine.

A *turn* is what a call brought about: outputs, and seconds until `Engine.handle_timeout` is due (`None`:
nothing is). An output is a tuple whose first item says what it is::

    ("http", effect, op, method, url, [(name, value), …], body, timeout, direct, trust)
    ("read_file", effect, op, path, limit, plain)
    ("run", effect, op, [argument, …], [(variable, value), …], timeout)
    ("host_token", effect, op, handle, [scope, …], tenant, claims, enable_cae)
    ("sign", effect, op, Signer | handle, message, algorithm)
    ("assertion", effect, op, handle)
    ("prompt", effect, op, handle | None, message, user_code, verification_uri, expires_on)
    ("browse", effect, op, url, port | None, state, timeout)
    ("rotate", effect, op, handle, step, value | None, slot | None)
    ("random", effect, op, length)
    ("unsupported", effect, op)                     an effect this binding does not know
    ("abort", effect)                               nobody waits for it any more
    ("secret", op, KeyVaultSecret)
    ("secrets", op, [KeyVaultSecret | exception, …])    in the order of the question
    ("value", op, bytes)                            a backup, or what was encrypted or decrypted
    ("token", op, token, expires_on, refresh_on)    seconds since 1970
    ("resolved", op, text | None, json)             the text with the secrets, and how each reference fared
    ("reply", op, json)                             what holds no secret: see the core's `reply_json`
    ("error", op, exception)
    ("unsupported_reply", op)
    ("event", json)

`trust` is `None`, or what the server's certificate must be: ``(sha1, None, None)`` or
``(None, roots_in_pem, server_name | None)``. `op` in an effect is the operation that began it, or `None`.
Every effect is answered once, by one of the `complete_…` methods or `fail`.
"""

from typing import Any, TypeAlias, final

from typing_extensions import Self

from .models import KeyVaultSecret

_Output: TypeAlias = tuple[Any, ...]
_Turn: TypeAlias = tuple[tuple[_Output, ...], float | None]

__version__: str
ERROR_KINDS: tuple[str, ...]
TRANSIENT_KINDS: tuple[str, ...]
FAULT_KINDS: tuple[str, ...]
ENVIRONMENT_NAMES: tuple[str, ...]
AUTHORITY_HOSTS: dict[str, str]
DEFAULT_AUTHORITY: str
BODY_LIMIT: int

def read_dotenv(text: str) -> list[tuple[str, str]]: ...

@final
class Masker:
    def __new__(cls, values: list[str | bytes]) -> Self: ...
    def feed(self, chunk: bytes) -> bytes: ...
    def finish(self) -> bytes: ...

@final
class ManualClock:
    def __new__(cls, monotonic_ms: int = 0, unix_ms: int = 0) -> Self: ...
    def advance(self, milliseconds: int) -> None: ...
    def set(self, monotonic_ms: int | None = None, unix_ms: int | None = None) -> None: ...
    @property
    def monotonic_ms(self) -> int: ...
    @property
    def unix_ms(self) -> int: ...

@final
class Signer:
    def sign(self, message: bytes) -> bytes: ...

@final
class Engine:
    def __new__(
        cls,
        options: str,
        environment: dict[str, str],
        secrets: list[str | bytes],
        seed: bytes,
        clock: ManualClock | None = None,
    ) -> Self: ...
    def start(
        self, operation: str, value: str | bytes | None = None
    ) -> tuple[int, tuple[_Output, ...], float | None]: ...
    def cancel(self, op: int) -> _Turn: ...
    def complete_http(
        self, effect: int, status: int, headers: list[tuple[str, str]], body: bytes
    ) -> _Turn: ...
    def complete_file(self, effect: int, content: bytes, shared: bool) -> _Turn: ...
    def complete_signature(self, effect: int, signature: bytes) -> _Turn: ...
    def complete_assertion(self, effect: int, assertion: str) -> _Turn: ...
    def complete_prompt(self, effect: int) -> _Turn: ...
    def complete_return(self, effect: int, redirect_uri: str, answer: str) -> _Turn: ...
    def complete_made(self, effect: int, value: str) -> _Turn: ...
    def complete_done(self, effect: int) -> _Turn: ...
    def complete_random(self, effect: int, bytes: bytes) -> _Turn: ...
    def complete_run(self, effect: int, status: int | None, stdout: bytes, stderr: bytes) -> _Turn: ...
    def complete_token(
        self, effect: int, token: str, expires_on: int, refresh_on: int | None = None
    ) -> _Turn: ...
    def fail(self, effect: int, kind: str, detail: str = "") -> _Turn: ...
    def handle_timeout(self) -> _Turn: ...
    def invalidate(self, vault_url: str, name: str, version: str | None = None) -> None: ...
    def invalidate_all(self) -> None: ...
    def cache_info(self) -> str: ...
    def pending(self) -> list[tuple[int, float, str]]: ...
    def after_fork(self, seed: bytes) -> None: ...

@final
class CachedSecrets:
    def __getitem__(self, name: str, /) -> KeyVaultSecret | None: ...

class SecretReader:
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    def _open(self, engine: Engine, vault_url: str) -> tuple[str, CachedSecrets]: ...
    def _cached(self, name: str, version: str | None) -> KeyVaultSecret | None: ...
    def get_secret(
        self,
        name: str,
        version: str | None = None,
        *,
        out_content_type: str | None = None,
        timeout: float | None = None,
    ) -> KeyVaultSecret: ...
    def peek(self, name: str, version: str | None = None) -> KeyVaultSecret | None: ...
