"""Each benchmark, on an archive so small that only what it prints can be looked at."""

from pathlib import Path

import numpy as np
import pytest

from indexer.generation import open_generation
from tests.benchmarks.asked import FILTERS, exact_nearest
from tests.benchmarks.built import build_once
from tests.benchmarks.engines import given
from tests.benchmarks.growth import Depth, exponent, reached
from tests.benchmarks.load import Seen, Stage, print_load
from tests.benchmarks.machine import percentile
from tests.benchmarks.over_http import print_http
from tests.benchmarks.passages import BODIES, described, write_source
from tests.benchmarks.peers import hand_over
from tests.benchmarks.stand_in import StandInEncoder, neighbours

TINY = Depth(queries=6, seeds=40)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of 40 vectors that are drawn, not embedded."""
    folder = tmp_path_factory.mktemp("benchmark-cache")
    drawn = np.random.default_rng(1).normal(size=(TINY.seeds, 384)).astype(np.float32)
    np.save(folder / "seeds.npy", drawn / np.linalg.norm(drawn, axis=1, keepdims=True))
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> tuple[Path, Path]:
    """The source and the index of three reports."""
    folder = tmp_path_factory.mktemp("benchmarked")
    source, index_dir = folder / "source", folder / "index"
    write_source(source, 80)
    build_once(source, index_dir, cache, TINY.seeds)
    return source, index_dir


def test_a_percentile_is_the_smallest_value_that_enough_do_not_exceed() -> None:
    assert percentile([3.0, 1.0, 2.0, 4.0], 0.5) == 2.0
    assert percentile(list(map(float, range(1, 101))), 0.99) == 99.0
    assert percentile([5.0], 0.99) == 5.0


def test_the_exponent_of_growth_in_proportion_is_1_and_of_none_0() -> None:
    assert exponent([10, 100, 1000], [5, 50, 500]) == pytest.approx(1)
    assert exponent([10, 100, 1000], [7, 7, 7]) == pytest.approx(0)
    assert exponent([10, 100], [1, 100]) == pytest.approx(2)
    assert reached(100, 5, grows=1, enough=50) == pytest.approx(1000)
    assert reached(100, 5, grows=0.5, enough=50) == pytest.approx(10_000)


def test_a_text_always_gets_the_same_stand_in_vector_of_length_1() -> None:
    drawn = np.random.default_rng(2).normal(size=(50, 384)).astype(np.float32)
    seeds = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    encoder = StandInEncoder(seeds, neighbours(seeds))
    one, two = encoder.encode(["a", "b"]), encoder.encode(["b", "a"])[::-1]
    assert np.array_equal(one, two)
    assert np.linalg.norm(one, axis=1) == pytest.approx([1, 1], abs=1e-5)
    assert (one @ seeds.T).max(axis=1) == pytest.approx([0.8, 0.8], abs=0.2)


def test_reports_have_bodies_dates_and_many_passages(built: tuple[Path, Path]) -> None:
    generation = open_generation(built[1])
    assert generation.counts.documents == 3
    assert generation.counts.passages > 30
    assert all(document.date and document.body for document in generation.documents())


def test_each_filter_lets_its_share_of_many_reports_through() -> None:
    told = [described(number, "") for number in range(3000)]
    for name, share in BODIES.items():
        assert sum(one["body"] == name for one in told) == 3 * share
    year = FILTERS["one year"]
    passing = sum(year.date_from <= one["date"] <= year.date_to for one in told)
    assert passing == pytest.approx(3000 * 365 / 2900, rel=0.1)


def test_other_engines_get_the_passages_vectors_and_true_nearest_of_ours(
    built: tuple[Path, Path], tmp_path: Path
) -> None:
    hand_over(built[1], tmp_path / "given", TINY.queries)
    texts, vectors, queries, asked, nearest = given(tmp_path / "given")
    generation = open_generation(built[1])
    assert texts == [one.text for one in generation.passages(range(len(texts)))]
    assert len(queries) == len(asked) == len(nearest)
    best = np.argsort(-(asked @ vectors.T), axis=1)[:, :10]
    assert [set(row) for row in best.tolist()] == [set(row) for row in nearest.tolist()]


def test_the_nearest_are_found_whatever_the_slices(
    built: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = open_generation(built[1])
    asked = generation.row_vectors([3, 5])
    rows = np.arange(generation.counts.passages)
    whole = exact_nearest(generation, asked, rows)
    monkeypatch.setattr("tests.benchmarks.asked._SLICE", 7)
    assert exact_nearest(generation, asked, rows) == whole
    assert 3 in whole[0]
    assert 5 in whole[1]


def test_the_service_is_measured_over_http(
    built: tuple[Path, Path], cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_http(*built, cache, TINY, seconds=0.4)
    said = capsys.readouterr().out
    for line in ("one client, search: p50", "8 clients, search and answer", "during a re-index"):
        assert line in said
    assert "not 200" not in said


def test_the_service_holds_under_load(
    built: tuple[Path, Path], cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert print_load(Stage(*built, cache, TINY, minutes=0.02, connections=60, seconds=0.5)) == 0
    assert "0 flaws" in capsys.readouterr().out


def test_a_refusal_without_advice_is_a_flaw() -> None:
    seen = Seen(taken={200: [0.1], 503: [0.1]})
    assert seen.flaws() == 0
    seen.without_advice = 1
    seen.failures["TimeoutError"] = 2
    seen.taken[500] = [0.1]
    assert seen.flaws() == 4
