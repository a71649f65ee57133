"""Settings of FastAPI by pydantic-settings: ``uvicorn settings_fastapi:app``, with VAULT_URL set.

Variables of the environment win over the vault, as on a developer's machine. The secret ``db-password`` is
``settings.db_password``; a ``SecretStr`` is not printed.
"""

import os
from functools import lru_cache
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from nightlatch.pydantic_settings import AzureKeyVaultSettingsSource
from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource


class Settings(BaseSettings):
    db_password: SecretStr
    page_size: int = 20

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], **sources: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        url = os.environ["VAULT_URL"]
        vault = AzureKeyVaultSettingsSource(settings_cls, url, dash_to_underscore=True)
        return (*sources.values(), vault)


@lru_cache
def settings() -> Settings:
    return Settings()


app = FastAPI()


@app.get("/")
def index(settings: Annotated[Settings, Depends(settings)]) -> dict[str, int]:
    return {"page_size": settings.page_size}
