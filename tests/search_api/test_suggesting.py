"""search_api.suggesting: completions out of the archive's own words."""

import threading
import time

import pytest

from indexer.generation import Generation
from search_api.errors import OverloadedError
from search_api.suggesting import Completions, Suggester, entries_of


@pytest.fixture(scope="module")
def completions(sample: Generation) -> Completions:
    return Completions(entries_of(sample))


def texts(completions: Completions, typed: str, limit: int = 10) -> list[str]:
    return [one.text for one in completions.complete(typed, limit)]


def test_a_name_is_completed_from_its_start_and_from_any_word(completions: Completions) -> None:
    assert texts(completions, "operation con")[0] == "Operation Connect"
    assert "Operation Connect" in texts(completions, "CONNECT")
    assert texts(completions, "Metropolitan Police Auth")[0] == "Metropolitan Police Authority"


def test_every_completion_begins_a_word_with_what_was_typed(completions: Completions) -> None:
    for typed in ("o", "con", "police", "strat", "2011"):
        for one in completions.complete(typed, 100):
            assert f" {typed}" in f" {one.text.casefold()}".replace("-", " ").replace("(", " ")
            assert one.reports >= 1


def test_what_begins_so_itself_and_stands_in_more_reports_comes_first(
    completions: Completions,
) -> None:
    found = completions.complete("police", 100)
    starts = [one.text.casefold().startswith("police") for one in found]
    assert starts == sorted(starts, reverse=True)
    counts = [one.reports for one, own in zip(found, starts, strict=True) if own]
    assert counts == sorted(counts, reverse=True)


def test_titles_are_there(completions: Completions, sample: Generation) -> None:
    for document in sample.documents():
        title = " ".join(document.title.split())
        if len(title) <= 180:
            assert title in texts(completions, title[:40], 100)


def test_a_space_ends_a_word(completions: Completions) -> None:
    assert texts(completions, "operation c")
    assert not any(
        one.casefold().startswith("operations") for one in texts(completions, "operation ")
    )


@pytest.mark.parametrize(
    "typed", ["", " ", "'", "\x00", "zzzz", "é", "x" * 1000, "\U0010ffff", "%"]
)
def test_what_completes_to_nothing_gives_nothing(completions: Completions, typed: str) -> None:
    assert completions.complete(typed, 10) == []


def test_completions_are_made_once_for_a_generation_and_are_quick(sample: Generation) -> None:
    suggester = Suggester()
    made = suggester.completions(sample)
    assert suggester.completions(sample) is made
    started = time.perf_counter()
    for _ in range(100):
        made.complete("p", 10)
    assert (time.perf_counter() - started) / 100 < 0.02


def test_who_asks_while_completions_are_made_is_refused_at_once(
    sample: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    making, go_on = threading.Event(), threading.Event()

    def slowly(reader: Generation) -> list[object]:
        making.set()
        assert go_on.wait(30)
        return []

    monkeypatch.setattr("search_api.suggesting.entries_of", slowly)
    suggester = Suggester()
    first = threading.Thread(target=suggester.completions, args=(sample,))
    first.start()
    assert making.wait(30)
    with pytest.raises(OverloadedError):
        suggester.completions(sample)
    go_on.set()
    first.join(30)
    assert suggester.completions(sample).complete("a", 3) == []
