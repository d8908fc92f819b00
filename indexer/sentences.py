"""Where sentences begin and end, so that a quote is never cut at "No. 5" or "Cllr. Smith".

Rules instead of a library: at query and at build time this runs over every block, and the two
libraries tried (syntok 1.4.4, pysbd 0.3.4) took 1.5 and 4.5 microseconds a character and split
"Cllr. Smith", "para. 4.2" and "approx. £3.5 million", which reports are full of.
"""

import re

# Words that end in a full stop inside a sentence. Compared in lower case, without the stop.
_ABBREVIATIONS = frozenset(
    """
    abs admin al app approx apr arr art arts asst aug av ave bn bros c ca cap cat cf ch chap chaps
    cllr cllrs cmdr co col cols const corp cpl cst dec dept dept det dist div dr ed eds eg e.g est
    etc ex exec ext feb ff fig figs fn fri gen gov govt hon hons ibid ie i.e inc incl insp inst jan
    jnr jr jul jun lieut lt ltd maj mar max mgr min misc mon mr mrs ms mt nos nov oct op para
    paras pc pcs pg pl pp pres prof pt ref refs reg rep reps rev rt sat sec sect sen sep sept ser
    sgt snr sr st sub subs sun supp supt tel temp thu tue tues thur univ viz vol vols vs wed wks yr
    yrs
    """.split()
)
# These also end sentences ("… and others etc. The board …"): they only hold before lower case.
_MAY_END_A_SENTENCE = frozenset({"etc", "ltd", "inc", "co", "corp", "al", "govt", "dept"})

# It begins with what few characters are: the engine passes over all others at once. The first stop
# of a run begins it, for a long run is not to be tried again from each of its stops.
_BOUNDARY = re.compile(
    r"""
    (?P<stop>[.!?…](?<![.!?…][.!?…])[.!?…]*)  # what ends a sentence
    (?P<close>["'”’)\]]*)                     # quotes and brackets that belong to it
    (?P<gap>\s+)                              # and white space before
    (?=(?P<next>["'“‘(\[]*\S))                # the next one
    """,
    re.VERBOSE,
)
_LONGEST_WORD = 40  # characters that are looked at before a full stop
_LAST_WORD = re.compile(r"(?:^|[\s(\[\"'“‘/-])(?P<word>[^\s(\[\"'“‘/]*)$")
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Return (start, end) of each sentence in `text[start:end]`, in order, white space trimmed.

    Every other character than white space lies in exactly one sentence. A blank line always ends a
    sentence; a line break inside a paragraph never does.
    """
    end = len(text) if end is None else end
    spans: list[tuple[int, int]] = []
    position = start
    for blank in (*_BLANK_LINE.finditer(text, start, end), None):
        piece_end = blank.start() if blank else end
        spans.extend(_within_paragraph(text, position, piece_end))
        position = blank.end() if blank else end
    return spans


def _within_paragraph(text: str, start: int, end: int) -> list[tuple[int, int]]:
    spans = []
    opened = start
    for match in _BOUNDARY.finditer(text, start, end):
        if match.end() >= end or not _ends_sentence(text, opened, match):
            continue
        spans.append((opened, match.start("gap")))
        opened = match.end()
    spans.append((opened, end))
    return [trimmed for span in spans if (trimmed := _trim(text, *span))]


def _ends_sentence(text: str, opened: int, match: re.Match[str]) -> bool:
    following = match["next"].lstrip("\"'“‘([")[:1] or match["next"][:1]
    if following.islower():
        return False
    if match["stop"] != ".":
        return True
    if match["close"]:
        return True
    before = text[max(opened, match.start() - _LONGEST_WORD) : match.start()]
    last = _LAST_WORD.search(before)
    word = last["word"] if last else ""
    # "3. The board" at the start of a paragraph: the number belongs to its sentence.
    begins = match.start() - opened < _LONGEST_WORD
    if begins and before.strip() == word and _is_label(word):
        return False
    if len(word) == 1 and word.isalpha() and word.isupper():
        return False  # an initial: "J. Smith"
    lowered = word.casefold()
    if lowered in _MAY_END_A_SENTENCE:
        return following.isupper()
    if lowered == "no":  # "no. 5", but also an answer: "No. The board …"
        return not following.isdigit()
    return lowered not in _ABBREVIATIONS


def _is_label(word: str) -> bool:
    return bool(re.fullmatch(r"(?:\d{1,3}(?:\.\d{1,3})*|[A-Za-z]|[ivxIVX]{1,5})", word))


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None
