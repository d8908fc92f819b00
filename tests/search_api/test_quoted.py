"""search_api.quoted: what stands in quotation marks, and text as it compares."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_api.quoted import fold, quoted_passages


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        ("He said “two year plan”.", ["two year plan"]),
        ('He said "two year plan" twice.', ["two year plan"]),
        ("He said ‘it’s the plan’ and left.", ["it’s the plan"]),
        ("He said 'it's the plan' and left.", ["it's the plan"]),
        ("She wrote «plan deux».", ["plan deux"]),
        ("„Der Plan“ he said", ["Der Plan"]),
        ('"one two" and “three four”', ["one two", "three four"]),
        ("“ padded ”", ["padded"]),
        ("“never closed in this paragraph\n\nnot quoted”", ["never closed in this paragraph"]),
        ("“first part\n\n“second part”", ["first part", "second part"]),
        ("“over\ntwo lines”", ["over\ntwo lines"]),
        ("don't and isn't and the boys' club", []),
        ("in '09 and 1990's", []),
        ('a 5" pipe', []),
        ("“”", []),
        ("", []),
        ("no quotation at all", []),
    ],
)
def test_quoted_passages_are_found(draft: str, expected: list[str]) -> None:
    found = quoted_passages(draft)
    assert [one.text for one in found] == expected
    assert all(draft[one.start : one.end] == one.text for one in found)


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from("“ ” ‘ ’ \" ' a b\n\n".split(" "))).map("".join)
)
def test_any_draft_can_be_read(draft: str) -> None:
    end = 0
    for one in quoted_passages(draft):
        assert end <= one.start < one.end
        assert draft[one.start : one.end] == one.text
        end = one.end


@pytest.mark.parametrize("repeated", ["'a ", "‘a ", "a'", "‘a’b", "“", '" ', "'a’ "])
def test_a_draft_full_of_marks_is_read_at_once(repeated: str) -> None:
    started = time.process_time()
    quoted_passages(repeated * (50_000 // len(repeated)))
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("it’s  a\n“plan”", 'it\'s a "plan"'),
        ("2011–12 — then", "2011-12 - then"),
        ("so\u00adcial ser\u200bvices", "social services"),
        ("wait…", "wait..."),
        ("eﬃcient ﬁrm ", "eﬃcient firm"),
        ("£4.7\u00a0m", "£4.7 m"),
    ],
)
def test_what_typesetting_changes_compares_equal(one: str, other: str) -> None:
    assert fold(one).text == fold(other).text


@pytest.mark.parametrize(("one", "other"), [("Plan", "plan"), ("a, b", "a b"), ("£4m", "£5m")])
def test_letters_figures_and_punctuation_stay(one: str, other: str) -> None:
    assert fold(one).text != fold(other).text


@given(st.text(max_size=80), st.integers(0, 80), st.integers(0, 80))
def test_a_folded_span_leads_back_to_what_it_was(text: str, a: int, b: int) -> None:
    folded = fold(text)
    start, end = sorted((min(a, len(folded.text)), min(b, len(folded.text))))
    first, last = folded.span(start, end)
    assert 0 <= first <= last <= len(text)
    if start < end:
        assert folded.text[start:end].strip() in fold(text[first:last]).text
