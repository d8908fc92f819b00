"""Does the archive hold what a draft quotes? Exactly, nearly (with the difference), or not.

What is reported are facts for the writer to look at: which report has these words, or others.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rapidfuzz import fuzz

from indexer.keyword_query import Group, Node, Phrase, Word
from indexer.records import DocumentText, Filters, Passage
from search_api import citing
from search_api.checked_quotes import (
    CheckedQuote,
    DifferencePart,
    QuoteMatch,
    QuotesCheckResponse,
    QuoteStatus,
)
from search_api.errors import BadRequestError
from search_api.quoted import Folded, Quoted, fold, quoted_passages
from search_api.reader import ArchiveReader

MAX_DRAFT_CHARS = 50_000
MAX_QUOTES = 50
MAX_QUOTE_CHARS = 2_000
MIN_WORDS = 3
# Of 100. Below it the words are too different for the passage to be meant.
NEAR = 80.0
# Words that are the same, of 100: one sign that differs makes another word.
_NEAR_BY_WORD = 50.0
_LONGEST_BY_SIGN = 300
_MATCHES = 5
_PASSAGES = 15
_FITTED = 10  # of all that are like a quotation, those whose ends are looked at
_TRIMMED_PIECES = 12
_QUERY_WORDS = 40
_FRAGMENTS = 12  # the longest, which few passages hold; all of them are compared
_BEYOND_CHARS = 400  # a quotation may run over the end of a passage

_ELLIPSIS = re.compile(r"\s*(?:\[\s*\.\.\.\s*\]|\(\s*\.\.\.\s*\)|\.\.\.)\s*")
_WORD = re.compile(r"[^\W_]+")
_PIECE = re.compile(r"\s+|[^\W_]+|.", re.DOTALL)
_EDGES = " .,;:!?-\"'"
_MARKS = _EDGES + "“”‘’–—\n\t"


@dataclass(frozen=True, slots=True)
class _Place:
    """A span of a report that may be what was quoted."""

    document_id: str
    start: int
    end: int
    similarity: float


@dataclass(frozen=True, slots=True)
class _Alike:
    """A span of a text, and how much it is like what is wanted (0 to 100)."""

    score: float
    start: int
    end: int


def check_quotes(reader: ArchiveReader, draft: str) -> QuotesCheckResponse:
    """Return every quoted passage of a draft, checked; raises BadRequestError for none or too many.

    Exact means the same letters, figures and punctuation, whatever the marks, dashes and spaces,
    where "..." may leave something out. At the ends, punctuation and the case of the first letter
    do not count: both belong to the sentence that quotes.
    """
    if len(draft) > MAX_DRAFT_CHARS:
        raise BadRequestError(
            "text", draft[:64], f"{len(draft):,} characters; expected {MAX_DRAFT_CHARS:,} at most"
        )
    quoted = quoted_passages(draft)
    if len(quoted) > MAX_QUOTES:
        raise BadRequestError(
            "text", draft[:64], f"{len(quoted)} quoted passages; expected {MAX_QUOTES} at most"
        )
    held = _Held(reader)
    checked = tuple(_checked(held, number, one) for number, one in enumerate(quoted, start=1))
    counts: dict[QuoteStatus, int] = {"exact": 0, "near": 0, "not_found": 0, "not_checked": 0}
    for one in checked:
        counts[one.status] += 1
    return QuotesCheckResponse(
        generation=reader.generation_id,
        quotes=checked,
        counts=counts,
        searched_reports=reader.counts.documents,
        unreadable=reader.counts.unread,
    )


class _Held:
    """What the archive holds, with the text around each passage folded once for all quotations."""

    def __init__(self, reader: ArchiveReader) -> None:
        self.reader = reader
        self._texts: dict[str, DocumentText] = {}
        self._windows: dict[int, tuple[int, Folded]] = {}

    def passages(self, node: Node) -> list[Passage]:
        """Return the passages that hold what is asked for, the best first."""
        ranking, _ = self.reader.keyword_ranking(node, _PASSAGES, Filters())
        return self.reader.passages([hit.row for hit in ranking])

    def text(self, document_id: str) -> DocumentText:
        """Return the text of a report."""
        if document_id not in self._texts:
            self._texts[document_id] = self.reader.document_text(document_id)
        return self._texts[document_id]

    def window(self, passage: Passage) -> tuple[int, Folded]:
        """Return where a passage with what stands around it begins, and that text, folded."""
        found = self._windows.get(passage.row)
        if found is None:
            text = self.text(passage.document_id).text
            start = max(0, passage.start - _BEYOND_CHARS)
            found = start, fold(text[start : passage.end + _BEYOND_CHARS])
            self._windows[passage.row] = found
        return found


def _checked(held: _Held, number: int, quoted: Quoted) -> CheckedQuote:
    def answer(status: QuoteStatus, note: str = "", places: Iterable[_Place] = ()) -> CheckedQuote:
        matches = tuple(_match(held, place) for place in places)
        return CheckedQuote(
            number=number,
            text=quoted.text,
            start=quoted.start,
            end=quoted.end,
            status=status,
            matches=matches,
            difference=_difference(quoted.text.strip(_MARKS), matches[0].text)
            if status == "near"
            else (),
            note=note,
        )

    if len(quoted.text) > MAX_QUOTE_CHARS:
        return answer("not_checked", f"longer than {MAX_QUOTE_CHARS:,} characters")
    words = _WORD.findall(quoted.text)
    if len(words) < MIN_WORDS:
        return answer("not_checked", f"fewer than {MIN_WORDS} words")
    fragments = [
        fragment
        for part in _ELLIPSIS.split(fold(quoted.text).text)
        if (fragment := part.strip(_EDGES))
    ]
    looked_at: dict[int, Passage] = {}
    for node in _ways_to_look(fragments, words):
        passages = held.passages(node)
        exact = _exact(held, passages, fragments)
        if exact:
            note = "words are left out at the dots" if len(fragments) > 1 else ""
            return answer("exact", note, exact[:_MATCHES])
        looked_at |= {passage.row: passage for passage in passages}
    near = _near(held, list(looked_at.values()), " ".join(fragments))
    return answer("near", "", near[:_MATCHES]) if near else answer("not_found")


def _ways_to_look(fragments: Sequence[str], words: Sequence[str]) -> Iterator[Node]:
    """Yield how a quotation is looked for: side by side, in halves, by its words.

    One that runs over the end of a passage has a half, or some words, in each.
    """
    half = len(words) // 2
    parts = sorted(
        {part for part in fragments if _WORD.search(part)}, key=lambda one: (-len(one), one)
    )
    yield Group(should=tuple(Phrase(part) for part in parts[:_FRAGMENTS]))
    yield Group(should=(Phrase(" ".join(words[:half])), Phrase(" ".join(words[half:]))))
    yield Group(should=tuple(Word(word) for word in dict.fromkeys(words[:_QUERY_WORDS])))


def _exact(held: _Held, passages: Sequence[Passage], fragments: Sequence[str]) -> list[_Place]:
    """Return a place in each report that has all fragments in order, in order of the ranking."""
    found: dict[str, _Place] = {}
    for passage in passages:
        if passage.document_id in found:
            continue
        offset, folded = held.window(passage)
        span = _in_order(folded, fragments)
        if span is not None:
            start, end = folded.span(*span)
            found[passage.document_id] = _Place(
                passage.document_id, offset + start, offset + end, 1.0
            )
    return list(found.values())


def _in_order(folded: Folded, fragments: Sequence[str]) -> tuple[int, int] | None:
    """Return the span from the first fragment to the last, None where one is missing."""
    start, end = -1, 0
    for fragment in fragments:
        place = _find(folded.text, fragment, end)
        if place < 0:
            return None
        if start < 0:
            start = place
        end = place + len(fragment)
    return (start, end) if fragments else None


def _find(text: str, fragment: str, at: int) -> int:
    """Find whole words; their first letter may be a capital here and none there."""
    other = fragment[0].swapcase() + fragment[1:] if fragment[0].isalpha() else fragment
    places = []
    for wanted in {fragment, other}:
        place = text.find(wanted, at)
        while place >= 0:
            end = place + len(wanted)
            if _is_edge(text, place) and _is_edge(text, end):
                places.append(place)
                break
            place = text.find(wanted, place + 1)
    return min(places, default=-1)


def _is_edge(text: str, place: int) -> bool:
    """True where no word goes on over this place."""
    inside = 0 < place < len(text)
    return not (inside and text[place - 1].isalnum() and text[place].isalnum())


def _near(held: _Held, passages: Sequence[Passage], wanted: str) -> list[_Place]:
    """Return the most alike place of each report that has one, the most alike first."""
    candidates = []
    for passage in passages:
        offset, folded = held.window(passage)
        if len(folded.text) >= len(wanted) // 2 and (found := _most_alike(wanted, folded.text)):
            candidates.append((found, offset, folded, passage.document_id))
    candidates.sort(key=lambda one: -one[0].score)
    best: dict[str, _Place] = {}
    for found, offset, folded, document_id in candidates[:_FITTED]:
        start, end = _fitted(wanted, folded.text, found.start, found.end)
        similarity = round(fuzz.ratio(wanted, folded.text[start:end]) / 100, 3)
        first, last = folded.span(start, end)
        place = _Place(document_id, offset + first, offset + last, similarity)
        known = best.get(document_id)
        if similarity * 100 >= NEAR and (known is None or similarity > known.similarity):
            best[document_id] = place
    return sorted(best.values(), key=lambda place: (-place.similarity, place.document_id))


def _most_alike(wanted: str, text: str) -> _Alike | None:
    """Return the span of a text that is most like what is wanted, None where none is near.

    Sign by sign where that is short. The time of that grows with the cube of the length (a quarter
    of a second for 2,000 signs), so something long is looked for word by word.
    """
    if len(wanted) <= _LONGEST_BY_SIGN:
        found = fuzz.partial_ratio_alignment(wanted, text, score_cutoff=NEAR)
        if found is None or found.dest_end <= found.dest_start:
            return None
        return _Alike(found.score, found.dest_start, found.dest_end)
    words = [*_WORD.finditer(text)]
    found = fuzz.partial_ratio_alignment(
        _WORD.findall(wanted), [word[0] for word in words], score_cutoff=_NEAR_BY_WORD
    )
    if found is None or found.dest_end <= found.dest_start:
        return None
    return _Alike(found.score, words[found.dest_start].start(), words[found.dest_end - 1].end())


def _fitted(wanted: str, text: str, start: int, end: int) -> tuple[int, int]:
    """Return a span widened to whole words, then without what makes it less alike at its ends."""
    while not _is_edge(text, start):
        start -= 1
    while not _is_edge(text, end):
        end += 1
    pieces = [(start + one.start(), start + one.end()) for one in _PIECE.finditer(text[start:end])]
    first, last = 0, len(pieces) - 1
    best = fuzz.ratio(wanted, text[start:end])
    for _ in range(2 * _TRIMMED_PIECES):
        if first >= last:
            break
        shorter = (
            (fuzz.ratio(wanted, text[pieces[a][0] : pieces[b][1]]), a, b)
            for a, b in ((first + 1, last), (first, last - 1))
        )
        alike, a, b = max(shorter)
        if alike < best:
            break
        best, first, last = alike, a, b
    return pieces[first][0], pieces[last][1]


def _match(held: _Held, place: _Place) -> QuoteMatch:
    document = held.reader.document(place.document_id)
    assert document is not None
    text = held.text(place.document_id)
    section, paragraph, page = citing.place_of(text, place.start)
    anchor = citing.anchor_at(text, place.start)
    return QuoteMatch(
        document_id=document.document_id,
        title=document.title,
        body=document.body,
        date=document.date,
        section=section,
        paragraph=paragraph,
        page=page,
        text=text.text[place.start : place.end],
        start=place.start,
        end=place.end,
        similarity=place.similarity,
        url=citing.place_url(document.document_id, place.start, place.end, anchor),
        citation=citing.citation_of(document),
    )


def _difference(draft: str, report: str) -> tuple[DifferencePart, ...]:
    """Return draft and report word by word: joined, each side gives its whole text again."""
    ours, theirs = _PIECE.findall(draft), _PIECE.findall(report)
    compared = SequenceMatcher(
        None, [fold(piece).text for piece in ours], [fold(piece).text for piece in theirs], False
    )
    return tuple(
        DifferencePart(same=kind == "equal", draft="".join(ours[a:b]), report="".join(theirs[c:d]))
        for kind, a, b, c, d in compared.get_opcodes()
    )
