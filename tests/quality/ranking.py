"""How good the three rankings of a set are, and whether the merged one beats both its lists."""

from collections.abc import Mapping

import ir_measures
import numpy as np
from ir_measures import R, nDCG

from tests.quality.measured import Measured, Values, mean
from tests.quality.product import MODES, Run
from tests.quality.sets import Qrels

NDCG = "nDCG@10"
RECALL = "R@100"
OVER_BETTER_LIST = "hybrid over the better list"
TOLERANCE = 0.01
"""bf16 and fp32 encoders differ by less than .003 nDCG@10; a real loss is larger."""


def per_query(qrels: Qrels, run: Run) -> tuple[Values, Values]:
    """Return nDCG@10 and R@100 of each judged query, in the order of `qrels`.

    nDCG has linear gains, as trec_eval. A query for which the run holds nothing counts 0.
    """
    values: dict[str, dict[str, float]] = {NDCG: {}, RECALL: {}}
    for metric in ir_measures.iter_calc([nDCG @ 10, R @ 100], qrels, run):
        values[str(metric.measure)][metric.query_id] = float(metric.value)
    ndcg, recall = (
        np.array([values[name].get(query_id, 0.0) for query_id in qrels]) for name in (NDCG, RECALL)
    )
    return ndcg, recall


def measure_rankings(qrels: Qrels, runs: Mapping[str, Run]) -> list[Measured]:
    """Return nDCG@10 and R@100 of each mode, then hybrid minus the better of its two lists.

    The difference is paired: both nDCG@10 of one query enter a resample together.
    """
    ndcg: dict[str, Values] = {}
    measures: list[Measured] = []
    for mode in MODES:
        ndcg[mode], recall = per_query(qrels, runs[mode])
        measures.append(mean(f"{mode} {NDCG}", ndcg[mode], tolerance=TOLERANCE))
        measures.append(mean(f"{mode} {RECALL}", recall, tolerance=TOLERANCE))
    better = max(("keyword", "vector"), key=lambda mode: float(ndcg[mode].mean()))
    gain = ndcg["hybrid"] - ndcg[better]
    measures.append(mean(OVER_BETTER_LIST, gain, tolerance=TOLERANCE))
    return measures


def rank_of(evidence: tuple[str, ...], ranking: Mapping[str, float]) -> int | None:
    """Return the rank of the first evidence document, from 1; None when none is ranked."""
    for rank, document in enumerate(ranking, start=1):
        if document in evidence:
            return rank
    return None
