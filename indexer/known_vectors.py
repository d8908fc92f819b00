"""The vectors that an index holds already, by the digest of their text.

A build embeds nothing twice, also where the last generation cannot be opened: after an upgrade its
format or its analysis may be another, or a part of it may be damaged. Its vectors are used all the
same where the encoder is the same and the few files that hold them are whole.
"""

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from indexer import passage_store, store_layers, vector_index
from indexer.embedding import EncoderSpec, Vectors
from indexer.errors import DamagedError
from indexer.generation import Generation, encoder_folder
from indexer.manifest import sha256_of
from indexer.publishing import generation_folder, generation_ids

logger = logging.getLogger(__name__)


class KnownVectors:
    """Vectors by digest, and the folder of the query encoder that goes with them, where whole.

    `row_of` returns the row of a digest, None where there is none.
    """

    def __init__(
        self,
        row_of: Callable[[bytes], int | None],
        vectors: vector_index.VectorIndex,
        encoder: Path | None,
    ) -> None:
        self._row_of = row_of
        self._vectors = vectors
        self.encoder_folder = encoder

    def __contains__(self, digest: bytes) -> bool:
        return self._row_of(digest) is not None

    def of(self, digests: Sequence[bytes]) -> Vectors:
        """Return the vectors of `digests`, all of which are known (n, dimension), in that order."""
        return self._vectors.vectors(np.array(list(map(self._row_of, digests)), np.int64))


def known_vectors_of(generation: Generation) -> KnownVectors:
    """Return the vectors of an open generation."""
    return KnownVectors(
        generation.store.row_embedded, generation.vectors, encoder_folder(generation.folder)
    )


def find_known_vectors(index_dir: Path, encoder: EncoderSpec) -> KnownVectors | None:
    """Return the vectors of the newest generation, of any format, that has them from `encoder`.

    None where there is none whose vectors are whole.
    """
    for generation_id in generation_ids(index_dir):
        folder = generation_folder(index_dir, generation_id)
        try:
            found = _read(folder, encoder)
        except Exception as error:  # whatever is wrong with it, the texts can be embedded again
            logger.info("%s: its vectors cannot be used (%s)", generation_id, error)
            continue
        if found is not None:
            return found
    return None


def _read(folder: Path, encoder: EncoderSpec) -> KnownVectors | None:
    """Read what all formats have in common; raises where it is damaged or not there."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    if EncoderSpec(**manifest["encoder"]).fingerprint != encoder.fingerprint:
        return None
    entries = manifest["files"]
    held = [name for name in entries if name.startswith(vector_index.PREFIX)]
    held += [name for name in entries if name == store_layers.CHANGES_NAME]
    for name in (store_layers.FILE_NAME, vector_index.FILE_NAME, *held):
        if not _is_whole(folder, name, entries):
            raise DamagedError(f"{folder.name}: {name} has changed")
    rows = passage_store.PassageStore(folder).embedded_digests()
    vectors = vector_index.VectorIndex(folder)
    if vectors.dimension != encoder.dimension or max(rows.values(), default=-1) >= vectors.rows:
        raise DamagedError(f"{folder.name}: vectors and passages do not belong together")
    exported = encoder_folder(folder)
    names = [name for name in entries if name.startswith(f"{exported.name}/")]
    whole = bool(names) and all(_is_whole(folder, name, entries) for name in names)
    logger.warning("the vectors of %d texts are kept", len(rows))
    return KnownVectors(rows.get, vectors, exported if whole else None)


def _is_whole(folder: Path, name: str, entries: dict[str, Any]) -> bool:
    try:
        return sha256_of(folder / name) == str(entries[name]["sha256"])
    except OSError:
        return False
