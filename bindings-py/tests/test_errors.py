"""Exceptions: every kind of the core has a class, and facts survive on their way."""

from __future__ import annotations

import copy
import logging
import pickle

import nightlatch
import pytest
from nightlatch import _native, errors

from .conftest import Cloud, refusal


def test_every_kind_has_a_class_of_its_own() -> None:
    assert set(errors.BY_KIND) == set(_native.ERROR_KINDS)
    assert len(set(errors.BY_KIND.values())) == len(_native.ERROR_KINDS)
    for cls in errors.BY_KIND.values():
        assert getattr(nightlatch, cls.__name__) is cls


def test_every_fault_that_the_host_names_is_known() -> None:
    engine = _native.Engine("{}", {}, [], bytes(16))
    for kind in _native.FAULT_KINDS:
        engine.fail(1, kind)
    with pytest.raises(ValueError, match="FAULT_KINDS"):
        engine.fail(1, "nonsense")


def test_an_unknown_kind_is_still_an_error() -> None:
    error = errors.from_native("BRAND_NEW", "m", "text", {})
    assert type(error) is nightlatch.NightlatchError
    assert (error.kind, str(error)) == ("BRAND_NEW", "text")


def test_inheritance_suits_what_callers_catch() -> None:
    assert issubclass(nightlatch.CredentialUnavailableError, nightlatch.ClientAuthenticationError)
    assert issubclass(nightlatch.ResourceNotFoundError, nightlatch.HttpResponseError)
    assert issubclass(nightlatch.InvalidArgumentError, ValueError)
    assert issubclass(nightlatch.OperationTimeoutError, TimeoutError)
    assert issubclass(nightlatch.SecretDisabledError, nightlatch.ForbiddenError)


def test_facts_of_a_refusal(cloud: Cloud) -> None:
    def hook(request: object) -> object:
        answer = refusal(403, "Forbidden", "ForbiddenByRbac")
        answer.headers.append(("x-ms-request-id", "r-1"))
        return answer if "/secrets/" in request.url else None  # type: ignore[attr-defined]

    cloud.hook = hook  # type: ignore[assignment]
    with pytest.raises(nightlatch.ForbiddenError) as caught:
        cloud.client().get_secret("db")
    error = caught.value
    assert (error.kind, error.status_code, error.error_code) == ("FORBIDDEN", 403, "Forbidden")
    assert (error.inner_code, error.request_id) == ("ForbiddenByRbac", "r-1")
    assert error.message in str(error)
    assert "r-1" in str(error)
    assert "hunter2" not in repr(error) + str(error) + repr(vars(error))


def test_exceptions_travel_between_processes() -> None:
    error = nightlatch.OperationTimeoutError(
        "late", text="late\nRequest id: 1", request_id="1", attempts=[("A", "refused", "b")]
    )
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301
        assert type(again) is type(error)
        assert (str(again), again.request_id, again.attempts) == (str(error), "1", error.attempts)


def test_events_go_to_the_logger(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "nightlatch"):
        cloud.client().get_secret("db")
    told = {record.message.split()[0]: record for record in caplog.records}
    assert told["token_acquired"].levelno == logging.INFO
    assert told["secret_fetched"].levelno == logging.DEBUG
    assert told["secret_fetched"].nightlatch["name"] == "db"  # type: ignore[attr-defined]
    assert "hunter2" not in caplog.text


def test_a_failing_listener_harms_nobody(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    def fail(event: dict[str, object]) -> None:
        raise RuntimeError("mine")

    assert cloud.client(on_event=fail).get_secret("db").name == "db"
    assert "on_event failed" in caplog.text
