"""indexer.sentences: quotes begin and end where a reader would cut them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.sentences import sentence_spans

# Characters that decide where a sentence ends, and some that need more than one byte.
TEXTS = st.text(
    st.sampled_from("aZ. 5\n\t\r!?…\"'”’)(["), max_size=60
) | st.text(max_size=60)  # fmt: skip


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    "sentence",
    [
        "See agenda item No. 5 for the costs.",
        "The report by Cllr. Smith was noted.",
        "Para. 4.2 and para. 4.3 set out the risks.",
        "It costs £3.5 million, or approx. £3.6 million with fees.",
        "Mr. J. R. Smith and Dr. A Jones attended.",
        "The fund (e.g. for Operation Connect) was agreed.",
        "Costs, staff etc. are shown below.",
        "The firm Acme Ltd. was chosen on 5 Sept. 2011.",
        "3. The board noted the report.",
        "4.2. The board noted the report.",
        "a. The board noted the report.",
        "iv. The board noted the report.",
        "He asked “why?” and then sat down.",
    ],
)
def test_a_full_stop_inside_a_sentence_does_not_end_it(sentence: str) -> None:
    assert cut(sentence) == [sentence]
    assert cut(f"{sentence} Members agreed.") == [sentence, "Members agreed."]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It met. It agreed! Did it? Yes.", ["It met.", "It agreed!", "Did it?", "Yes."]),
        ("Was it agreed? No. The board refused.", ["Was it agreed?", "No.", "The board refused."]),
        ("“It is done.” The chair left.", ["“It is done.”", "The chair left."]),
        ("It met (in May.) It agreed.", ["It met (in May.)", "It agreed."]),
        ("It grew… Then it fell.", ["It grew…", "Then it fell."]),
        ("It met. (It agreed.)", ["It met.", "(It agreed.)"]),
        ("Costs were £5.2m. 2011 was worse.", ["Costs were £5.2m.", "2011 was worse."]),
        ("Police, councils etc. The board met.", ["Police, councils etc.", "The board met."]),
        ("The board met.Then it rose.", ["The board met.Then it rose."]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, sentences: list[str]) -> None:
    assert cut(text) == sentences


def test_a_wrapped_line_does_not_end_a_sentence() -> None:
    assert cut("The board\nmet in\r\nMay. It\nagreed.") == [
        "The board\nmet in\r\nMay.",
        "It\nagreed.",
    ]


@pytest.mark.parametrize("blank", ["\n\n", "\n \t\n", "\r\n\r\n", "\n\n\n\n", "  \n\n  "])
def test_a_blank_line_ends_a_sentence_without_a_full_stop(blank: str) -> None:
    assert cut(f"Financial implications{blank}the cost is £5m") == [
        "Financial implications",
        "the cost is £5m",
    ]


def test_offsets_are_those_of_the_whole_text() -> None:
    text = "Ignored. It met. It agreed. Ignored."
    assert sentence_spans(text, 9, 27) == [(9, 16), (17, 27)]


@given(TEXTS)
def test_every_character_but_white_space_lies_in_exactly_one_sentence(text: str) -> None:
    spans = sentence_spans(text)
    position = 0
    for start, end in spans:
        assert position <= start < end <= len(text)
        assert not text[position:start].strip()
        assert text[start:end] == text[start:end].strip()
        position = end
    assert not text[position:].strip()


@given(TEXTS, st.data())
def test_a_part_of_a_text_is_cut_within_its_bounds(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    spans = sentence_spans(text, start, end)
    assert all(start <= a < b <= end for a, b in spans)
    kept = "".join("".join(text[a:b].split()) for a, b in spans)
    assert kept == "".join(text[start:end].split())


@pytest.mark.parametrize("filler", [" ", ".", "\n", "e.g. ", "5. ", '"', "(", "a", " \n"])
def test_a_hostile_text_takes_time_in_proportion_to_its_length(filler: str) -> None:
    text = "a. " + filler * (200_000 // len(filler)) + "b."
    started = time.perf_counter()
    sentence_spans(text)
    assert time.perf_counter() - started < 10  # quadratic work takes minutes
