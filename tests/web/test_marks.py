"""Marks are drawn into text that nobody trusts."""

import re

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from web.marks import Layer, layered, marked

HOSTILE = "<script>alert('x')</script> & \"<mark>\""


def test_a_mark_stands_around_its_characters_and_nowhere_else() -> None:
    assert marked("made available £4.7m in 2011", [(15, 20)]) == (
        "made available <mark>£4.7m</mark> in 2011"
    )


def test_text_is_escaped_inside_and_outside_of_marks() -> None:
    assert marked("<b>&</b>", [(0, 3)]) == "<mark>&lt;b&gt;</mark>&amp;&lt;/b&gt;"


def test_only_the_first_mark_carries_the_id_and_the_id_is_escaped() -> None:
    html = layered("one two", [Layer([(0, 3), (4, 7)], first_id='p"1')])
    assert html == '<mark id="p&#34;1">one</mark> <mark>two</mark>'


def test_where_layers_overlap_a_mark_has_both_classes_and_no_id_is_lost() -> None:
    quote, hits = Layer([(0, 7)], first_id="b0"), Layer([(4, 13)], "hit", "hit-1")
    assert layered("one two three", [quote, hits]) == (
        '<mark id="b0">one </mark><mark id="hit-1" class="hit">two</mark>'
        '<mark class="hit"> three</mark>'
    )
    both = layered("one", [Layer([(0, 3)], first_id="b0"), Layer([(0, 3)], "hit", "hit-1")])
    assert both == '<span id="hit-1"></span><mark id="b0" class="hit">one</mark>'


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


@given(text=st.text(max_size=50) | st.just(HOSTILE), spans=spans, others=spans)
def test_without_the_marks_of_its_layers_the_html_is_the_escaped_text(
    text: str, spans: list[tuple[int, int]], others: list[tuple[int, int]]
) -> None:
    html = layered(text, [Layer(spans, first_id="a"), Layer(others, "hit", "b")])
    tags = r'<span id="[ab]"></span>|<mark( id="[ab]")?( class="hit")?>|</mark>'
    assert re.sub(tags, "", str(html)) == str(escape(text))
