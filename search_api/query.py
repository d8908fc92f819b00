"""How is a query read? Every input gives a query; nothing raises, and repairs are told.

words                 ranked by how many and how rare; function words are not searched
"exact words"         must stand side by side
+word                 must occur
-word  -"a phrase"    must not occur; also NOT, and -( ) around several
a AND b   a OR b      in capitals; ( ) group them
title:word            must occur in the title; also text:, body:, committee:, type:
date:2011-03          the report must be of that time; also year:2010..2012
word*  te?t           any ending, any letter
word~                 however it is spelt: one letter wrong, in long words two
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from indexer.abbreviations import Abbreviation
from indexer.keyword_query import (
    Dated,
    Either,
    Field,
    Fuzzy,
    Group,
    Leaf,
    Node,
    Pair,
    Phrase,
    Prefix,
    Wildcard,
    Word,
)
from search_api.query_tree import tree_of
from search_api.query_words import (
    MAX_NESTED,
    Token,
    is_function_word,
    tokens_of,
    with_fields_repaired,
    without_deep_brackets,
    without_operators,
    without_request,
)
from search_api.query_written import written
from search_api.requests import sendable

MAX_WORDS = 256
# A query of more parts than this, a quarter of them function words, is prose. There a dash stands
# before a word, quotation marks around a term and capitals in a title, and none of them says what
# must or must not occur: read as operators, they cost .03 nDCG@10 on cisi, whose queries are long.
MOST_WITH_OPERATORS = 12
_FUNCTION_WORDS_IN_PROSE = 0.25
NOTHING_TO_LOOK_FOR = "nothing to look for: name at least one word that must occur"
# What two neighbouring words side by side count, relative to a word. Measured: .3 gains .01 nDCG@10
# on paragraphs and archive reports and costs .003 on cranfield; 1 loses on most sets.
PAIR_WEIGHT = 0.3

_ASKED_AS = re.compile(r"[*]+$|~[12]?$")  # what is left out of the question that is encoded
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "\x00": " "})


@dataclass(frozen=True, slots=True)
class Expansion:
    """Words of a query that are also searched as `to`.

    `words` are the terms of the query that `to` stands for, all together. `source` is the
    definition that says so; None where the two are ways to write one figure or date.
    """

    words: tuple[str, ...]
    to: str
    source: Abbreviation | None = None

    @property
    def written(self) -> str:
        """What is expanded, as it stands in the query."""
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A query as it is searched.

    `node` is what the keyword side ranks by; `constraint` is the part of it that every result must
    meet, whichever list brings it, None where any passage may come; `question` is what the vector
    side encodes. `terms` are the words and phrases to mark and to answer by; those of them that
    name many words are also in `patterns`. `expanded` is filled by `expansion.expand`.
    """

    q: str
    node: Node
    constraint: Group | None
    question: str
    terms: tuple[str, ...]
    phrases: tuple[str, ...]
    understood: str
    repaired: str
    patterns: tuple[Prefix | Wildcard | Fuzzy, ...] = ()
    expanded: tuple[Expansion, ...] = ()


def parse(q: str) -> ParsedQuery:
    """Return how `q` is searched; total: any string gives a query."""
    repairs: list[str] = []
    text = sendable(q).translate(_QUOTES)
    if text.count('"') % 2:
        position = text.rfind('"')
        text = text[:position] + " " + text[position + 1 :]
        repairs.append("ignored a quotation mark that is not closed")
    tokens = list(tokens_of(text))
    if _is_prose(tokens) and (plain := without_operators(text)) != text:
        text, tokens = plain, list(tokens_of(plain))
        repairs.append("read a long text as plain words, signs and quotation marks left out")
    if len(tokens) > MAX_WORDS:
        repairs.append(f"searched for the first {MAX_WORDS} words")
        tokens = tokens[:MAX_WORDS]
    searched = with_fields_repaired(without_request(text, tokens, MAX_WORDS), repairs)
    if len(shallow := without_deep_brackets(searched)) < len(searched):
        repairs.append(f"ignored brackets inside more than {MAX_NESTED} others")
        searched = shallow
    node = tree_of(searched, repairs)
    leaves = _leaves(node)
    if not (leaves or repairs) and text.strip():
        repairs.append(NOTHING_TO_LOOK_FOR)
    looked_for = [
        leaf for leaf in leaves if not isinstance(leaf, Dated) and not leaf.field.is_known
    ]
    terms = tuple(dict.fromkeys(leaf.text for leaf in looked_for))
    phrases = tuple(
        dict.fromkeys(
            leaf.text for leaf in leaves if isinstance(leaf, Phrase) and not leaf.field.is_known
        )
    )
    return ParsedQuery(
        q=q,
        node=_with_pairs(node),
        constraint=_constraint(node),
        question=_question(tokens) or " ".join(leaf.text for leaf in leaves),
        terms=terms,
        phrases=phrases,
        understood=written(node),
        repaired="; ".join(repairs),
        patterns=tuple(leaf for leaf in looked_for if isinstance(leaf, Prefix | Wildcard | Fuzzy)),
    )


def _with_pairs(node: Node) -> Node:
    """Add each two neighbouring words of a bag as a pair: side by side they say more.

    Pairs add to the score of passages that the words match already; they match nothing new.
    Source: the ordered-window part of Metzler & Croft's sequential dependence model, SIGIR 2005.
    """
    if not isinstance(node, Group):
        return node
    words = [part for part in node.should if isinstance(part, Word)]
    pairs = tuple(
        Pair(f"{first.text} {second.text}", weight=PAIR_WEIGHT) for first, second in pairwise(words)
    )
    return Group(node.must, node.should + pairs, node.must_not)


def _constraint(node: Node) -> Group | None:
    """Return what every result must meet: a bag of plain words asks for nothing."""
    if not isinstance(node, Group):
        return None if isinstance(node, Word) and node.field is Field.ANY else Group(must=(node,))
    plain = all(isinstance(part, Word) for part in node.should)
    if not node.must and plain:
        return Group(must_not=node.must_not) if node.must_not else None
    if node.must:
        return Group(must=node.must, must_not=node.must_not)
    return Group(must=(Group(should=node.should),), must_not=node.must_not)


def _is_prose(tokens: Sequence[Token]) -> bool:
    words = [token.text for token in tokens if token.kind == "word"]
    function_words = sum(map(is_function_word, words))
    return len(tokens) > MOST_WITH_OPERATORS and function_words >= _FUNCTION_WORDS_IN_PROSE * len(
        tokens
    )


def _leaves(node: Node) -> list[Leaf]:
    """Return the words, phrases and dates that a result may hold, words before phrases."""
    match node:
        case Group():
            found = [leaf for part in (*node.must, *node.should) for leaf in _leaves(part)]
            return sorted(found, key=lambda leaf: isinstance(leaf, Phrase))
        case Either():
            return _leaves(node.options[0])
        case Pair():
            return []  # of words that are there already
        case _:
            return [node]


def _question(tokens: Iterable[Token]) -> str:
    """What the vector side encodes: the question as asked, without operators and exclusions.

    Nor with what is known about a report, unless nothing else is asked.
    """
    asked: list[str] = []
    known: list[str] = []
    excluding = False  # after NOT, to the end of the word or of the brackets
    depth = 0
    for token in tokens:
        if token.kind == "operator":
            excluding = excluding or token.text == "NOT"
            continue
        if token.kind == "bracket":
            depth += excluding if token.text == "(" else -(depth > 0)
        elif not excluding and not token.negated:
            about = known if token.known or token.field.is_known else asked
            about.append(_ASKED_AS.sub("", token.text))
        excluding = excluding and depth > 0
    return " ".join(asked or known)
