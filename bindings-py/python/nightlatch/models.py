"""What clients return: secrets with their properties, and tokens. Names are those of the Azure SDKs.

No `repr` here shows a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "AccessToken",
    "AccessTokenInfo",
    "AuthenticationRecord",
    "DeletedSecret",
    "KeyVaultSecret",
    "KeyVaultSecretIdentifier",
    "SecretProperties",
]


class SecretProperties:
    """What the vault says of a secret besides its value. All attributes are read-only."""

    __slots__ = (
        "_content_type", "_created_on", "_enabled", "_expires_on", "_id", "_key_id", "_managed", "_name",
        "_not_before", "_previous_version", "_recoverable_days", "_recovery_level", "_tags", "_updated_on",
        "_vault_url", "_version",
    )  # fmt: skip

    def __init__(
        self,
        identity: tuple[str, str, str, str | None],
        state: tuple[bool | None, int | None, int | None, int | None, int | None] = (None,) * 5,
        rest: tuple[
            str | None, dict[str, str] | None, str | None, int | None, bool | None, str | None, str | None
        ] = (None,) * 7,
    ) -> None:
        """Made by clients. Takes the groups as the native module gives them, times in milliseconds since
        1970.
        """
        self._id, self._vault_url, self._name, self._version = identity
        self._enabled, self._not_before, self._expires_on, self._created_on, self._updated_on = state
        self._content_type, tags, self._recovery_level, self._recoverable_days = rest[:4]
        self._managed, self._key_id, self._previous_version = rest[4:]
        self._tags = tags or {}

    @property
    def id(self) -> str:
        """The full identifier, version included."""
        return self._id

    @property
    def vault_url(self) -> str:
        """The vault's URL."""
        return self._vault_url

    @property
    def name(self) -> str:
        """The secret's name."""
        return self._name

    @property
    def version(self) -> str | None:
        """The version, if the identifier holds one."""
        return self._version

    @property
    def enabled(self) -> bool | None:
        """Whether the secret may be read."""
        return self._enabled

    @property
    def not_before(self) -> datetime | None:
        """From when the secret may be used (UTC). Informational; see the client's option `validity`."""
        return _utc(self._not_before)

    @property
    def expires_on(self) -> datetime | None:
        """Until when the secret may be used (UTC). Informational; see the client's option `validity`."""
        return _utc(self._expires_on)

    @property
    def created_on(self) -> datetime | None:
        """When this version was made (UTC)."""
        return _utc(self._created_on)

    @property
    def updated_on(self) -> datetime | None:
        """When the attributes of this version last changed (UTC)."""
        return _utc(self._updated_on)

    @property
    def content_type(self) -> str | None:
        """Free text that whoever set the secret chose."""
        return self._content_type

    @property
    def tags(self) -> dict[str, str]:
        """The tags; empty if there are none. A copy: this object is shared by all callers."""
        return dict(self._tags)

    @property
    def recovery_level(self) -> str | None:
        """How deletion works in this vault, such as ``Recoverable+Purgeable``."""
        return self._recovery_level

    @property
    def recoverable_days(self) -> int | None:
        """Days for which the secret can be recovered after it was deleted."""
        return self._recoverable_days

    @property
    def managed(self) -> bool | None:
        """Whether a certificate stands behind the secret."""
        return self._managed

    @property
    def key_id(self) -> str | None:
        """The identifier of that certificate's key."""
        return self._key_id

    @property
    def previous_version(self) -> str | None:
        """The version before this one, when the service tells it."""
        return self._previous_version

    def __repr__(self) -> str:
        return f"<SecretProperties [{self._id}]>"


class KeyVaultSecret:
    """A secret: its value and its properties. `repr` and `str` do not show the value."""

    __slots__ = ("_properties", "_value")

    def __init__(self, properties: SecretProperties, value: str | None) -> None:
        self._properties = properties
        self._value = value

    @property
    def value(self) -> str | None:
        """The secret value."""
        return self._value

    @property
    def properties(self) -> SecretProperties:
        """Everything else that the vault says of the secret."""
        return self._properties

    @property
    def name(self) -> str:
        """The secret's name."""
        return self._properties._name

    @property
    def id(self) -> str:
        """The full identifier, version included."""
        return self._properties._id

    def __repr__(self) -> str:
        return f"<KeyVaultSecret [{self.id}]>"


class DeletedSecret:
    """A secret that was deleted. Its value is out of reach until it is recovered."""

    __slots__ = ("_deleted_date", "_properties", "_recovery_id", "_scheduled_purge_date")

    def __init__(
        self,
        properties: SecretProperties,
        deleted_date: datetime | None = None,
        recovery_id: str | None = None,
        scheduled_purge_date: datetime | None = None,
    ) -> None:
        self._properties = properties
        self._deleted_date = deleted_date
        self._recovery_id = recovery_id
        self._scheduled_purge_date = scheduled_purge_date

    @property
    def name(self) -> str:
        """The secret's name."""
        return self._properties._name

    @property
    def id(self) -> str:
        """The identifier that it had."""
        return self._properties._id

    @property
    def properties(self) -> SecretProperties:
        """What the vault still says of it."""
        return self._properties

    @property
    def deleted_date(self) -> datetime | None:
        """When it was deleted (UTC)."""
        return self._deleted_date

    @property
    def recovery_id(self) -> str | None:
        """The identifier under which it can be recovered; ``None`` in a vault without soft delete."""
        return self._recovery_id

    @property
    def scheduled_purge_date(self) -> datetime | None:
        """When the vault purges it by itself (UTC)."""
        return self._scheduled_purge_date

    def __repr__(self) -> str:
        return f"<DeletedSecret [{self.id}]>"


class KeyVaultSecretIdentifier:
    """The parts of a secret's identifier, such as ``https://contoso.vault.azure.net/secrets/db/0123…``.

    :raises ValueError: the text has another form
    """

    __slots__ = ("name", "source_id", "vault_url", "version")

    source_id: str
    """The identifier as it was given."""
    vault_url: str
    """The vault's URL."""
    name: str
    """The secret's name."""
    version: str | None
    """The version, if the identifier holds one."""

    def __init__(self, source_id: str) -> None:
        scheme, separator, rest = source_id.partition("://")
        host, *path = rest.split("?")[0].rstrip("/").split("/")
        if not (separator and host and len(path) in (2, 3) and all(path)):
            raise ValueError(
                f"{source_id!r} is not the identifier of a secret: <vault>/secrets/<name>[/<version>]"
            )
        self.source_id = source_id
        self.vault_url = f"{scheme}://{host}"
        self.name = path[1]
        self.version = path[2] if len(path) == 3 else None

    def __repr__(self) -> str:
        return f"KeyVaultSecretIdentifier({self.source_id!r})"


class AccessToken(NamedTuple):
    """A bearer token for one scope. `repr` does not show it."""

    token: str
    """The token."""
    expires_on: int
    """When it ends, in seconds since 1970."""

    def __repr__(self) -> str:
        return f"AccessToken(token='***', expires_on={self.expires_on})"


class AccessTokenInfo:
    """A bearer token with everything known of it. `repr` does not show it."""

    __slots__ = ("expires_on", "refresh_on", "token", "token_type")

    token: str
    """The token."""
    expires_on: int
    """When it ends, in seconds since 1970."""
    token_type: str
    """Always ``Bearer``."""
    refresh_on: int | None
    """When it should be renewed, in seconds since 1970."""

    def __init__(
        self,
        token: str,
        expires_on: int,
        *,
        token_type: str = "Bearer",  # noqa: S107
        refresh_on: int | None = None,
    ) -> None:
        self.token = token
        self.expires_on = expires_on
        self.token_type = token_type
        self.refresh_on = refresh_on

    def __repr__(self) -> str:
        return f"AccessTokenInfo(token='***', expires_on={self.expires_on}, token_type={self.token_type!r})"


def secret_from_native(value: str, groups: tuple[Any, Any, Any]) -> KeyVaultSecret:
    """Makes the object that the cache keeps; called by the native module."""
    return KeyVaultSecret(SecretProperties(*groups), value)


def properties_from_json(facts: dict[str, Any]) -> SecretProperties:
    """Makes properties from the core's JSON, whose times are seconds."""
    identity = (facts["id"], facts["vault_url"], facts["name"], facts["version"])
    not_before, expires_on, created_on, updated_on = (_milliseconds(facts[name]) for name in _TIMES)
    rest = (
        facts["content_type"], facts["tags"], facts["recovery_level"], facts["recoverable_days"],
        facts["managed"], facts["key_id"], facts["previous_version"],
    )  # fmt: skip
    return SecretProperties(
        identity, (facts["enabled"], not_before, expires_on, created_on, updated_on), rest
    )


_TIMES = ("not_before", "expires_on", "created_on", "updated_on")


def deleted_from_json(facts: dict[str, Any]) -> DeletedSecret:
    """Makes a deleted secret from the core's JSON."""
    deleted, purge = (_utc(_milliseconds(facts[name])) for name in ("deleted_date", "scheduled_purge_date"))
    return DeletedSecret(properties_from_json(facts["properties"]), deleted, facts["recovery_id"], purge)


def _milliseconds(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1000


def _utc(milliseconds: int | None) -> datetime | None:
    if milliseconds is None:
        return None
    from datetime import datetime, timedelta, timezone

    # Not fromtimestamp: it has a narrower range on some systems.
    return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=milliseconds)


class AuthenticationRecord:
    """Who signed in. It holds no secret and may be stored."""

    def __init__(
        self, tenant_id: str, client_id: str, authority: str, home_account_id: str, username: str
    ) -> None:
        self._facts = {
            "authority": authority,
            "clientId": client_id,
            "homeAccountId": home_account_id,
            "tenantId": tenant_id,
            "username": username,
            "version": "1.0",
        }

    @property
    def authority(self) -> str:
        """The host that signed the person in."""
        return self._facts["authority"]

    @property
    def client_id(self) -> str:
        """The application by which the person signed in."""
        return self._facts["clientId"]

    @property
    def home_account_id(self) -> str:
        """Object id and tenant of the account, joined by a full stop."""
        return self._facts["homeAccountId"]

    @property
    def tenant_id(self) -> str:
        """The tenant that was signed in to."""
        return self._facts["tenantId"]

    @property
    def username(self) -> str:
        """The account's name."""
        return self._facts["username"]

    def serialize(self) -> str:
        """As JSON."""
        import json

        return json.dumps(self._facts)

    @classmethod
    def deserialize(cls, data: str) -> AuthenticationRecord:
        """From what `serialize` gave.

        :raises ValueError: it is something else
        """
        import json

        facts = json.loads(data)
        if facts.get("version") != "1.0":
            raise ValueError("this is no AuthenticationRecord of version 1.0")
        return cls(
            facts["tenantId"],
            facts["clientId"],
            facts["authority"],
            facts["homeAccountId"],
            facts["username"],
        )


def authentication_record(token: str, tree: dict[str, Any]) -> AuthenticationRecord:
    """Who a token says that it stands for. For diagnosis: the token is not verified here.

    :param tree: the credential's settings
    """
    import base64
    import json

    from ._native import DEFAULT_AUTHORITY

    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, IndexError):
        claims = {}
    tenant = str(claims.get("tid") or tree.get("tenant_id") or "")
    name = claims.get("upn") or claims.get("preferred_username") or claims.get("unique_name") or ""
    client = claims.get("appid") or claims.get("azp") or tree.get("client_id") or ""
    authority = tree["authority"].get("authority") or DEFAULT_AUTHORITY
    return AuthenticationRecord(
        tenant, str(client), authority, f"{claims.get('oid', '')}.{tenant}", str(name)
    )
