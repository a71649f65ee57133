"""What `SecretClient.load_secrets` gives: secrets of a vault as a configuration."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .resolution import Resolution

__all__ = ["LoadedSecrets"]


class LoadedSecrets(dict[str, str]):
    """The values of secrets by their keys: a ``dict`` whose ``repr()`` shows the keys only."""

    __slots__ = ("resolution",)

    resolution: Resolution
    """Which secret stands behind each key, in which version, and how old its copy was."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self)})"


def loaded(result: tuple[Any, ...]) -> LoadedSecrets:
    """What `load_secrets` gave."""
    from .resolution import resolution

    secrets = LoadedSecrets(json.loads(result[2]))
    secrets.resolution = resolution(result)
    return secrets
