"""search_api.limiting and api_keys: limits are told, kept, and raised by a key."""

import json
import stat
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from search_api.api_keys import ApiKeys, make_key, read_keys
from search_api.app import create_app
from search_api.errors import SettingsError
from search_api.settings import Settings

PATH = "/v1/coverage"


def client_of(tmp_path: Path, address: str = "203.0.113.7", **values: object) -> TestClient:
    """A client of a service without an index: what is refused is refused before that matters."""
    settings = Settings(index_dir=tmp_path / "none", **values)  # type: ignore[arg-type]
    return TestClient(create_app(settings), client=(address, 50000))


def statuses(client: TestClient, count: int, path: str = PATH) -> list[int]:
    return [client.get(path).status_code for _ in range(count)]


def start_of_a_second() -> None:
    time.sleep(1 - time.time() % 1)


def test_one_too_many_is_a_problem_that_says_when_to_ask_again(tmp_path: Path) -> None:
    client = client_of(tmp_path, requests_per_day=3)
    assert statuses(client, 3) == [503] * 3
    response = client.get(PATH, headers={"Origin": "https://paper.example"})
    assert response.status_code == 429
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == "/problems/too-many-requests"
    assert "3 requests a day" in response.json()["detail"]
    assert 0 < int(response.headers["retry-after"]) <= 86_400 * 2
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["x-request-id"]


def test_what_is_left_is_told_with_every_answer(tmp_path: Path) -> None:
    start_of_a_second()
    client = client_of(tmp_path, requests_per_second=10, requests_per_day=5000)
    first, second = client.get(PATH), client.get(PATH)
    assert first.headers["ratelimit-policy"] == '"second";q=10;w=1, "day";q=5000;w=86400'
    assert first.headers["ratelimit"].startswith('"second";r=9;t=1, "day";r=4999;t=')
    assert second.headers["ratelimit"].startswith('"second";r=8;t=1, "day";r=4998;t=')


def test_a_second_later_one_may_ask_again(tmp_path: Path) -> None:
    client = client_of(tmp_path, requests_per_second=2)
    start_of_a_second()
    assert statuses(client, 3) == [503, 503, 429]
    time.sleep(2)
    assert statuses(client, 1) == [503]


def test_clients_are_counted_apart_and_an_ipv6_network_as_one(tmp_path: Path) -> None:
    app = create_app(Settings(index_dir=tmp_path / "none", requests_per_day=1))

    def ask(address: str) -> int:
        return TestClient(app, client=(address, 1)).get(PATH).status_code

    assert [ask("203.0.113.7"), ask("203.0.113.8"), ask("203.0.113.7")] == [503, 503, 429]
    assert [ask("2001:db8::1"), ask("2001:db8::2"), ask("2001:db8:0:1::1")] == [503, 429, 503]
    assert [ask("::ffff:198.51.100.1"), ask("::ffff:198.51.100.2")] == [503, 503]


def test_a_forwarded_address_that_nobody_vouches_for_changes_nothing(tmp_path: Path) -> None:
    client = client_of(tmp_path, requests_per_day=1)
    for number, expected in ((1, 503), (2, 429)):
        forged = {"X-Forwarded-For": f"198.51.100.{number}", "Forwarded": f"for=10.0.0.{number}"}
        assert client.get(PATH, headers=forged).status_code == expected


def test_health_documentation_and_preflights_are_not_counted(tmp_path: Path) -> None:
    client = client_of(tmp_path, requests_per_day=1)
    for path in ("/healthz", "/metrics", "/docs", "/v1/openapi.json", "/problems/gone"):
        assert statuses(client, 3, path) == [200] * 3
    preflight = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    assert [client.options(PATH, headers=preflight).status_code for _ in range(3)] == [200] * 3


def test_a_key_has_limits_of_its_own(tmp_path: Path) -> None:
    keys = tmp_path / "keys.jsonl"
    key = make_key(keys, "The Daily Paper", per_second=0, per_day=3)
    client = client_of(tmp_path, requests_per_day=1, api_keys_file=keys)
    with_key = {"Authorization": f"Bearer {key}"}
    assert statuses(client, 2) == [503, 429]
    response = client.get(PATH, headers=with_key)
    assert response.status_code == 503
    assert response.headers["ratelimit-policy"] == '"day";q=3;w=86400'
    assert [client.get(PATH, headers=with_key).status_code for _ in range(3)] == [503, 503, 429]


def test_a_wrong_key_is_unauthorized_and_another_scheme_is_no_key(tmp_path: Path) -> None:
    keys = tmp_path / "keys.jsonl"
    make_key(keys, "paper", 0, 0)
    client = client_of(tmp_path, api_keys_file=keys)
    response = client.get(PATH, headers={"Authorization": "Bearer ark_guess"})
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert response.json()["type"] == "/problems/unauthorized"
    assert client.get(PATH, headers={"Authorization": "Basic eDp5"}).status_code == 503


def test_the_token_of_a_reindex_is_no_key_but_guessing_it_is_limited(tmp_path: Path) -> None:
    keys = tmp_path / "keys.jsonl"
    make_key(keys, "paper", 0, 0)
    client = client_of(tmp_path, api_keys_file=keys, reindex_token="right", requests_per_day=2)
    guess = {"Authorization": "Bearer wrong"}
    answers = [client.post("/v1/reindex", headers=guess) for _ in range(3)]
    assert [one.status_code for one in answers] == [401, 401, 429]
    assert "API key" not in answers[0].text


def test_without_a_file_of_keys_a_token_is_no_concern(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    assert client.get(PATH, headers={"Authorization": "Bearer x"}).status_code == 503


def test_a_key_is_kept_as_its_digest_and_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    keys = tmp_path / "keys.jsonl"
    key = make_key(keys, "paper", 50, 100)
    written = keys.read_text()
    assert key not in written
    assert key.removeprefix("ark_") not in written
    assert set(json.loads(written)) == {"name", "sha256", "per_second", "per_day"}
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert [one.name for one in read_keys(keys)] == ["paper"]


def test_a_name_has_one_key(tmp_path: Path) -> None:
    keys = tmp_path / "keys.jsonl"
    make_key(keys, "paper", 1, 1)
    with pytest.raises(SettingsError, match="'paper' already"):
        make_key(keys, "paper", 1, 1)


def test_keys_are_read_anew_when_their_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "keys.jsonl"
    keys = ApiKeys(path)
    assert keys.find("anything") is None
    key = make_key(path, "paper", 1, 2)
    found = keys.find(key)
    assert found is not None
    assert (found.name, found.per_second, found.per_day) == ("paper", 1, 2)
    path.unlink()
    assert keys.find(key) is None


def test_a_file_that_breaks_while_it_serves_leaves_the_keys_as_they_were(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "keys.jsonl"
    key = make_key(path, "paper", 1, 0)
    client = client_of(tmp_path, api_keys_file=path)
    path.write_text(path.read_text() + '{"name": "half a li')
    for sent, status in ((key, 503), ("ark_guessed", 401)):
        response = client.get(PATH, headers={"Authorization": f"Bearer {sent}"})
        assert response.status_code == status  # 503: let through to an archive that is not there
    assert caplog.text.count("line 2: not a key") == 1


@pytest.mark.parametrize(
    "line", ["x", "{}", '{"name":"a","sha256":"zz","per_second":1,"per_day":1}']
)
def test_a_line_that_is_no_key_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "keys.jsonl"
    path.write_text(f"\n{line}\n")
    with pytest.raises(SettingsError, match="line 2: not a key"):
        ApiKeys(path)
