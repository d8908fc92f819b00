"""What kind of answer does a question want, and does a sentence offer one?"""

import re
from collections.abc import Callable, Set
from enum import StrEnum

_I = re.IGNORECASE


class Kind(StrEnum):
    """Kinds of question, by the form of what answers them."""

    MONEY = "money"
    NUMBER = "number"
    WHEN = "when"
    WHO = "who"
    WHERE = "where"
    WHY = "why"
    STANDS_FOR = "stands for"
    HISTORY = "history"  # what happened with X: all that is known of it, in order of time
    HAPPENED = "happened"  # what happened when or after something: one event
    LIST = "list"
    OTHER = "other"  # any sentence may answer


# Nouns that say what is asked for, after "which", "what" or in a bare list of words.
_NOUNS: tuple[tuple[Kind, str], ...] = (
    (
        Kind.MONEY,
        r"costs?|budgets?|funding|price|salary|amount|savings?|fees?|fines?|grants?|value|spend|"
        r"expenditure|worth|sum",
    ),
    (
        Kind.NUMBER,
        r"number|percentage|per\s*cent|proportion|share|rate|rating|score|figure|fraction|total|"
        r"how\s+many|size|age|increase|decrease|fall|rise",
    ),
    (
        Kind.WHEN,
        r"date|year|day|month|time|century|decade|period|deadline|timescale|closing\s+date",
    ),
    (
        Kind.WHO,
        r"person|people|minister|official|member|director|chair(?:man|woman|person)?|author|"
        r"secretary|president|head|leader|developer|journalist|officer|speaker|councillor|"
        r"professor|company|firm|organisation|organization|team|body|department|agency",
    ),
    (Kind.WHERE, r"place|city|town|country|venue|location|address|region|borough"),
    (Kind.WHY, r"reasons?|purpose|explanation|cause"),
)
_ASKED = tuple(
    (kind, re.compile(rf"\b(?:which|what|whose)\s+(?:[\w’'-]+\s+){{0,3}}?(?:{nouns})\b", _I))
    for kind, nouns in _NOUNS
)
_NAMED_WHOLE = tuple((kind, re.compile(rf"(?:{nouns})", _I)) for kind, nouns in _NOUNS)
_NAMED = tuple((kind, re.compile(rf"\b(?:{nouns})\b", _I)) for kind, nouns in _NOUNS)
_MONEY_NOUN = _NAMED[0][1]
_FORMS_OF_QUESTION: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, _I))
    for kind, pattern in (
        (
            Kind.STANDS_FOR,
            r"\bstands?\s+for\b|\bfull\s+(?:name|form|title)\b|\babbreviat|\bacronym|"
            r"\bwhat\s+(?:does|do|did|is)\s+(?:the\s+)?[\"'‘“]?[A-Z]{2,}[\"'’”]?\s+mean\b|"
            r"\bmeaning\s+of\s+[A-Z]{2,}\b|"
            # Without regard to case elsewhere; an abbreviation is in capitals.
            r"(?-i:\b[A-Z]{3,}\b.*\b[Mm]eaning\b)|"
            r"\bwhat\s+(?:is|are|was)\s+(?:the\s+|an?\s+)?(?-i:[A-Z]{3,})s?\s*(?:\(|\?|$)",
        ),
        (
            Kind.HISTORY,
            r"\bwhat\s+(?:has\s+|have\s+)?(?:ever\s+)?(?:happen(?:ed|s)?|became|become)\s+"
            r"(?:with|to|of|about|regarding)\b|\b(?:history|fate)\s+of\b",
        ),
        (
            Kind.HAPPENED,
            r"\bwhat\s+(?:has\s+|have\s+)?(?:ever\s+)?(?:happen(?:ed|s)?|became|become|went)\b|"
            r"\boutcome\b|\bresult\s+of\b",
        ),
        (
            Kind.MONEY,
            r"\bhow\s+much\b|\bwhat\s+(?:did|do|does|will|would)\b.*\b(?-i:cost|pay)\b",
        ),
        (
            Kind.NUMBER,
            r"\bhow\s+(?:many|often|long|old|far|large|big|high|tall|fast|frequently)\b",
        ),
        (Kind.WHEN, r"\bwhen\b|\bhow\s+soon\b"),
        (Kind.WHO, r"\bwho(?:m|se)?\b"),
        (Kind.WHERE, r"\bwhere\b"),
        (Kind.WHY, r"\bwhy\b|\bhow\s+come\b"),
    )
)
_LIST = re.compile(
    r"^\s*(?:list|name)\b|\b(?:what|which)\s+(?:are|were)\s+the\s+\w+s\b|"
    r"\b(?:what|which)\s+(?:two|three|four|five|six|seven|eight|nine|ten|\d\d?)\s|"
    r"\bwhich\s+(?!does\b|has\b|was\b)\w{2,}[^\Wsu]s\b",
    _I,
)
_QUESTION_WORD = re.compile(r"\b(?:what|which|how|does|did|is|are|was|were)\b|\?\s*$", _I)

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_FIGURE = re.compile(
    r"\d[\d,.]*\d|\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|"
    r"twenty|thirty|forty|fifty|hundreds?|thousands?|millions?|billions?|half|quarter|third|none|"
    r"once|twice|weekly|monthly|annually|quarterly|daily)\b",
    _I,
)
# Figures that count nothing: dates, times, numbering, references. Minutes are full of them.
_NO_COUNT = re.compile(
    rf"^\W*(?:\d+\.)*\d+[.)]\s|\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\b|"
    rf"\b{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?\b|\b\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}\b|"
    r"\b\d{1,2}[.:]\d\d\s?(?:am|pm|hrs)?\s?[-–]\s?\d{1,2}[.:]\d\d|\b0\d{2,4}\s?\d{3,4}\s?\d{3,4}\b|"
    r"\b(?:19|20)\d\d(?:\s?[-–/]\s?\d\d(?:\d\d)?)?\b|\b\d+(?:st|nd|rd|th)\b|\[\d+\]|https?://\S+|"
    r"\b(?:act|action|annex|appendix|article|chapter|figure|item|no|number|page|para|paragraph|part|"
    r"regulation|section|table|version)s?\.?\s?\(?\d[\d.]*",
    _I,
)
_MONEY = re.compile(
    r"[£$€]\s?\d[\d,.]*|\b\d[\d,.]*\s?(?:m|bn|k|p|million|billion|thousand|pounds?|pence)\b", _I
)
_DATE = re.compile(
    rf"\b(?:1[0-9]|20)\d\d\b|\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\b|"
    rf"\b{_MONTH}\s+\d+|\b{_MONTH}\b|\b\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}}\b|"
    r"\b(?:yesterday|today|tomorrow|weekly|monthly|(?:mon|tues|wednes|thurs|fri|satur|sun)day|"
    r"spring|summer|autumn|winter|century|centuries|decade)\b",
    _I,
)
_NAME = re.compile(r"\b[A-Z][\w’'.-]*(?:\s+(?:(?:de|van|von|of|the|and|for|&)\s+)?[A-Z][\w’'.-]*)+")
_CAUSE = re.compile(
    r"\b(?:because|due\s+to|owing\s+to|as\s+a\s+result|so\s+that|in\s+order\s+(?:to|that)|since|"
    r"therefore|thus|reasons?|explained|would\s+(?:allow|enable|help|mean)|to\s+(?:ensure|avoid|"
    r"reduce|help|allow|enable|protect|improve|make|give)|led\s+to|caused|concern(?:ed|s)?|felt|"
    r"wanted|risk|problems?|lack\s+of|difficult)\b",
    _I,
)
_EVENT = re.compile(
    r"\b(?:was|were|has|have|had|been|be|will)\s+(?:\w+ly\s+)?(?:\w+ed|made|put|set|given|taken|"
    r"held|won|lost|built|begun|shut|found|told|sent|kept|left|agreed)\b|"
    r"\b(?:closed|launched|agreed|replaced|moved|abolished|ended|started|led|became|received)\b",
    _I,
)
_PLACE = re.compile(r"\b(?:in|at|near|to|from|of|on)\s+(?:the\s+)?[A-Z][\w’'-]+")
_MEMBERS = re.compile(r",[^,]+(?:,|\band\b)|;|:\s*\S")
_LONG_FORM = re.compile(
    r"\(\s*(?:the\s+|or\s+)?[“\"'‘]?[A-Z][A-Za-z&]*[A-Z]s?[”\"'’]?\s*\)|"
    r"\b[A-Z][A-Za-z]*[A-Z]s?\s*(?:\(|[-–—:=]\s)"
)

_FORMS = {
    Kind.MONEY: _MONEY,
    Kind.NUMBER: _FIGURE,
    Kind.WHEN: _DATE,
    Kind.WHO: _NAME,
    Kind.WHERE: _PLACE,
    Kind.WHY: _CAUSE,
    Kind.HISTORY: _EVENT,
    Kind.HAPPENED: _EVENT,
    Kind.LIST: _MEMBERS,
    Kind.STANDS_FOR: _LONG_FORM,
}
# What these kinds ask for is not in the question already: its own figures and names are no answer.
_NEW = (Kind.MONEY, Kind.NUMBER, Kind.WHEN, Kind.WHO)
_WORD = re.compile(r"[^\W_]+")


def kind_of(question: str) -> Kind:
    """Return what a question asks for; for words that are no question, what they name."""
    for kind, pattern in _FORMS_OF_QUESTION:
        if pattern.search(question):
            # "What happened with the funding of …?" is answered by a sum.
            happened = kind in (Kind.HISTORY, Kind.HAPPENED)
            money = happened and _MONEY_NOUN.search(question)
            return Kind.MONEY if money else kind
    for kind, pattern in _ASKED:
        if pattern.search(question):
            return kind
    if _LIST.search(question):
        return Kind.LIST
    if not _QUESTION_WORD.search(question):
        for kind, pattern in _NAMED:
            if pattern.search(question):
                return kind
    return Kind.OTHER


def names_kind(kind: Kind, word: str) -> bool:
    """True where a word of the question only says what is asked for: "funding", "date", "number".

    A sum of money meets "funding" without the word.
    """
    return any(kind is named and pattern.fullmatch(word) for named, pattern in _NAMED_WHOLE)


def form_test(kind: Kind, question: str) -> Callable[[str], float]:
    """Return a function that gives 1 for a sentence that offers what `kind` asks for, else 0.

    Where any form may answer it gives 0.5.
    """
    pattern = _FORMS.get(kind)
    if pattern is None:
        return lambda sentence: 0.5
    asked = frozenset(_words(question)) if kind in _NEW else frozenset()

    def has_form(sentence: str) -> float:
        if kind is Kind.NUMBER:
            sentence = _NO_COUNT.sub(" ", sentence)
        return float(any(_is_new(match[0], asked) for match in pattern.finditer(sentence)))

    return has_form


def _is_new(found: str, asked: Set[str]) -> bool:
    return not asked or any(word not in asked for word in _words(found))


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
