"""Requests made up from the OpenAPI document: none fails, and every answer is described.

`make fuzz` sends many more of them.
"""

import os
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from search_api.app import create_app
from search_api.parameter_docs import EXAMPLE_DOCUMENT
from search_api.settings import Settings

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "6"))
OPERATIONS = {
    (path, method): operation
    for path, methods in create_app(Settings(index_dir=Path("none"))).openapi()["paths"].items()
    for method, operation in methods.items()
}
# Only where there is something to get wrong: any path is a path.
WITH_INPUT = [
    name
    for name, operation in OPERATIONS.items()
    if "requestBody" in operation
    or any(one["in"] == "query" for one in operation.get("parameters", ()))
]


@pytest.fixture(scope="module")
def described(sample_index: Path) -> schemathesis.BaseSchema:
    app = create_app(Settings(index_dir=sample_index))
    app.state.archive.refresh()
    return schemathesis.openapi.from_asgi("/v1/openapi.json", app)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_any_valid_request_is_answered_as_described(
    described: schemathesis.BaseSchema, path: str, method: str
) -> None:
    send_many(described, path, method, GenerationMode.POSITIVE)


@pytest.mark.parametrize(("path", "method"), WITH_INPUT)
def test_any_invalid_request_is_refused_as_described(
    described: schemathesis.BaseSchema, path: str, method: str
) -> None:
    send_many(described, path, method, GenerationMode.NEGATIVE)


def send_many(
    described: schemathesis.BaseSchema, path: str, method: str, mode: GenerationMode
) -> None:
    requests = described[path][method].as_strategy(generation_mode=mode)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=EXAMPLES < 100,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=requests)
    def send(case: schemathesis.Case[Any]) -> None:
        # Half of the requests about a report are about one that there is.
        if "document_id" in case.path_parameters and len(repr(case.query)) % 2:
            case.path_parameters["document_id"] = EXAMPLE_DOCUMENT
        response = case.call()
        unsayable = response.status_code == 400 and _is_unsayable(case)
        excluded: list[Any] = [positive_data_acceptance] if unsayable else []
        case.validate_response(response, excluded_checks=excluded)

    send()


def _is_unsayable(case: schemathesis.Case[Any]) -> bool:
    """True for what no schema can say: a cursor is handed out, dates and ends come in order."""
    sent = dict(case.query or {}) | (case.body if isinstance(case.body, dict) else {})
    return bool({"cursor", "start", "end"} & set(sent)) or {"date_from", "date_to"} <= set(sent)
