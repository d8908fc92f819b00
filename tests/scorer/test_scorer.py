"""The trained scorer: what is shipped, and that training and product lay out the same input."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from indexer.embedding import bundled_model_folder
from indexer.errors import EncoderError
from search_api.scorer import InContext, PublishedScorer, TrainedScorer, open_scorer
from tests.scorer.export import write
from tests.scorer.network import Reader, Scorer

QUESTION = "How many parking wardens does Borchester council employ?"
SENTENCES = [
    InContext("The car park in Mill Lane was closed for repairs in May.", "", "Parking"),
    InContext(
        "It employs 34 of them, six fewer than a year ago.", "Wardens patrol daily.", "Staff"
    ),
    InContext("Borchester council employs 34 parking wardens.", "", "Parking / Staff"),
    InContext("The council thanked its parking wardens for their work.", "", "Parking / Staff"),
]


@pytest.fixture(scope="module")
def shipped() -> TrainedScorer:
    return TrainedScorer()


def test_the_sentence_that_answers_scores_highest(shipped: TrainedScorer) -> None:
    scores = shipped.scores(QUESTION, SENTENCES)
    assert len(scores) == len(SENTENCES)
    assert max(scores) == scores[2] > 0
    assert scores[0] < 0


def test_a_sentence_scores_about_the_same_alone_and_among_others(shipped: TrainedScorer) -> None:
    together = shipped.scores(QUESTION, SENTENCES)
    alone = [shipped.scores(QUESTION, [sentence])[0] for sentence in SENTENCES]
    # Not exactly: 8-bit activations are scaled over all rows that are read at once.
    assert together == pytest.approx(alone, abs=1.0)


def test_equal_requests_get_equal_scores(shipped: TrainedScorer) -> None:
    assert shipped.scores(QUESTION, SENTENCES) == shipped.scores(QUESTION, SENTENCES)


def test_no_sentences_get_no_scores(shipped: TrainedScorer) -> None:
    assert shipped.scores(QUESTION, []) == []


@pytest.mark.parametrize("text", ["", "\x00", "£" * 5000, "word " * 3000, "😀\u200f"])
def test_any_text_gets_a_finite_score(shipped: TrainedScorer, text: str) -> None:
    scores = shipped.scores(text, [InContext(text, text, text), SENTENCES[0]])
    assert np.isfinite(scores).all()


def test_the_exported_network_scores_as_the_trained_one_does(tmp_path: Path) -> None:
    torch.manual_seed(7)
    network = Scorer().eval()
    write(network, tmp_path / "scorer.onnx", quantised=False)
    pairs = [(QUESTION, sentence) for sentence in SENTENCES]
    ids, kinds, attended, sentence = Reader().rows(pairs)
    with torch.no_grad():
        embedded = network.embeddings(input_ids=ids, token_type_ids=kinds)
        expected = network(embedded, attended, sentence).tolist()
    found = TrainedScorer(tmp_path / "scorer.onnx").scores(QUESTION, SENTENCES)
    assert np.ptp(expected) > 0.01  # else any input would do
    assert found == pytest.approx(expected, abs=1e-5)


# --- a published cross-encoder ------------------------------------------------------------------


def saved_cross_encoder(folder: Path, outputs: int) -> Path:
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    torch.manual_seed(3)
    config = BertConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        num_labels=outputs,  # type: ignore[call-arg]
    )
    model: Any = BertForSequenceClassification(config)
    model.eval().save_pretrained(folder)
    AutoTokenizer.from_pretrained(str(bundled_model_folder())).save_pretrained(folder)
    return folder


def test_an_owner_can_name_a_published_cross_encoder(tmp_path: Path) -> None:
    from transformers import AutoTokenizer, BertForSequenceClassification

    folder = saved_cross_encoder(tmp_path / "tiny", outputs=1)
    scorer = open_scorer(str(folder))
    assert isinstance(scorer, PublishedScorer)
    found = scorer.scores(QUESTION, SENTENCES)
    model: Any = BertForSequenceClassification.from_pretrained(str(folder))
    model.eval()
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    for sentence, score in zip(SENTENCES, found, strict=True):
        text = f"{sentence.before} {sentence.text}".strip()
        with torch.no_grad():
            expected = model(**tokenizer(QUESTION, text, return_tensors="pt")).logits.item()
        assert score == pytest.approx(expected, abs=1e-5)
    assert scorer.scores(QUESTION, []) == []


def test_a_cross_encoder_that_cannot_serve_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="has 3 outputs; expected one that has 1"):
        open_scorer(str(saved_cross_encoder(tmp_path / "three", outputs=3)))
    (tmp_path / "empty").mkdir()
    with pytest.raises(EncoderError, match="Name a folder that holds one"):
        open_scorer(str(tmp_path / "empty"))
