"""Into which words, phrases, operators and brackets does a query fall?"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from indexer.keyword_query import Dated, Field, Fuzzy, Leaf, Phrase, Prefix, Wildcard, Word
from search_api.query_dates import days_of

MAX_NESTED = 20

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
# date and year are read by `query_dates`, the others name a Field.
# Letters of ASCII: without regard to case "İ" would be an "i" here, and none in lower case.
_FIELD_NAMES = "(?a:title|text|body|committee|type|date|year)"
_TOKEN = re.compile(
    rf"""
    (?P<space>\s+)
  | (?P<not>-(?=\())
  | (?P<open>\()
  | (?P<close>\))
  | (?P<sign>[-+](?=["\w]|[^\s()"+-]\S*\w))?
    (?:(?P<field>{_FIELD_NAMES}):(?=["\w]|[^\s()"+-]\S*\w))?
    (?:"(?P<phrase>[^"]*)"|(?P<word>[^\s()"]+))
  | (?P<stray>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_EMPTY_FIELD = re.compile(rf"(?:{_FIELD_NAMES}):", re.IGNORECASE)
_WORD_CHARACTER = re.compile(r"\w")
_BETWEEN_WORDS = re.compile(r"[\W_]+")
_OPERATORS = ("AND", "OR", "NOT")
# Punctuation around a word that does not belong to it.
_EDGES = ".,;:!?'’[]{}<>"
_SIGNS = ("-", "+")
_SIGN_BEFORE_A_WORD = re.compile(r"(?<![^\s(])[-+]+(?=\S)")
_IN_CAPITALS = re.compile(rf"\b(?:{'|'.join(_OPERATORS)})\b")
# A dictionary is never walked for one letter: two must stand before the first "?" or "*".
_WILDCARD = re.compile(r"(?=(?:[?*]*[^\W_]){3})[^\W_]{2,}[?*][^\W_?*]*[?*\w]*(?<!_)")
_FUZZY = re.compile(r"(?P<word>[^\W\d_]{3,40})~(?P<distance>[12]?)")
_LONG_WORD = 8  # letters: two of them may be wrong


@dataclass(frozen=True, slots=True)
class Token:
    """A word, phrase, operator or bracket; `known` is the prefix "date" or "year"."""

    kind: str
    text: str
    field: Field = Field.ANY
    known: str = ""
    negated: bool = False
    required: bool = False


def tokens_of(written: str) -> Iterator[Token]:
    """Yield the tokens of a query; what holds no letter or digit is left out."""
    for match in _TOKEN.finditer(written):
        if match["not"]:
            yield Token("operator", "NOT")
        if match["open"] or match["close"]:
            yield Token("bracket", match[0])
        text = match["phrase"] if match["phrase"] is not None else match["word"]
        if text is None or not _WORD_CHARACTER.search(text):
            continue
        if match["word"] and text in _OPERATORS and not match["sign"] and not match["field"]:
            yield Token("operator", text)
            continue
        field = (match["field"] or "any").lower()
        known = field if field in ("date", "year") else ""
        yield Token(
            kind="phrase" if match["phrase"] is not None else "word",
            text=" ".join(text.split()),
            field=Field.ANY if known else Field(field),
            known=known,
            negated=match["sign"] == "-",
            required=match["sign"] == "+",
        )


def without_operators(written: str) -> str:
    """Return a text in which no sign, quotation mark or capital is an operator any more."""
    plain = _SIGN_BEFORE_A_WORD.sub(" ", written.replace('"', " "))
    return _IN_CAPITALS.sub(lambda match: match[0].lower(), plain)


def without_request(written: str, tokens: list[Token], most: int) -> list[Token]:
    """Drop the words of "tell me about …" at the start, unless nothing else would be left."""
    match = _REQUEST.match(written)
    if match is None:
        return tokens
    rest = list(tokens_of(written[match.end() :]))
    return rest[:most] if any(token.kind in ("word", "phrase") for token in rest) else tokens


def without_deep_brackets(tokens: Iterable[Token]) -> list[Token]:
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


def with_fields_repaired(tokens: Iterable[Token], repairs: list[str]) -> list[Token]:
    """Read what stands behind no field, or is no date behind `date:`, as people meant it."""
    kept: list[Token] = []
    for token in tokens:
        if token.kind == "word" and _EMPTY_FIELD.fullmatch(token.text):
            repairs.append(f"ignored {token.text} with nothing directly after it")
            continue
        if token.known and days_of(token.text) is None:
            repairs.append(
                f"searched for {token.text} as a word: {token.known}: takes a day, a month, a year "
                "or a span of them (2011-03-17, 17/03/2011, 2011-03, 2011, 2010..2012)"
            )
            token = Token(token.kind, token.text, negated=token.negated, required=token.required)
        kept.append(token)
    return kept


def is_required(token: Token) -> bool:
    """True for what every result must hold: phrases, fields, dates, words with a plus."""
    if token.negated:
        return False
    asks = token.kind == "phrase" or token.required or bool(token.known)
    return asks or token.field is not Field.ANY


def is_function_word(word: str) -> bool:
    """True for words without a topic. In capitals they are names: WHO, IT, US."""
    bare = word.strip(_EDGES)
    if len(bare) > 1 and bare.isupper():
        return False
    parts = [part for part in _BETWEEN_WORDS.split(bare.casefold()) if part]  # "and/or", "it's"
    return bool(parts) and all(part in _FUNCTION_WORDS for part in parts)


def leaf_of(token: Token) -> Leaf:
    """Return what a word or a phrase looks for."""
    if token.known and (days := days_of(token.text)):
        return Dated(
            *days,
            f'{token.known}:"{token.text}"' if " " in token.text else f"{token.known}:{token.text}",
        )
    if token.kind == "phrase":
        return Phrase(token.text, token.field)
    text = token.text.strip(_EDGES)
    if text.startswith(_SIGNS):  # "--word", "'-word'"
        text = text.strip(_EDGES + "".join(_SIGNS))
    if list(tokens_of(text)) != [Token("word", text)]:  # "AND." is a word, "AND" is not
        text = f"'{text}'"
    if fuzzy := _FUZZY.fullmatch(text):
        distance = int(fuzzy["distance"] or 1 + (len(fuzzy["word"]) >= _LONG_WORD))
        return Fuzzy(fuzzy["word"], distance, token.field)
    if text.endswith("*") and len(text.rstrip("*")) >= 3 and not re.search(r"[?*]\w", text):
        return Prefix(text.rstrip("*"), token.field)
    if _WILDCARD.fullmatch(text):
        return Wildcard(re.sub(r"\*+", "*", text), token.field)
    return Word(text, token.field)
