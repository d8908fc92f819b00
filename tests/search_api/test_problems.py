"""search_api.problems: one shape for every error."""

import json

import pytest

from search_api.problems import KINDS, PROBLEM_TYPE, problem, unknown_parameter


@pytest.mark.parametrize("slug", KINDS)
def test_a_problem_has_the_members_of_rfc_9457_and_its_own_status(slug: str) -> None:
    entry = {"param": "limit", "value": "0", "message": "too small"}
    response = problem(slug, "what was found", "/v1/search", (entry,))
    assert response.status_code == KINDS[slug].status
    assert response.headers["content-type"] == PROBLEM_TYPE == "application/problem+json"
    assert json.loads(bytes(response.body)) == {
        "type": f"/problems/{slug}",
        "title": KINDS[slug].title,
        "status": KINDS[slug].status,
        "detail": "what was found",
        "instance": "/v1/search",
        "errors": [entry],
    }


def test_every_kind_says_what_to_do_next() -> None:
    assert all(kind.advice.endswith(".") and kind.title for kind in KINDS.values())


def test_a_mistyped_parameter_gets_the_nearest_name() -> None:
    assert unknown_parameter("limt", ["limit", "mode"]) == {
        "param": "limt",
        "value": "",
        "message": "there is no such parameter; did you mean 'limit'?",
    }


def test_a_parameter_that_is_like_none_gets_the_list() -> None:
    entry = unknown_parameter("x" * 500, ["limit", "mode"])
    assert entry["message"] == "there is no such parameter; known are: limit, mode"
    assert entry["param"] == "x" * 64
