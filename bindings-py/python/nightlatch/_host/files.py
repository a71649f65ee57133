"""Reads whole files for the engine."""

from __future__ import annotations

from .faults import TransportError


class Files:
    """The machine's files. Replaceable: anything with this `read` will do."""

    def read(self, path: str, limit: int) -> bytes:
        """Returns the whole content.

        :raises TransportError: ``not_found``, ``permission_denied``, ``too_large`` (more than `limit` bytes)
            or ``other``
        """
        try:
            with open(path, "rb") as file:
                content = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise TransportError("not_found") from None
        except PermissionError:
            raise TransportError("permission_denied") from None
        except (OSError, ValueError) as why:
            raise TransportError("other", getattr(why, "strerror", None) or type(why).__name__) from None
        if len(content) > limit:
            raise TransportError("too_large")
        return content
