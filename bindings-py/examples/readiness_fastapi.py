"""Probes of start-up and readiness with FastAPI: ``uvicorn readiness_fastapi:app``, with VAULT_URL set.

What the cache holds costs no request, so that a probe every few seconds is no load for the vault. The answer
to a probe names codes only; the step to take goes to the log.
"""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response
from nightlatch.aio import SecretClient

NEEDED = ("db-password", "mail-key")
log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with SecretClient(os.environ["VAULT_URL"]) as client:
        app.state.secrets = client
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/readyz")
async def ready(response: Response) -> dict[str, object]:
    health = await app.state.secrets.check(*NEEDED, timeout=2)
    if not health:
        log.warning("not ready: %s", health)
        response.status_code = 503
    return {"ok": health.ok, "troubles": {each.name: each.verdict for each in health.troubles}}
