"""The OpenAPI document: its examples work, and what comes is what it describes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from search_api.app import create_app
from search_api.parameter_docs import EXAMPLE_DOCUMENT
from search_api.settings import Settings

# What an operation needs that no example can name ahead: it is asked for first, or not to be had.
_NEEDS_A_TOKEN = {("post", "/v1/reindex"), ("get", "/v1/reindex/{job_id}")}


@pytest.fixture(scope="module")
def client(sample_index: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(index_dir=sample_index))) as client:
        yield client


@pytest.fixture(scope="module")
def described(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/v1/openapi.json").json()
    return found


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if (method, path) not in _NEEDS_A_TOKEN:
                yield method, path, operation


def address(client: TestClient, path: str) -> str:
    if "{answer_id}" in path:
        return str(client.get("/v1/answer?q=gangs").json()["permalink"])
    return path.replace("{document_id}", EXAMPLE_DOCUMENT)


def assert_as_described(
    response: Response, operation: dict[str, Any], described: dict[str, Any]
) -> None:
    answered = operation["responses"][str(response.status_code)]
    kind = response.headers["content-type"].partition(";")[0]
    assert kind in answered["content"], (kind, list(answered["content"]))
    if kind == "application/json":
        schema = answered["content"][kind]["schema"] | {"components": described["components"]}
        jsonschema_rs.validate(schema, response.json())


def test_every_example_works_and_gives_what_is_described(
    client: TestClient, described: dict[str, Any]
) -> None:
    asked = 0
    for method, path, operation in operations(described):
        parameters = [one for one in operation.get("parameters", []) if one["in"] == "query"]
        examples = {one["name"]: str(one["example"]) for one in parameters if "example" in one}
        body = operation.get("requestBody")
        sent = body["content"]["application/json"]["example"] if body else None
        response = client.request(method, address(client, path), params=examples, json=sent)
        assert response.status_code == 200, (path, examples, response.text)
        assert_as_described(response, operation, described)
        asked += 1
    assert asked >= 17


def test_each_example_of_a_parameter_works_by_itself(
    client: TestClient, described: dict[str, Any]
) -> None:
    for method, path, operation in operations(described):
        if method != "get":
            continue
        parameters = {
            one["name"]: one for one in operation.get("parameters", []) if one["in"] == "query"
        }
        needed = {name: str(one["example"]) for name, one in parameters.items() if one["required"]}
        for name, one in parameters.items():
            assert one["description"], (path, name)
            if name == "cursor":
                continue
            response = client.get(
                address(client, path), params=needed | {name: str(one["example"])}
            )
            assert response.status_code == 200, (path, name, response.text)


def test_every_parameter_that_is_read_is_described_and_no_other(
    client: TestClient, described: dict[str, Any]
) -> None:
    for method, path, operation in operations(described):
        names = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
        assert len(set(names)) == len(names)
        if method == "get" and path.startswith("/v1/"):
            response = client.get(address(client, path), params={"xyzzy": "1"})
            assert response.status_code == 400
            message = response.json()["errors"][0]["message"]
            assert all(name in message for name in names), (path, message)


def test_every_refusal_is_described_as_a_problem(described: dict[str, Any]) -> None:
    for method, path, operation in operations(described):
        for status, answered in operation["responses"].items():
            if status >= "400":
                assert list(answered["content"]) == ["application/problem+json"]
        if path.startswith("/v1/"):
            assert {"400", "401", "429", "503"} <= set(operation["responses"]), (method, path)
