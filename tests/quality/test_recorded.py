"""The recorded numbers, held by the real commands on a small set, or on those of QUALITY_SETS."""

import os
from pathlib import Path

import pytest

from tests.quality.measuring import Places, SetResult, measure_set
from tests.quality.product import CHECKOUT, CommandLine
from tests.quality.recorded import find_falls, read_recorded
from tests.quality.sets import absent_part, choose

SHARED = CHECKOUT.parent / "shared"
SETS = os.environ.get("QUALITY_SETS", "squad11_100").split()

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=SETS)
def result(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SetResult:
    (spec,) = choose([request.param])
    places = Places(
        SHARED / "eval",
        SHARED / "archive" / "uk_public_bodies",
        tmp_path_factory.mktemp("quality"),
    )
    absent = absent_part(spec, places.eval_dir, places.archive_dir)
    if absent is not None:
        pytest.skip(f"QUALITY NOT CHECKED: {absent} is absent")
    return measure_set(spec, places, CommandLine(Path(places.work_dir, spec.name)))


def test_no_recorded_number_has_fallen(result: SetResult) -> None:
    recorded = read_recorded().get(result.spec.name)
    if recorded is None:
        pytest.skip(
            f"QUALITY NOT CHECKED: nothing recorded for {result.spec.name}; "
            f"python -m tests.quality {result.spec.name} --fresh --record"
        )
    assert recorded.compares_with(result)
    assert [str(fall) for fall in find_falls(result, recorded)] == []


def test_the_merged_ranking_is_at_least_as_good_as_the_better_of_its_lists(
    result: SetResult,
) -> None:
    ndcg = {measure.name: measure.value for measure in result.rankings}
    better = max(ndcg["keyword nDCG@10"], ndcg["vector nDCG@10"])
    assert ndcg["hybrid nDCG@10"] >= better
