"""search_api.observing, logs, metrics and gate: what an owner sees of each request."""

import json
import logging
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from search_api.app import create_app
from search_api.errors import OverloadedError
from search_api.gate import Gate
from search_api.logs import JsonLines, TextLines, request_id
from search_api.settings import Settings


@pytest.fixture
def client(sample_index: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(index_dir=sample_index))) as client:
        yield client


def samples(client: TestClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return every sample of /metrics by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
    }


def counted(client: TestClient) -> dict[tuple[str, str, str], float]:
    found = {}
    for (name, labels), value in samples(client).items():
        if name == "archive_requests_total":
            by_name = dict(labels)
            found[by_name["method"], by_name["route"], by_name["status"]] = value
    return found


@pytest.mark.parametrize("name", ["a", "8c1f-4e.2_X", "x" * 64])
def test_a_sane_request_id_is_kept(client: TestClient, name: str) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": name}).headers["x-request-id"] == name


@pytest.mark.parametrize("name", ["", "x" * 65, "a b", "<script>", "é", "a;b"])
def test_any_other_request_id_is_replaced(client: TestClient, name: str) -> None:
    sent = {b"X-Request-Id": name.encode()}
    got = {client.get("/healthz", headers=sent).headers["x-request-id"] for _ in range(2)}
    assert len(got) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in got)


def test_an_error_that_nobody_foresaw_has_an_id_too(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails() -> None:
        raise RuntimeError("/srv/secret")

    monkeypatch.setattr(client.app.state.service, "coverage", fails)  # type: ignore[attr-defined]
    lenient = TestClient(client.app, raise_server_exceptions=False)
    response = lenient.get("/v1/coverage", headers={"X-Request-Id": "mine"})
    assert (response.status_code, response.headers["x-request-id"]) == (500, "mine")
    assert response.json()["type"] == "/problems/internal"
    assert "secret" not in response.text
    assert "/srv/secret" in caplog.text
    assert counted(client)["GET", "/v1/coverage", "500"] == 1


def test_requests_are_counted_by_route_and_never_by_what_was_sent(client: TestClient) -> None:
    client.get("/v1/documents/nothing")
    client.get("/v1/documents/nothing-else")
    client.head("/v1/coverage")
    client.get("/random-1")
    client.get("/random-2")
    client.request("BREW", "/random-3")
    assert counted(client) == {
        ("GET", "/v1/documents/{document_id}", "404"): 2,
        ("HEAD", "/v1/coverage", "200"): 1,
        ("GET", "other", "404"): 2,
        ("other", "other", "404"): 1,
    }


def test_phases_and_the_archive_are_measured(client: TestClient) -> None:
    client.get("/v1/search?q=gangs")
    found = samples(client)
    for phase in ("words", "encode", "meaning", "snippets"):
        assert found["archive_phase_seconds_count", (("phase", phase),)] == 1
    assert found["archive_request_seconds_count", (("route", "/v1/search"),)] == 1
    assert found["archive_ready", ()] == 1
    assert found["archive_documents", ()] == 18
    assert found["archive_files", (("status", "searchable"),)] == 18
    assert found["archive_files", (("status", "unread"),)] == 0
    assert 0 < found["archive_generation_age_seconds", ()] < 86_400


def test_the_readme_lists_every_metric(client: TestClient) -> None:
    client.get("/v1/search?q=gangs")
    exposed = {name.removesuffix("_bucket").removesuffix("_count") for name, _ in samples(client)}
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    table = readme.partition("| metric (Prometheus) |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(archive_\w+)`", table)) == {
        name for name in exposed if not name.endswith(("_created", "_sum"))
    }


def test_two_apps_count_apart_and_without_an_index_the_archive_is_not_ready(
    client: TestClient, tmp_path: Path
) -> None:
    client.get("/healthz")
    other = TestClient(create_app(Settings(index_dir=tmp_path / "none")))
    assert samples(other)["archive_ready", ()] == 0
    assert counted(other) == {("GET", "/metrics", "200"): 1}


def test_a_request_is_one_line_with_its_id(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    lines: list[tuple[str, str]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append((JsonLines().format(record), TextLines().format(record)))

    logger, keep = logging.getLogger("search_api.observing"), Keep()
    caplog.set_level(logging.INFO)
    logger.addHandler(keep)
    try:
        client.get("/healthz%0AINFO forged %1b[31m", headers={"X-Request-Id": "mine"})
    finally:
        logger.removeHandler(keep)
    ((as_json, as_text),) = lines
    found = json.loads(as_json)
    assert (found["request_id"], found["status"], found["method"]) == ("mine", 404, "GET")
    assert found["path"] == "/healthz\nINFO forged \x1b[31m"
    assert "\n" not in as_json
    assert as_text.isprintable()
    assert as_text.endswith("ms [mine]")
    assert r"/healthz\nINFO forged \x1b[31m 404" in as_text


def test_a_line_outside_of_a_request_has_no_id_and_an_exception_is_told() -> None:
    assert request_id.get() == ""
    try:
        raise ValueError("why")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("a", logging.ERROR, "", 0, "so %s", ("it is",), info)
    found = json.loads(JsonLines().format(record))
    assert (found["message"], found["level"]) == ("so it is", "ERROR")
    assert "ValueError: why" in found["exception"]
    assert "request_id" not in found


def test_a_gate_refuses_at_once_and_opens_again() -> None:
    gate = Gate(2)
    with gate, gate, pytest.raises(OverloadedError), gate:
        pass
    with gate, gate:
        pass


def test_those_inside_a_gate_work_two_a_core_at_a_time() -> None:
    turns = 2 * (os.cpu_count() or 1)
    gate = Gate(turns + 3)
    at_work, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal at_work, most
        with gate:
            with lock:
                at_work += 1
                most = max(most, at_work)
            time.sleep(0.2)
            with lock:
                at_work -= 1

    workers = [threading.Thread(target=work) for _ in range(turns + 3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert most == turns


def test_one_search_too_many_is_refused_at_once_while_others_run(sample_index: Path) -> None:
    app = create_app(Settings(index_dir=sample_index, concurrent_searches=1))
    with TestClient(app) as client:
        service = app.state.service
        entered, leave = threading.Event(), threading.Event()
        current = service._archive.current

        def slow() -> object:
            entered.set()
            assert leave.wait(30)
            return current()

        service._archive.current = slow
        running = threading.Thread(target=client.get, args=("/v1/search?q=gangs",))
        running.start()
        assert entered.wait(30)
        service._archive.current = current
        for path in ("/v1/search?q=gangs", "/v1/answer?q=gangs"):
            response = client.get(path)
            assert response.status_code == 503
            assert response.json()["type"] == "/problems/overloaded"
            assert response.headers["retry-after"] == "1"
        assert client.get("/healthz").status_code == 200
        leave.set()
        running.join(30)
        assert client.get("/v1/search?q=gangs").status_code == 200
