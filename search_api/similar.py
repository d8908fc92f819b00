"""Which reports are most like one? By the vectors that their passages have already."""

import numpy as np

from indexer.embedding import Vectors
from indexer.records import Document, Filters
from search_api import citing
from search_api.reader import ArchiveReader
from search_api.response_model import ResponseModel

# Passages that are looked at for reports to compare: a report needs one near the mean.
_DEPTH = 300
_COMPARED = 60


class SimilarReport(ResponseModel):
    """A report and the cosine of its mean vector with that of the report that was asked about."""

    rank: int
    document_id: str
    title: str
    body: str
    committee: str
    date: str
    doc_type: str
    similarity: float
    url: str
    citation: str


class SimilarResponse(ResponseModel):
    """What /v1/documents/{id}/similar answers: the most alike first, never itself."""

    document_id: str
    generation: str
    results: tuple[SimilarReport, ...]
    took_ms: float = 0.0


def similar_to(reader: ArchiveReader, document_id: str, limit: int) -> SimilarResponse:
    """Return the reports whose passages, taken together, are nearest; equal ones by their id."""
    mean = _mean(reader, document_id)
    found: list[SimilarReport] = []
    if mean is not None:
        near = reader.vector_ranking(mean, _DEPTH, Filters())
        documents = {one.document_id: one for one in reader.documents_of([hit.row for hit in near])}
        documents.pop(document_id, None)
        compared = []
        for name, document in list(documents.items())[: max(limit, _COMPARED)]:
            other = _mean(reader, name)
            if other is not None:
                compared.append((-round(float(mean[0] @ other[0]), 4), name, document))
        compared.sort(key=lambda one: one[:2])
        found = [
            _report(rank, -score, document)
            for rank, (score, _, document) in enumerate(compared[:limit], start=1)
        ]
    return SimilarResponse(
        document_id=document_id, generation=reader.generation_id, results=tuple(found)
    )


def _mean(reader: ArchiveReader, document_id: str) -> Vectors | None:
    """Return the mean of a report's vectors (1, dimension) at length 1, None without passages."""
    rows = [passage.row for passage in reader.document_passages(document_id)]
    if not rows:
        return None
    mean: Vectors = reader.row_vectors(rows).mean(axis=0, keepdims=True)
    length = float(np.linalg.norm(mean))
    return mean / np.float32(length) if length else None


def _report(rank: int, similarity: float, document: Document) -> SimilarReport:
    return SimilarReport(
        rank=rank,
        document_id=document.document_id,
        title=document.title,
        body=document.body,
        committee=document.committee,
        date=document.date,
        doc_type=document.doc_type,
        similarity=similarity,
        url=citing.report_url(document.document_id),
        citation=citing.citation_of(document),
    )
