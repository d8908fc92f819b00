"""A report that was renamed keeps its permalinks; one that was taken out says so."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from indexer.build import build
from indexer.embedding import BuildEncoder
from indexer.records import document_id_of
from search_api.settings import Settings
from web.app import create_web_app

OLD, NEW = document_id_of("old name.txt"), document_id_of("new name.txt")
TAKEN_OUT = document_id_of("secret.txt")
TEXT = "The first lantern was lit by Ada Brown.\n"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, encoder: BuildEncoder) -> Iterator[TestClient]:
    """The app over an archive in which one report was renamed and one was taken out."""
    folder = tmp_path_factory.mktemp("moved")
    source, index_dir = folder / "reports", folder / "index"
    source.mkdir()
    (source / "old name.txt").write_text(TEXT)
    (source / "secret.txt").write_text("A second lantern <b>was</b> lit by Bo Green.\n")
    build(source, index_dir, encoder)
    (source / "old name.txt").rename(source / "new name.txt")
    (source / "secret.txt").unlink()
    build(source, index_dir, encoder)
    with TestClient(
        create_web_app(Settings(index_dir=index_dir)), follow_redirects=False
    ) as client:
        yield client


@pytest.mark.parametrize("path", ["/v1/documents", "/reports"])
def test_the_old_address_leads_to_the_new_one_for_good(client: TestClient, path: str) -> None:
    moved = client.get(f"{path}/{OLD}?start=4&end=17" if path == "/reports" else f"{path}/{OLD}")
    assert moved.status_code == 301
    query = "?start=4&end=17" if path == "/reports" else ""
    assert moved.headers["location"] == f"{path}/{NEW}{query}"
    assert client.get(moved.headers["location"]).status_code == 200


def test_the_quote_of_an_old_link_is_marked_in_the_report(client: TestClient) -> None:
    page = client.get(f"/reports/{OLD}?start=4&end=17", follow_redirects=True)
    assert "first lantern</mark>" in page.text


def test_a_report_that_was_taken_out_is_gone_and_not_unknown(client: TestClient) -> None:
    answered = client.get(f"/v1/documents/{TAKEN_OUT}")
    assert answered.status_code == 410
    assert answered.json()["type"] == "/problems/withdrawn"
    assert answered.json()["detail"] == (
        "the report 'secret.txt' was in this archive and has been taken out of it"
    )
    page = client.get(f"/reports/{TAKEN_OUT}")
    assert page.status_code == 410
    assert "has been taken out of it" in page.text
    assert client.get("/problems/withdrawn").status_code == 200


def test_an_id_that_never_was_is_unknown(client: TestClient) -> None:
    assert client.get("/v1/documents/0000000000000000").status_code == 404
    assert client.get("/reports/0000000000000000").status_code == 404
