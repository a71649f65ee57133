"""Plays the same operations by programs of several languages: each must print what stands in transcript.txt.

Each argument is the command of a program. The vault is the one that VAULT_URL names, or our own emulator's.
"""

from __future__ import annotations

import difflib
import os
import shlex
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from emulator_process import Emulator

TRANSCRIPT = Path(__file__).with_name(os.environ.get("TRANSCRIPT", "transcript.txt"))
MACHINE = "33333333-3333-4333-8333-333333333333"
EVERYTHING = ["get", "list", "set", "delete", "recover", "purge", "backup", "restore"]
SLOWLY = {"polls": 1}
AZURE = {
    "vaults": [
        {
            "name": "contoso",
            "access": [{"principal": MACHINE, "secrets": EVERYTHING}],
            "soft_delete": {"delete": SLOWLY, "recover": SLOWLY, "purge": SLOWLY},
            "limits": {"secret_per_1s": None},
        }
    ]
}


def main(commands: list[str]) -> int:
    if "VAULT_URL" in os.environ:
        return play(commands, {})
    with Emulator(AZURE) as azure:
        return play(commands, {**azure.environment(), "VAULT_URL": "https://contoso.vault.azure.net"})


def play(commands: list[str], environment: dict[str, str]) -> int:
    expected = TRANSCRIPT.read_text("utf-8").splitlines()
    failed = 0
    for command in commands:
        environment["PYTHONIOENCODING"] = "utf-8"
        ran = subprocess.run(
            shlex.split(command),
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            encoding="utf-8",
            timeout=120,
        )
        printed = ran.stdout.splitlines()
        if ran.returncode or printed != expected:
            failed += 1
            print(f"{command}: ended with {ran.returncode}")
            print(*difflib.unified_diff(expected, printed, "expected", "printed", lineterm=""), sep="\n")
        else:
            print(f"{command}: {len(printed)} steps")
    print(f"{len(commands) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
