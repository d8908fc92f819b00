"""A piece of a report, for readers that cannot take a long one at once."""

from itertools import islice

from search_api.responses import BlockView, DocumentResponse


class DocumentPiece(DocumentResponse):
    """What /v1/documents/{id} answers: a report with as many blocks as one answer may hold; `next`
    is where to go on (as `from`), None at the end."""

    next: int | None


def piece_of(
    document: DocumentResponse, start: int, most_chars: int, most_blocks: int
) -> DocumentPiece:
    """Return the blocks from character `start` on, whole ones but where one alone is too long."""
    after = [block for block in document.blocks if block.end > start]
    shown: list[BlockView] = []
    most = max(start, after[0].start) + most_chars if after else 0
    for block in islice(after, most_blocks):
        if shown and block.end > most:
            break
        shown.append(_cut(block, max(start, block.start), min(block.end, most)))
    is_last = not shown or shown[-1].end == after[-1].end
    return DocumentPiece(
        **dict(document) | {"blocks": tuple(shown)}, next=None if is_last else shown[-1].end
    )


def _cut(block: BlockView, start: int, end: int) -> BlockView:
    if (start, end) == (block.start, block.end):
        return block
    text = block.text[start - block.start : end - block.start]
    return block.model_copy(update={"start": start, "end": end, "text": text})
