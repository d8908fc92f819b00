"""What else is searched than what was typed: abbreviations written out, figures written otherwise.

Only plain words are expanded: not the user's own phrases, nor what is excluded. What is added
stands for the words that it replaces, and counts once: a passage with both scores by the better.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from indexer.abbreviations import Abbreviation, key_of
from indexer.keyword_query import Either, Field, Group, Node, Word
from search_api.figure_spellings import spellings
from search_api.query import Expansion, ParsedQuery
from search_api.reader import ArchiveReader

# Words of a long form that are looked for together, small ones ("of", "and") left out.
_LONGEST_FORM = 8
# What a match in the other form counts, relative to one in the form that was typed. A long form has
# many words to score by: at .5 it costs the words .004 nDCG@10 on archive reports, at .2 nothing.
LONG_WEIGHT = 0.2
SHORT_WEIGHT = 1.0
FIGURE_WEIGHT = 1.0

_Run = tuple[
    int, int, tuple[Expansion, ...]
]  # words [first, end) of a bag, and what stands for them


def expand(reader: ArchiveReader, query: ParsedQuery) -> ParsedQuery:
    """Return the query with what else is searched, or as it is where there is nothing."""
    bags = list(_bags(query.node))
    known = _Known(reader, bags)
    found = dict.fromkeys(
        other for bag in bags for _, _, others in known.runs(bag) for other in others
    )
    if not found:
        return query
    constraint = query.constraint
    if constraint is not None:
        constraint = Group(
            tuple(_expanded(part, known) for part in constraint.must),
            must_not=constraint.must_not,
        )
    return replace(
        query, node=_expanded(query.node, known), constraint=constraint, expanded=tuple(found)
    )


class _Known:
    """What the archive defines, and the ways to write figures, for the words of one query."""

    def __init__(self, reader: ArchiveReader, bags: Sequence[Sequence[str]]) -> None:
        forms = {
            _form(bag[first:end])
            for bag in bags
            for first in range(len(bag))
            for end in range(first + 1, min(len(bag), first + _LONGEST_FORM) + 1)
        }
        self._by_short: dict[str, list[Abbreviation]] = {}
        self._by_long: dict[str, list[Abbreviation]] = {}
        for one in reader.abbreviations(sorted(forms)):
            self._by_short.setdefault(one.short.casefold(), []).append(one)
            self._by_long.setdefault(key_of(one.long), []).append(one)

    def runs(self, bag: Sequence[str]) -> Iterator[_Run]:
        """Yield the words of a bag that something else can stand for, long runs before short."""
        figures = {first: (end, others) for first, end, others in spellings(bag)}
        held = {word.casefold() for word in bag}
        first = 0
        while first < len(bag):
            end, others = first + 1, tuple[Expansion, ...]()
            for last in range(min(len(bag), first + _LONGEST_FORM), first, -1):
                words = tuple(bag[first:last])
                others = tuple(self._abbreviated(words) if last > first + 1 else self._long(words))
                others = tuple(one for one in others if not _holds(held, one.to))
                if others:
                    end = last
                    break
            if not others and first in figures:
                end, written = figures[first]
                words = tuple(bag[first:end])
                others = tuple(Expansion(words, other) for other in written)
            if others:
                yield first, end, others
            first = end

    def _long(self, words: tuple[str, ...]) -> Iterator[Expansion]:
        (word,) = words
        for one in self._by_short.get(_form(words).casefold(), ()):
            # "act" is a word before it is the Action Crime Team.
            if word.isupper() or word.startswith(one.short) or not one.ordinary:
                yield Expansion(words, one.long, one)

    def _abbreviated(self, words: tuple[str, ...]) -> Iterator[Expansion]:
        key = key_of(" ".join(words))
        # A word at the end or the start that the key leaves out does not belong to the name.
        if len(key.split()) >= 2 and key_of(words[0]) and key_of(words[-1]):
            for one in self._by_long.get(key, ()):
                yield Expansion(words, one.short, one)


def _form(words: Sequence[str]) -> str:
    """Return words as one form; "SNTs" are more than one SNT."""
    text = " ".join(words)
    return text[:-1] if len(words) == 1 and text.endswith("s") and text[:-1].isupper() else text


def _holds(held: set[str], other: str) -> bool:
    return all(word in held for word in other.casefold().split())


def _bags(node: Node) -> Iterator[list[str]]:
    """Yield the plain words that stand side by side, and each that must occur by itself."""
    match node:
        case Word(field=Field.ANY):
            yield [node.text]
        case Group():
            for part in node.must:
                yield from _bags(part)
            for segment in _segments(node.should):
                if all(_is_plain(part) for part in segment):
                    yield [part.text for part in segment if isinstance(part, Word)]
                else:
                    yield from _bags(segment[0])
        case _:
            pass


def _segments(parts: Sequence[Node]) -> Iterator[list[Node]]:
    """Cut the parts of a bag into runs of plain words, and everything else one by one."""
    run: list[Node] = []
    for part in parts:
        if _is_plain(part):
            run.append(part)
            continue
        if run:
            yield run
        run = []
        yield [part]
    if run:
        yield run


def _is_plain(node: Node) -> bool:
    return isinstance(node, Word) and node.field is Field.ANY


def _expanded(node: Node, known: _Known) -> Node:
    match node:
        case Word(field=Field.ANY):
            return _replaced([node], known)[0]
        case Group():
            should: list[Node] = []
            for segment in _segments(node.should):
                if _is_plain(segment[0]):
                    should += _replaced(segment, known)
                else:
                    should.append(_expanded(segment[0], known))
            must = tuple(_expanded(part, known) for part in node.must)
            return Group(must, tuple(should), node.must_not)
        case _:
            return node


def _replaced(words: Sequence[Node], known: _Known) -> list[Node]:
    """Return plain words with those that something stands for as alternatives of it."""
    parts: list[Node] = []
    position = 0
    for first, end, others in known.runs([word.text for word in words if isinstance(word, Word)]):
        typed = words[first] if end == first + 1 else Group(should=tuple(words[first:end]))
        parts += [*words[position:first], Either((typed, *map(_other, others)))]
        position = end
    return [*parts, *words[position:]]


def _other(expansion: Expansion) -> Word:
    weight = FIGURE_WEIGHT
    if expansion.source:
        weight = LONG_WEIGHT if expansion.to == expansion.source.long else SHORT_WEIGHT
    return Word(expansion.to, weight=weight)
