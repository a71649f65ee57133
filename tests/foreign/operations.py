"""Every operation on secrets, a line for each, against the vault that the environment names (README.md)."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterable
from typing import Any

from nightlatch import DefaultAzureCredential, HttpResponseError, SecretClient, SecretProperties

ENDS = datetime.datetime(2031, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)


def main() -> None:
    client = SecretClient(
        os.environ["VAULT_URL"],
        DefaultAzureCredential(),
        verify_challenge_resource=os.environ.get("VERIFY_CHALLENGE") != "0",
        secret_requests_per_second=0,
    )
    name, second = "foreign-one", "foreign-two"

    first = client.set_secret(
        name, "value 1", content_type="text/plain", tags={"of": "shop"}, expires_on=ENDS
    )
    properties = first.properties
    say("set", first.value, properties.content_type, tags(properties), properties.expires_on == ENDS)
    latest = client.set_secret(name, "välue 2")
    say("set again", latest.value, latest.properties.version != first.properties.version)

    client.invalidate()
    say("get", client.get_secret(name).value)
    say("get a version", client.get_secret(name, first.properties.version).value)
    say("get another", refusal(client.get_secret, "foreign-none"))

    version = latest.properties.version
    changed = client.update_secret_properties(name, version, content_type="x/y", tags={"a": "b"})
    say("update", changed.content_type, tags(changed))

    client.set_secret(second, "two")
    say("list", *names(client.list_properties_of_secrets(max_page_size=1)))
    say("list versions", len(names(client.list_properties_of_secret_versions(name, max_page_size=1))))

    backup = client.backup_secret(second)
    say("backup", len(backup) > 0)
    deletion = client.begin_delete_secret(second, polling_interval=0.1)
    deletion.wait()
    say("delete", deletion.result().name)
    say("get deleted", client.get_deleted_secret(second).name)
    say("list deleted", *names(client.list_deleted_secrets(max_page_size=1)))
    say("set deleted", refusal(client.set_secret, second, "taken"))
    client.begin_recover_deleted_secret(second, polling_interval=0.1).wait()
    say("recover", client.get_secret(second).value)

    remove(client, second)
    say("purge", refusal(client.get_deleted_secret, second))
    say("restore", client.restore_secret_backup(backup).name, client.get_secret(second).value)
    for used in (name, second):
        remove(client, used)
    say("clean", refusal(client.get_secret, name), refusal(client.get_secret, second))
    client.close()


def remove(client: SecretClient, name: str) -> None:
    client.begin_delete_secret(name, polling_interval=0.1).wait()
    client.purge_deleted_secret(name, wait=True, polling_interval=0.1)


def names(listed: Iterable[Any]) -> list[str]:
    return sorted(item.name for item in listed if item.name.startswith("foreign-"))


def refusal(call: Callable[..., object], *arguments: str) -> object:
    try:
        call(*arguments)
    except HttpResponseError as error:
        return error.status_code
    return "no refusal"


def tags(properties: SecretProperties) -> str:
    return ",".join(f"{key}={value}" for key, value in (properties.tags or {}).items())


def say(step: str, *what: object) -> None:
    words = {True: "yes", False: "no", None: ""}
    text = [words[part] if part is None or isinstance(part, bool) else str(part) for part in what]
    print(step, *text, sep=" | ", flush=True)


if __name__ == "__main__":
    main()
