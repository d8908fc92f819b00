"""indexer.duplicates: the same words, nearly the same words, and what MinHash makes of them."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.duplicates import NEAR, nearly_same, similarity, sketch_of, words_digest

VOCABULARY = [f"word{n}" for n in range(3000)]


def text_of(seed: int, words: int = 600) -> list[str]:
    return random.Random(seed).choices(VOCABULARY, k=words)


def changed(words: list[str], share: float, seed: int = 1) -> list[str]:
    """Replace this share of the words, in one stretch, by others."""
    count = int(len(words) * share)
    return [*words[: len(words) - count], *text_of(seed + 1000, count)]


def jaccard(one: list[str], other: list[str]) -> float:
    first, second = ({tuple(w[i : i + 4]) for i in range(len(w) - 3)} for w in (one, other))
    return len(first & second) / len(first | second)


def test_the_same_words_are_the_same_text_whatever_stands_between_them() -> None:
    assert words_digest("The Panel met.\n\n- It agreed:") == words_digest(
        "the panel  met it agreed"
    )
    assert words_digest("costs £4m") != words_digest("costs 4m")
    assert words_digest("met not agreed") != words_digest("not met agreed")


@pytest.mark.parametrize("share", [0.0, 0.05, 0.1, 0.3, 0.6, 1.0])
def test_sketches_agree_as_far_as_the_runs_of_words_do(share: float) -> None:
    for seed in range(5):
        words = text_of(seed)
        other = changed(words, share, seed)
        found = similarity(sketch_of(" ".join(words)), sketch_of(" ".join(other)))
        assert found == pytest.approx(jaccard(words, other), abs=0.16)  # four standard errors


def test_a_draft_is_found_and_another_report_is_not() -> None:
    words = text_of(1)
    texts = [words, text_of(2), changed(words, 0.05), changed(words, 0.5)]
    assert nearly_same([sketch_of(" ".join(one)) for one in texts]) == [0, 1, 0, 3]


def test_a_short_text_is_not_compared() -> None:
    assert sketch_of("see the minutes of the meeting " * 50) == b""
    assert nearly_same([b"", b""]) == [0, 1]
    assert similarity(b"", b"") == 0.0


def test_a_chain_of_small_changes_does_not_join_what_has_little_in_common() -> None:
    drafts = [text_of(7)]
    for step in range(8):
        drafts.append(changed(drafts[-1][60:] + drafts[-1][:60], 0.08, step))
    sketches = [sketch_of(" ".join(one)) for one in drafts]
    for position, first in enumerate(nearly_same(sketches)):
        assert position == first or similarity(sketches[position], sketches[first]) >= NEAR


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=12))
def test_each_is_near_the_first_of_its_group_and_the_first_stands_for_itself(
    seeds: list[int],
) -> None:
    sketches = [sketch_of(" ".join(text_of(seed, 200))) for seed in seeds]
    found = nearly_same(sketches)
    for position, first in enumerate(found):
        assert first <= position
        assert found[first] == first
        assert seeds[first] == seeds[position]


def test_many_copies_of_a_form_are_compared_with_a_bounded_number() -> None:
    form = text_of(3)
    texts = [changed(form, 0.4, seed) for seed in range(300)]
    found = nearly_same([sketch_of(" ".join(one)) for one in texts])
    assert found == list(range(300))
