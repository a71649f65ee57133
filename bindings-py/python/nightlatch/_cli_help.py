"""What the command line says of itself. The texts are Node's, too: tests/cli/help holds them."""

from __future__ import annotations

_USAGES = {
    "": "run|doctor|check|explain ...",
    "run": "run [OPTION ...] -- COMMAND [ARG ...]",
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

Gives programs the secrets of Azure Key Vault that their settings refer to; tells why one cannot be read on
this host, and what to do. Asks by the identity that DefaultAzureCredential finds here, and honours the
variables of proxies and CA certificates. Prints no secret.

  run -- COMMAND [ARG ...]   run a command with the secrets in its environment
  doctor VAULT [SECRET]      go the whole way once, and tell what is missing
  check VAULT [SECRET ...]   tell whether secrets are at hand, for a probe
  explain [VAULT]            tell without the network whom it would ask for an identity, and what that costs

  COMMAND --help   print what a command takes
  --version        print the version
  {_HELP}

{_STATUS}
run ends as its command does; see run --help.
""",
    "run": f"""\
{usage("run")}

Runs a command whose environment has the secrets in place of Key Vault references, such as
@Microsoft.KeyVault(VaultName=contoso;SecretName=db-password). If one cannot be had, it tells which and why,
and the command is not started. The command is started directly, without a shell; signals are handed on to
it. What it prints passes through pipes, in which *** takes the place of the secrets, also of their Base64,
URL-encoded and JSON forms; values of less than four bytes stay. A command that needs a terminal wants
--no-mask.

  COMMAND          the command, found as the new environment's PATH says

  --env-file FILE  variables besides the environment's own, which win. It may be given several times: a later
                   file wins over an earlier one
  {_CLIENT}
  --max-age S      seconds that a copy of a secret may have at most, while the vault cannot be asked
  --timeout S      seconds that getting the secrets may take; 60 if not given
  --no-mask        let the command write by itself
  {_HELP}

Exit status:
  125  nightlatch could not do its part: wrong usage, or a secret could not be had
  126  COMMAND cannot be executed
  127  COMMAND was not found
  otherwise that of COMMAND; if a signal ended it, the same signal ends nightlatch
""",
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
