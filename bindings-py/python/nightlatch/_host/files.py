"""Reads whole files for the engine."""

from __future__ import annotations

import os
import stat

from .faults import TransportError

# Windows has neither; there, whoever may read the file is not told by its mode.
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)
_OTHERS = stat.S_IRGRP | stat.S_IROTH if os.name == "posix" else 0


class Files:
    """The machine's files. Replaceable: anything with this `read` will do."""

    def read(self, path: str, limit: int, plain: bool = False) -> tuple[bytes, bool]:
        """Returns the whole content, and whether others than the owner may read it.

        :param plain: refuse a symbolic link, or anything else that is no plain file
        :raises TransportError: ``not_found``, ``permission_denied``, ``too_large`` (more than `limit` bytes),
            ``not_plain`` or ``other``
        """
        try:
            if plain and os.path.islink(path):
                raise TransportError("not_plain")
            with open(path, "rb", opener=_open_plain if plain else None) as file:
                mode = os.fstat(file.fileno()).st_mode
                if plain and not stat.S_ISREG(mode):
                    raise TransportError("not_plain")
                content = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise TransportError("not_found") from None
        except PermissionError:
            raise TransportError("permission_denied") from None
        except (OSError, ValueError) as why:
            raise TransportError("other", getattr(why, "strerror", None) or type(why).__name__) from None
        if len(content) > limit:
            raise TransportError("too_large")
        return content, bool(mode & _OTHERS)


def _open_plain(path: str, flags: int) -> int:
    return os.open(path, flags | _NO_LINK | _AT_ONCE)
