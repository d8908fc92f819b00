"""In which language is a text? By the words that every text of a language is full of."""

import re
from collections import Counter

from indexer.first_lines import NOTHING, Found
from indexer.records import Origin

_READ_CHARS = 20_000
_MIN_WORDS = 20
_MIN_DISTINCT = 5  # words of the language: a column of one word is no text
_MIN_SHARE = 0.08  # of all words; running text has 0.2 to 0.4
_WORDS = {
    "en": "the of and to in is for that on with be are this by as it from was at which",
    "cy": "yr yn y ac ar mae i wedi ei gyda hyn bod gan fel am o'r a'r y'n eu dros",
    "fr": "le la les des et du que est dans pour une sur par au avec qui ne pas sont ce",
    "de": "der die und das den von zu mit ist auf im nicht des für dem eine sich als auch wird",
    "es": "el los las del que en una por con para se su al es como más lo sus entre este",
    "it": "il di che la della per una sono con del nel alla dei gli le si come da anche più",
    "pt": "o os do da em um uma que não para com por dos das no na se mais como ao",
    "nl": "de het een van en dat op te zijn voor met die niet aan door ook als bij wordt naar",
    "pl": "w na z się że do nie jest i o po od jak za to dla przez oraz są być",
    "ga": "an na agus ar is go le sa do ag tá bhí ó nó seo sin faoi chun leis gur",
}
_LANGUAGES_OF = {
    word: [code for code, words in _WORDS.items() if word in words.split()]
    for words in _WORDS.values()
    for word in words.split()
}


def language_of(text: str) -> Found:
    """Return the ISO 639-1 code of the language of `text`, nothing where too little says so."""
    words = re.findall(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?", text[:_READ_CHARS].casefold())
    if len(words) < _MIN_WORDS:
        return NOTHING
    counts: Counter[str] = Counter()
    for word in words:
        counts.update(_LANGUAGES_OF.get(word, ()))
    if not counts:
        return NOTHING
    code, count = min(counts.items(), key=lambda item: (-item[1], item[0]))
    distinct = len(set(words) & set(_WORDS[code].split()))
    sure = count >= _MIN_SHARE * len(words) and distinct >= _MIN_DISTINCT
    return Found(code, Origin.TEXT) if sure else NOTHING
