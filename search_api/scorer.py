"""How well does a sentence answer a question? A small model reads the two together and says.

The model is a six-layer transformer (MiniLM) whose layers were trained by tests/scorer on questions
with known answers; its word embeddings are those of the installed all-MiniLM-L6-v2, so that the
file here holds the trained layers alone, as 8-bit integers. It was trained on none of the archives
that it is measured on: tests/scorer/README.md names the data, their licences and what it brought.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from indexer.embedding import bundled_model_folder, onnx_session, open_cross_encoder

FILE = Path(__file__).with_name("scorer.onnx")
# Tokens that are read of each part, as in training; of what stands before, the last ones.
QUESTION_TOKENS = 32
SENTENCE_TOKENS = 56
HEADING_TOKENS = 12
BEFORE_TOKENS = 16
_ROWS_AT_ONCE = 3
_LAYER_NORM_EPSILON = 1e-12  # of BERT

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class InContext:
    """A sentence, the sentence before it in its passage, and the title and heading above it."""

    text: str
    before: str
    heading: str


class SentenceScorer(Protocol):
    """Any model that reads a question and a sentence together."""

    def scores(self, question: str, sentences: Sequence[InContext]) -> list[float]:
        """Return one score a sentence, higher where it answers; 0 is the verge, by training."""


class TrainedScorer:
    """The model that is shipped, in onnxruntime; safe from any thread."""

    def __init__(self, file: Path = FILE) -> None:
        from tokenizers import Tokenizer

        folder = bundled_model_folder()
        self._session = onnx_session(file)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._cls, self._sep = self._tokenizer.encode("").ids
        self._embeddings = _Embeddings(folder / "model.safetensors")

    def scores(self, question: str, sentences: Sequence[InContext]) -> list[float]:
        """Return one score a sentence, higher where it answers; 0 is the verge, by training."""
        if not sentences:
            return []
        asked = [self._cls, *self._ids([question])[0][:QUESTION_TOKENS], self._sep]
        texts = self._ids([sentence.text for sentence in sentences])
        headings = self._ids([sentence.heading for sentence in sentences])
        before = self._ids([sentence.before for sentence in sentences])
        rows = []
        for text, heading, last in zip(texts, headings, before, strict=True):
            context = [self._sep, *heading[:HEADING_TOKENS], self._sep]
            if last:
                context += [*last[-BEFORE_TOKENS:], self._sep]
            rows.append((asked, text[:SENTENCE_TOKENS], context))
        # Rows of about the same length at a time: less padding, a quarter less time.
        order = sorted(range(len(rows)), key=lambda at: (sum(map(len, rows[at])), at))
        scores = [0.0] * len(rows)
        for start in range(0, len(order), _ROWS_AT_ONCE):
            chosen = order[start : start + _ROWS_AT_ONCE]
            for at, score in zip(chosen, self._run([rows[at] for at in chosen]), strict=True):
                scores[at] = score
        return scores

    def _run(self, rows: Sequence[Sequence[list[int]]]) -> list[float]:
        """Score rows of (question, sentence, context), each as token ids."""
        width = max(sum(map(len, row)) for row in rows)
        ids = np.zeros((len(rows), width), np.int64)
        kinds = np.zeros_like(ids)
        attended = np.zeros(ids.shape, np.float32)
        inside = np.zeros(ids.shape, np.float32)
        for at, (asked, text, context) in enumerate(rows):
            start, end = len(asked), len(asked) + len(text)
            read = [*asked, *text, *context]
            ids[at, : len(read)] = read
            kinds[at, start : len(read)] = 1
            attended[at, : len(read)] = 1
            inside[at, start:end] = 1
        (scores,) = self._session.run(
            ["score"],
            {
                "embedded": self._embeddings.of(ids, kinds),
                "attended": attended,
                "sentence": inside,
            },
        )
        found: list[float] = scores.tolist()
        return found

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        return [
            encoding.ids
            for encoding in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        ]


class PublishedScorer:
    """A cross-encoder that its owner has named, run by sentence-transformers.

    It reads the sentence with what stands before it. The weights of answering and confidence were
    fitted with the scorer that is shipped: fit them anew with another one (`make fit`).
    """

    def __init__(self, name: str) -> None:
        self._model = open_cross_encoder(name)

    def scores(self, question: str, sentences: Sequence[InContext]) -> list[float]:
        """Return the raw output of the model for each sentence."""
        if not sentences:
            return []
        pairs = [(question, f"{one.before} {one.text}".strip()) for one in sentences]
        found = self._model.predict(
            pairs, activation_fn=_as_it_is, convert_to_numpy=True, show_progress_bar=False
        )
        return [float(score) for score in found]


def open_scorer(name: str = "") -> SentenceScorer:
    """Return the scorer that is shipped, or the published cross-encoder of that name or folder.

    Raises EncoderError where it cannot be loaded.
    """
    return PublishedScorer(name) if name else TrainedScorer()


def _as_it_is(scores: Any) -> Any:  # noqa: ANN401 - a tensor
    return scores


class _Embeddings:
    """BERT's input: word, position and kind of each token, added and normalised.

    The weights file is mapped, not read: a question touches a few hundred of its 30,522 words.
    """

    def __init__(self, weights: Path) -> None:
        start, tensors = _header(weights)

        def tensor(name: str) -> Floats:
            entry = tensors[f"embeddings.{name}"]
            return np.memmap(
                weights, np.float32, "r", start + entry["data_offsets"][0], tuple(entry["shape"])
            )

        self._words = tensor("word_embeddings.weight")
        self._positions = np.array(tensor("position_embeddings.weight"))
        self._kinds = np.array(tensor("token_type_embeddings.weight"))
        self._scale = np.array(tensor("LayerNorm.weight"))
        self._shift = np.array(tensor("LayerNorm.bias"))

    def of(self, ids: npt.NDArray[np.int64], kinds: npt.NDArray[np.int64]) -> Floats:
        """Return (n, tokens, dimension) for token ids and kinds (n, tokens)."""
        added = self._words[ids] + self._kinds[kinds] + self._positions[: ids.shape[1]]
        added -= added.mean(axis=-1, keepdims=True)
        spread = np.sqrt(np.square(added).mean(axis=-1, keepdims=True) + _LAYER_NORM_EPSILON)
        result: Floats = added / spread * self._scale + self._shift
        return result


def _header(weights: Path) -> tuple[int, dict[str, Any]]:
    """Return where the tensors of a safetensors file start, and what it says of each."""
    with weights.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        return 8 + length, json.loads(file.read(length))
