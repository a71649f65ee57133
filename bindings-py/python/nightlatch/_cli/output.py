"""What the command line prints, and what it ends with."""

from __future__ import annotations

import os
import re
import sys

OK, TROUBLE, USAGE, PASSING, INTERRUPTED = 0, 1, 2, 3, 130
"""The exit statuses, as the help explains them."""

NOT_RUN = 125
"""What `run` ends with for reasons of its own, as ``env`` and ``timeout`` do; the rest is its command's."""


def is_colourful(when: str) -> bool:
    """Whether to print in colour, as the option ``--color`` says."""
    return when == "always" or (when == "auto" and sys.stdout.isatty() and not os.environ.get("NO_COLOR"))


BOLD, RED, GREEN, YELLOW, CYAN = 1, 31, 32, 33, 36


def painted(text: str) -> str:
    """The report in colour: how things stand, the headings of the first column, commands."""

    def paint(line: str) -> str:
        for beginning, colour in (("ok:", GREEN), ("trouble:", RED), ("warning:", YELLOW)):
            if line.startswith(beginning):
                return _in(colour, line)
        line = re.sub(r"^ +(\$ .*)$", lambda found: line[: found.start(1)] + _in(CYAN, found[1]), line)
        return re.sub(r"^([A-Z].*?)(?=  )", lambda found: _in(BOLD, found[1]), line)

    return "\n".join(paint(line) for line in text.split("\n"))


def _in(colour: int, text: str) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m"


def end(status: int, text: str) -> int:
    """Prints, and ends with a status."""
    # What this terminal cannot show is spelt out.
    return end_with(status, text.encode(sys.stdout.encoding, errors="backslashreplace"))


def end_with(status: int, content: bytes) -> int:
    """The same, to the byte."""
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Nobody reads any more, and Python would complain of that at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def complain(text: str) -> None:
    """Prints where complaints go."""
    sys.stderr.write(text)
