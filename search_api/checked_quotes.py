"""What /v1/quotes:check answers."""

from typing import Literal

from search_api.response_model import ResponseModel

QuoteStatus = Literal["exact", "near", "not_found", "not_checked"]


class QuoteMatch(ResponseModel):
    """A place in a report; `text` is what stands there, verbatim."""

    document_id: str
    title: str
    body: str
    date: str
    section: tuple[str, ...]
    paragraph: str
    page: int | None
    text: str
    start: int
    end: int
    similarity: float
    url: str
    citation: str


class DifferencePart(ResponseModel):
    """A piece that draft and report share, or what each has in its place."""

    same: bool
    draft: str
    report: str


class CheckedQuote(ResponseModel):
    """A quoted passage of the draft and what the archive has of it; `note` says why it was not
    checked, or what was passed over."""

    number: int
    text: str
    start: int
    end: int
    status: QuoteStatus
    matches: tuple[QuoteMatch, ...] = ()
    difference: tuple[DifferencePart, ...] = ()
    note: str = ""


class QuotesCheckResponse(ResponseModel):
    """What /v1/quotes:check answers. Starts and ends of quotes count characters of the draft."""

    generation: str
    quotes: tuple[CheckedQuote, ...]
    counts: dict[QuoteStatus, int]
    searched_reports: int
    unreadable: int
    took_ms: float = 0.0
