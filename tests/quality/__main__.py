"""Measure ranking and answer quality: `python -m tests.quality [SET ...]`, or `make quality`."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.quality.errors import QualityError, SetError
from tests.quality.measuring import Places, SetResult, measure_set
from tests.quality.product import CHECKOUT, CommandLine
from tests.quality.recorded import read_recorded, write_recorded
from tests.quality.report import render, render_failures
from tests.quality.sets import SPECS, SetSpec, absent_part, choose

SHARED = CHECKOUT.parent / "shared"


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 when all present sets were measured, 1 when one failed, 2 on wrong usage."""
    arguments = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        specs = choose(arguments.sets)
    except SetError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        return _measure(specs, arguments)
    except QualityError as error:
        print(error, file=sys.stderr)
        return 1


def _measure(specs: Sequence[SetSpec], arguments: argparse.Namespace) -> int:
    places = Places(arguments.eval, arguments.archive, arguments.work)
    results: list[SetResult] = []
    rebuilt: set[str] = set()
    failed = False
    for spec in specs:
        absent = absent_part(spec, places.eval_dir, places.archive_dir)
        if absent is not None:
            print(f"SKIPPED {spec.name}: no {absent}", file=sys.stderr)
            continue
        product = CommandLine(places.work_dir / spec.source / spec.name)
        fresh = arguments.fresh and spec.source not in rebuilt
        rebuilt.add(spec.source)
        try:
            result = measure_set(spec, places, product, take_all=arguments.all, fresh=fresh)
        except QualityError as error:
            # The other sets took minutes: what they gave is still printed.
            print(f"FAILED {spec.name}: {error}", file=sys.stderr)
            failed = True
            continue
        results.append(result)
    if not results:
        raise SetError(f"nothing measured of the sets in {places.eval_dir}")
    print(render(results, read_recorded()))
    if arguments.failures:
        print("\n" + render_failures(results))
    if arguments.record:
        write_recorded(results)
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.quality", description=__doc__)
    parser.add_argument(
        "sets",
        nargs="*",
        metavar="SET",
        help=f"sets to measure (default: those present); {', '.join(s.name for s in SPECS)}",
    )
    parser.add_argument("--eval", type=Path, default=SHARED / "eval", help="folder of the sets")
    parser.add_argument(
        "--archive",
        type=Path,
        default=SHARED / "archive" / "uk_public_bodies",
        help="folder that archive_questions asks about",
    )
    parser.add_argument(
        "--work",
        type=Path,
        default=CHECKOUT / "quality-index",
        help="folder where indexes and what the product printed are kept between runs",
    )
    parser.add_argument("--all", action="store_true", help="ask all questions, not the sample")
    parser.add_argument("--fresh", action="store_true", help="build the indexes anew")
    parser.add_argument("--failures", action="store_true", help="list every failed question")
    parser.add_argument("--record", action="store_true", help="write recorded.json")
    return parser


if __name__ == "__main__":
    sys.exit(main())
