"""Cursors and answer ids are read as hostile input."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.records import Filters
from search_api import tokens
from search_api.errors import BadRequestError, GoneError, UnknownAnswerError
from search_api.requests import SearchRequest

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def test_a_cursor_leads_back_to_its_place() -> None:
    asked = SearchRequest(q="gangs")
    cursor = tokens.cursor(asked, "g1", 20)
    assert tokens.offset_of(SearchRequest(q="gangs", cursor=cursor), "g1") == 20


def test_a_cursor_of_another_generation_is_gone() -> None:
    cursor = tokens.cursor(SearchRequest(q="gangs"), "g1", 20)
    with pytest.raises(GoneError, match="re-indexed"):
        tokens.offset_of(SearchRequest(q="gangs", cursor=cursor), "g2")


def test_a_cursor_of_other_filters_is_refused() -> None:
    cursor = tokens.cursor(SearchRequest(q="gangs"), "g1", 20)
    other = SearchRequest(q="gangs", filters=Filters(body="MPA"), cursor=cursor)
    with pytest.raises(BadRequestError, match="another query"):
        tokens.offset_of(other, "g1")


@given(q=TEXTS.filter(bool), body=TEXTS)
def test_an_answer_id_holds_question_filters_and_generation(q: str, body: str) -> None:
    written = tokens.answer_id(q, Filters(body=body), "20261122T090000000Z-abcdef12")
    assert tokens.read_answer_id(written) == (
        "20261122T090000000Z-abcdef12",
        q,
        Filters(body=body),
    )


@given(st.text(max_size=60))
def test_what_is_no_answer_id_is_unknown(written: str) -> None:
    with pytest.raises(UnknownAnswerError):
        tokens.read_answer_id(f"g.{written}")


@pytest.mark.parametrize("values", [[], ["q"], ["q", 1, "", "", "", ""], ["", *[""] * 5], {}])
def test_an_answer_id_of_another_shape_is_unknown(values: object) -> None:
    written = tokens._written(values)  # type: ignore[arg-type]
    with pytest.raises(UnknownAnswerError):
        tokens.read_answer_id(f"g.{written}")
