"""What the command line says of itself. The texts are Node's, too: tests/cli/help holds them."""

from __future__ import annotations

_USAGES = {
    "": "run|inject|get|list|set|scan|doctor|check|explain ...",
    "run": "run [OPTION ...] -- COMMAND [ARG ...]",
    "inject": "inject -i TEMPLATE [-o FILE] [--form json|yaml|toml|env] [--client-id ID] [--timeout S]",
    "get": "get VAULT SECRET [--version-id V] [--client-id ID] [--timeout S] [--json]",
    "list": "list VAULT [--client-id ID] [--timeout S] [--json]",
    "set": "set VAULT SECRET [--content-type T] [--client-id ID] [--timeout S]",
    "scan": "scan [PATH ...] [--exclude GLOB] [--vault VAULT] [--json | --fix [--yes]] [OPTION ...]",
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
variables of proxies and CA certificates. Prints no secret, but for get and inject.

  run -- COMMAND [ARG ...]   run a command with the secrets in its environment
  inject -i TEMPLATE         write a file with the secrets in place of its references
  get VAULT SECRET           print a secret
  list VAULT                 list the vault's secrets, without their values
  set VAULT SECRET           set a secret to what is typed, or stands on stdin
  scan [PATH ...]            find values in files that look like secrets, and put references in their place
  doctor VAULT [SECRET]      go the whole way once, and tell what is missing
  check VAULT [SECRET ...]   tell whether secrets are at hand, for a probe
  explain [VAULT]            tell without the network whom it would ask for an identity, and what that costs

  COMMAND --help   print what a command takes
  --version        print the version
  {_HELP}

{_STATUS}
run ends as its command does, and scan as linters do; see run --help and scan --help.
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
  --timeout S      seconds that getting the secrets may take; 60 if not given
  --no-mask        let the command write by itself

  --watch          look now and then whether a secret has another value. If so, end the command (SIGTERM, and
                   SIGKILL after 10 seconds) and start it anew. Its own end is the end
  --watch-interval S  seconds between two looks, more or less by a fifth; 60 if not given
  --watch-spread S    start anew within so many seconds, each process at a time of its own; 30 if not given
  --watch-signal NAME send the command this signal, such as HUP, instead of starting it anew
  --max-age S      seconds that a copy of a secret may have at most to count for a look; half of the interval
                   if not given
  {_HELP}

Exit status:
  125  nightlatch could not do its part: wrong usage, or a secret could not be had
  126  COMMAND cannot be executed
  127  COMMAND was not found
  otherwise that of COMMAND; if a signal ended it, the same signal ends nightlatch
""",
    "inject": f"""\
{usage("inject")}

Writes a JSON, YAML, TOML or .env file with the secrets in place of its Key Vault references. If one cannot
be had, it tells which and why, and writes nothing.

  -i, --input TEMPLATE  the file with the references
  -o, --output FILE     the file to write: only its owner can read it, and it is there as a whole or not at
                        all. Without it, stdout

  --form FORM      json, yaml, toml or env; if not given, what TEMPLATE ends with. Everything but the
                   values stays to the byte; an .env file is written anew, NAME='VALUE' in each line
  {_CLIENT}
  --timeout S      seconds that getting the secrets may take; 60 if not given
  {_HELP}

{_STATUS}""",
    "get": f"""\
{usage("get")}

Prints the value of a secret and nothing else; on a terminal, the end of the line too.

  {_VAULT}
  SECRET           the secret's name

  --version-id V   one version of the secret
  {_CLIENT}
  --timeout S      seconds that this may take; 60 if not given
  --json           print its properties instead, as one line of JSON without the value
  {_HELP}

{_STATUS}""",
    "list": f"""\
{usage("list")}

Lists the vault's secrets by their names: whether each is enabled, and when it expires.

  {_VAULT}

  {_CLIENT}
  --timeout S      seconds that this may take; 60 if not given
  --json           print all properties as one line of JSON
  {_HELP}

{_STATUS}""",
    "set": f"""\
{usage("set")}

Sets a secret to what is typed, unseen, or to what stands on stdin, without the end of its last line. Prints
the identifier of the new version. A value is no argument: others on this host can read those.

  {_VAULT}
  SECRET           the secret's name

  --content-type T what the value is, in your own words
  {_CLIENT}
  --timeout S      seconds that this may take; 60 if not given
  {_HELP}

{_STATUS}""",
    "scan": f"""\
{usage("scan")}

Finds values in files that look like secrets: known formats, connection strings and URLs with a password, and
values whose names say that they are secrets. Tells where each stands, and how to set it in a vault. Prints no
value, nor a part of one. What is no secret is told apart by nightlatch:ignore in a comment on its line.

  PATH             files and folders; the current folder if not given. Of a folder in a work tree of git those
                   files are read that git does not ignore; else all but .git and node_modules. Files that are
                   not UTF-8, larger than 1 MiB or links are passed over, and counted

  --exclude GLOB   files and folders to pass over, by a name or by several in a row: * is any text without a
                   slash, ** any text, ? one character. It may be given several times
  --vault VAULT    the vault's URL, or only its host, for the commands and references that are printed
  --json           print one line of JSON
  --fix            set the secrets in the vault, and put references in their place; asks for each. A secret
                   that is there keeps its value: where it is another, a further name is taken
  --yes            do not ask
  {_CLIENT}
  --timeout S      seconds that each request may take; 60 if not given
  {_HELP}

Exit status:
  0    nothing was found, or all of it was replaced
  1    secrets were found that are still there
  2    wrong usage, or trouble that somebody has to mend
  3    trouble that may pass by itself
  130  interrupted (Ctrl-C)
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
