"""Settings of Django: the secret key and the database's password out of a vault, with VAULT_URL set.

They are read once a process, whose identity needs the permission to get these two secrets and no other.
"""

import os

from nightlatch import SecretClient

with SecretClient(os.environ["VAULT_URL"]) as vault:
    secrets = vault.load_secrets(["django-secret-key", "db-password"])

SECRET_KEY = secrets["django-secret-key"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ.get("DB_HOST", "localhost"),
        "NAME": "shop",
        "USER": "shop",
        "PASSWORD": secrets["db-password"],
    }
}
