"""``nightlatch inject``: a file with the secrets in place of its references."""

from __future__ import annotations

from ..references import ReferenceResolver
from . import files
from .arguments import Parser, UsageError, credential_of, seconds, words_of
from .help import HELP
from .output import OK, end, end_with

ENDINGS = {".json": "json", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".env": "env"}


def inject_command(given: list[str]) -> int:
    """The command line's."""
    parser = Parser(json=False)
    parser.add_argument("-i", "--input")
    parser.add_argument("-o", "--output")
    parser.add_argument("--form", choices=sorted(set(ENDINGS.values())))
    parser.add_argument("--timeout", type=seconds)
    asked = parser.parse_known_intermixed_args(given)
    if asked[0].help:
        return end(OK, HELP["inject"])
    words_of(asked, least=0, most=0)
    template, output = asked[0].input, asked[0].output
    if template is None:
        raise UsageError("-i TEMPLATE is missing")
    form = asked[0].form or _form_of(template)
    text = files.read(template)
    with ReferenceResolver(credential_of(asked[0])) as resolver:
        if form == "env":
            text = as_dotenv(resolver.resolve_dotenv(text, timeout=asked[0].timeout))
        else:
            text = getattr(resolver, f"resolve_{form}")(text, timeout=asked[0].timeout)
    if output is None:
        return end_with(OK, text.encode())
    files.write(output, text.encode())
    return OK


def as_dotenv(variables: dict[str, str]) -> str:
    """An ``.env`` file that our own reader reads back."""
    return "".join(f"{name}={_quoted(value)}\n" for name, value in variables.items())


def _quoted(value: str) -> str:
    if "'" not in value:
        return f"'{value}'"
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("$", "\\$")):
        value = value.replace(plain, escaped)
    return f'"{value}"'


def _form_of(template: str) -> str:
    for ending, form in ENDINGS.items():
        if template.lower().endswith(ending):
            return form
    raise UsageError(f"--form is missing: the name {template} does not tell it")
