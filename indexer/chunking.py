"""Cut the text of a document into passages that the encoder reads whole.

A passage follows sections and paragraphs: it is a run of whole blocks under one heading, or, where
a block is too long, a run of whole sentences of it. Sizes are counted in the encoder's own tokens,
together with the context (title and headings) that is embedded in front of the text, so that
nothing is ever cut off.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from indexer.records import Block, BlockKind, Document, DocumentText, Passage
from indexer.sentences import sentence_spans

# Passage size in tokens of its text. 220 tokens are about 160 words of a report. Measured in
# tests/quality; larger ones do not fit the encoder's 256 together with their context.
TARGET_TOKENS = 220
# A section shorter than this joins the next one: a heading and one line find nothing alone.
SMALL_TOKENS = 40
# The context may take this much of the encoder's window; longer titles are cut there.
CONTEXT_TOKENS = 48
_SPECIAL_TOKENS = 2  # the encoder's own, one at each end

# Takes texts, gives the start offset of each token of each text (special tokens left out).
TokenStarts = Callable[[Sequence[str]], list[list[int]]]


@dataclass(frozen=True, slots=True)
class PassageLimits:
    """Sizes in tokens; `window` is all that the encoder reads, special tokens included.

    They are recorded in the manifest: other limits mean another index.
    """

    window: int = 256
    target: int = TARGET_TOKENS
    small: int = SMALL_TOKENS
    context: int = CONTEXT_TOKENS


@dataclass(frozen=True, slots=True)
class _Piece:
    """A span that is never cut: a block, a sentence of a long block, or a part of a long one.

    The headings above it are part of it; `block` is then what they head.
    """

    start: int
    end: int
    tokens: int
    block: Block


def cut(
    document: Document,
    text: DocumentText,
    token_starts: TokenStarts,
    limits: PassageLimits,
) -> list[tuple[Passage, str]]:
    """Return the passages of a document in order, each with the text that is embedded for it.

    Rows count from 0 within the document. Passages do not overlap, and hold every character of
    the blocks that are not boilerplate, but for white space between blocks. The embedded text is
    the context and the passage, `limits.window` tokens at most.
    """
    starts = token_starts([text.text])[0] if text.text else []
    contexts = _Contexts(document.title, token_starts, limits.context)
    passages: list[tuple[Passage, str]] = []
    for run in _runs(text, starts, contexts, limits):
        budget = min(contexts.budget(piece.block.section, limits) for piece in run)
        for start, end, block in _pack(run, budget):
            passage = Passage(
                row=len(passages),
                document_id=document.document_id,
                start=start,
                end=end,
                text=text.text[start:end],
                section=block.section,
                paragraph=block.paragraph,
                page=text.page_at(start),
                sentences=_sentences(text, start, end),
            )
            context, _ = contexts.of(block.section)
            passages.append((passage, f"{context}\n{passage.text}" if context else passage.text))
    return passages


def _sentences(document: DocumentText, start: int, end: int) -> tuple[tuple[int, int], ...]:
    """Return what can be quoted of a passage: each block's sentences, headings left out."""
    first = max(0, bisect_right(document.blocks, start, key=lambda block: block.start) - 1)
    spans: list[tuple[int, int]] = []
    for block in document.blocks[first:]:
        if block.start >= end:
            break
        if block.kind in (BlockKind.HEADING, BlockKind.BOILERPLATE):
            continue
        opened = max(start, _after_label(document.text, block))
        spans += sentence_spans(document.text, opened, min(end, block.end))
    return tuple(spans)


def _after_label(text: str, block: Block) -> int:
    """Return where the words of a block begin, behind its bullet or its printed number.

    The number is part of the citation, and a quote reads better without it. A bare number is left:
    "3 of the ten officers" may stand under paragraph 3.
    """
    mark = "[.):]?" if "." in block.paragraph else "[.):]"
    number = rf"|\(?{re.escape(block.paragraph)}{mark}\s+" if block.paragraph else ""
    match = re.compile(rf"(?:[-–•●▪◦*]\s+{number})").match(text, block.start, block.end)
    return match.end() if match else block.start


class _Contexts:
    """The title and the headings above a passage, cut to the tokens that they may take."""

    def __init__(self, title: str, token_starts: TokenStarts, limit: int) -> None:
        self._title = title
        self._token_starts = token_starts
        self._limit = limit
        self._known: dict[tuple[str, ...], tuple[str, int]] = {}

    def of(self, section: tuple[str, ...]) -> tuple[str, int]:
        """Return the context of a section and its length in tokens."""
        if section not in self._known:
            parts = [" ".join(part.split()).rstrip(".") for part in (self._title, *section)]
            context = ". ".join(part for part in parts if part)
            starts = self._token_starts([context])[0] if context else []
            if len(starts) > self._limit:
                context = context[: starts[self._limit]].rstrip()
            self._known[section] = (context, min(len(starts), self._limit))
        return self._known[section]

    def budget(self, section: tuple[str, ...], limits: PassageLimits) -> int:
        """Return how many tokens the text of a passage under `section` may have."""
        return max(1, min(limits.target, limits.window - _SPECIAL_TOKENS - self.of(section)[1]))


def _runs(
    document: DocumentText, starts: list[int], contexts: _Contexts, limits: PassageLimits
) -> list[list[_Piece]]:
    """Group the pieces that may share a passage: neighbours under one heading.

    A run that stays small is joined by the next one, so that a heading goes with what it heads.
    """
    runs: list[list[_Piece]] = []
    size = 0
    joinable = False
    section: tuple[str, ...] | None = None
    for block in document.blocks:
        if block.kind is BlockKind.BOILERPLATE:
            joinable = False
            continue
        budget = contexts.budget(block.section, limits)
        above = runs[-1][-1] if joinable and runs[-1][-1].block.kind is BlockKind.HEADING else None
        room = max(1, budget // 2, budget - above.tokens) if above else budget
        pieces = _pieces(document.text, block, starts, room)
        if not pieces:
            continue
        changed = block.section != section or block.kind is BlockKind.HEADING
        if not joinable or (changed and not above and size >= limits.small):
            runs.append([])
            size = 0
        size += sum(piece.tokens for piece in pieces)
        if above and above.tokens + pieces[0].tokens <= budget:
            tokens = above.tokens + pieces[0].tokens
            pieces[0] = _Piece(above.start, pieces[0].end, tokens, block)
            runs[-1].pop()
        runs[-1].extend(pieces)
        joinable, section = True, block.section
    return runs


def _pieces(text: str, block: Block, starts: list[int], budget: int) -> list[_Piece]:
    tokens = _count(starts, block.start, block.end)
    if tokens <= budget:
        return [_Piece(block.start, block.end, tokens, block)] if block.end > block.start else []
    pieces: list[_Piece] = []
    for start, end in sentence_spans(text, block.start, block.end):
        for part_start, part_end in _fitting(text, starts, start, end, budget):
            pieces.append(_Piece(part_start, part_end, _count(starts, part_start, part_end), block))
    return pieces


def _fitting(
    text: str, starts: list[int], start: int, end: int, budget: int
) -> list[tuple[int, int]]:
    """Cut a sentence that is longer than the budget at white space, else beside punctuation."""
    parts = []
    while _count(starts, start, end) > budget:
        limit = starts[bisect_left(starts, start) + budget]
        space = text.rfind(" ", start + 1, limit)
        cut_at = max(space, text.rfind("\n", start + 1, limit))
        cut_at = cut_at if cut_at > start else _beside_punctuation(text, start, limit)
        parts.append((start, cut_at))
        start = cut_at
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        parts.append((start, end))
    return parts


def _beside_punctuation(text: str, start: int, limit: int) -> int:
    """Return the last place up to `limit` where no word is cut, `limit` where there is none.

    Half of a word may have more tokens than it had in the whole: a cut inside of words gave 257.
    """
    for at in range(limit, start, -1):
        if _is_punctuation(text[at - 1]) or _is_punctuation(text[at]):
            return at
    return limit


def _is_punctuation(character: str) -> bool:
    category = unicodedata.category(character)
    return category.startswith("P") or (category.startswith("S") and character.isascii())


def _pack(pieces: list[_Piece], budget: int) -> list[tuple[int, int, Block]]:
    """Fill passages evenly: a run of 1.2 budgets gives two of .6, not one full and a crumb."""
    total = sum(piece.tokens for piece in pieces)
    goal = total / -(-total // budget) if total else budget
    spans: list[tuple[int, int, Block]] = []
    size = 0
    opened: _Piece | None = None
    last_end = 0
    for piece in pieces:
        if opened is not None and (size + piece.tokens > budget or size + piece.tokens / 2 > goal):
            spans.append((opened.start, last_end, opened.block))
            opened, size = None, 0
        if opened is None:
            opened = piece
        size += piece.tokens
        last_end = piece.end
    if opened is not None:
        spans.append((opened.start, last_end, opened.block))
    return spans


def _count(starts: list[int], start: int, end: int) -> int:
    return bisect_left(starts, end) - bisect_left(starts, start)
