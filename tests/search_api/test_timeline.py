"""search_api.timeline and changes: quotes in order of time, and figures that differ."""

import json

import pytest

from indexer.build import build
from indexer.embedding import BuildEncoder
from indexer.generation import Generation, open_generation
from indexer.records import Filters
from search_api.matching import Stemmer
from search_api.timeline import TimelineResponse, timeline_of

REPORTS = (
    (
        "first",
        "2010-01-05",
        "Operation Lantern has a budget of £2m for 2010-11. It has 40 officers.",
    ),
    ("later", "2011-02-06", "The budget of Operation Lantern is £3.5 million for 2011-12."),
    (
        "again",
        "2011-06-07",
        "Operation Lantern now has 55 officers, and its budget is £3.5m still.",
    ),
    ("copy", "2011-07-01", "The budget of Operation Lantern is £3.5 million for 2011-12."),
    ("undated", "", "Operation Lantern closed early."),
    ("other", "2011-03-01", "Operation Candle has a budget of £9m. A lantern is no operation."),
    ("bare", "2012-01-01", "Candles rose by 5% to 12 a day."),
)


@pytest.fixture(scope="module")
def lanterns(tmp_path_factory: pytest.TempPathFactory, encoder: BuildEncoder) -> Generation:
    folder = tmp_path_factory.mktemp("lanterns")
    (folder / "reports.jsonl").write_text(
        "".join(
            json.dumps({"_id": name, "title": name, "date": date, "text": text}) + "\n"
            for name, date, text in REPORTS
        )
    )
    build(folder / "reports.jsonl", folder / "index", encoder)
    return open_generation(folder / "index")


def timeline(
    reader: Generation, q: str, filters: Filters | None = None, limit: int = 50
) -> TimelineResponse:
    return timeline_of(reader, q, filters or Filters(), limit, Stemmer(reader))


def test_quotes_come_in_order_of_time_with_undated_ones_last(lanterns: Generation) -> None:
    found = timeline(lanterns, "Operation Lantern")
    assert found.matched_as == "phrase"
    assert [(one.date, one.title) for one in found.quotes] == [
        *(("2010-01-05", "first"), ("2010-01-05", "first"), ("2011-02-06", "later")),
        *(("2011-06-07", "again"), ("", "undated")),
    ]
    assert found.reports == 5
    assert [(one.month, one.reports) for one in found.months] == [
        *(("2010-01", 1), ("2011-02", 1), ("2011-06", 1), ("2011-07", 1)),
    ]


def test_figures_are_marked_in_the_quote_and_normalised(lanterns: Generation) -> None:
    first, second = timeline(lanterns, "Operation Lantern").quotes[:2]
    assert [(one.kind, one.text, one.value, one.unit, one.date) for one in first.figures] == [
        ("money", "£2m", 2_000_000.0, "GBP", ""),
        ("date", "2010-11", None, "", "2010/2011"),
    ]
    assert [(one.kind, one.value, one.unit) for one in second.figures] == [
        ("staff", 40.0, "officers")
    ]
    for figure in first.figures:
        assert first.quote[figure.start : figure.end] == figure.text


def test_what_changed_is_shown_side_by_side_with_the_words_that_both_share(
    lanterns: Generation,
) -> None:
    found = timeline(lanterns, "Operation Lantern")
    (budget,) = (one for one in found.changes if one.kind == "money")
    assert (budget.before.figure.value, budget.after.figure.value) == (2e6, 3.5e6)
    assert budget.difference == 1.5e6
    assert (budget.before.date, budget.after.date) == ("2010-01-05", "2011-02-06")
    assert (budget.before.period, budget.after.period) == ("2010/2011", "2011/2012")
    assert not budget.same_period
    assert "budget" in budget.about
    assert found.quotes[budget.after.quote].title == "later"


def test_a_figure_that_is_said_again_is_no_change(lanterns: Generation) -> None:
    changed = timeline(lanterns, "Operation Lantern").changes
    assert all(one.before.figure.value != one.after.figure.value for one in changed)
    assert not [one for one in changed if one.after.date == "2011-07-01"]


def test_words_that_are_nowhere_side_by_side_are_looked_for_one_by_one(
    lanterns: Generation,
) -> None:
    found = timeline(lanterns, "budget candle")
    assert (found.matched_as, {one.title for one in found.quotes}) == ("all words", {"other"})
    assert timeline(lanterns, "zebra lantern").matched_as == "query"
    assert timeline(lanterns, "zebra").quotes == ()


def test_filters_and_the_limit_hold(lanterns: Generation) -> None:
    found = timeline(lanterns, "Operation Lantern", Filters(date_from="2011-01-01"))
    assert {one.date for one in found.quotes} == {"2011-02-06", "2011-06-07"}
    few = timeline(lanterns, "Operation Lantern", limit=2)
    assert len(few.quotes) == 2
    assert few.truncated
    assert not timeline(lanterns, "Candles").truncated


def test_every_quote_is_the_text_of_its_report_at_its_offsets(sample: Generation) -> None:
    for q in ("Operation Connect", "community engagement", "budget"):
        found = timeline(sample, q)
        assert found.quotes
        dates = [one.date or "9999" for one in found.quotes]
        assert dates == sorted(dates)
        for one in found.quotes:
            text = sample.document_text(one.document_id).text
            assert text[one.start : one.end] == one.quote
            assert all(one.quote[f.start : f.end] == f.text for f in one.figures)
        for change in found.changes:
            assert change.before.date < change.after.date
            assert change.before.document_id != change.after.document_id
            assert change.about


@pytest.mark.parametrize("q", ["", " ", '"', "x AND", "-gangs", "(" * 900, "£", "the of and"])
def test_any_query_has_a_timeline(sample: Generation, q: str) -> None:
    assert timeline(sample, q).generation == sample.generation_id
