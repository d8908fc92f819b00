"""A piece of a report, for readers that cannot take a long one at once."""

from itertools import islice

from search_api.responses import BlockView, DocumentResponse

PIECE_CHARS = 20_000
_MOST_BLOCKS = 500


class DocumentPiece(DocumentResponse):
    """As /v1/documents/{id} answers, but with blocks of some 20,000 characters at most; `next` is
    where to go on, None at the end."""

    next: int | None


def piece_of(document: DocumentResponse, start: int) -> DocumentPiece:
    """Return the blocks from character `start` on, whole ones but where one alone is too long."""
    after = [block for block in document.blocks if block.end > start]
    shown: list[BlockView] = []
    most = max(start, after[0].start) + PIECE_CHARS if after else 0
    for block in islice(after, _MOST_BLOCKS):
        if shown and block.end > most:
            break
        shown.append(_cut(block, max(start, block.start), min(block.end, most)))
    is_last = not shown or shown[-1].end == after[-1].end
    return DocumentPiece(
        **dict(document) | {"blocks": tuple(shown)}, next=None if is_last else shown[-1].end
    )


def _cut(block: BlockView, start: int, end: int) -> BlockView:
    text = block.text[start - block.start : end - block.start]
    return block.model_copy(update={"start": start, "end": end, "text": text})
