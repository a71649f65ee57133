"""What a user gives us to ask: credential objects of other libraries, asked as their own clients ask them,
and functions that sign, prove or tell.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, TypeAlias

from .coroutines import is_coroutine_function
from .faults import TransportError
from .fork import ForkSafeLock

# One wrapper for each object, as long as somebody uses it: clients with the same credential share an engine.
_wrapped: weakref.WeakValueDictionary[int, Foreign] = weakref.WeakValueDictionary()
_lock = ForkSafeLock()


class Foreign:
    """A foreign credential object: anything with `get_token_info` or `get_token`."""

    def __init__(self, credential: Any) -> None:
        self.credential = credential
        self.name = type(credential).__name__
        self._by_info = hasattr(credential, "get_token_info")
        method = credential.get_token_info if self._by_info else credential.get_token
        self.is_async = is_coroutine_function(method)
        self.failure: BaseException | None = None
        """What the credential last raised, until it gives a token or nobody waits any more."""

    def token(
        self, scopes: list[str], tenant: str | None, claims: str | None, enable_cae: bool
    ) -> tuple[str, int, int | None]:
        """Asks for a token: token, end and time of renewal in seconds since 1970.

        :raises TransportError: ``unavailable`` if the credential says that it does not exist here, else
            ``refused``
        """
        if self.is_async:
            raise TransportError(
                "unsupported", f"{self.name} is a credential for asyncio: use nightlatch.aio"
            )
        try:
            return self._read(self._ask(scopes, tenant, claims, enable_cae))
        except Exception as why:
            raise self._fault(why) from why

    async def token_async(
        self, scopes: list[str], tenant: str | None, claims: str | None, enable_cae: bool
    ) -> tuple[str, int, int | None]:
        """As `token`, awaited."""
        try:
            return self._read(await self._ask(scopes, tenant, claims, enable_cae))
        except Exception as why:
            raise self._fault(why) from why

    def _ask(self, scopes: list[str], tenant: str | None, claims: str | None, enable_cae: bool) -> Any:
        # Only what differs from the default: older credentials know fewer keywords.
        given = {"tenant_id": tenant, "claims": claims, "enable_cae": enable_cae or None}
        options = {name: value for name, value in given.items() if value is not None}
        if self._by_info:
            return self.credential.get_token_info(*scopes, options=options)
        return self.credential.get_token(*scopes, **options)

    def _read(self, token: Any) -> tuple[str, int, int | None]:
        self.failure = None
        refresh_on = getattr(token, "refresh_on", None)
        return token.token, int(token.expires_on), None if refresh_on is None else int(refresh_on)

    def _fault(self, why: Exception) -> TransportError:
        if isinstance(why, TransportError):
            return why
        self.failure = why
        names = {cls.__name__ for cls in type(why).__mro__}
        return TransportError(
            "unavailable" if "CredentialUnavailableError" in names else "refused", str(why)[:2000]
        )


class Function:
    """A function of the user's; may be a coroutine function for asyncio.

    :param name: the keyword under which it was given, for messages
    """

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        if not callable(function):
            raise TypeError(f"{name} must be a function, not {type(function).__name__}")
        self.name = name
        self.is_async = is_coroutine_function(function)
        self.failure: BaseException | None = None
        """What it last raised, until it returns or nobody waits any more."""
        self._function = function

    def call(self, wanted: type[Any] | None, *arguments: Any) -> Any:
        """Calls it.

        :param wanted: the type it must return; ``None`` for any
        :raises TransportError: it raised something, or returned something else
        """
        if self.is_async:
            raise TransportError("unsupported", f"{self.name} is a coroutine function: use nightlatch.aio")
        try:
            return self._checked(wanted, self._function(*arguments))
        except Exception as why:
            raise self._fault(why) from why

    async def call_async(self, wanted: type[Any] | None, *arguments: Any) -> Any:
        """As `call`, awaited."""
        try:
            return self._checked(wanted, await self._function(*arguments))
        except Exception as why:
            raise self._fault(why) from why

    def _checked(self, wanted: type[Any] | None, value: Any) -> Any:
        if wanted is not None and not isinstance(value, wanted):
            raise TransportError(
                "other", f"{self.name} must return {wanted.__name__}, not {type(value).__name__}"
            )
        self.failure = None
        return value

    def _fault(self, why: Exception) -> TransportError:
        if isinstance(why, TransportError):
            return why
        self.failure = why
        # Not its words: what it handles are secrets. They are in the exception's cause.
        return TransportError("other", f"{self.name} raised {type(why).__name__}")


class Missing:
    """In the place of a credential that never exists here.

    :param name: its class name
    :param why: for its user
    """

    is_async = False
    failure: BaseException | None = None

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        self._why = why

    def token(self, *_: Any) -> tuple[str, int, int | None]:
        """Always says so."""
        raise TransportError("unavailable", self._why)


Outside: TypeAlias = Any
"""A `Foreign`, a `Function` or a `Missing`: what stands under a number in the engine's options."""


def check(value: Any) -> Any:
    """Returns what can be asked for tokens.

    :raises TypeError: it cannot be asked
    """
    if not (hasattr(value, "get_token_info") or hasattr(value, "get_token")):
        raise TypeError(
            f"{type(value).__name__} is no credential: it has neither get_token nor get_token_info"
        )
    return value


def wrap(credential: Any) -> Foreign:
    """The wrapper of a foreign credential object."""
    with _lock:
        foreign = _wrapped.get(id(credential))
        if foreign is None:
            foreign = _wrapped[id(credential)] = Foreign(credential)
        return foreign
