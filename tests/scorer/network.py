"""The scorer as a torch module: MiniLM over question and sentence together, with one output.

The input is laid out here for training and in search_api/scorer.py for the product; a test compares
the two.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer

from indexer.embedding import bundled_model_folder
from search_api.scorer import (
    BEFORE_TOKENS,
    HEADING_TOKENS,
    QUESTION_TOKENS,
    SENTENCE_TOKENS,
    InContext,
)

HIDDEN = 384
_HEAD = 256
_MASKED = -10_000.0


class Scorer(nn.Module):
    """Scores rows of embedded tokens: the first token and the mean of the sentence's, combined."""

    def __init__(self) -> None:
        super().__init__()
        model: Any = AutoModel.from_pretrained(
            str(bundled_model_folder()), attn_implementation="eager"
        )
        self.embeddings = model.embeddings.requires_grad_(False)
        self.layers = model.encoder.layer
        self.hidden = nn.Linear(2 * HIDDEN, _HEAD)
        self.output = nn.Linear(_HEAD, 1)

    def forward(
        self, embedded: torch.Tensor, attended: torch.Tensor, sentence: torch.Tensor
    ) -> torch.Tensor:
        """Return (n,) scores for (n, tokens, HIDDEN) and two masks (n, tokens) of 0 and 1."""
        bias = (1.0 - attended[:, None, None, :]) * _MASKED
        state = embedded
        for layer in self.layers:
            found = layer(state, bias)
            state = found[0] if isinstance(found, tuple) else found
        inside = sentence.unsqueeze(-1).to(state.dtype)
        mean = (state * inside).sum(1) / inside.sum(1).clamp(min=1)
        joined = torch.cat([state[:, 0], mean], 1)
        scores: torch.Tensor = self.output(torch.tanh(self.hidden(joined))).squeeze(-1)
        return scores.float()


class Reader:
    """Lays questions and sentences out as the network reads them."""

    def __init__(self) -> None:
        self._tokenizer: Any = AutoTokenizer.from_pretrained(str(bundled_model_folder()))
        self._known: dict[str, list[int]] = {}

    def rows(
        self, pairs: Sequence[tuple[str, InContext]]
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return token ids, kinds, and the masks `attended` and `sentence`, all (n, tokens)."""
        cls, sep = self._tokenizer.cls_token_id, self._tokenizer.sep_token_id
        rows = []
        for question, context in pairs:
            asked = [cls, *self._ids(question)[:QUESTION_TOKENS], sep]
            text = self._ids(context.text)[:SENTENCE_TOKENS]
            around = [sep, *self._ids(context.heading)[:HEADING_TOKENS], sep]
            if context.before:
                around += [*self._ids(context.before)[-BEFORE_TOKENS:], sep]
            rows.append((asked, text, around))
        width = max(len(a) + len(b) + len(c) for a, b, c in rows)

        def padded(values: list[list[int]]) -> torch.Tensor:
            return torch.tensor([row + [0] * (width - len(row)) for row in values])

        return (
            padded([[*a, *b, *c] for a, b, c in rows]),
            padded([[0] * len(a) + [1] * (len(b) + len(c)) for a, b, c in rows]),
            padded([[1] * (len(a) + len(b) + len(c)) for a, b, c in rows]).float(),
            padded([[0] * len(a) + [1] * len(b) for a, b, _ in rows]).float(),
        )

    def _ids(self, text: str) -> list[int]:
        found = self._known.get(text)
        if found is None:
            encoded = self._tokenizer(text, add_special_tokens=False, verbose=False)
            found = self._known[text] = encoded["input_ids"]
        return found
