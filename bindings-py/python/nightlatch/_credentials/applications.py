"""Applications (service principals), by how they prove themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .base import BaseCredential, Description, authority_options, needed


class _Application(BaseCredential):
    """An application in its tenant.

    :keyword authority: host of the identity provider
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    :keyword disable_instance_discovery: accepted; no instance discovery is made
    """

    def __init__(self, tenant_id: str, client_id: str, **options: Any) -> None:
        needed(type(self).__name__, tenant_id=tenant_id, client_id=client_id)
        authority = authority_options(options)
        super().__init__(**options)
        self._tree: dict[str, Any] = {
            "tenant_id": tenant_id, "client_id": client_id, "authority": authority,
        }  # fmt: skip


class ClientSecretOptions(_Application):
    """A service principal with a client secret.

    :param tenant_id: the principal's tenant
    :param client_id: its application id
    :param client_secret: one of its secrets
    :keyword authority: host of the identity provider
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    :keyword disable_instance_discovery: accepted; no instance discovery is made
    """

    def __init__(self, tenant_id: str, client_id: str, client_secret: str, **options: Any) -> None:
        needed(type(self).__name__, tenant_id=tenant_id, client_id=client_id, client_secret=client_secret)
        super().__init__(tenant_id, client_id, **options)
        self._secret = client_secret

    def _describe(self, into: Description) -> dict[str, Any]:
        secret = into.secret(self._secret)
        return {"type": "ClientSecretCredential", **self._tree, "client_secret": secret}


class CertificateOptions(_Application):
    """A service principal with a certificate and its RSA key.

    :param tenant_id: the principal's tenant
    :param client_id: its application id
    :param certificate_path: a PEM file (certificate, chain and, unless ``key_path`` names it, the key) or a
        PKCS #12 file
    :keyword key_path: a PEM file with the key
    :keyword certificate_data: instead of a path: such a file's bytes (the engine's name: ``certificate``)
    :keyword password: what the key or the PKCS #12 file is encrypted with
    :keyword signing_key: instead of a key: a function that signs where the key is, called with the bytes to
        sign and ``"PS256"`` or ``"RS256"`` (RFC 7518), which returns the signature
    :keyword send_certificate_chain: send the chain too, for applications that trust a subject name and issuer
    :keyword algorithm: ``"PS256"`` or ``"RS256"``; PS256 by default, and RS256 for AD FS
    :keyword authority: host of the identity provider
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    :keyword disable_instance_discovery: accepted; no instance discovery is made
    """

    def __init__(
        self,
        tenant_id: str,
        client_id: str,
        certificate_path: str | None = None,
        *,
        key_path: str | None = None,
        certificate_data: bytes | str | None = None,
        password: str | bytes | None = None,
        signing_key: Callable[[bytes, str], bytes] | None = None,
        send_certificate_chain: bool = False,
        algorithm: str | None = None,
        **options: Any,
    ) -> None:
        if not certificate_path and not certificate_data:
            raise ValueError("certificate_path or certificate_data is needed")
        unused_cache(options)
        super().__init__(tenant_id, client_id, **options)
        self._tree |= {
            "certificate_path": certificate_path or None,
            "key_path": key_path,
            "send_certificate_chain": bool(send_certificate_chain),
            "algorithm": algorithm,
        }
        self._certificate = certificate_data
        self._password = password
        self._signing_key = signing_key

    def _describe(self, into: Description) -> dict[str, Any]:
        return {
            "type": "ClientCertificateCredential",
            **self._tree,
            **certificate_tree(into, self._certificate, self._password, self._signing_key),
        }


class ClientAssertionOptions(_Application):
    """A service principal that proves itself by assertions which a function gives.

    :param tenant_id: the principal's tenant
    :param client_id: its application id
    :param func: gives a client assertion (a JWT) each time one is needed; for asyncio it may be a coroutine
        function (the engine's name for it is ``assertion``)
    :keyword authority: host of the identity provider
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    :keyword disable_instance_discovery: accepted; no instance discovery is made
    """

    def __init__(self, tenant_id: str, client_id: str, func: Callable[[], Any], **options: Any) -> None:
        needed(type(self).__name__, tenant_id=tenant_id, client_id=client_id, func=func)
        unused_cache(options)
        super().__init__(tenant_id, client_id, **options)
        self._function = func

    def _describe(self, into: Description) -> dict[str, Any]:
        assertion = into.function(self._function, "func")
        return {"type": "ClientAssertionCredential", **self._tree, "assertion": assertion}


class OnBehalfOfOptions(_Application):
    """A service that acts for the user who called it. One of ``client_secret``, ``client_certificate`` and
    ``client_assertion_func`` proves the service.

    :param tenant_id: the service's tenant
    :param client_id: its application id
    :keyword user_assertion: the access token with which the user called the service
    :keyword client_secret: one of the application's secrets
    :keyword client_certificate: the bytes of a PEM or PKCS #12 file (the engine's name: ``certificate``; or
        ``certificate_path``, ``key_path``)
    :keyword password: what it is encrypted with
    :keyword signing_key: instead of a key: a function that signs, as for `CertificateCredential`
    :keyword send_certificate_chain: send the chain too
    :keyword algorithm: ``"PS256"`` or ``"RS256"``
    :keyword client_assertion_func: gives a client assertion (the engine's name: ``assertion``)
    :keyword authority: host of the identity provider
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    :keyword disable_instance_discovery: accepted; no instance discovery is made
    """

    def __init__(
        self,
        tenant_id: str,
        client_id: str,
        *,
        user_assertion: str,
        client_secret: str | None = None,
        client_certificate: bytes | str | None = None,
        certificate_path: str | None = None,
        key_path: str | None = None,
        password: str | bytes | None = None,
        signing_key: Callable[[bytes, str], bytes] | None = None,
        send_certificate_chain: bool = False,
        algorithm: str | None = None,
        client_assertion_func: Callable[[], Any] | None = None,
        **options: Any,
    ) -> None:
        certificate = client_certificate or certificate_path
        if sum(bool(proof) for proof in (client_secret, certificate, client_assertion_func)) != 1:
            raise ValueError("one of client_secret, client_certificate and client_assertion_func is needed")
        needed(type(self).__name__, user_assertion=user_assertion)
        super().__init__(tenant_id, client_id, **options)
        self._tree |= {
            "certificate_path": certificate_path,
            "key_path": key_path,
            "send_certificate_chain": bool(send_certificate_chain),
            "algorithm": algorithm,
        }
        self._secret, self._user, self._function = client_secret, user_assertion, client_assertion_func
        self._certificate = (client_certificate, password, signing_key)

    def _describe(self, into: Description) -> dict[str, Any]:
        tree = {"type": "OnBehalfOfCredential", **self._tree, **certificate_tree(into, *self._certificate)}
        tree["user_assertion"] = into.secret(self._user)
        if self._secret:
            tree["client_secret"] = into.secret(self._secret)
        if self._function is not None:
            tree["assertion"] = into.function(self._function, "client_assertion_func")
        return tree


class WorkloadIdentityOptions(BaseCredential):
    """A federated token in a file, as Kubernetes and others mount it; read anew for each exchange.

    :keyword tenant_id: the principal's tenant; the environment's if not given
    :keyword client_id: its application id; the environment's if not given
    :keyword token_file_path: the file; the environment's if not given
    :keyword enable_azure_proxy: exchange the token at the cluster's own proxy, if the environment names one
    :keyword authority: host of the identity provider
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    """

    def __init__(
        self,
        *,
        tenant_id: str | None = None,
        client_id: str | None = None,
        token_file_path: str | None = None,
        enable_azure_proxy: bool = False,
        **options: Any,
    ) -> None:
        authority = authority_options(options)
        super().__init__(**options)
        self._tree = {
            "tenant_id": tenant_id,
            "client_id": client_id,
            "token_file_path": token_file_path,
            "enable_azure_proxy": enable_azure_proxy,
            "authority": authority,
        }

    def _describe(self, into: Description) -> dict[str, Any]:
        return {"type": "WorkloadIdentityCredential", **self._tree}


class AzurePipelinesOptions(_Application):
    """A service connection of Azure Pipelines; a new token of the pipeline's for each exchange.

    :keyword tenant_id: the tenant of the service connection
    :keyword client_id: its application id
    :keyword service_connection_id: its id
    :keyword system_access_token: the pipeline's ``System.AccessToken``
    :keyword authority: host of the identity provider
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    :keyword disable_instance_discovery: accepted; no instance discovery is made
    """

    def __init__(
        self,
        *,
        tenant_id: str,
        client_id: str,
        service_connection_id: str,
        system_access_token: str,
        **options: Any,
    ) -> None:
        needed(
            type(self).__name__,
            tenant_id=tenant_id,
            client_id=client_id,
            service_connection_id=service_connection_id,
            system_access_token=system_access_token,
        )
        super().__init__(tenant_id, client_id, **options)
        self._tree["service_connection_id"] = service_connection_id
        self._token = system_access_token

    def _describe(self, into: Description) -> dict[str, Any]:
        token = into.secret(self._token)
        return {"type": "AzurePipelinesCredential", **self._tree, "system_access_token": token}


class GitHubActionsOptions(BaseCredential):
    """A job of GitHub Actions with the permission ``id-token: write``; a new token of the job's for each
    exchange.

    :keyword tenant_id: the principal's tenant; the environment's if not given
    :keyword client_id: its application id; the environment's if not given
    :keyword audience: whom the job's token is for; ``api://AzureADTokenExchange`` if not given
    :keyword authority: host of the identity provider
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    """

    def __init__(
        self,
        *,
        tenant_id: str | None = None,
        client_id: str | None = None,
        audience: str | None = None,
        **options: Any,
    ) -> None:
        authority = authority_options(options)
        super().__init__(**options)
        self._tree = {
            "tenant_id": tenant_id, "client_id": client_id, "audience": audience, "authority": authority,
        }  # fmt: skip

    def _describe(self, into: Description) -> dict[str, Any]:
        return {"type": "GitHubActionsCredential", **self._tree}


def certificate_tree(
    into: Description,
    certificate: bytes | str | None,
    password: bytes | str | None,
    signing_key: Callable[[bytes, str], bytes] | None,
) -> dict[str, Any]:
    """What of a certificate does not stand in the tree itself."""
    return {
        "certificate": None if certificate is None else into.secret(certificate),
        "password": None if password is None else into.secret(password),
        "signing_key": None if signing_key is None else into.function(signing_key, "signing_key"),
    }


def unused_cache(options: dict[str, Any]) -> None:
    """Takes out ``cache_persistence_options``: tokens are kept in memory only, and whoever asks for more is
    told.
    """
    if options.pop("cache_persistence_options", None) is not None:
        import warnings

        text = "cache_persistence_options has no effect: nightlatch keeps tokens in memory only"
        warnings.warn(text, stacklevel=4)
