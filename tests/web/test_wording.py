"""The words for dates, places, matches and confidence."""

import pytest

from search_api.responses import Confidence
from web.wording import (
    confidence_words,
    counted,
    date_words,
    matched_words,
    period_words,
    place_words,
)


@pytest.mark.parametrize(
    ("iso", "words"),
    [
        ("2011-03-17", "17 March 2011"),
        ("2011-03", "March 2011"),
        ("2011", "2011"),
        ("2011-13", "2011-13"),
        ("spring 2011", "spring 2011"),
        ("", ""),
    ],
)
def test_a_date_is_written_as_people_write_it_and_other_text_stays(iso: str, words: str) -> None:
    assert date_words(iso) == words


def test_a_period_of_one_day_is_that_day() -> None:
    assert period_words("2011-03-17", "2011-03-17") == "17 March 2011"
    assert period_words("2009-09-10", "2011-03-17") == "10 September 2009 to 17 March 2011"
    assert period_words("", "") == ""


@pytest.mark.parametrize(
    ("section", "paragraph", "page", "words"),
    [
        (
            ("C. Other organisational and community implications", "Financial Implications"),
            "3",
            4,
            "section C, Financial Implications, paragraph 3, page 4",
        ),
        (
            ("B. Supporting information",),
            "10",
            None,
            "section B, Supporting information, paragraph 10",
        ),
        (("2.1 Purpose",), "", 1, "section 2.1, Purpose, page 1"),
        (("Section 4: Costs", "Staff"), "", None, "section 4, Staff"),
        (("Part 4: Costs", "2011. A year"), "", None, "Part 4: Costs, 2011. A year"),
        (("A\n report", "Summary"), "", None, "Summary"),
        ((), "", None, ""),
    ],
)
def test_a_place_names_section_paragraph_and_page_as_printed(
    section: tuple[str, ...], paragraph: str, page: int | None, words: str
) -> None:
    assert place_words(section, paragraph, page, title="A report") == words


def test_a_heading_as_long_as_a_sentence_is_cut_with_an_ellipsis() -> None:
    assert place_words(["x" * 200], "", None) == "x" * 89 + "…"


def test_a_result_says_which_list_brought_it() -> None:
    assert matched_words(["keyword", "vector"]) == "by its words and its meaning"
    assert matched_words(["keyword"]) == "by its words"
    assert matched_words(["vector"]) == "by its meaning only"


def test_confidence_is_an_estimate_that_names_its_calibration() -> None:
    measured = Confidence(value=0.866, band="high", calibrated_on="212 questions")
    assert confidence_words(measured) == (
        "Estimated to be right 87 times in 100 (calibration: 212 questions)."
    )


def test_counts_agree_with_their_noun() -> None:
    assert counted(1, "report") == "1 report"
    assert counted(1204, "report") == "1,204 reports"
    assert counted(2, "passage matches", "passages match") == "2 passages match"
