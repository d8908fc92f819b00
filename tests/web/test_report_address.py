"""The URL of a report page is its state: whatever is written there can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_api.errors import BadRequestError
from web.report_address import ReportAddress, number

PATH = "/reports/8b747ddbf62b130c"


@pytest.mark.parametrize(
    ("start", "end", "quoted"),
    [
        ("3", "9", (3, 9)),
        ("0", "100", (0, 100)),
        ("0", "101", (0, 0)),
        ("9", "3", (0, 0)),
        ("-1", "3", (0, 0)),
        ("1", "", (0, 0)),
        ("1e1", "20", (0, 0)),
        ("٣", "9", (0, 0)),
    ],
)
def test_a_place_is_read_where_the_text_has_it(
    start: str, end: str, quoted: tuple[int, int]
) -> None:
    assert ReportAddress(PATH, start=start, end=end).quoted(100) == quoted


def test_an_address_says_what_is_set_and_nothing_else() -> None:
    asked = ReportAddress.of(PATH, {"find": "a b&c", "start": "1", "utm_source": "mail"})
    assert asked.url() == f"{PATH}?start=1&find=a+b%26c"
    assert asked.url("hit-2", start="", hit="2") == f"{PATH}?find=a+b%26c&hit=2#hit-2"
    assert asked.url(start="", find="") == PATH


def test_words_that_are_too_long_are_refused_by_name() -> None:
    with pytest.raises(BadRequestError) as refused:
        ReportAddress(PATH, find="x" * 1001).wanted()
    assert refused.value.param == "find"


@given(st.text(max_size=20))
def test_a_number_is_written_in_digits_or_is_none(written: str) -> None:
    found = number(written)
    assert found is None or str(found) == (written.lstrip("0") or "0")
