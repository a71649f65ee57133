"""What the stand-ins for developer tools share: how a test directs them, and what they write down."""

import json
import os
import stat
import sys
import time
import urllib.error
import urllib.request

SHOWN_VARIABLES = ("AZURE_CORE_NO_COLOR", "NO_COLOR", "AZURE_CORE_COLLECT_TELEMETRY")
FAR_FUTURE_S = 3600
AADSTS = (
    "AADSTS50076: You must use multi-factor authentication to access the resource. "
    "Trace ID: 00000000-0000-4000-8000-000000000001 Correlation ID: 00000000-0000-4000-8000-000000000002 "
    "Timestamp: 2026-11-02 15:04:05Z"
)


class Tool:
    """One call of a tool."""

    def __init__(self, name, version):
        self.arguments = sys.argv[1:]
        self.outcome = os.environ.get("NIGHTLATCH_TOOL_OUTCOME", "token")
        version = os.environ.get("NIGHTLATCH_TOOL_VERSION", version)
        self.version = tuple(int(part) for part in version.split(".")) if version[:1].isdigit() else None
        self._record(name)
        if self.outcome == "hang":
            time.sleep(FAR_FUTURE_S)

    def token(self, resource, tenant=None):
        """Asks the emulator for a token: `access_token`, `expires_on` (seconds since 1970) and `tenant`."""
        principal = os.environ.get("NIGHTLATCH_TOOL_PRINCIPAL")
        body = {"principal": principal, "resource": resource, "tenant": tenant}
        url = f"{os.environ['NIGHTLATCH_TOOL_EMULATOR']}/_emulator/token"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(urllib.request.Request(url, json.dumps(body).encode()), timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            self.fail(f"ERROR: {refusal.read().decode()}")

    def options(self, known, start=0):
        """Reads `--name value` pairs; an option that is unknown or lacks its value ends the call."""
        found = {}
        rest = iter(self.arguments[start:])
        for name in rest:
            meaning = known.get(name)
            if meaning is None:
                self.fail(f"ERROR: unrecognized arguments: {name}", 2)
            if meaning.endswith("!"):
                found[meaning[:-1]] = True
                continue
            value = next(rest, None)
            if value is None:
                self.fail(f"ERROR: argument {name}: expected one argument", 2)
            found.setdefault(meaning, []).append(value)
        return found

    def fail(self, text, status=1):
        print(text, file=sys.stderr)
        sys.exit(status)

    def _record(self, name):
        path = os.environ.get("NIGHTLATCH_TOOL_LOG")
        if path is None:
            return
        entry = {
            "tool": name,
            "argv": self.arguments,
            "cwd": os.getcwd(),
            "stdin": state_of_stdin(),
            "pid": os.getpid(),
            "environment": {key: os.environ[key] for key in SHOWN_VARIABLES if key in os.environ},
        }
        with open(path, "a", encoding="utf-8") as log:
            log.write(json.dumps(entry) + "\n")


def state_of_stdin():
    """What standard input is: `closed`, `null`, `terminal`, `pipe`, `socket` or `file`."""
    try:
        state = os.fstat(0)
    except OSError:
        return "closed"
    if stat.S_ISCHR(state.st_mode):
        return "null" if state.st_rdev == os.stat(os.devnull).st_rdev else "terminal"
    if stat.S_ISFIFO(state.st_mode):
        return "pipe"
    return "socket" if stat.S_ISSOCK(state.st_mode) else "file"


def malformed(text):
    """Cuts an output off behind its token, so that careless error messages would show it."""
    return text[: text.rindex('"')]
