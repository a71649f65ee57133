"""The exceptions of nightlatch: one class for each kind of error, named as in the Azure SDKs where they have
one.

The classes answer "what can I do about it?"::

    NightlatchError
    ├── InvalidArgumentError (ValueError)        mend the call
    ├── InvalidConfigurationError (ValueError)   mend options or environment
    ├── HttpResponseError                        a service answered, and the answer was no
    │   ├── ClientAuthenticationError            mend the credential
    │   │   ├── CredentialUnavailableError       sign in, attach or configure an identity
    │   │   │   └── AuthenticationRequiredError  a person must sign in: call `authenticate`
    │   │   ├── IdentityMismatchError            the token stands for somebody else than `expect` says
    │   │   └── ChallengeRejectedError           no token was sent: check the vault URL
    │   ├── BadRequestError (InvalidArgumentError)  the service did not accept what was asked
    │   ├── ForbiddenError                       grant what `advice` names
    │   │   └── SecretDisabledError              enable the secret
    │   ├── ResourceNotFoundError                no such secret, version or vault
    │   ├── ResourceExistsError                  the name is in a state that does not allow this
    │   ├── ThrottledError                       wait (`retry_after`)
    │   └── ServiceFailureError                  try later
    ├── ServiceRequestError                      no answer: network, name resolution, firewall, proxy
    │   └── TlsError                             certificates, interception
    ├── ServiceResponseError                     an answer nobody understands
    ├── OperationTimeoutError (TimeoutError)     the time allowed ran out
    ├── OperationCancelledError                  the caller cancelled
    ├── UnsupportedError                         this version cannot do it
    ├── DecryptionError                          a value does not open: it was altered, or belongs elsewhere
    └── InternalError                            a defect of nightlatch: please report it

No exception holds a secret or a token.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

__all__ = [
    "NightlatchError",
    "InvalidArgumentError",
    "InvalidConfigurationError",
    "HttpResponseError",
    "ClientAuthenticationError",
    "CredentialUnavailableError",
    "AuthenticationRequiredError",
    "IdentityMismatchError",
    "ChallengeRejectedError",
    "BadRequestError",
    "ForbiddenError",
    "SecretDisabledError",
    "ResourceNotFoundError",
    "ResourceExistsError",
    "ThrottledError",
    "ServiceFailureError",
    "ServiceRequestError",
    "TlsError",
    "ServiceResponseError",
    "OperationTimeoutError",
    "OperationCancelledError",
    "UnsupportedError",
    "DecryptionError",
    "InternalError",
    "Attempt",
    "Identity",
]


class Identity(NamedTuple):
    """Who was refused, as far as the token or the service told. For diagnosis only."""

    tenant_id: str | None = None
    client_id: str | None = None
    object_id: str | None = None
    resource_id: str | None = None


class Attempt(NamedTuple):
    """How one source of a chain of credentials ended."""

    source: str
    """The credential's name."""
    ending: str
    """``unavailable``, ``refused`` or ``transient``."""
    reason: str
    """Why, in one sentence."""


class NightlatchError(Exception):
    """The base of all errors of nightlatch."""

    KIND: ClassVar[str | None] = None

    kind: str
    """The stable name of the sort of error, the same in every language."""
    message: str
    """What happened, in one sentence."""
    source: str | None
    """The credential concerned, by its name."""
    identity: Identity | None
    """Who was refused."""
    status_code: int | None
    """HTTP status of the answer."""
    error_code: str | None
    """The service's error code."""
    inner_code: str | None
    """The service's inner error code."""
    request_id: str | None
    """The service's request id, for a support ticket."""
    retry_after: float | None
    """Seconds the service asked to wait."""
    attempts: tuple[Attempt, ...]
    """What each source of a chain of credentials said, in order."""
    advice: str | None
    """The next step, in one sentence."""
    help: str | None
    """What the trouble is, as one stable word such as ``role-missing``, when the facts tell."""
    continuation_token: str | None
    """For a list that broke off: what its `by_page` takes to go on."""

    def __init__(
        self,
        message: str = "",
        *,
        kind: str | None = None,
        text: str | None = None,
        source: str | None = None,
        identity: tuple[str | None, str | None, str | None, str | None] | None = None,
        status_code: int | None = None,
        error_code: str | None = None,
        inner_code: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        attempts: tuple[tuple[str, str, str], ...] | list[tuple[str, str, str]] = (),
        advice: str | None = None,
        help: str | None = None,
    ) -> None:
        super().__init__(message if text is None else text)
        self.message = message
        self.kind = kind or self.KIND or "INTERNAL"
        self.source = source
        self.identity = None if identity is None else Identity(*identity)
        self.status_code = status_code
        self.error_code = error_code
        self.inner_code = inner_code
        self.request_id = request_id
        self.retry_after = retry_after
        self.attempts = tuple(Attempt(*attempt) for attempt in attempts)
        self.advice = advice
        self.help = help
        self.continuation_token = None

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions travel between processes; keyword arguments do not by themselves.
        return _rebuild, (type(self), self.args, self.__dict__.copy())


def _rebuild(cls: type[NightlatchError], args: tuple[Any, ...], state: dict[str, Any]) -> NightlatchError:
    error = cls(*args)
    error.__dict__.update(state)
    return error


class InvalidArgumentError(NightlatchError, ValueError):
    """A value given to the call is not valid: mend the call."""

    KIND = "INVALID_ARGUMENT"


class InvalidConfigurationError(NightlatchError, ValueError):
    """Options or environment contradict themselves: mend them."""

    KIND = "INVALID_CONFIGURATION"


class HttpResponseError(NightlatchError):
    """A service answered, and the answer was no."""


class ClientAuthenticationError(HttpResponseError):
    """A source of an identity exists and was refused: mend the credential."""

    KIND = "AUTHENTICATION_FAILED"


class CredentialUnavailableError(ClientAuthenticationError):
    """No source of an identity exists here: sign in, attach or configure one. `attempts` says what each one
    said.
    """

    KIND = "CREDENTIAL_UNAVAILABLE"


class AuthenticationRequiredError(CredentialUnavailableError):
    """A person must sign in, and the credential was told not to ask by itself: call its `authenticate`."""


class IdentityMismatchError(ClientAuthenticationError):
    """The token stands for somebody else than the option `expect` says; it was not used."""

    KIND = "IDENTITY_MISMATCH"


class ChallengeRejectedError(ClientAuthenticationError):
    """The vault's challenge was not believed, so no token was sent: check the vault URL."""

    KIND = "CHALLENGE_REJECTED"


class BadRequestError(InvalidArgumentError, HttpResponseError):
    """The service did not accept a value given to the call (status 400): mend the call."""


class ForbiddenError(HttpResponseError):
    """The vault knows the caller and says no: grant what `advice` names."""

    KIND = "FORBIDDEN"


class SecretDisabledError(ForbiddenError):
    """The secret is disabled: enable it or ask for another version."""

    KIND = "SECRET_DISABLED"


class ResourceNotFoundError(HttpResponseError):
    """No such secret, version or vault."""

    KIND = "NOT_FOUND"


class ResourceExistsError(HttpResponseError):
    """The name is in a state that does not allow this, such as deleted or being recovered."""

    KIND = "CONFLICT"


class ThrottledError(HttpResponseError):
    """The service's limit was reached, or our own budget of retries ran out: wait."""

    KIND = "THROTTLED"


class ServiceFailureError(HttpResponseError):
    """The service failed: try later."""

    KIND = "SERVICE_FAILURE"


class ServiceRequestError(NightlatchError):
    """No connection: check name resolution, network, firewall, proxy."""

    KIND = "UNREACHABLE"


class TlsError(ServiceRequestError):
    """The TLS peer was not accepted: check certificates and interception."""

    KIND = "TLS"


class ServiceResponseError(NightlatchError):
    """An answer could not be understood: something else may be answering."""

    KIND = "MALFORMED_RESPONSE"


class OperationTimeoutError(NightlatchError, TimeoutError):
    """The time allowed ran out."""

    KIND = "TIMEOUT"


class OperationCancelledError(NightlatchError):
    """The caller cancelled. Awaited calls raise `asyncio.CancelledError` instead."""

    KIND = "CANCELLED"


class UnsupportedError(NightlatchError):
    """This host or version cannot do it."""

    KIND = "UNSUPPORTED"


class DecryptionError(NightlatchError):
    """An encrypted value does not open: it was altered, belongs elsewhere, or is another key's."""

    KIND = "DECRYPTION_FAILED"


class InternalError(NightlatchError):
    """A defect of nightlatch: please report it."""

    KIND = "INTERNAL"


BY_KIND: dict[str, type[NightlatchError]] = {
    cls.__dict__["KIND"]: cls
    for cls in list(globals().values())
    if isinstance(cls, type) and issubclass(cls, NightlatchError) and cls.__dict__.get("KIND") is not None
}
"""The class of each kind. A test compares it with the kinds that the core knows."""


def from_native(kind: str, message: str, text: str, facts: dict[str, Any]) -> NightlatchError:
    """Makes the exception for an error of the core; an unknown kind becomes the base class."""
    cls = BY_KIND.get(kind, NightlatchError)
    if cls is CredentialUnavailableError and facts.get("error_code") == "authentication_required":
        cls = AuthenticationRequiredError
    if cls is InvalidArgumentError and facts.get("status_code") is not None:
        cls = BadRequestError
    return cls(message, kind=kind, text=text, **facts)
