"""How is a query read? Every input gives a query; nothing raises, and repairs are told.

words                 ranked by how many and how rare; function words are not searched
"exact words"         must stand side by side
+word                 must occur
-word  -"a phrase"    must not occur; also NOT, and -( ) around several
a AND b   a OR b      in capitals; ( ) group them
title:word            must occur in the title
word*                 any ending
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from indexer.keyword_query import Field, Group, Node, Phrase, Prefix, Word

MAX_WORDS = 256
NOTHING_TO_LOOK_FOR = "nothing to look for: name at least one word that must occur"
MAX_NESTED = 20
# What two neighbouring words side by side count, relative to a word. Measured: .3 gains .01 nDCG@10
# on paragraphs and archive reports and costs .003 on cranfield; 1 loses on most sets.
PAIR_WEIGHT = 0.3

# Words of English that carry no topic. Kept where nothing else is left, and in phrases.
_FUNCTION_WORDS = frozenset(
    """
    a about after all also am an and any are as at be because been before being between both but by
    can cannot could did do does doing don during each either else for from further had has have
    having he her here hers him his how i if in into is it its itself just many may me might more
    most much must my no nor not now of off on once only onto or other our ours out over own per
    please same
    shall she should so some such than that the their theirs them then there these they this those
    through to too under until up upon us very was we were what when where whether which while who
    whom whose why will with within without would you your yours
    s t d ll m re ve
    """.split()
)
# Ways to ask that say nothing of the topic; at the start of a query.
_REQUEST = re.compile(
    r"""^\s*(?:
        (?:please\s+)?(?:can|could|would)\s+you\s+(?:please\s+)?
            (?:tell|show|give|find)\s+me\s+(?:about\s+|what\s+)?
      | (?:please\s+)?(?:tell|show|give)\s+me\s+(?:everything\s+|more\s+|all\s+)?(?:about\s+)?
      | i\s+(?:want|need|would\s+like)\s+to\s+(?:know|find|see|read)\s+(?:about\s+|out\s+)?
      | (?:do|does)\s+(?:the\s+archive|you|anyone)\s+(?:know|have|say)\s+(?:anything\s+)?
            (?:about\s+|on\s+)?
      | (?:any\s+)?information\s+(?:about|on)\s+
      | what\s+(?:has\s+|have\s+)?(?:ever\s+)?(?:happened|happens|became|become)\s+
            (?:with|to|of|about|regarding)\s+
      | what(?:\s+is|'s|’s)\s+(?:known|said)\s+(?:about|of)\s+
      | (?:find|search\s+for|look\s+up|list)\s+
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<not>-(?=\())
  | (?P<open>\()
  | (?P<close>\))
  | (?P<sign>[-+](?=["\w]|[^\s()"+-]\S*\w))?
    (?:(?P<field>title|text):(?=["\w]|[^\s()"+-]\S*\w))?
    (?:"(?P<phrase>[^"]*)"|(?P<word>[^\s()"]+))
  | (?P<stray>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_WORD_CHARACTER = re.compile(r"\w")
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "\x00": " "})
_OPERATORS = ("AND", "OR", "NOT")
# Punctuation around a word that does not belong to it.
_EDGES = ".,;:!?'’[]{}<>"
_SIGNS = ("-", "+")


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A query as it is searched.

    `node` is what the keyword side ranks by; `constraint` is the part of it that every result must
    meet, whichever list brings it, None where any passage may come; `question` is what the vector
    side encodes. `terms` are the words and phrases to mark and to answer by.
    """

    q: str
    node: Node
    constraint: Group | None
    question: str
    terms: tuple[str, ...]
    phrases: tuple[str, ...]
    understood: str
    repaired: str


@dataclass(frozen=True, slots=True)
class _Token:
    """A word, phrase, operator or bracket; `start` is its offset in the query."""

    kind: str
    text: str
    field: Field = Field.ANY
    negated: bool = False
    required: bool = False


def parse(q: str) -> ParsedQuery:
    """Return how `q` is searched; total: any string gives a query."""
    repairs: list[str] = []
    written = q.translate(_QUOTES)
    if written.count('"') % 2:
        position = written.rfind('"')
        written = written[:position] + " " + written[position + 1 :]
        repairs.append("ignored a quotation mark that is not closed")
    tokens = list(_tokens(written))
    if len(tokens) > MAX_WORDS:
        repairs.append(f"searched for the first {MAX_WORDS} words")
        tokens = tokens[:MAX_WORDS]
    searched = _without_request(written, tokens)
    if len(shallow := _without_deep_brackets(searched)) < len(searched):
        repairs.append(f"ignored brackets inside more than {MAX_NESTED} others")
        searched = shallow
    if any(token.kind == "operator" for token in searched):
        node = _Boolean(searched, repairs).parse()
    else:
        node = _bag(searched)
    words, phrases = _leaves(node)
    if not (words or phrases or repairs) and written.strip():
        repairs.append(NOTHING_TO_LOOK_FOR)
    return ParsedQuery(
        q=q,
        node=_with_pairs(node),
        constraint=_constraint(node),
        question=_question(tokens) or " ".join(words + phrases),
        terms=tuple(dict.fromkeys(words + phrases)),
        phrases=tuple(dict.fromkeys(phrases)),
        understood=_written(node),
        repaired="; ".join(repairs),
    )


def _tokens(written: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(written):
        if match["not"]:
            yield _Token("operator", "NOT")
        if match["open"] or match["close"]:
            yield _Token("bracket", match[0])
        text = match["phrase"] if match["phrase"] is not None else match["word"]
        if text is None or not _WORD_CHARACTER.search(text):
            continue
        if match["word"] and text in _OPERATORS and not match["sign"] and not match["field"]:
            yield _Token("operator", text)
            continue
        yield _Token(
            kind="phrase" if match["phrase"] is not None else "word",
            text=" ".join(text.split()),
            field=Field((match["field"] or "any").lower()),
            negated=match["sign"] == "-",
            required=match["sign"] == "+",
        )


def _without_request(written: str, tokens: list[_Token]) -> list[_Token]:
    """Drop the words of "tell me about …" at the start, unless nothing else would be left."""
    match = _REQUEST.match(written)
    if match is None:
        return tokens
    rest = list(_tokens(written[match.end() :]))
    return rest[:MAX_WORDS] if any(token.kind in ("word", "phrase") for token in rest) else tokens


def _without_deep_brackets(tokens: Iterable[_Token]) -> list[_Token]:
    """Drop brackets that only an attack nests: reading them takes a stack frame each."""
    kept = []
    depth = 0
    for token in tokens:
        bracket = token.text if token.kind == "bracket" else ""
        depth += bracket == "("
        if not bracket or depth <= MAX_NESTED:
            kept.append(token)
        depth -= bracket == ")" and depth > 0
    return kept


def _bag(tokens: Iterable[_Token], *, alone: bool = True) -> Group:
    """Words rank, phrases and fields must match, negated ones must not.

    Words without a topic are kept where nothing else is asked for; `alone` is False where
    something is, outside.
    """
    kept = [token for token in tokens if token.kind in ("word", "phrase")]
    must = [_leaf(token) for token in kept if _is_required(token)]
    must_not = [_leaf(token) for token in kept if token.negated]
    words = [token for token in kept if not _is_required(token) and not token.negated]
    topical = [token for token in words if not is_function_word(token.text)]
    if alone and not topical and not must:
        topical = words
    return Group(tuple(must), tuple(_leaf(token) for token in topical), tuple(must_not))


def _with_pairs(node: Node) -> Node:
    """Add each two neighbouring words of a bag as a pair: side by side they say more.

    Pairs add to the score of passages that the words match already; they match nothing new.
    Source: the ordered-window part of Metzler & Croft's sequential dependence model, SIGIR 2005.
    """
    if not isinstance(node, Group):
        return node
    words = [part for part in node.should if isinstance(part, Word)]
    pairs = tuple(
        Word(f"{first.text} {second.text}", Field.TEXT, PAIR_WEIGHT)
        for first, second in pairwise(words)
    )
    return Group(node.must, node.should + pairs, node.must_not)


def _is_required(token: _Token) -> bool:
    if token.negated:
        return False
    return token.kind == "phrase" or token.required or token.field is not Field.ANY


def is_function_word(word: str) -> bool:
    """True for words without a topic. In capitals they are names: WHO, IT, US."""
    bare = word.strip(_EDGES).replace("’", "'")
    if len(bare) > 1 and bare.isupper():
        return False
    return bare.casefold() in _FUNCTION_WORDS


def _leaf(token: _Token) -> Node:
    if token.kind == "phrase":
        return Phrase(token.text, token.field)
    text = token.text.strip(_EDGES)
    if text.startswith(_SIGNS):  # "--word", "'-word'"
        text = text.strip(_EDGES + "".join(_SIGNS))
    if list(_tokens(text)) != [_Token("word", text)]:  # "AND." is a word, "AND" is not
        text = f"'{text}'"
    if text.endswith("*") and len(text.rstrip("*")) >= 3:
        return Prefix(text.rstrip("*"), token.field)
    return Word(text, token.field)


class _Boolean:
    """AND, OR, NOT and brackets, by recursive descent; NOT binds closest, then AND, then OR.

    Words side by side form a bag. What is missing or left over is repaired.
    """

    def __init__(self, tokens: list[_Token], repairs: list[str]) -> None:
        self._tokens = tokens
        self._position = 0
        self._repairs = repairs

    def parse(self) -> Node:
        node = self._any()
        while self._position < len(self._tokens):  # a closing bracket that nothing opened
            self._repair("ignored a bracket that is not opened")
            self._position += 1
            both = tuple(part for part in (node, self._any()) if part != Group())
            node = _group(should=both)
        return node

    def _any(self) -> Node:
        alternatives = [self._all()]
        while self._takes("OR"):
            alternatives.append(self._all())
        kept = [node for node in alternatives if node != Group()]
        if len(kept) < len(alternatives) > 1:
            self._repair("ignored OR with nothing on one side")
        return kept[0] if len(kept) == 1 else _group(should=tuple(kept))

    def _all(self) -> Node:
        parts = [self._sequence()]
        while self._takes("AND"):
            parts.append(self._sequence())
        kept = [node for node in parts if node != Group()]
        if len(kept) < len(parts) > 1:
            self._repair("ignored AND with nothing on one side")
        if len(kept) == 1:
            return kept[0]
        must_not = tuple(part for node in kept if _only_excludes(node) for part in _excluded(node))
        asked = tuple(node for node in kept if not _only_excludes(node))
        if len(asked) == 1 and isinstance(first := asked[0], Group) and not _is_bag(first):
            return Group(first.must, first.should, first.must_not + must_not)
        return _group(must=asked, must_not=must_not)

    def _sequence(self) -> Node:
        """Words side by side, negated ones among them, up to an operator or a closing bracket."""
        loose: list[_Token] = []
        nested: list[Node] = []
        excluded: list[Node] = []
        while (token := self._peek()) is not None:
            if token.text == ")" and token.kind == "bracket":
                break
            if token.kind == "operator" and token.text != "NOT":
                break
            self._position += 1
            if token.kind == "operator":
                excluded.extend(self._after_not())
            elif token.kind == "bracket":
                nested.append(self._bracket())
            else:
                loose.append(token)
        for node in nested:
            excluded.extend(_excluded(node) if _only_excludes(node) else ())
        asked = tuple(node for node in nested if node != Group() and not _only_excludes(node))
        bag = _bag(loose, alone=not asked)
        return _group(
            must=bag.must + asked,
            should=bag.should,
            must_not=bag.must_not + tuple(excluded),
        )

    def _after_not(self) -> list[Node]:
        token = self._peek()
        if token is None or token.kind == "operator" or token.text == ")":
            self._repair("ignored NOT with nothing after it")
            return []
        self._position += 1
        node = self._bracket() if token.kind == "bracket" else _leaf(token)
        if node == Group():
            self._repair("ignored NOT with nothing after it")
            return []
        return [node]

    def _bracket(self) -> Node:
        node = self._any()
        closing = self._peek()
        if closing is not None and closing.kind == "bracket" and closing.text == ")":
            self._position += 1
        else:
            self._repair("closed a bracket")
        return node

    def _peek(self) -> _Token | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _takes(self, operator: str) -> bool:
        token = self._peek()
        found = token is not None and token.kind == "operator" and token.text == operator
        self._position += found
        return found

    def _repair(self, what: str) -> None:
        if what not in self._repairs:
            self._repairs.append(what)


def _group(
    must: tuple[Node, ...] = (), should: tuple[Node, ...] = (), must_not: tuple[Node, ...] = ()
) -> Node:
    if len(must) == 1 and not should and not must_not:
        return must[0]
    if len(should) == 1 and not must and not must_not:
        return should[0]
    return Group(must, should, must_not)


def _is_bag(node: Group) -> bool:
    return not node.must and not node.must_not


def _only_excludes(node: Node) -> bool:
    return isinstance(node, Group) and not node.must and not node.should and bool(node.must_not)


def _excluded(node: Node) -> tuple[Node, ...]:
    return node.must_not if isinstance(node, Group) else ()


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


def _leaves(node: Node) -> tuple[list[str], list[str]]:
    """Return the words and the phrases that a result may hold, in order."""
    match node:
        case Phrase():
            return [], [node.text]
        case Word() | Prefix():
            return [node.text], []
        case Group():
            words: list[str] = []
            phrases: list[str] = []
            for part in (*node.must, *node.should):
                more_words, more_phrases = _leaves(part)
                words += more_words
                phrases += more_phrases
            return words, phrases


def _question(tokens: Iterable[_Token]) -> str:
    """What the vector side encodes: the question as asked, without operators and exclusions."""
    asked: list[str] = []
    excluding = False  # after NOT, to the end of the word or of the brackets
    depth = 0
    for token in tokens:
        if token.kind == "operator":
            excluding = excluding or token.text == "NOT"
            continue
        if token.kind == "bracket":
            depth += excluding if token.text == "(" else -(depth > 0)
        elif not excluding and not token.negated:
            asked.append(token.text.rstrip("*"))
        excluding = excluding and depth > 0
    return " ".join(asked)


def _written(node: Node) -> str:
    """Return a tree in the query language; read again, it is understood the same."""
    match node:
        case Phrase():
            return _with_field(node.field, f'"{node.text}"')
        case Word():
            return _with_field(node.field, node.text)
        case Prefix():
            return _with_field(node.field, f"{node.text}*")
        case Group():
            return _written_group(node)


def _written_group(group: Group, *, inside: bool = False) -> str:
    # A word of the language must stand by brackets, or they are read as punctuation.
    nested = inside or any(isinstance(part, Group) for part in (*group.must, *group.should))
    excluded = [
        f"{'NOT ' if nested else '-'}{_bracketed(part)}"
        for part in sorted(group.must_not, key=lambda part: isinstance(part, Group))
    ]
    wanted = [_bracketed(part) for part in group.should]
    side_by_side = all(_asks_by_itself(part) for part in group.must) and not any(
        isinstance(part, Group) for part in group.must
    )
    if len(group.must) > 1 and not group.should and not side_by_side:
        return " AND ".join([*(_bracketed(part) for part in group.must), *excluded])
    required = [
        _bracketed(part) if _asks_by_itself(part) else f"+{_written(part)}" for part in group.must
    ]
    if not group.must and not _is_read_as_bag(group.should):
        return " ".join([" OR ".join(wanted), *excluded])
    return " ".join([*required, *wanted, *excluded])


def _asks_by_itself(node: Node) -> bool:
    """True for what must match without a sign: phrases, fields, brackets."""
    return isinstance(node, Group | Phrase) or node.field is not Field.ANY


def _is_read_as_bag(nodes: Iterable[Node]) -> bool:
    """True where words side by side are read as these."""
    if any(not isinstance(node, Word | Prefix) or node.field is not Field.ANY for node in nodes):
        return False
    return len({isinstance(node, Word) and is_function_word(node.text) for node in nodes}) < 2


def _bracketed(node: Node) -> str:
    if not isinstance(node, Group):
        return _written(node)
    if node.must or node.must_not:
        return f"({_written_group(node, inside=True)})"
    return f"({' OR '.join(_bracketed(part) for part in node.should)})"


def _with_field(field: Field, text: str) -> str:
    return text if field is Field.ANY else f"{field.value}:{text}"
