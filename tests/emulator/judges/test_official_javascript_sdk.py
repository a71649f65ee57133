"""The official JavaScript SDK does every operation on secrets; `npm ci` in its folder comes first."""

import os
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parent / "javascript"


def test_every_operation_on_secrets(emulator, azure):
    environment = {
        **os.environ,
        "NODE_EXTRA_CA_CERTS": emulator.ca,
        "IDENTITY_ENDPOINT": f"{emulator.http}/msi/token",
        "IDENTITY_HEADER": "emulator-identity-header",
    }
    judge = subprocess.run(
        ["node", "--test", "--test-reporter=tap", FOLDER / "operations.test.mjs"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert judge.returncode == 0, judge.stdout + judge.stderr
    assert "# pass 5" in judge.stdout, judge.stdout
