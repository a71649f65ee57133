"""Configuration of Flask: every secret of the vault whose name begins with ``shop-``, with VAULT_URL set:
``flask --app settings_flask run``.

The secret ``shop-SECRET-KEY`` is ``app.config["SECRET_KEY"]``.
"""

import os

from flask import Flask
from nightlatch import SecretClient


def create_app() -> Flask:
    app = Flask(__name__)
    with SecretClient(os.environ["VAULT_URL"]) as vault:
        secrets = vault.load_secrets(prefix="shop-")
    app.config.from_mapping({key.replace("-", "_"): value for key, value in secrets.items()})
    return app
