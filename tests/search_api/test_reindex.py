"""search_api.reindex: who may start a build over HTTP, and that what it finds is served."""

import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from indexer.build import build
from indexer.embedding import BuildEncoder
from search_api.app import create_app
from search_api.reindex import (
    BusyError,
    ForbiddenError,
    Reindexer,
    UnauthorizedError,
    UnknownJobError,
)
from search_api.settings import Settings

TOKEN = "correct-horse"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "one.txt").write_text("The first lantern was lit by Ada Brown.\n")
    return folder


def slug(response: Response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["type"])


def finished(client: TestClient, address: str) -> dict[str, str]:
    """Wait for the end of a job; return its last status."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found: dict[str, str] = client.get(address, headers=AUTHORIZED).json()
        if found["state"] != "running":
            return found
        time.sleep(0.1)
    pytest.fail("the build did not end")


def test_without_a_token_in_the_settings_it_is_off(tmp_path: Path) -> None:
    with TestClient(create_app(Settings(index_dir=tmp_path))) as client:
        for headers in ({}, AUTHORIZED, {"Authorization": "Bearer "}):
            response = client.post("/v1/reindex", headers=headers)
            assert (response.status_code, slug(response)) == (403, "/problems/forbidden")
        assert client.get("/v1/reindex/x").status_code == 403


@pytest.mark.parametrize("header", [None, "", "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN}x"])
def test_a_missing_or_wrong_token_is_refused_and_starts_nothing(
    tmp_path: Path, header: str | None
) -> None:
    settings = Settings(index_dir=tmp_path / "index", source_dir=tmp_path, reindex_token=TOKEN)
    with TestClient(create_app(settings)) as client:
        headers = {} if header is None else {"Authorization": header}
        for response in (
            client.post("/v1/reindex", headers=headers),
            client.get("/v1/reindex/x", headers=headers),
        ):
            assert (response.status_code, slug(response)) == (401, "/problems/unauthorized")
            assert response.headers["www-authenticate"] == "Bearer"
            assert TOKEN not in response.text
    assert not (tmp_path / "index").exists()


def test_a_new_report_is_found_by_the_running_service_after_a_reindex(
    source: Path, tmp_path: Path, encoder: BuildEncoder
) -> None:
    index_dir = tmp_path / "index"
    build(source, index_dir, encoder)
    settings = Settings(
        index_dir=index_dir, source_dir=source, reindex_token=TOKEN, poll_seconds=0.05
    )
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        before = client.get("/readyz").json()["generation"]
        (source / "two.txt").write_text("The second lantern was lit by Bo Green.\n")
        started = client.post("/v1/reindex", headers=AUTHORIZED)
        assert started.status_code == 202
        job = started.json()
        assert job["state"] == "running"
        assert started.headers["location"] == job["status_url"] == f"/v1/reindex/{job['job_id']}"

        again = client.post("/v1/reindex", headers=AUTHORIZED)
        assert (again.status_code, slug(again)) == (409, "/problems/busy")

        ended = finished(client, job["status_url"])
        assert ended["state"] == "done", ended
        assert "documents=2" in ended["message"]
        deadline = time.monotonic() + 10
        while client.get("/readyz").json()["generation"] == before:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        found = client.get("/v1/search", params={"q": "Bo Green"}).json()
        assert found["results"][0]["source_id"] == "two.txt"
        unknown = client.get("/v1/reindex/unknown", headers=AUTHORIZED)
        assert (unknown.status_code, slug(unknown)) == (404, "/problems/not-found")


def test_a_build_that_fails_is_told_without_a_path(tmp_path: Path) -> None:
    settings = Settings(
        index_dir=tmp_path / "index", source_dir=tmp_path / "absent", reindex_token=TOKEN
    )
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        job = client.post("/v1/reindex", headers=AUTHORIZED).json()
        ended = finished(client, job["status_url"])
    assert ended["state"] == "failed"
    assert ended["message"] == "the build failed; the owner finds the reason in the log"
    assert str(tmp_path) not in ended["message"]


def test_the_token_is_checked_before_anything_else(tmp_path: Path) -> None:
    closed = Reindexer(tmp_path, tmp_path, "")
    with pytest.raises(ForbiddenError, match="ARCHIVE_REINDEX_TOKEN"):
        closed.authorize("Bearer ")
    reindexer = Reindexer(tmp_path, tmp_path, "tökén")
    reindexer.authorize("Bearer tökén")
    for header in ("", "tökén", "bearer tökén", "Bearer token", "Bearer \udcff"):
        with pytest.raises(UnauthorizedError):
            reindexer.authorize(header)


def test_one_build_runs_at_a_time(tmp_path: Path) -> None:
    reindexer = Reindexer(tmp_path / "absent", tmp_path / "index", TOKEN)
    first = reindexer.start()
    with pytest.raises(BusyError):
        reindexer.start()
    deadline = time.monotonic() + 60
    while reindexer.job(first.job_id).state == "running" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert reindexer.job(first.job_id).state == "failed"
    second = reindexer.start()  # a failure blocks nothing, and is remembered
    assert reindexer.job(second.job_id).state == "running"
    assert reindexer.job(first.job_id).state == "failed"
    with pytest.raises(UnknownJobError):
        reindexer.job("nothing")
