"""The API, asked whatever its own description allows, and more: nothing fails inside."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

from hypothesis import HealthCheck, given, settings

from looking3d.web.app import create_app
from looking3d.web.config import ServiceConfig
from looking3d.web.service import PhotoOptions, Service, Upload
from tests.web.conftest import ColorDetector, colored

EXAMPLES = 20
"""Of each of the API's operations."""


@pytest.fixture(scope="session")
def described(enrolled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    folder = tmp_path_factory.mktemp("openapi") / "gallery"
    shutil.copytree(enrolled, folder)
    service = Service(ServiceConfig(gallery=folder, max_upload_mb=1), ColorDetector())
    yield service, schemathesis.openapi.from_asgi("/openapi.json", create_app(service))
    service.close()


CHECKS = (
    "not_a_server_error",
    "content_type_conformance",
    "response_schema_conformance",
    "status_code_conformance",
)


def test_nothing_that_is_asked_fails_inside(described) -> None:
    service, schema = described
    checks = [getattr(schemathesis.checks, name) for name in CHECKS]
    asked: Counter[str] = Counter()
    removing = ("DELETE /v1/references/{id}", "DELETE /v1/inspections/{id}")
    (future,) = service.inspect("chair", [Upload("a.png", BytesIO(colored(40)))], PhotoOptions("plain"))
    record = future.result().record

    def ask(operation) -> None:
        @given(operation.as_strategy())
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def ask_one(case) -> None:
            asked[operation.label] += 1
            # What exists is asked, too, as well as what does not; only, it has to stay.
            if asked[operation.label] % 2 and operation.label not in removing:
                known = record.id if "/v1/inspections/" in operation.label else "chair"
                case.path_parameters = {name: known for name in case.path_parameters or {}}
            case.validate_response(case.call(), checks=checks)

        ask_one()

    for found in schema.get_all_operations():
        ask(found.ok())
    assert len(asked) == 25
    assert sum(asked.values()) > 100
