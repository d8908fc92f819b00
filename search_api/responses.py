"""The JSON that the API answers with: the same objects serve the pages and the command line.

Marks, starts and ends are character offsets, end exclusive. Unknown text values are "".
"""

from typing import Literal

from pydantic import Field

from search_api.figures import FigureKind
from search_api.response_model import ResponseModel as _Response

Mode = Literal["hybrid", "keyword", "vector"]
Status = Literal["answered", "partial", "not_found"]


class DefinedIn(_Response):
    """The place that says what an abbreviation stands for, and how many reports say so."""

    document_id: str
    title: str
    start: int
    end: int
    url: str
    documents: int


class Expansion(_Response):
    """Words of the query that are also searched as `to`.

    `source` is where the archive says so; None where both are ways to write one figure or date.
    """

    from_: str = Field(alias="from")
    to: str
    source: DefinedIn | None = None


class QueryReading(_Response):
    """How the query was read. `understood` is in the query language; `repaired` says what was
    mended in it, "" where nothing was."""

    q: str
    understood: str
    repaired: str = ""
    did_you_mean: str = ""
    expanded: tuple[Expansion, ...] = ()


class Total(_Response):
    """How many passages the keyword side matches: exact, whatever page is shown."""

    value: int
    relation: Literal["eq", "gte"] = "eq"
    of: Literal["keyword"] = "keyword"


class PassagePlace(_Response):
    """Where a passage stands in its report; `section` is outermost first."""

    id: str
    paragraph: str
    page: int | None
    section: tuple[str, ...]
    start: int
    end: int


class Snippet(_Response):
    """A piece of the passage, verbatim, with the places to mark; `cut_start` and `cut_end` say
    that it begins or ends in the middle of a sentence."""

    text: str
    marks: tuple[tuple[int, int], ...]
    cut_start: bool = False
    cut_end: bool = False


class ResultScore(_Response):
    """The merged score in [0, 1] and the rank in each list, None where the list lacks it."""

    fused: float
    keyword_rank: int | None
    vector_rank: int | None


class AlsoAs(_Response):
    """Another file of a report, and how much of it is the same; `url` leads to what it holds."""

    file: str
    relation: Literal["same content", "same text", "nearly the same text"]
    document_id: str
    url: str


class SearchResult(_Response):
    """One report (or one passage, when asked) with the passage that matched best."""

    rank: int
    document_id: str
    source_id: str
    title: str
    body: str
    committee: str
    date: str
    doc_type: str
    passage: PassagePlace
    snippet: Snippet
    matched_by: tuple[Literal["keyword", "vector"], ...]
    score: ResultScore
    more_in_document: int
    url: str
    source_url: str
    citation: str
    also: tuple[AlsoAs, ...] = ()


class FacetValue(_Response):
    """A value and the number of reports among the merged list that have it."""

    value: str
    count: int


class SearchResponse(_Response):
    """What /v1/search answers."""

    query: QueryReading
    generation: str
    mode: Mode
    total: Total
    results: tuple[SearchResult, ...]
    facets: dict[str, tuple[FacetValue, ...]] = Field(default_factory=dict)
    next: str | None = None
    took_ms: float


class Confidence(_Response):
    """How likely the answer is right, by a calibration that is named."""

    value: float
    band: Literal["high", "medium", "low"]
    calibrated_on: str


class ConflictingFigure(_Response):
    """A figure as a sentence states it; `citation` is the position in `citations`, from 0."""

    citation: int
    text: str


class Conflict(_Response):
    """Two sentences about the same thing that state different figures of one kind and unit."""

    kind: FigureKind
    unit: str
    figures: tuple[ConflictingFigure, ConflictingFigure]


class AnswerSentence(_Response):
    """A sentence copied from a report; `citation` is the position in `citations`, from 0."""

    text: str
    citation: int


class Citation(_Response):
    """Where a quote stands. Quotes of one report share one `number`."""

    number: int
    document_id: str
    file: str
    title: str
    body: str
    date: str
    section: tuple[str, ...]
    paragraph: str
    page: int | None
    quote: str
    start: int
    end: int
    source_sha256: str
    url: str
    also: tuple[AlsoAs, ...] = ()


class Searched(_Response):
    """What was looked through to answer."""

    documents: int
    date_from: str
    date_to: str
    bodies: tuple[str, ...]
    terms: tuple[str, ...]
    expanded: tuple[Expansion, ...]
    unreadable: int


class AnswerResponse(_Response):
    """What /v1/answer answers; `nearest` are search results, given when the status is not_found."""

    status: Status
    question: str
    query: QueryReading
    confidence: Confidence
    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    conflicts: tuple[Conflict, ...] = ()
    searched: Searched
    nearest: tuple[SearchResult, ...] = ()
    generation: str
    answer_id: str
    permalink: str
    took_ms: float


class BlockView(_Response):
    """One printed unit of a report. `anchor` is the fragment that links to it."""

    start: int
    end: int
    kind: Literal["heading", "paragraph", "list_item", "table_row", "boilerplate"]
    text: str
    section: tuple[str, ...]
    paragraph: str
    page: int | None
    anchor: str


class DocumentResponse(_Response):
    """One report with its text in blocks.

    `origins` says of each value that was found where: text, file properties, front matter, WARC
    header, mail header, file name, owner's table, or inferred. `ocr_confidence` (0 to 1) is set
    where the text was recognised from pictures.
    """

    document_id: str
    source_id: str
    title: str
    date: str
    body: str
    committee: str
    doc_type: str
    report_number: str
    author: str
    source_url: str
    archived_url: str = ""
    language: str = ""
    ocr_confidence: float | None = None
    origins: dict[str, str] = Field(default_factory=dict)
    also: tuple[AlsoAs, ...] = ()
    format: str
    source_sha256: str
    pages: int
    characters: int
    url: str
    citation: str
    generation: str
    blocks: tuple[BlockView, ...] = ()


class FileReport(_Response):
    """One file that is not searchable by itself, why, and what would help."""

    file: str
    reason: str
    help: str = ""


class UnreadReason(_Response):
    """A kind of reason for which files are unread, and what would help."""

    reason: str
    help: str
    count: int


class Gap(_Response):
    """Months in which the archive holds no report of a body, longer than is usual between two.

    `usual` is the median number of months from one month with a report to the next. The body may
    not have met, or not have published; the reports may be undated or not be held.
    """

    body: str
    first: str
    last: str
    months: int
    usual: float


class OcrQuality(_Response):
    """How many reports were recognised from pictures, and how sure the recogniser was (0 to 1)."""

    documents: int = 0
    mean_confidence: float | None = None
    poor: int = 0


class MetadataProblem(_Response):
    """Something in the owner's table that could not be used; line 0 is the table as a whole."""

    file: str
    line: int
    problem: str


class Recognised(_Response):
    """One file whose text was recognised from pictures, and how sure that was (0 to 1)."""

    file: str
    confidence: float


class CoverageResponse(_Response):
    """What /v1/coverage answers: held = searchable + duplicate + unread.

    Each list has an end: `shortened` says how long those are of which only the first 5,000 are
    here. `python -m indexer coverage --csv` lists every file.
    """

    generation: str
    held: int
    searchable: int
    duplicate: int
    unread: int
    documents: int
    passages: int
    date_from: str
    date_to: str
    unread_files: tuple[FileReport, ...]
    duplicate_files: tuple[FileReport, ...]
    by_body: tuple[FacetValue, ...]
    by_month: tuple[FacetValue, ...]
    by_type: tuple[FacetValue, ...] = ()
    near_duplicates: int = 0
    unread_reasons: tuple[UnreadReason, ...] = ()
    gaps: tuple[Gap, ...] = ()
    ocr: OcrQuality = OcrQuality()
    metadata_problems: tuple[MetadataProblem, ...] = ()
    containers: int
    incomplete_files: tuple[FileReport, ...]
    by_help: tuple[FacetValue, ...]
    recognised: tuple[Recognised, ...]
    shortened: dict[str, int] = Field(default_factory=dict)


class Problem(_Response):
    """An error, as RFC 9457 shapes it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: tuple[dict[str, str], ...] = ()
