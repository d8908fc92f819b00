"""Marks are drawn into text that nobody trusts."""

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from web.marks import marked

HOSTILE = "<script>alert('x')</script> & \"<mark>\""


def test_a_mark_stands_around_its_characters_and_nowhere_else() -> None:
    assert marked("made available £4.7m in 2011", [(15, 20)]) == (
        "made available <mark>£4.7m</mark> in 2011"
    )


def test_text_is_escaped_inside_and_outside_of_marks() -> None:
    assert marked("<b>&</b>", [(0, 3)]) == "<mark>&lt;b&gt;</mark>&amp;&lt;/b&gt;"


def test_only_the_first_mark_carries_the_id_and_the_id_is_escaped() -> None:
    html = marked("one two", [(0, 3), (4, 7)], first_id='p"1')
    assert html == '<mark id="p&#34;1">one</mark> <mark>two</mark>'


def test_spans_that_overlap_touch_or_leave_the_text_become_one_mark_inside_it() -> None:
    assert marked("abcdef", [(3, 99), (-5, 1), (2, 4), (5, 5)]) == (
        "<mark>a</mark>b<mark>cdef</mark>"
    )


spans = st.lists(st.tuples(st.integers(-5, 60), st.integers(-5, 60)), max_size=6)


@given(text=st.text(max_size=50) | st.just(HOSTILE), spans=spans)
def test_without_its_marks_the_html_is_the_escaped_text(
    text: str, spans: list[tuple[int, int]]
) -> None:
    html = marked(text, spans)
    assert str(html).replace("<mark>", "").replace("</mark>", "") == str(escape(text))
