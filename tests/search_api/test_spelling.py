"""search_api.spelling: what is offered for words that the archive does not hold."""

import json
import time
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from indexer.build import build
from indexer.embedding import BuildEncoder
from indexer.generation import Generation, open_generation
from indexer.keyword_query import Fuzzy, Prefix, Wildcard
from indexer.words import folded
from search_api.query import parse
from search_api.reader import ArchiveReader
from search_api.spelling import _near, did_you_mean, words_of

TEXTS = (
    *("The police authority met Metropolitan officers.",) * 3,
    "Policing costs of the résumé service in Islington.",
    "Operations were operational; the operation operated.",
    f"Somebody leant on a key: {'a' * 60}.",
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, encoder: BuildEncoder) -> Generation:
    folder: Path = tmp_path_factory.mktemp("words")
    lines = [{"_id": str(at), "text": f"{text} {at}."} for at, text in enumerate(TEXTS)]
    (folder / "words.jsonl").write_text("\n".join(map(json.dumps, lines)))
    build(folder / "words.jsonl", folder / "index", encoder)
    return open_generation(folder / "index")


@pytest.mark.parametrize(
    ("q", "suggested"),
    [
        ("polcie", "police"),
        ("Polcie budget in Islngton?", "Police budget in Islington?"),
        ("metropoitan oficers", "metropolitan officers"),
        ("resumee", "resume"),
        ("+polcie AND oficers", "+police AND officers"),
    ],
)
def test_a_word_that_the_archive_does_not_hold_is_offered_as_one_that_it_does(
    reader: Generation, q: str, suggested: str
) -> None:
    assert did_you_mean(reader, parse(q)) == suggested


@pytest.mark.parametrize(
    "q",
    [
        "police",
        "Police authorities",
        "zebra",
        "polc",
        "POLCIE",
        "polcie7",
        '"polcie"',
        "gangs -polcie",
        "polcie~",
        "polc*",
        "body:polcie",
        "",
    ],
)
def test_words_that_are_held_short_figures_quoted_or_excluded_are_left_alone(
    reader: Generation, q: str
) -> None:
    assert did_you_mean(reader, parse(q)) == ""


def test_a_pattern_names_words_of_the_archive(reader: Generation) -> None:
    operat = ["operated", "operation", "operational", "operations"]
    assert sorted(words_of(reader, Prefix("Operat"))) == operat
    assert sorted(words_of(reader, Wildcard("operat*n*"))) == operat[1:]
    assert words_of(reader, Wildcard("po?ice")) == ["police"]
    assert words_of(reader, Fuzzy("polcie", 1)) == ["police"]
    assert words_of(reader, Fuzzy("rèsume", 1)) == ["resume"]
    assert words_of(reader, Prefix("zzz")) == []


def test_a_pattern_of_many_stars_costs_no_more_than_one_of_a_few(reader: Generation) -> None:
    started = time.process_time()
    assert words_of(reader, Wildcard("aa" + "*a" * 20 + "*b")) == []
    assert words_of(reader, Wildcard("aa" + "*a" * 20)) == ["a" * 60]
    assert time.process_time() - started < 2


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=60) | st.lists(st.sampled_from("polcie ( ) \\1 [a +b polise".split())))
def test_any_query_can_be_asked_for_a_better_spelling(
    reader: Generation, q: str | list[str]
) -> None:
    query = parse(q if isinstance(q, str) else " ".join(q))
    assert isinstance(did_you_mean(reader, query), str)


@settings(max_examples=200, deadline=None)
@given(
    word=st.text("abcdeÀŁ漢\ud800", min_size=1, max_size=9),
    held=st.lists(st.text("abcdeÀŁ漢", min_size=1, max_size=9), unique=True, max_size=30),
    distance=st.sampled_from([1, 2]),
)
def test_every_word_within_the_distance_is_found(word: str, held: list[str], distance: int) -> None:
    class Words:
        def words_of_length(self, length: int) -> dict[str, int]:
            return {one: 1 for one in held if len(one) == length}

    typed = folded(word)
    found = _near(cast(ArchiveReader, Words()), word, distance)
    wrong = {one: OSA.distance(typed, one) for one in held}
    assert {one: letters for one, _, letters in found} == {
        one: letters for one, letters in wrong.items() if letters <= distance
    }
