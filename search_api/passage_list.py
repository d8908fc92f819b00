"""The passages of one report: what is indexed, and under which ids."""

from search_api import citing
from search_api.reader import ArchiveReader
from search_api.response_model import ResponseModel

MAX_PASSAGES = 100


class PassageView(ResponseModel):
    """A passage with its place; `number` counts from 1 in its report."""

    id: str
    number: int
    start: int
    end: int
    text: str
    section: tuple[str, ...]
    paragraph: str
    page: int | None
    url: str


class PassagesResponse(ResponseModel):
    """What /v1/documents/{id}/passages answers: the passages that touch [from, to), and where to
    go on (`next` as `from`), None at the end."""

    document_id: str
    generation: str
    total: int
    passages: tuple[PassageView, ...]
    next: int | None
    took_ms: float = 0.0


def passages_of(reader: ArchiveReader, document_id: str, start: int, end: int) -> PassagesResponse:
    """Return the first MAX_PASSAGES passages of a report that touch its characters [start, end)."""
    every = reader.document_passages(document_id)
    touched = [
        (number, one)
        for number, one in enumerate(every, start=1)
        if one.end > start and one.start < end
    ]
    text = reader.document_text(document_id)
    shown = touched[:MAX_PASSAGES]
    return PassagesResponse(
        document_id=document_id,
        generation=reader.generation_id,
        total=len(every),
        passages=tuple(
            PassageView(
                id=one.passage_id,
                number=number,
                start=one.start,
                end=one.end,
                text=one.text,
                section=one.section,
                paragraph=one.paragraph,
                page=one.page,
                url=citing.place_url(
                    document_id, one.start, one.end, citing.anchor_at(text, one.start)
                ),
            )
            for number, one in shown
        ),
        next=touched[MAX_PASSAGES][1].start if len(touched) > MAX_PASSAGES else None,
    )
