"""The official JavaScript SDK uses all of secrets and keys; `npm ci` in its folder comes first."""

import os
import subprocess
from pathlib import Path

import pytest
from conftest import NAMED

FOLDER = Path(__file__).parent / "javascript"


@pytest.mark.parametrize(("judge", "passes"), [("operations.test.mjs", 5), ("keys.test.mjs", 4)])
def test_every_operation(emulator, azure, judge, passes):
    environment = {
        **os.environ,
        "NODE_EXTRA_CA_CERTS": emulator.ca,
        "IDENTITY_ENDPOINT": f"{emulator.http}/msi/token",
        "IDENTITY_HEADER": "emulator-identity-header",
        "BLIND_CLIENT_ID": NAMED["client_id"],
    }
    run = subprocess.run(
        ["node", "--test", "--test-reporter=tap", FOLDER / judge],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"# pass {passes}" in run.stdout, run.stdout
