"""The files that commands read and write."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from ..errors import InvalidConfigurationError


def read(file: str) -> str:
    """A file's text, line ends as they are."""
    try:
        return Path(file).read_bytes().decode()
    except OSError as why:
        raise unread(file, str(why.strerror)) from None
    except UnicodeDecodeError:
        raise unread(file, "it is not UTF-8") from None


def unread(file: str, why: str) -> InvalidConfigurationError:
    """The error for a file that cannot be read."""
    return InvalidConfigurationError(f"{file} cannot be read: {why}")


def write(file: str, content: bytes, keep_mode: bool = False) -> None:
    """Writes a file that nobody but its owner can read, or who could before, and that is there as a whole or
    as it was before.
    """
    target = os.path.realpath(file)
    try:
        if os.path.exists(target) and not os.path.isfile(target):
            raise InvalidConfigurationError(f"{file} cannot be written: it is no file")
        # Made with the rights of its owner alone.
        number, draft = tempfile.mkstemp(prefix=".nightlatch-", dir=os.path.dirname(target))
        try:
            with open(number, "wb") as made:
                if keep_mode:
                    os.chmod(draft, stat.S_IMODE(os.stat(target).st_mode))
                made.write(content)
                made.flush()
                os.fsync(number)
            os.replace(draft, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(draft)
            raise
    except OSError as why:
        raise InvalidConfigurationError(f"{file} cannot be written: {why.strerror}") from None
