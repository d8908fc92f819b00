"""search_api.asked_dates: which times are asked of, and what fits them."""

import pytest

from search_api.asked_dates import dates_in, report_fits, sentence_fits

JUNE = (("2013-06-01", "2013-06-30"),)


@pytest.mark.parametrize(
    ("question", "dates"),
    [
        ("How many were there by June 2013?", JUNE),
        ("minutes of 5 June 2013", (("2013-06-05", "2013-06-05"),)),
        ("spending in 2011 and in 2011", (("2011-01-01", "2011-12-31"),)),
        ("spending in 2011-12", (("2011-01-01", "2012-12-31"),)),
        ("how many boroughs", ()),
    ],
)
def test_the_times_of_a_question_are_read_each_once(
    question: str, dates: tuple[tuple[str, str], ...]
) -> None:
    assert dates_in(question) == dates


@pytest.mark.parametrize(
    ("dated", "fit"),
    [
        ("2013-06-05", 1.0),
        ("2013-06", 1.0),
        ("2013", 1.0),  # no more is known of it
        ("2013-07-30", 1 - 30 / 90),
        ("2013-12-01", 0.0),
        ("2013-05-31", 0.0),
        ("", 0.0),
    ],
)
def test_a_report_fits_the_time_that_it_is_of_and_less_the_months_before_it(
    dated: str, fit: float
) -> None:
    assert report_fits(JUNE, dated) == pytest.approx(fit)


def test_of_two_times_a_report_fits_one() -> None:
    assert report_fits((*JUNE, ("2011-03-01", "2011-03-31")), "2013-06-05") == 0.5


@pytest.mark.parametrize(
    ("text", "fit"),
    [
        ("On 5 June 2013 there were ten.", 1.0),
        ("Since 2013 there are ten.", 0.0),  # a year is not within a month
        ("In May 2013 there were ten.", 0.0),
        ("There were ten.", 0.0),
    ],
)
def test_a_sentence_fits_by_the_time_that_it_names(text: str, fit: float) -> None:
    assert sentence_fits(JUNE, text, "2015-01-01") == fit
    assert sentence_fits(JUNE, text, "2013-06-10") == 1.0
