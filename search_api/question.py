"""What kind of answer does a question want, and does a sentence have that form?"""

import re
from enum import StrEnum


class Kind(StrEnum):
    """Kinds of question, by the form of what answers them."""

    MONEY = "money"
    NUMBER = "number"
    WHEN = "when"
    WHO = "who"
    WHERE = "where"
    WHY = "why"
    HOW = "how"
    STANDS_FOR = "stands for"
    LIST = "list"
    HAPPENED = "happened"
    WHAT = "what"
    TOPIC = "topic"  # no question, just words


# First match wins: "how much money" is before "how", "what year" before "what".
_KINDS: tuple[tuple[Kind, str], ...] = (
    (Kind.STANDS_FOR, r"\bstands?\s+for\b|\bfull\s+(?:name|form)\s+of\b|\babbreviat|\bacronym"),
    (
        Kind.HAPPENED,
        r"\bwhat\s+(?:has\s+|have\s+)?(?:ever\s+)?(?:happen(?:ed|s)?|became|become)\b|\bfate\s+of\b",
    ),
    (
        Kind.MONEY,
        r"\bhow\s+much\b|\bcosts?\b|\bbudgets?\b|\bfund(?:s|ed|ing)?\b|\bprice\b|\bsalary\b|"
        r"\bspen[dt]\b|\bworth\b|\bamount\b|\bsavings?\b|\b(?:fees?|fines?|grants?)\b",
    ),
    (
        Kind.NUMBER,
        r"\bhow\s+(?:many|often|long|old|far|large|big|high|tall|fast)\b|\bper\s*cent|\bpercentage\b|"
        r"\bproportion\b|\bshare\s+of\b|\bnumber\s+of\b|\brate\b|\bwhat\s+(?:fraction|figure)\b",
    ),
    (
        Kind.WHEN,
        r"\bwhen\b|\bwhat\s+(?:date|year|day|month|time|century|decade|period)\b|"
        r"\bwhich\s+(?:date|year|day|month|century|decade)\b|\bdeadline\b|\bby\s+what\s+date\b|"
        r"\bdate\b",
    ),
    (Kind.WHO, r"\bwho(?:m|se)?\b|\bwhich\s+(?:person|minister|official|member|director|chair)\b"),
    (Kind.WHERE, r"\bwhere\b|\b(?:what|which)\s+(?:place|city|town|country|venue|location)\b"),
    (Kind.WHY, r"\bwhy\b|\breasons?\b|\bhow\s+come\b|\bfor\s+what\s+purpose\b"),
    (
        Kind.LIST,
        r"^\s*(?:list|name)\b|\b(?:what|which)\s+(?:are|were)\s+the\s+\w+|\bwhich\s+\w+s\b",
    ),
    (Kind.HOW, r"\bhow\b"),
    (Kind.WHAT, r"\bwhat\b|\bwhich\b|\?\s*$"),
)
_COMPILED = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _KINDS)

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_MONEY = re.compile(
    r"[£$€]\s?\d|\b\d[\d,.]*\s?(?:m|bn|k|million|billion|thousand|pounds?|pence)\b", re.I
)
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|twenty|thirty|"
    r"forty|fifty|hundred|thousand|million|half|quarter|third)\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    rf"\b(?:1[0-9]|20)\d\d\b|\b\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH}\b|\b{_MONTH}\s+\d|"
    rf"\b{_MONTH}\b|\b\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}}\b|"
    r"\b(?:yesterday|today|tomorrow|weekly|monthly|(?:mon|tues|wednes|thurs|fri|satur|sun)day|"
    r"spring|summer|autumn|winter|century)\b",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"\b(?:[A-Z][\w’'-]+\s+(?:(?:de|van|von|of|the|and|&)\s+)?)+[A-Z][\w’'-]+|"
    r"\b(?:Mr|Mrs|Ms|Dr|Sir|Cllr|Professor|Prof|Baroness|Lord|Lady)\b"
)
_CAUSE = re.compile(
    r"\b(?:because|due\s+to|owing\s+to|as\s+a\s+result|so\s+that|in\s+order\s+(?:to|that)|since|"
    r"therefore|thus|reasons?|explained|would\s+(?:allow|enable|help|mean)|to\s+(?:ensure|avoid|"
    r"reduce|help|allow|enable|protect|improve)|led\s+to|caused|concern(?:ed|s)?)\b",
    re.IGNORECASE,
)
_CHANGE = re.compile(r"\b(?:was|were|has|have|had|is|been|will)\b", re.IGNORECASE)
_PLACE = re.compile(r"\b(?:in|at|near|to|from|of)\s+(?:the\s+)?[A-Z]\w+")
_MEMBERS = re.compile(r",[^,]+(?:,|\band\b)|;|\band\b")
_STANDS_FOR = re.compile(
    r"\((?:the\s+)?[“\"'‘]?[A-Z][A-Za-z&]*[A-Z][^)]*\)|\b[A-Z]{2,}\b\s*(?:\(|[-–—:=])"
)

_FORMS = {
    Kind.MONEY: _MONEY,
    Kind.NUMBER: _NUMBER,
    Kind.WHEN: _DATE,
    Kind.WHO: _NAME,
    Kind.WHERE: _PLACE,
    Kind.WHY: _CAUSE,
    Kind.HAPPENED: _CHANGE,
    Kind.LIST: _MEMBERS,
    Kind.STANDS_FOR: _STANDS_FOR,
}


def kind_of(question: str) -> Kind:
    """Return what a question asks for; TOPIC for words that are no question."""
    for kind, pattern in _COMPILED:
        if pattern.search(question):
            return kind
    return Kind.TOPIC


def has_form(kind: Kind, sentence: str) -> float | None:
    """Return 1 where a sentence has the form that the kind wants, 0 where not, None: any form."""
    pattern = _FORMS.get(kind)
    if pattern is None:
        return None
    return 1.0 if pattern.search(sentence) else 0.0
