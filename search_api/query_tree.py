"""How do words, operators and brackets make a tree? What is missing or left over is repaired."""

from collections.abc import Iterable

from indexer.keyword_query import Group, Node
from search_api.query_words import Token, is_function_word, is_required, leaf_of


def tree_of(tokens: list[Token], repairs: list[str]) -> Node:
    """Return what the tokens ask for; what had to be mended is added to `repairs`."""
    if any(token.kind == "operator" for token in tokens):
        return _Boolean(tokens, repairs).parse()
    return bag(tokens)


def bag(tokens: Iterable[Token], *, alone: bool = True) -> Group:
    """Words rank, phrases and fields must match, negated ones must not.

    Words without a topic are kept where nothing else is asked for; `alone` is False where
    something is, outside.
    """
    kept = [token for token in tokens if token.kind in ("word", "phrase")]
    must = [leaf_of(token) for token in kept if is_required(token)]
    must_not = [leaf_of(token) for token in kept if token.negated]
    words = [token for token in kept if not is_required(token) and not token.negated]
    topical = [token for token in words if not is_function_word(token.text)]
    if alone and not topical and not must:
        topical = words
    return Group(tuple(must), tuple(leaf_of(token) for token in topical), tuple(must_not))


class _Boolean:
    """AND, OR, NOT and brackets, by recursive descent; NOT binds closest, then AND, then OR.

    Words side by side form a bag. What is missing or left over is repaired.
    """

    def __init__(self, tokens: list[Token], repairs: list[str]) -> None:
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
        loose: list[Token] = []
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
        beside = bag(loose, alone=not asked)
        return _group(
            must=beside.must + asked,
            should=beside.should,
            must_not=beside.must_not + tuple(excluded),
        )

    def _after_not(self) -> list[Node]:
        token = self._peek()
        if token is None or token.kind == "operator" or token.text == ")":
            self._repair("ignored NOT with nothing after it")
            return []
        self._position += 1
        node = self._bracket() if token.kind == "bracket" else leaf_of(token)
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

    def _peek(self) -> Token | None:
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
