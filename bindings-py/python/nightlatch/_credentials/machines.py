"""The identity that Azure gave to the machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .base import BaseCredential, Description


class ManagedIdentityOptions(BaseCredential):
    """The identity of the machine, container or function that the program runs in.

    :keyword client_id: the user-assigned identity to use, by client id; the system-assigned one if nothing
        is given
    :keyword identity_config: the user-assigned identity by ``{"object_id": …}`` or ``{"resource_id": …}``
    """

    def __init__(
        self,
        *,
        client_id: str | None = None,
        identity_config: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        named = dict(identity_config or {})
        tree = {name: named.pop(name, None) for name in ("client_id", "object_id", "resource_id")}
        if named:
            raise ValueError(
                f"identity_config: {', '.join(named)} is none of client_id, object_id, resource_id"
            )
        tree["client_id"] = client_id or tree["client_id"]
        if sum(value is not None for value in tree.values()) > 1:
            raise ValueError("an identity is named by one of client_id, object_id, resource_id")
        self._tree = tree

    def _describe(self, into: Description) -> dict[str, Any]:
        return {"type": "ManagedIdentityCredential", **self._tree}
