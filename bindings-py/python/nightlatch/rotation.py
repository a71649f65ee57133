"""What rotating a secret comes to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .models import SecretProperties, properties_from_json

__all__ = ["RotationResult"]


@dataclass(frozen=True, slots=True)
class RotationResult:
    """How a rotation ended well."""

    properties: SecretProperties
    """The version in use now."""
    previous_version: str | None
    """The version before, left as it is: readers that have it still may need it."""
    slot: str | None
    """The slot in use now, if there are two."""
    resumed: bool
    """Whether a rotation was finished that an earlier call had begun."""


def rotated(result: tuple[Any, ...]) -> RotationResult:
    """What the operation told."""
    facts = json.loads(result[2])["rotation"]
    return RotationResult(**{**facts, "properties": properties_from_json(facts["properties"])})
