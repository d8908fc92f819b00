"""How was a query understood? The tree, written in the language of queries again."""

from collections.abc import Iterable

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
from search_api.query_words import is_function_word


def written(node: Node) -> str:
    """Return a tree in the query language; read again, it is understood the same."""
    match node:
        case Phrase():
            return _with_field(node.field, f'"{node.text}"')
        case Word() | Pair():
            return _with_field(node.field, node.text)
        case Prefix():
            return _with_field(node.field, f"{node.text}*")
        case Wildcard():
            return _with_field(node.field, node.text)
        case Fuzzy():
            return _with_field(node.field, f"{node.text}~{node.distance}")
        case Dated():
            return node.text
        case Either():
            return written(node.options[0])
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
        _bracketed(part) if _asks_by_itself(part) else f"+{written(part)}" for part in group.must
    ]
    if not group.must and not _is_read_as_bag(group.should):
        return " ".join([" OR ".join(wanted), *excluded])
    return " ".join([*required, *wanted, *excluded])


def _asks_by_itself(node: Node) -> bool:
    """True for what must match without a sign: phrases, fields, brackets."""
    if isinstance(node, Either):
        return _asks_by_itself(node.options[0])
    return isinstance(node, Group | Phrase | Dated) or node.field is not Field.ANY


def _is_read_as_bag(nodes: Iterable[Node]) -> bool:
    """True where words side by side are read as these."""
    plain = Word | Prefix | Wildcard | Fuzzy
    if any(not isinstance(node, plain) or node.field is not Field.ANY for node in nodes):
        return False
    return len({isinstance(node, Word) and is_function_word(node.text) for node in nodes}) < 2


def _bracketed(node: Node) -> str:
    if not isinstance(node, Group):
        return written(node)
    if node.must or node.must_not:
        return f"({_written_group(node, inside=True)})"
    return f"({' OR '.join(_bracketed(part) for part in node.should)})"


def _with_field(field: Field, text: str) -> str:
    return text if field is Field.ANY else f"{field.value}:{text}"
