"""search_api.query: how people's words are read, and that every string is read."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indexer.keyword_query import (
    Dated,
    Either,
    Field,
    Fuzzy,
    Group,
    Node,
    Pair,
    Phrase,
    Prefix,
    Wildcard,
    Word,
)
from search_api.query import (
    MAX_WORDS,
    NOTHING_TO_LOOK_FOR,
    PAIR_WEIGHT,
    ParsedQuery,
)
from search_api.query import parse as parse_with_pairs
from search_api.query_words import is_function_word

NOT_CLOSED = "ignored a quotation mark that is not closed"
TRUNCATED = f"searched for the first {MAX_WORDS} words"


def parse(q: str) -> ParsedQuery:
    """Return how `q` is read, less the pairs, which only add to scores."""
    query = parse_with_pairs(q)
    node = query.node
    if isinstance(node, Group):
        kept = tuple(part for part in node.should if not isinstance(part, Pair))
        node = replace(node, should=kept)
    return replace(query, node=node)


def words(*texts: str) -> tuple[Word, ...]:
    return tuple(Word(text) for text in texts)


# --- words, phrases and signs -------------------------------------------------------------------


def test_plain_words_rank_and_none_of_them_must_occur() -> None:
    query = parse("community engagement strategy")
    assert query.node == Group(should=words("community", "engagement", "strategy"))
    assert query.constraint is None
    assert query.terms == ("community", "engagement", "strategy")
    assert query.understood == "community engagement strategy"
    assert query.repaired == ""


def test_neighbouring_words_score_more_side_by_side_but_match_nothing_new() -> None:
    assert parse_with_pairs("community engagement strategy").node == Group(
        should=(
            *words("community", "engagement", "strategy"),
            Pair("community engagement", weight=PAIR_WEIGHT),
            Pair("engagement strategy", weight=PAIR_WEIGHT),
        )
    )


def test_a_quoted_phrase_must_match_and_the_words_around_it_rank() -> None:
    query = parse('budget "two year plan"')
    assert query.node == Group(must=(Phrase("two year plan"),), should=words("budget"))
    assert query.constraint == Group(must=(Phrase("two year plan"),))
    assert query.phrases == ("two year plan",)
    assert query.understood == '"two year plan" budget'


def test_words_inside_a_phrase_are_kept_though_they_carry_no_topic() -> None:
    assert parse('"what was the plan"').node == Group(must=(Phrase("what was the plan"),))


@pytest.mark.parametrize("q", ["“two year plan”", "„two year plan“", "«two year plan»"])
def test_curly_and_angled_quotes_are_quotation_marks(q: str) -> None:
    assert parse(q).node == parse('"two year plan"').node


def test_a_quotation_mark_that_is_not_closed_is_ignored_and_told() -> None:
    query = parse('"two year plan')
    assert query.node == Group(should=words("two", "year", "plan"))
    assert query.repaired == NOT_CLOSED


def test_only_the_quotation_mark_that_is_left_over_is_ignored() -> None:
    query = parse('"two year" plan "of 2011')
    assert query.phrases == ("two year",)
    assert query.node == Group(must=(Phrase("two year"),), should=words("plan", "2011"))
    assert query.repaired == NOT_CLOSED


def test_a_word_with_a_minus_must_not_occur_and_is_neither_marked_nor_encoded() -> None:
    query = parse("gangs -Brent")
    assert query.node == Group(should=words("gangs"), must_not=words("Brent"))
    assert query.constraint == Group(must_not=words("Brent"))
    assert query.terms == ("gangs",)
    assert query.question == "gangs"
    assert query.understood == "gangs -Brent"


def test_a_phrase_with_a_minus_must_not_occur() -> None:
    query = parse('gangs -"Waltham Forest"')
    assert query.node == Group(should=words("gangs"), must_not=(Phrase("Waltham Forest"),))
    assert query.understood == 'gangs -"Waltham Forest"'


def test_a_hyphen_inside_a_word_excludes_nothing() -> None:
    assert parse("co-operation 2011-12").node == Group(should=words("co-operation", "2011-12"))


def test_a_word_with_a_plus_must_occur() -> None:
    query = parse("+Brent gangs")
    assert query.node == Group(must=words("Brent"), should=words("gangs"))
    assert query.constraint == Group(must=words("Brent"))
    assert query.understood == "+Brent gangs"


def test_title_asks_for_a_word_or_a_phrase_in_the_title() -> None:
    assert parse("title:bulletin").node == Group(must=(Word("bulletin", Field.TITLE),))
    assert parse('TITLE:"annual report"').node == Group(
        must=(Phrase("annual report", Field.TITLE),)
    )
    assert parse("title:bulletin DNA").constraint == Group(must=(Word("bulletin", Field.TITLE),))


def test_a_colon_after_any_other_word_is_part_of_the_word() -> None:
    assert parse("subject:money").node == Group(should=words("subject:money"))


def test_a_star_asks_for_any_ending_once_three_letters_stand_before_it() -> None:
    assert parse("polic*").node == Group(should=(Prefix("polic"),))
    assert parse("polic*").constraint is not None
    assert parse("po*").node == Group(should=words("po*"))
    assert parse("p***").node == Group(should=words("p***"))


@pytest.mark.parametrize("q", ["te?t", "t*", "wom?n", "operat*ion", "o?erate"])
def test_a_question_mark_or_star_inside_a_word_asks_for_any_letters(q: str) -> None:
    wild = Wildcard if q not in ("t*", "o?erate") else Word
    assert parse(q).node == Group(should=(wild(q),))
    assert parse("Was it test?").node == Group(should=words("test"))


def test_a_tilde_asks_for_words_that_are_spelt_nearly_so() -> None:
    assert parse("polise~").node == Group(should=(Fuzzy("polise", 1),))
    assert parse("comunications~").node == Group(should=(Fuzzy("comunications", 2),))
    assert parse("polise~2").node == Group(should=(Fuzzy("polise", 2),))
    assert parse("~5").node == Group(should=words("~5"))
    assert parse("title:polise~").node == Group(must=(Fuzzy("polise", 1, Field.TITLE),))


def test_words_that_name_many_words_are_terms_and_patterns() -> None:
    query = parse("operat* te?t polise~ budget")
    assert query.terms == ("operat", "te?t", "polise", "budget")
    assert query.patterns == (Prefix("operat"), Wildcard("te?t"), Fuzzy("polise", 1))
    assert query.question == "operat te?t polise budget"
    assert query.understood == "operat* te?t polise~1 budget"


def test_what_is_known_about_a_report_must_hold_and_is_neither_marked_nor_encoded() -> None:
    query = parse('budget body:police committee:"finance panel" type:minutes year:2011')
    assert query.node == Group(
        must=(
            Word("police", Field.BODY),
            Phrase("finance panel", Field.COMMITTEE),
            Word("minutes", Field.TYPE),
            Dated("2011-01-01", "2011-12-31", "year:2011"),
        ),
        should=words("budget"),
    )
    assert (query.terms, query.phrases, query.question) == (("budget",), (), "budget")
    assert query.understood == (
        'body:police committee:"finance panel" type:minutes year:2011 budget'
    )
    assert parse("committee:finance").question == "finance"


def test_a_date_that_is_none_is_searched_as_a_word_and_told() -> None:
    query = parse("date:soon budget")
    assert query.node == Group(should=words("soon", "budget"))
    assert query.repaired.startswith("searched for soon as a word: date: takes a day, a month")


def test_a_field_with_nothing_behind_it_is_ignored_and_told() -> None:
    query = parse("title: strategy")
    assert query.node == Group(should=words("strategy"))
    assert query.repaired == "ignored title: with nothing directly after it"


@pytest.mark.parametrize("q", ["£4.7m", "2011-12", "SOP/11/09", "7.5%", "C++", "s.12(1)"])
def test_figures_and_reference_numbers_are_one_word(q: str) -> None:
    first = parse(q).node
    assert isinstance(first, Group)
    assert first.should[0] == Word(q.split("(")[0])


def test_punctuation_around_a_word_does_not_belong_to_it() -> None:
    assert parse("budget, (police) 'gangs'?").node == Group(
        should=words("budget", "police", "gangs")
    )


# --- words without a topic ----------------------------------------------------------------------


def test_function_words_are_not_searched_but_are_asked_by_meaning() -> None:
    query = parse("who chairs the board?")
    assert query.terms == ("chairs", "board")
    assert query.question == "who chairs the board?"


def test_function_words_are_searched_where_nothing_else_is_left() -> None:
    assert parse("who is it").terms == ("who", "is", "it")


@pytest.mark.parametrize("word", ["and/or", "it's", "what’s", "his/her", "(up-to)"])
def test_function_words_with_signs_between_them_have_no_topic_either(word: str) -> None:
    assert parse(f"{word} guidance").terms == ("guidance",)


@pytest.mark.parametrize("name", ["WHO", "IT", "US", "MAY"])
def test_function_words_in_capitals_are_names(name: str) -> None:
    assert not is_function_word(name)
    assert is_function_word(name.lower())
    assert parse(f"{name} guidance").terms == (name, "guidance")


@pytest.mark.parametrize(
    "request_phrase",
    [
        "what happened with",
        "What has happened to",
        "tell me about",
        "please show me",
        "can you tell me about",
        "I would like to know about",
        "information about",
        "what is known about",
    ],
)
def test_a_way_to_ask_is_not_searched_but_is_part_of_the_question(request_phrase: str) -> None:
    query = parse(f"{request_phrase} Operation Connect funding")
    assert query.terms == ("Operation", "Connect", "funding")
    assert query.question == f"{request_phrase} Operation Connect funding"
    assert query.understood == "Operation Connect funding"


def test_a_way_to_ask_is_searched_where_nothing_else_is_left() -> None:
    assert parse("tell me about").terms == ("about",)
    assert parse("what happened").terms == ("happened",)


def test_a_way_to_ask_may_stand_before_operators() -> None:
    assert parse("tell me about Brent OR Harrow").node == parse("Brent OR Harrow").node


# --- AND, OR, NOT and brackets ------------------------------------------------------------------


def test_both_sides_of_and_must_match() -> None:
    query = parse("gangs AND Brent")
    assert query.node == Group(must=words("gangs", "Brent"))
    assert query.constraint == Group(must=words("gangs", "Brent"))
    assert query.understood == "gangs AND Brent"


def test_either_side_of_or_may_match() -> None:
    assert parse("gangs OR Brent").node == Group(should=words("gangs", "Brent"))
    query = parse('"two year plan" OR Brent')
    assert query.node == Group(should=(Phrase("two year plan"), Word("Brent")))
    assert query.constraint == Group(must=(query.node,))


def test_not_excludes_what_follows_and_keeps_it_out_of_the_question() -> None:
    query = parse('gangs NOT Brent NOT "Waltham Forest" youth')
    assert query.node == Group(
        should=words("gangs", "youth"), must_not=(Word("Brent"), Phrase("Waltham Forest"))
    )
    assert query.question == "gangs youth"


@pytest.mark.parametrize("q", ["gangs NOT (Brent OR Harrow)", "gangs -(Brent OR Harrow)"])
def test_brackets_can_be_excluded_as_a_whole(q: str) -> None:
    query = parse(q)
    assert query.node == Group(
        should=words("gangs"), must_not=(Group(should=words("Brent", "Harrow")),)
    )
    assert query.question == "gangs"
    assert query.understood == "gangs -(Brent OR Harrow)"


def test_not_binds_closest_then_and_then_or() -> None:
    assert parse("alpha OR beta AND gamma NOT delta").node == Group(
        should=(
            Word("alpha"),
            Group(must=(Word("beta"), Group(should=words("gamma"), must_not=words("delta")))),
        )
    )


def test_brackets_group() -> None:
    assert parse("(alpha OR beta) AND gamma").node == Group(
        must=(Group(should=words("alpha", "beta")), Word("gamma"))
    )


def test_what_stands_beside_brackets_ranks_and_is_not_said_to_be_required() -> None:
    query = parse("alpha (beta OR gamma)")
    assert query.node == Group(must=(Group(should=words("beta", "gamma")),), should=words("alpha"))
    assert query.understood == "(beta OR gamma) alpha"


def test_operators_in_small_letters_are_words_without_a_topic() -> None:
    assert parse("gangs and Brent").node == Group(should=words("gangs", "Brent"))


@pytest.mark.parametrize(
    ("q", "understood", "repaired"),
    [
        ("gangs AND", "gangs", "ignored AND with nothing on one side"),
        ("OR gangs", "gangs", "ignored OR with nothing on one side"),
        ("AND", "", "ignored AND with nothing on one side"),
        ("gangs NOT", "gangs", "ignored NOT with nothing after it"),
        ("(gangs AND Brent", "gangs AND Brent", "closed a bracket"),
        ("gangs AND Brent)", "gangs AND Brent", "ignored a bracket that is not opened"),
        (") gangs OR Brent", "gangs Brent", "ignored a bracket that is not opened"),
    ],
)
def test_operators_and_brackets_that_miss_a_part_are_repaired_and_told(
    q: str, understood: str, repaired: str
) -> None:
    query = parse(q)
    assert (query.understood, query.repaired) == (understood, repaired)


def test_brackets_that_only_exclude_exclude() -> None:
    assert parse("gangs (NOT Brent)").node == Group(should=words("gangs"), must_not=words("Brent"))


def test_a_figure_can_be_excluded() -> None:
    assert parse("budget -£4.7m").node == Group(should=words("budget"), must_not=words("£4.7m"))


def test_brackets_without_operators_are_punctuation() -> None:
    query = parse("the Metropolitan Police Authority (MPA) budget")
    assert query.node == Group(should=words("Metropolitan", "Police", "Authority", "MPA", "budget"))
    assert query.repaired == ""


def test_brackets_nested_beyond_reason_are_ignored_and_told() -> None:
    query = parse("gangs AND " + "(" * 100 + "Brent" + ")" * 100)
    assert query.understood == "gangs AND Brent"
    assert query.repaired == "ignored brackets inside more than 20 others"


@pytest.mark.parametrize("q", ["", "   ", '""', "!!!", "-", "( )", "\x00", "\ud800"])
def test_what_holds_no_word_searches_for_nothing(q: str) -> None:
    query = parse(q)
    assert (query.node, query.question, query.terms) == (Group(), "", ())


def test_the_first_words_of_a_pasted_page_are_searched_and_the_cut_is_told() -> None:
    query = parse(" ".join(f"word{number}" for number in range(MAX_WORDS + 9)))
    assert query.terms == tuple(f"word{number}" for number in range(MAX_WORDS))
    assert query.repaired == TRUNCATED


# --- laws ---------------------------------------------------------------------------------------

ANY_TEXT = st.text(st.characters(), max_size=300)
PIECES = [
    *"alpha beta the WHO who AND OR NOT ( ) -( -gamma +delta polic* £4.7m 2011-12".split(),
    *"title:budget -title:note \" “ ' '-word AND. (NOT p* !!a* {the} text:OR title:-x --x".split(),
    *"te?t wom?n operat*ion polise~ polise~2 body:police type:minutes title:te?t +te?t".split(),
    *"date:2011-03 year:2010..2012 date:foo title: -year:2011 +date:2011 -body:x date:".split(),
    *('committee:"finance panel"', 'date:"17 March 2011"', 'body:"the AND"', 'year:"so so"'),
    *('"two words"', '-"not these"', 'title:"annual report"', '"the AND who"', "tell me", "-£2m"),
]
WRITTEN_QUERY = st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join)


def leaves(node: Node) -> frozenset[Node]:
    if not isinstance(node, Group):
        return frozenset([node])
    parts = (*node.must, *node.should, *node.must_not)
    return frozenset(leaf for part in parts for leaf in leaves(part))


def matches(node: Node | None, held: frozenset[Node]) -> bool | None:
    """Whether a text that holds these words and phrases matches; None: asks for nothing."""
    if node is None:
        return None
    if not isinstance(node, Group):
        return node in held
    must, should, must_not = (
        [found for part in parts if (found := matches(part, held)) is not None]
        for parts in (node.must, node.should, node.must_not)
    )
    if not must and not should:
        return None
    return all(must) and (bool(must) or any(should)) and not any(must_not)


def assert_same_meaning(one: ParsedQuery, other: ParsedQuery, chosen: int) -> None:
    known = sorted(leaves(one.node) | leaves(other.node), key=repr)
    held = frozenset(leaf for at, leaf in enumerate(known) if chosen >> (at % 31) & 1)
    assert matches(one.node, held) == matches(other.node, held)
    # A bare exclusion constrains without asking for anything: compare with something held.
    asked = Word("asked")
    for_one, for_other = (
        Group(must=(asked, *query.constraint.must), must_not=query.constraint.must_not)
        if query.constraint
        else Group(must=(asked,))
        for query in (one, other)
    )
    assert matches(for_one, held | {asked}) == matches(for_other, held | {asked})


@settings(deadline=None, max_examples=400)
@given(ANY_TEXT)
@example("(" * 5000)
@example("NOT " * 5000)
@example('"' * 4999)
@example("x AND " + "(" * 5000)
@example("(NOT " * 5000 + "x" + ")" * 5000)
@example("x" * 100_000)
@example("\x00\ud800\udfff\u202e\ufeff")
def test_every_text_is_read_and_no_more_than_so_many_words_of_it(q: str) -> None:
    query = parse(q)
    assert query.q == q
    assert len(query.terms) <= MAX_WORDS
    assert set(query.phrases) <= set(query.terms)


@settings(deadline=None, max_examples=600)
@given(WRITTEN_QUERY | ANY_TEXT, st.integers(0, 2**31 - 1))
@example('"x y" OR (a b) NOT c', 5)
@example("'-word beta", 3)
@example("NOT. alpha", 1)
def test_what_is_said_to_be_understood_is_understood_the_same(q: str, chosen: int) -> None:
    query = parse(q)
    again = parse(query.understood)
    # An operator that was ignored may leave brackets behind; what is spelt out may be too long.
    if "with nothing" not in query.repaired and again.repaired != TRUNCATED:
        assert again.understood == query.understood
        assert again.repaired in ("", NOTHING_TO_LOOK_FOR)
        assert_same_meaning(query, again, chosen)


@settings(deadline=None, max_examples=300)
@given(WRITTEN_QUERY)
def test_the_terms_are_the_words_that_may_match_and_none_of_the_excluded_branches(q: str) -> None:
    query = parse(q)

    def wanted(node: Node) -> list[str]:
        if isinstance(node, Group):
            return [text for part in (*node.must, *node.should) for text in wanted(part)]
        assert not isinstance(node, Either)
        return [] if isinstance(node, Dated) or node.field.is_known else [node.text]

    assert set(query.terms) == set(wanted(query.node))


@pytest.mark.parametrize("q", ["-gang", "*", 'title:""', "NOT gangs"])
def test_a_query_that_looks_for_nothing_says_so(q: str) -> None:
    assert parse(q).repaired == NOTHING_TO_LOOK_FOR


@pytest.mark.parametrize(
    ("q", "understood"),
    [
        (
            'Describe how words are chosen in the "training" phase and which of the classes are '
            "then computed",
            "Describe words chosen training phase classes computed",
        ),
        (
            "What methods -exact or approximate -are presently available for working out the "
            "pressure on a body",
            "methods exact approximate presently available working pressure body",
        ),
        (
            "The panel of members from four boroughs, AND NOT the officers, decided on the new "
            "budget",
            "panel members four boroughs officers decided new budget",
        ),
    ],
)
def test_a_long_text_is_read_as_prose_without_operators(q: str, understood: str) -> None:
    query = parse(q)
    assert query.understood == understood
    assert query.constraint is None
    assert query.repaired.startswith("read a long text as plain words")


def test_a_long_exact_phrase_is_still_exact() -> None:
    phrase = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    assert parse(f'"{phrase}" funding').phrases == (phrase,)


def test_a_prefix_is_one_in_letters_of_ascii_only() -> None:
    # Without regard to case "İ" is an "i" to the expression that looks for prefixes.
    assert parse("t\u0130tle:gangs").node == Group(should=words("t\u0130tle:gangs"))
    assert parse("TITLE:gangs").node == parse("title:gangs").node
