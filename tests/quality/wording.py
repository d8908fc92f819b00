"""When two pieces of text say the same words: substrings, shared runs of words, token F1."""

import re
import string
from collections import Counter
from difflib import SequenceMatcher

_STRAIGHT = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4\u0060", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63\uff0d", "-")
)
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_WORD = re.compile(r"\w+")


def normalise(text: str) -> str:
    """Return `text` with straight quotes, hyphens for dashes, single spaces, case folded."""
    return " ".join(text.translate(_STRAIGHT).split()).casefold()


def contains(text: str, answer: str) -> bool:
    """Tell whether the answer stands in the text, both normalised.

    A plain substring, as EVAL.md has it: "4%" is also found inside "14%".
    """
    wanted = normalise(answer)
    return bool(wanted) and wanted in normalise(text)


def overlaps(text: str, answer: str) -> bool:
    """Tell whether the longest run of words common to both is half of the shorter, or more."""
    words, wanted = _words(text), _words(answer)
    shorter = min(len(words), len(wanted))
    if not shorter:
        return False
    common = SequenceMatcher(None, words, wanted, autojunk=False).find_longest_match()
    return common.size * 2 >= shorter


def token_f1(text: str, answer: str) -> float:
    """Return the F1 of shared tokens without case, punctuation and articles.

    Source: the evaluation script of SQuAD 1.1 (Rajpurkar et al., EMNLP 2016).
    """
    found, wanted = _squad_tokens(text), _squad_tokens(answer)
    shared = (Counter(found) & Counter(wanted)).total()
    return 2 * shared / (len(found) + len(wanted)) if shared else 0.0


def _words(text: str) -> list[str]:
    return _WORD.findall(normalise(text))


def _squad_tokens(text: str) -> list[str]:
    bare = normalise(text).translate(_PUNCTUATION)
    return _ARTICLES.sub(" ", bare).split()
