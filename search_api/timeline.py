"""What do the reports say of a thing, in order of time, and which figures changed between them?"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from indexer.keyword_query import Group, Node, Phrase, Word
from indexer.ranking import Ranking
from indexer.records import Document, DocumentText, Filters, Passage
from search_api import citing
from search_api.changes import Change, Saying, changes_among
from search_api.figures import Figure, figures_in
from search_api.matching import Stem, Term, matches, stemmed_words, terms_of
from search_api.query import ParsedQuery, parse
from search_api.reader import ArchiveReader
from search_api.response_model import ResponseModel

# Passages of one thing that are looked at, and of these the best whose sentences are.
_MENTIONS = 5000
_READ_PASSAGES = 400
_PER_REPORT = 4
_LONGEST_QUOTE_CHARS = 1200
# How much of the thing, by rarity of its words, a sentence must name when it has no figure.
_NAMED = 0.5


class FigureView(ResponseModel):
    """A figure of a quote: offsets count in the quote's text."""

    kind: str
    text: str
    start: int
    end: int
    value: float | None
    unit: str
    date: str


class TimelineQuote(ResponseModel):
    """A sentence copied from a report, with its place and its figures."""

    date: str
    document_id: str
    title: str
    body: str
    quote: str
    start: int
    end: int
    section: tuple[str, ...]
    paragraph: str
    page: int | None
    url: str
    figures: tuple[FigureView, ...]


class ChangeSide(ResponseModel):
    """One side of a change: the position of its quote in `quotes`, its figure, and the period
    that is named nearest to the figure ("" where none is)."""

    quote: int
    date: str
    document_id: str
    figure: FigureView
    period: str


class ChangeView(ResponseModel):
    """Two reports that give another figure of one kind at the same place of nearly the same
    sentence; `about` are the words of both. Whether they speak of the same is for the reader to
    see: the quotes are there."""

    kind: str
    unit: str
    about: tuple[str, ...]
    before: ChangeSide
    after: ChangeSide
    difference: float | None
    same_period: bool


class MonthOfMentions(ResponseModel):
    """How many reports of a month name the thing."""

    month: str
    reports: int


class TimelineResponse(ResponseModel):
    """What /v1/timeline answers. `matched_as` says how the thing was looked for: as a phrase, by
    all its words, or by any of them."""

    q: str
    matched_as: str
    generation: str
    reports: int
    passages: int
    quotes: tuple[TimelineQuote, ...]
    truncated: bool
    changes: tuple[ChangeView, ...]
    months: tuple[MonthOfMentions, ...]
    took_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class _Found:
    document: Document
    passage: Passage
    start: int
    end: int
    text: str
    figures: tuple[Figure, ...]
    score: float


def timeline_of(
    reader: ArchiveReader, q: str, filters: Filters, limit: int, stem: Stem
) -> TimelineResponse:
    """Return the dated quotes about what `q` names, oldest first; undated reports come last."""
    query = parse(q)
    matched_as, node = _thing(reader, query, filters)
    mentions, total = reader.keyword_ranking(node, _MENTIONS, filters)
    documents = reader.documents_of([hit.row for hit in mentions])
    found = _sentences(reader, mentions, documents, terms_of(reader, query), stem)
    chosen = _chosen(found, limit)
    quotes = tuple(_quote(reader, one) for one in chosen)
    return TimelineResponse(
        q=q,
        matched_as=matched_as,
        generation=reader.generation_id,
        reports=len({document.document_id for document in documents}),
        passages=total,
        quotes=quotes,
        truncated=len(found) > len(chosen) or total > len(mentions),
        changes=tuple(map(_change, _changes(chosen, query, stem))),
        months=_months(documents),
    )


def _thing(reader: ArchiveReader, query: ParsedQuery, filters: Filters) -> tuple[str, Node]:
    """Return how the thing is looked for: as narrowly as the archive has it."""
    if query.constraint is None and len(query.terms) > 1:
        narrow: tuple[tuple[str, Node], ...] = (
            ("phrase", Phrase(" ".join(query.terms))),
            ("all words", Group(must=tuple(Word(term) for term in query.terms))),
        )
        for name, node in narrow:
            if reader.keyword_ranking(node, 1, filters)[1]:
                return name, node
    return "query", query.node


def _sentences(
    reader: ArchiveReader,
    mentions: Ranking,
    documents: Sequence[Document],
    terms: Sequence[Term],
    stem: Stem,
) -> list[_Found]:
    """Return the sentences that name the thing, or give a figure where it is the topic."""
    rows = [hit.row for hit in mentions[:_READ_PASSAGES]]
    total = sum(term.weight for term in terms) or 1.0
    found = []
    for hit, passage, document in zip(mentions, reader.passages(rows), documents, strict=False):
        for start, end in passage.sentences:
            if end - start > _LONGEST_QUOTE_CHARS:
                continue
            text = passage.text[start - passage.start : end - passage.start]
            _, stems = stemmed_words(text, stem)
            met = {number for number, _, _ in matches(terms, stems)}
            named = sum(terms[number].weight for number in met) / total
            figures = figures_in(text)
            if named >= _NAMED or figures:
                score = named + (0.5 if figures else 0.0) + hit.score / (1 + mentions[0].score)
                found.append(_Found(document, passage, start, end, text, figures, score))
    return _said_once(found)


def _said_once(found: Iterable[_Found]) -> list[_Found]:
    """Keep the earliest of sentences that read the same: a report is often filed twice."""
    kept: dict[str, _Found] = {}
    for one in sorted(found, key=_when):
        kept.setdefault(" ".join(one.text.casefold().split()), one)
    return list(kept.values())


def _chosen(found: Sequence[_Found], limit: int) -> list[_Found]:
    """Return the best sentences, some of each report at most, in order of time."""
    per_report: Counter[str] = Counter()
    chosen = []
    for one in sorted(found, key=lambda one: (-one.score, *_when(one))):
        per_report[one.document.document_id] += 1
        if per_report[one.document.document_id] <= _PER_REPORT:
            chosen.append(one)
    return sorted(chosen[:limit], key=_when)


def _when(one: _Found) -> tuple[str, str, int]:
    return (one.document.date or "9999", one.document.document_id, one.start)


def _changes(chosen: Sequence[_Found], query: ParsedQuery, stem: Stem) -> list[Change]:
    thing = {stem(word) for term in query.terms for word in term.split()}
    dated = [
        Saying(number, one.document.date, one.document.document_id, one.text, one.figures)
        for number, one in enumerate(chosen)
        if one.document.date and one.figures
    ]
    return changes_among(dated, thing, stem)


def _quote(reader: ArchiveReader, one: _Found) -> TimelineQuote:
    text: DocumentText = reader.document_text(one.document.document_id)
    section, paragraph, page = citing.place_of(text, one.start)
    anchor = citing.anchor_at(text, one.start)
    return TimelineQuote(
        date=one.document.date,
        document_id=one.document.document_id,
        title=one.document.title,
        body=one.document.body,
        quote=one.text,
        start=one.start,
        end=one.end,
        section=section,
        paragraph=paragraph,
        page=page,
        url=citing.place_url(one.document.document_id, one.start, one.end, anchor),
        figures=tuple(_view(one.text, figure) for figure in one.figures),
    )


def _change(change: Change) -> ChangeView:
    def side(saying: Saying, figure: Figure, period: str) -> ChangeSide:
        return ChangeSide(
            quote=saying.quote,
            date=saying.date,
            document_id=saying.document_id,
            figure=_view(saying.text, figure),
            period=period,
        )

    before, after = change.figure_before.value, change.figure_after.value
    return ChangeView(
        kind=change.figure_after.kind.value,
        unit=change.figure_after.unit,
        about=change.about,
        before=side(change.before, change.figure_before, change.periods[0]),
        after=side(change.after, change.figure_after, change.periods[1]),
        difference=round(after - before, 4) if before is not None and after is not None else None,
        same_period=change.periods[0] == change.periods[1],
    )


def _view(text: str, figure: Figure) -> FigureView:
    return FigureView(
        kind=figure.kind.value,
        text=text[figure.start : figure.end],
        start=figure.start,
        end=figure.end,
        value=figure.value,
        unit=figure.unit,
        date=figure.date,
    )


def _months(documents: Sequence[Document]) -> tuple[MonthOfMentions, ...]:
    dated = {one.document_id: one.date[:7] for one in documents if one.date}
    return tuple(
        MonthOfMentions(month=month, reports=count)
        for month, count in sorted(Counter(dated.values()).items())
    )
