"""indexer.chunking: passages tile their document, and the encoder reads each one whole."""

import json
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.chunking import PassageLimits, cut
from indexer.embedding import BuildEncoder, token_starts
from indexer.parts import load_document
from indexer.records import Block, BlockKind, Document, DocumentText, Passage
from indexer.source import SourceItem, document_of_line
from tests.conftest import CORPUS

Starts = Callable[[Sequence[str]], list[list[int]]]
Pieces = list[tuple[Passage, str]]

DOCUMENT = Document("id", "report.txt", "", "txt", title="Annual report")
SMALL = PassageLimits(window=24, target=12, small=4, context=6)


def words(texts: Sequence[str]) -> list[list[int]]:
    """A tokenizer that everyone can follow: a token is what stands between white space."""
    return [[match.start() for match in re.finditer(r"\S+", text)] for text in texts]


def characters(texts: Sequence[str]) -> list[list[int]]:
    """A tokenizer that has tokens inside of words, as the real one has."""
    return [[match.start() for match in re.finditer(r"\S", text)] for text in texts]


def document_of(*blocks: tuple[str, BlockKind, tuple[str, ...]]) -> DocumentText:
    text, made = "", []
    for content, kind, section in blocks:
        made.append(Block(len(text), len(text) + len(content), kind, section))
        text += content + "\n\n"
    return DocumentText(text, (), tuple(made))


def paragraph(text: str, *section: str) -> tuple[str, BlockKind, tuple[str, ...]]:
    return text, BlockKind.PARAGRAPH, section


def heading(text: str, *section: str) -> tuple[str, BlockKind, tuple[str, ...]]:
    return text, BlockKind.HEADING, section


def texts_of(pieces: Pieces) -> list[str]:
    return [passage.text for passage, _ in pieces]


def run_of(count: int, word: str = "word") -> str:
    return " ".join(f"{word}{number}" for number in range(count))


_WORDS = st.lists(
    st.sampled_from(["The", "board", "met.", "£4.7m", "é́", "in\n2011-12.", "🙂", "(e.g.", "No."]),
    min_size=1,
    max_size=40,
).map(" ".join)
_BLOCKS = st.lists(
    st.tuples(
        _WORDS,
        st.sampled_from(list(BlockKind)),
        st.sampled_from([(), ("A",), ("A", "Costs of it all"), ("B. Background",)]),
    ),
    max_size=12,
)


@pytest.mark.parametrize("starts", [words, characters])
@given(blocks=_BLOCKS)
def test_passages_tile_what_is_not_boilerplate(
    starts: Starts, blocks: list[tuple[str, BlockKind, tuple[str, ...]]]
) -> None:
    text = document_of(*blocks)
    passages = [passage for passage, _ in cut(DOCUMENT, text, starts, SMALL)]
    covered: set[int] = set()
    position = 0
    for row, passage in enumerate(passages):
        assert passage.row == row
        assert position <= passage.start < passage.end
        assert passage.text == text.text[passage.start : passage.end]
        covered.update(range(passage.start, passage.end))
        position = passage.end
    for block in text.blocks:
        inside = {at for at in range(block.start, block.end) if not text.text[at].isspace()}
        if block.kind is BlockKind.BOILERPLATE:
            assert not inside & covered
        else:
            assert inside <= covered


@pytest.mark.parametrize("starts", [words, characters])
@given(blocks=_BLOCKS)
def test_no_embedded_text_is_longer_than_the_window(
    starts: Starts, blocks: list[tuple[str, BlockKind, tuple[str, ...]]]
) -> None:
    pieces = cut(DOCUMENT, document_of(*blocks), starts, SMALL)
    lengths = [len(found) for found in starts([embedded for _, embedded in pieces])]
    assert all(length + 2 <= SMALL.window for length in lengths)


@given(blocks=_BLOCKS)
def test_what_can_be_quoted_lies_in_one_passage_and_one_block(
    blocks: list[tuple[str, BlockKind, tuple[str, ...]]],
) -> None:
    text = document_of(*blocks)
    for passage, _ in cut(DOCUMENT, text, words, SMALL):
        position = passage.start
        for start, end in passage.sentences:
            assert position <= start < end <= passage.end
            position = end
            block = text.block_at(start)
            assert block is not None
            assert end <= block.end
            assert block.kind not in (BlockKind.HEADING, BlockKind.BOILERPLATE)


def test_paragraphs_under_one_heading_share_a_passage() -> None:
    text = document_of(
        heading("A. Summary"),
        paragraph("The board met.", "A. Summary"),
        paragraph("It agreed.", "A. Summary"),
    )
    ((passage, embedded),) = cut(DOCUMENT, text, words, SMALL)
    assert passage.text == "A. Summary\n\nThe board met.\n\nIt agreed."
    assert passage.section == ("A. Summary",)
    assert embedded == f"Annual report. A. Summary\n{passage.text}"
    assert [text.text[a:b] for a, b in passage.sentences] == ["The board met.", "It agreed."]


def test_sections_that_are_long_enough_do_not_share_a_passage() -> None:
    text = document_of(paragraph(run_of(5, "a"), "A"), paragraph(run_of(5, "b"), "B"))
    assert texts_of(cut(DOCUMENT, text, words, SMALL)) == [run_of(5, "a"), run_of(5, "b")]


def test_a_small_section_joins_the_next_one() -> None:
    text = document_of(paragraph("Not restricted", "A"), paragraph(run_of(5), "B"))
    assert texts_of(cut(DOCUMENT, text, words, SMALL)) == [f"Not restricted\n\n{run_of(5)}"]


@pytest.mark.parametrize("before", [0, 2, 3, 5, 9, 12])
@pytest.mark.parametrize("after", [1, 5, 8, 11, 12, 13, 40])
def test_a_heading_goes_with_what_it_heads(before: int, after: int) -> None:
    blocks = [paragraph(run_of(before, "before"), "A")] if before else []
    blocks += [heading("B. Costs"), heading("Staff", "B. Costs")]
    blocks += [paragraph(". ".join(run_of(after, "After").split()) + ".", "B. Costs", "Staff")]
    pieces = cut(DOCUMENT, document_of(*blocks), words, SMALL)
    (passage,) = [passage for passage, _ in pieces if "B. Costs" in passage.text]
    assert "B. Costs\n\nStaff\n\nAfter0." in passage.text
    if passage.text.startswith("B. Costs"):
        assert passage.section == ("B. Costs", "Staff")


def test_a_last_heading_without_text_is_still_in_a_passage() -> None:
    text = document_of(paragraph(run_of(6)), heading("Appendix"))
    assert texts_of(cut(DOCUMENT, text, words, SMALL)) == [run_of(6), "Appendix"]


def test_a_long_paragraph_is_cut_evenly_between_sentences() -> None:
    text = document_of(paragraph("A1 a2 a3 a4. B1 b2 b3 b4. C1 c2 c3 c4. D1 d2 d3 d4."))
    assert texts_of(cut(DOCUMENT, text, words, SMALL)) == [
        "A1 a2 a3 a4. B1 b2 b3 b4.",
        "C1 c2 c3 c4. D1 d2 d3 d4.",
    ]


def test_a_sentence_of_a_thousand_words_is_cut_between_words() -> None:
    text = document_of(paragraph(run_of(1000)))
    pieces = cut(DOCUMENT, text, words, SMALL)
    assert " ".join(texts_of(pieces)) == run_of(1000)
    assert {len(passage.text.split()) for passage, _ in pieces} <= {11, 12, 4}
    assert all(passage.sentences == ((passage.start, passage.end),) for passage, _ in pieces)


def test_an_unbroken_string_is_cut_beside_punctuation() -> None:
    text = document_of(paragraph("abcde-fgh.ijk_lmnop"))
    pieces = cut(DOCUMENT, text, characters, PassageLimits(24, 12, 4, 0))
    assert texts_of(pieces) == ["abcde-fgh.", "ijk_lmnop"]


def test_a_word_that_is_too_long_is_cut_between_its_tokens() -> None:
    text = document_of(paragraph("x" * 100))
    pieces = cut(DOCUMENT, text, characters, PassageLimits(24, 12, 4, 0))
    assert texts_of(pieces) == ["x" * 12] * 8 + ["x" * 4]


def test_boilerplate_is_in_no_passage_and_parts_what_stands_around_it() -> None:
    text = document_of(
        paragraph("Before it."),
        ("Send an e-mail linking to this page", BlockKind.BOILERPLATE, ()),
        paragraph("After it."),
    )
    assert texts_of(cut(DOCUMENT, text, words, SMALL)) == ["Before it.", "After it."]


def test_a_document_of_boilerplate_or_of_nothing_has_no_passages() -> None:
    assert cut(DOCUMENT, document_of(("Menu", BlockKind.BOILERPLATE, ())), words, SMALL) == []
    assert cut(DOCUMENT, DocumentText("", (), ()), words, SMALL) == []


def test_a_passage_carries_the_page_and_paragraph_of_its_first_block() -> None:
    text = DocumentText(
        "1. One.\n2. Two is here now.",
        (0, 8),
        (
            Block(0, 7, BlockKind.PARAGRAPH, ("A",), "1"),
            Block(8, 27, BlockKind.PARAGRAPH, ("B",), "2"),
        ),
    )
    pieces = cut(DOCUMENT, text, words, PassageLimits(24, 12, 1, 6))
    assert [(p.page, p.paragraph, p.section) for p, _ in pieces] == [
        (1, "1", ("A",)),
        (2, "2", ("B",)),
    ]


def test_a_long_context_is_cut_and_leaves_room_for_the_text() -> None:
    document = Document("id", "r", "", "txt", title=run_of(50, "title"))
    pieces = cut(document, document_of(paragraph(run_of(100))), words, SMALL)
    assert {embedded.partition("\n")[0] for _, embedded in pieces} == {run_of(6, "title")}
    assert "".join(texts_of(pieces)).count("word") == 100


# --- with the tokenizer of the real encoder ------------------------------------------------------


@pytest.fixture(scope="module")
def real_starts(encoder: BuildEncoder) -> Starts:
    return token_starts(encoder.tokenizer_file)


def assert_read_whole(pieces: Pieces, starts: Starts) -> None:
    too_long = [
        embedded
        for (_, embedded), found in zip(
            pieces, starts([embedded for _, embedded in pieces]), strict=True
        )
        if len(found) + 2 > 256
    ]
    assert too_long == []


def test_the_encoder_reads_every_passage_of_the_sample_whole(real_starts: Starts) -> None:
    files = [path for path in sorted(CORPUS.iterdir()) if path.name != "README.md"]
    for path in files:
        document, text, _ = load_document(path, path.name, "")
        pieces = cut(document, text, real_starts, PassageLimits())
        assert pieces, path.name
        assert_read_whole(pieces, real_starts)


@settings(deadline=None, max_examples=60)
@given(
    text=st.lists(
        st.sampled_from(
            ["unaffordability", "https://a.b/c-d_e?f=1", "각각", "中文", "x" * 300, "é"]
        )
        | st.text(min_size=1, max_size=30),
        min_size=1,
        max_size=20,
    ),
    times=st.integers(1, 60),
    glue=st.sampled_from(["", " ", ". ", "-", "\n"]),
    title=st.text(max_size=80),
)
def test_the_encoder_reads_passages_of_any_text_whole(
    real_starts: Starts, text: list[str], times: int, glue: str, title: str
) -> None:
    document = Document("id", "r", "", "txt", title=title)
    blocks = document_of(paragraph(glue.join(text * times)))
    pieces = cut(document, blocks, real_starts, PassageLimits())
    assert_read_whole(pieces, real_starts)


def test_the_encoder_reads_long_strings_without_white_space_whole(real_starts: Starts) -> None:
    generator = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"

    def word(length: int) -> str:
        return "".join(generator.choices(letters, k=length))

    for mark in "-._/" * 25:
        text = mark.join(word(generator.randint(1, 99)) for _ in range(20))
        title = " ".join(word(9) for _ in range(20))
        document = Document("id", "r", "", "txt", title=title)
        pieces = cut(document, document_of(paragraph(text)), real_starts, PassageLimits())
        assert_read_whole(pieces, real_starts)


@pytest.mark.parametrize("name", ["qmsum_committee_train", "conditionalqa_train", "cisi"])
def test_the_encoder_reads_passages_of_the_evaluation_sets_whole(
    shared: Path, real_starts: Starts, name: str
) -> None:
    lines = (shared / "eval" / name / "corpus.jsonl").read_bytes().splitlines()
    step = max(1, len(lines) // 150)
    for line in lines[::step]:
        source_id = str(json.loads(line)["_id"])
        document, text = document_of_line(SourceItem(source_id, Path(name), "", len(line)), line)
        pieces = cut(document, text, real_starts, PassageLimits())
        assert_read_whole(pieces, real_starts)
        covered = "".join("".join(passage.text.split()) for passage, _ in pieces)
        assert covered == "".join(
            "".join(text.text[block.start : block.end].split())
            for block in text.blocks
            if block.kind is not BlockKind.BOILERPLATE
        )
