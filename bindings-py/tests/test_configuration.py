"""Secrets as a configuration. What it holds in all languages stands in the scenarios."""

from __future__ import annotations

import os
import pickle

import nightlatch
import pytest
from nightlatch import LoadedSecrets

from .conftest import Cloud


def test_it_is_a_dict_that_does_not_show_its_values(cloud: Cloud) -> None:
    loaded = cloud.client().load_secrets(["db", "Api--Key"])
    assert loaded == {"db": "hunter2-value", "Api:Key": "hunter2-value"}
    assert isinstance(loaded, LoadedSecrets)
    assert repr(loaded) == "LoadedSecrets(db, Api:Key)"
    for text in (str(loaded), f"{loaded}", repr(loaded.resolution), str(loaded.resolution)):
        assert "hunter2-value" not in text
    assert [each.name for each in loaded.resolution.references] == ["db", "Api:Key"]


def test_variables_of_the_environment_can_be_made_of_it(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", {})
    os.environ.update(cloud.client().load_secrets(["Db--Password"], separator="__"))
    assert os.environ == {"Db__Password": "hunter2-value"}


def test_a_name_alone_is_no_list_of_names(cloud: Cloud) -> None:
    with pytest.raises(TypeError, match="list of names"):
        cloud.client().load_secrets("db")
    with pytest.raises(nightlatch.InvalidArgumentError):
        cloud.client().load_secrets(["no name"])


def test_it_travels_between_processes(cloud: Cloud) -> None:
    loaded = cloud.client().load_secrets(["db"])
    again = pickle.loads(pickle.dumps(loaded))  # noqa: S301
    assert again == loaded
    assert again.resolution == loaded.resolution
