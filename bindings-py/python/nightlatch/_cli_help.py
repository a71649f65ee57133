"""What the command line says of itself. The texts are Node's, too: tests/cli/help holds them."""

from __future__ import annotations

_USAGES = {
    "": "doctor|check|explain ...",
    "doctor": "doctor VAULT [SECRET] [--version-id V] [--client-id ID] [--timeout S] [--json] [--color WHEN]",
    "check": "check VAULT [SECRET ...] [--client-id ID] [--timeout S] [--json] [--quiet]",
    "explain": "explain [VAULT] [--secrets N] [--instances N] [--ttl S] [--client-id ID] [--json]",
}


def usage(command: str) -> str:
    """How a command is written; the program itself is ``""``."""
    return f"usage: nightlatch {_USAGES[command]}"


_VAULT = "VAULT            the vault's URL, or only its host"
_CLIENT = "--client-id ID   the client id of a user-assigned managed identity"
_JSON = "--json           print one line of JSON"
_HELP = "-h, --help       print this"

_STATUS = """\
Exit status:
  0    all is well
  1    trouble that somebody has to mend
  2    wrong usage
  3    trouble that may pass by itself
  130  interrupted (Ctrl-C)
"""

HELP = {
    "": f"""\
{usage("")}

Tells why a secret of Azure Key Vault cannot be read on this host, and what to do. Asks by the identity that
DefaultAzureCredential finds here, and honours the variables of proxies and CA certificates. Prints no secret.

  doctor VAULT [SECRET]      go the whole way once, and tell what is missing
  check VAULT [SECRET ...]   tell whether secrets are at hand, for a probe
  explain [VAULT]            tell without the network whom it would ask for an identity, and what that costs

  COMMAND --help   print what a command takes
  --version        print the version
  {_HELP}

{_STATUS}""",
    "doctor": f"""\
{usage("doctor")}

Goes the whole way once, from this host's identity to the secret, and tells what is missing.

  {_VAULT}
  SECRET           the secret's name; without it, the list of secrets is what is tried

  --version-id V   one version of the secret
  {_CLIENT}
  --timeout S      seconds that this may take; 60 if not given
  {_JSON}
  --color WHEN     auto (a terminal, and NO_COLOR is not set), always or never
  {_HELP}

{_STATUS}""",
    "check": f"""\
{usage("check")}

Prints "ok" if all secrets are at hand, else each trouble and what to do.

  {_VAULT}
  SECRET           the secrets' names; without any, whether the vault lets this identity in

  {_CLIENT}
  --timeout S      seconds that this may take; 5 if not given
  {_JSON}
  --quiet          print nothing: the exit status tells
  {_HELP}

{_STATUS}""",
    "explain": f"""\
{usage("explain")}

Tells without the network which sources of an identity would be asked, and what reading secrets costs.

  {_VAULT}

  --secrets N      how many secrets each process reads; 1 if not given
  --instances N    how many processes there are; 1 if not given
  --ttl S          seconds for which a process keeps a secret; 300 if not given
  {_CLIENT}
  {_JSON}
  {_HELP}

{_STATUS}""",
}
