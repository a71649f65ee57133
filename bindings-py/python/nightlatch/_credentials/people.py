"""People who sign in. Their refresh tokens are kept in memory, so that they are asked once for each
process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from .applications import _Application, unused_cache
from .base import BaseCredential, Description, authority_options, needed

# Of the SDK's keywords, those that concern its token cache on disk and its broker.
_UNUSED = (
    "authentication_record",
    "parent_window_handle",
    "use_default_broker_account",
    "enable_support_logging",
)


class _Person(BaseCredential):
    """Somebody who signs in.

    :keyword tenant_id: the tenant to sign in to; the person's own if not given
    :keyword client_id: the application by which to sign in; the one of the Azure developer tools if not given
    :keyword timeout: seconds to wait for the person
    :keyword disable_automatic_authentication: ask the person only when `authenticate` is called; until then
        `AuthenticationRequiredError` is raised
    :keyword authority: host of the identity provider
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    """

    def __init__(
        self,
        *,
        tenant_id: str | None = None,
        client_id: str | None = None,
        timeout: float | None = None,
        disable_automatic_authentication: bool = False,
        **options: Any,
    ) -> None:
        for name in _UNUSED:
            options.pop(name, None)
        unused_cache(options)
        authority = authority_options(options)
        super().__init__(**options)
        self._tree: dict[str, Any] = {
            "tenant_id": tenant_id,
            "client_id": client_id,
            "timeout": timeout,
            "disable_automatic_authentication": disable_automatic_authentication,
            "authority": authority,
        }


class DeviceCodeOptions(_Person):
    """Somebody who signs in on another device, by typing a code there.

    :keyword prompt_callback: tells the person where to sign in, called with the page, the code, and the time
        at which the code ends; without it the service's sentence is printed (the engine's name: ``prompt``)
    :keyword tenant_id: the tenant to sign in to; the person's own if not given
    :keyword client_id: the application by which to sign in; the one of the Azure developer tools if not given
    :keyword timeout: seconds to wait for the person; as long as the code lives if not given
    :keyword disable_automatic_authentication: ask the person only when `authenticate` is called
    :keyword authority: host of the identity provider
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    """

    def __init__(
        self,
        client_id: str | None = None,
        *,
        prompt_callback: Callable[[str, str, Any], None] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(client_id=client_id, **options)
        self._prompt = prompt_callback

    def _describe(self, into: Description) -> dict[str, Any]:
        prompt = None if self._prompt is None else into.function(self._prompt, "prompt_callback")
        return {"type": "DeviceCodeCredential", **self._tree, "prompt": prompt}


class InteractiveBrowserOptions(_Person):
    """Somebody who signs in with the browser on this machine.

    :keyword redirect_uri: where the browser comes back to, as registered for the application:
        ``http://localhost:<port>``; any port if not given (the engine's name: ``redirect_port``)
    :keyword login_hint: the account to suggest
    :keyword tenant_id: the tenant to sign in to; the person's own if not given
    :keyword client_id: the application by which to sign in; the one of the Azure developer tools if not given
    :keyword timeout: seconds to wait for the person; 300 if not given
    :keyword disable_automatic_authentication: ask the person only when `authenticate` is called
    :keyword authority: host of the identity provider
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    """

    def __init__(
        self, *, redirect_uri: str | None = None, login_hint: str | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        redirect_port = None
        if redirect_uri is not None:
            parts = urlsplit(redirect_uri)
            redirect_port = parts.port
            if (
                parts.scheme != "http"
                or parts.hostname not in ("localhost", "127.0.0.1")
                or not redirect_port
            ):
                raise ValueError("redirect_uri must be http://localhost with a port")
        self._tree |= {"redirect_port": redirect_port, "login_hint": login_hint}

    def _describe(self, into: Description) -> dict[str, Any]:
        return {"type": "InteractiveBrowserCredential", **self._tree}


class UsernamePasswordOptions(_Person):
    """Somebody's name and password. Deprecated by the service, and impossible where a second factor is asked
    for.

    :param client_id: the application by which to sign in
    :param username: the person's name
    :param password: the password
    :keyword tenant_id: the tenant to sign in to; the person's own if not given
    :keyword timeout: seconds the sign-in may take
    :keyword disable_automatic_authentication: sign in only when `authenticate` is called
    :keyword authority: host of the identity provider
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    """

    def __init__(self, client_id: str, username: str, password: str, **options: Any) -> None:
        needed(type(self).__name__, client_id=client_id, username=username, password=password)
        super().__init__(client_id=client_id, **options)
        self._tree["username"] = username
        self._password = password

    def _describe(self, into: Description) -> dict[str, Any]:
        return {"type": "UsernamePasswordCredential", **self._tree, "password": into.secret(self._password)}


class AuthorizationCodeOptions(_Application):
    """Somebody who signed in to a web application, which got an authorization code for it.

    :param tenant_id: the tenant
    :param client_id: the application's id
    :param authorization_code: the code
    :param redirect_uri: where it came back to
    :keyword client_secret: one of the application's secrets
    :keyword authority: host of the identity provider
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    """

    def __init__(
        self,
        tenant_id: str,
        client_id: str,
        authorization_code: str,
        redirect_uri: str,
        *,
        client_secret: str | None = None,
        **options: Any,
    ) -> None:
        needed(type(self).__name__, authorization_code=authorization_code, redirect_uri=redirect_uri)
        super().__init__(tenant_id, client_id, **options)
        self._tree["redirect_uri"] = redirect_uri
        self._code, self._secret = authorization_code, client_secret

    def _describe(self, into: Description) -> dict[str, Any]:
        tree = {"type": "AuthorizationCodeCredential", **self._tree}
        tree["authorization_code"] = into.secret(self._code)
        if self._secret:
            tree["client_secret"] = into.secret(self._secret)
        return tree
