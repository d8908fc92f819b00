"""search_api.quote_check over the sample archive: exact, near with the difference, not found."""

import random
import time

import pytest

from indexer.generation import Generation
from indexer.keyword_query import Group, Node
from indexer.ranking import Ranking
from indexer.records import Filters
from search_api.checked_quotes import CheckedQuote
from search_api.errors import BadRequestError
from search_api.parameter_docs import EXAMPLE_DOCUMENT
from search_api.quote_check import MAX_DRAFT_CHARS, MAX_QUOTES, check_quotes
from search_api.quoted import fold

PLAN = "Operation Connect is a two year plan to deal with violence and gangs"


def check(reader: Generation, draft: str) -> CheckedQuote:
    (found,) = check_quotes(reader, draft).quotes
    assert draft[found.start : found.end] == found.text
    for match in found.matches:
        text = reader.document_text(match.document_id).text
        assert text[match.start : match.end] == match.text
        assert f"start={match.start}&end={match.end}" in match.url
    return found


@pytest.mark.parametrize(
    "draft",
    [
        f"“{PLAN}”",
        f'He said: "{PLAN}."',
        f"It is '{PLAN},' she said.",
        f"“{PLAN[0].lower()}{PLAN[1:]}”",
        "“" + PLAN.replace(" ", " \n ") + "”",
        "“two year plan to deal with violence”",
        "“Operation Connect is a two year plan … violence and gangs”",
        "“Operation Connect is [...] to deal with violence”",
    ],
)
def test_the_words_of_a_report_are_exact(sample: Generation, draft: str) -> None:
    found = check(sample, draft)
    assert found.status == "exact"
    assert found.matches[0].similarity == 1
    assert found.difference == ()


def test_dashes_and_marks_of_the_draft_do_not_count(sample: Generation) -> None:
    found = check(sample, "“£4.7m (£2.7m in 2011–12 and £2m in 2012–13) for Operation Connect”")
    assert found.status == "exact"
    assert (
        found.matches[0].text == "£4.7m (£2.7m in 2011-12 and £2m in 2012-13) for Operation Connect"
    )


@pytest.mark.parametrize(
    ("quote", "changed"),
    [
        (PLAN.replace("two year", "three year"), [("three", "two")]),
        (PLAN.replace("violence", "serious violence"), [("serious ", "")]),
        (PLAN.replace(" and gangs", ""), []),
        (PLAN.replace("plan", "Plan"), [("Plan", "plan")]),
    ],
)
def test_other_words_are_near_and_the_difference_is_shown(
    sample: Generation, quote: str, changed: list[tuple[str, str]]
) -> None:
    found = check(sample, f"He wrote “{quote}”.")
    assert found.status == ("near" if changed else "exact")
    assert [(one.draft, one.report) for one in found.difference if not one.same] == changed
    if changed:
        assert "".join(one.draft for one in found.difference) == quote
        assert "".join(one.report for one in found.difference) == found.matches[0].text


@pytest.mark.parametrize(
    "quote",
    [
        "zebras won the bobsleigh championship in Reykjavik",
        "a two year plan for the zebras of Reykjavik and their bobsleighs",
        "Operation Connect has been closed for want of money since then",
    ],
)
def test_what_no_report_says_is_not_found(sample: Generation, quote: str) -> None:
    assert check(sample, f"“{quote}”").status == "not_found"


@pytest.mark.parametrize("quote", ["plan … Operation Connect is a", "wo year plan to deal"])
def test_words_in_another_order_and_half_words_are_not_exact(
    sample: Generation, quote: str
) -> None:
    assert check(sample, f"“{quote}”").status != "exact"


def test_a_word_or_two_are_not_checked_and_it_says_so(sample: Generation) -> None:
    found = check(sample, "a “two year” plan")
    assert (found.status, found.note) == ("not_checked", "fewer than 3 words")
    long = check(sample, f"“{'gangs ' * 400}”")
    assert (long.status, long.note) == ("not_checked", "longer than 2,000 characters")


def test_counts_and_what_was_searched_are_told(sample: Generation) -> None:
    found = check_quotes(sample, f"“{PLAN}” and “nobody ever said this of zebras” and “so”")
    assert found.counts == {"exact": 1, "near": 0, "not_found": 1, "not_checked": 1}
    assert [one.number for one in found.quotes] == [1, 2, 3]
    assert (found.searched_reports, found.unreadable) == (18, 0)
    assert check_quotes(sample, "nothing is quoted").quotes == ()


def test_any_run_of_words_of_any_report_is_found_exactly(sample: Generation) -> None:
    chance = random.Random(5)
    for document in sample.documents():
        text = sample.document_text(document.document_id).text
        passages = sample.document_passages(document.document_id)
        start = chance.choice(passages).start
        words = text[start:].split(" ")[: chance.randint(6, 40)]
        quote = " ".join(words).replace('"', "").replace("“", "").replace("”", "")
        if "\n\n" in quote or "..." in fold(quote).text:
            quote = quote.partition("\n\n")[0]
        if len(quote.split()) < 4 or '"' in " ".join(words):
            continue
        found = check_quotes(sample, f'"{quote}"').quotes[0]
        assert found.status == "exact", (document.source_id, quote, found)


def test_a_draft_has_bounds(sample: Generation) -> None:
    with pytest.raises(BadRequestError, match="50,000 at most"):
        check_quotes(sample, "x" * (MAX_DRAFT_CHARS + 1))
    with pytest.raises(BadRequestError, match="expected 50 at most"):
        check_quotes(sample, "“a b c” " * (MAX_QUOTES + 1))


def test_the_largest_draft_is_checked_in_seconds(sample: Generation) -> None:
    quotes = [f"“{word} {'gangs and the violence of ' * 30}{word}”" for word in map(str, range(50))]
    started = time.process_time()
    assert len(check_quotes(sample, "\n".join(quotes)).quotes) == 50
    assert time.process_time() - started < 20


def test_long_quotations_of_known_words_in_another_order_are_checked_in_seconds(
    sample: Generation,
) -> None:
    chance = random.Random(7)
    words = sample.document_text(EXAMPLE_DOCUMENT).text.replace('"', "").split()
    quotes = [" ".join(chance.choice(words) for _ in range(400))[:1990] for _ in range(24)]
    started = time.process_time()
    found = check_quotes(sample, "\n".join(f"“{quote}”" for quote in quotes))
    assert found.counts["not_found"] == 24
    assert time.process_time() - started < 10


def test_a_long_quotation_with_a_few_other_words_is_near(sample: Generation) -> None:
    text = sample.document_text(EXAMPLE_DOCUMENT).text
    whole = max(sample.document_passages(EXAMPLE_DOCUMENT), key=lambda one: one.end - one.start)
    quoted = text[whole.start : whole.end].replace("\n", " ")
    assert len(quoted) > 600
    words = quoted.split()
    for place in range(5, len(words), 12):
        words[place] = "otherwise"
    (found,) = check_quotes(sample, f"«{' '.join(words)}»").quotes
    assert found.status == "near"
    assert found.matches[0].document_id == EXAMPLE_DOCUMENT
    assert fold(found.matches[0].text).text == fold(quoted).text.rstrip(".")
    assert "".join(part.report for part in found.difference) == found.matches[0].text


def test_of_a_quotation_full_of_dots_a_few_pieces_are_looked_for(
    sample: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    rank = Generation.keyword_ranking

    def counted(
        reader: Generation, query: Node, depth: int, filters: Filters
    ) -> tuple[Ranking, int]:
        assert isinstance(query, Group)
        asked.append(len(query.should))
        return rank(reader, query, depth, filters)

    monkeypatch.setattr(Generation, "keyword_ranking", counted)
    dotted = " ... ".join(f"of the {number}" for number in range(100))
    assert check_quotes(sample, f"“{dotted}”").counts["not_found"] == 1
    assert max(asked) <= 40
