"""The vectors of the queries asked last: the next page of a search, and its answer, ask again."""

from collections.abc import Sequence
from functools import lru_cache, partial

from indexer.embedding import EncoderSpec, QueryEncoder, Vectors

_KEPT = 1000  # 1.5 kB each


class RememberedQueries:
    """An encoder that encodes a query once while it is remembered; safe from any thread."""

    def __init__(self, encoder: QueryEncoder) -> None:
        self._encoder = encoder
        self.spec: EncoderSpec = encoder.spec
        self._vector = lru_cache(_KEPT)(partial(_encoded, encoder))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of texts as they are, without a prefix."""
        return self._vector(texts[0]).copy() if len(texts) == 1 else self._encoder.encode(texts)


def _encoded(encoder: QueryEncoder, text: str) -> Vectors:
    return encoder.encode([text])
