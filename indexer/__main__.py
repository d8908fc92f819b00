"""python -m indexer: build an index, check it, and say what it covers."""

import argparse
import json
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from indexer import generation, publishing
from indexer.backup import back_up, restore
from indexer.build import BuildReport, Progress, build
from indexer.checking import check
from indexer.coverage import coverage_of
from indexer.coverage_table import write_table
from indexer.embedding import BUNDLED_NAME, BuildEncoder
from indexer.errors import IndexerError, SourceError
from indexer.priority import give_way
from indexer.watch import Watch, WatchTimes

logger = logging.getLogger("indexer")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return 0 when done, 1 for a failure that is explained in one line."""
    arguments = _parser().parse_args(argv)
    logging.basicConfig(
        level=logging.INFO if arguments.verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
    try:
        code: int = arguments.run(arguments)
    except IndexerError as error:
        print(f"indexer: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("indexer: stopped. Run the same command again to go on", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 0
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m indexer", description=__doc__)
    parser.add_argument("-v", "--verbose", action="store_true", help="say what each phase does")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("build", help="index SOURCE and publish a new generation")
    command.add_argument("source", type=_path, metavar="SOURCE", help="a folder, or a .jsonl file")
    _add_index_dir(command)
    _add_encoder(command)
    command.add_argument(
        "--allow-empty", action="store_true", help="publish also where SOURCE holds no reports"
    )
    command.add_argument(
        "--retry", action="store_true", help="read again what could not be read the last time"
    )
    command.add_argument(
        "--verify",
        action="store_true",
        help="read every file of SOURCE and of the index, also those that look as they were",
    )
    command.set_defaults(run=_build)

    command = commands.add_parser("watch", help="build whenever SOURCE changes, until stopped")
    command.add_argument("source", type=_path, metavar="SOURCE", help="a folder")
    _add_index_dir(command)
    _add_encoder(command)
    times = WatchTimes()
    for name, default, meaning in (
        ("quiet", times.quiet_seconds, "how long a change must be quiet before it is built"),
        ("sweep", times.sweep_seconds, "how often to build though no event came"),
        ("retry", times.retry_seconds, "when to try a failed build again; doubles each time"),
    ):
        command.add_argument(
            f"--{name}-seconds",
            type=_seconds,
            default=default,
            metavar="S",
            help=f"{meaning} ({default:g})",
        )
    command.set_defaults(run=_watch)

    command = commands.add_parser("check", help="verify every file of every generation")
    _add_index_dir(command)
    command.set_defaults(run=_check)

    command = commands.add_parser("backup", help="write the live generation into one new tar file")
    _add_index_dir(command)
    command.add_argument("file", type=_path, metavar="FILE")
    command.set_defaults(run=_backup)

    command = commands.add_parser("restore", help="make what `backup` wrote the live generation")
    _add_index_dir(command)
    command.add_argument("file", type=_path, metavar="FILE")
    command.set_defaults(run=_restore)

    command = commands.add_parser("coverage", help="what is held, searchable, and unread, and why")
    _add_index_dir(command)
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="all of it, as one JSON object")
    form.add_argument("--csv", action="store_true", help="a line for each file, as a table")
    command.set_defaults(run=_coverage)

    command = commands.add_parser("list", help="the documents, one a line")
    _add_index_dir(command)
    command.set_defaults(run=_list)

    command = commands.add_parser("prune", help="delete old generations")
    _add_index_dir(command)
    command.add_argument("--keep", type=int, default=1, metavar="N", help="how many stay (1)")
    command.set_defaults(run=_prune)
    return parser


def _path(written: str) -> Path:
    if not written:
        raise argparse.ArgumentTypeError("empty; expected a path")
    return Path(written)


def _add_index_dir(command: argparse.ArgumentParser) -> None:
    command.add_argument("index_dir", type=_path, metavar="INDEX_DIR", help="folder of the index")


def _add_encoder(command: argparse.ArgumentParser) -> None:
    command.add_argument("--encoder", default=BUNDLED_NAME, metavar="NAME", help="model or folder")
    command.add_argument("--query-prefix", default="", metavar="TEXT")
    command.add_argument("--passage-prefix", default="", metavar="TEXT")


def _seconds(written: str) -> float:
    try:
        found = float(written)
    except ValueError:
        found = -1.0
    if not 0 <= found < 1e9:
        raise argparse.ArgumentTypeError(f"{written!r}; expected a number of seconds, 0 or more")
    return found


def _build(arguments: argparse.Namespace) -> int:
    if not arguments.source.exists():  # before INDEX_DIR is made for a typing error
        raise SourceError(
            f"{arguments.source}: no such folder or file. Name the folder that holds reports"
        )
    give_way(arguments.index_dir)
    encoder = BuildEncoder(
        arguments.encoder,
        query_prefix=arguments.query_prefix,
        passage_prefix=arguments.passage_prefix,
    )
    with _ProgressBars() as progress:
        report = build(
            arguments.source,
            arguments.index_dir,
            encoder,
            progress=progress,
            allow_empty=arguments.allow_empty,
            retry=arguments.retry,
            verify=arguments.verify,
        )
    print(_summary(report))
    return 0


def _watch(arguments: argparse.Namespace) -> int:
    if not arguments.source.is_dir():
        raise SourceError(
            f"{arguments.source}: no such folder. Name the folder that reports are put into"
        )
    logger.setLevel(logging.INFO)  # what it does is its only output
    command = [sys.executable, "-m", "indexer", "build"]
    command += [f"--encoder={arguments.encoder}", f"--query-prefix={arguments.query_prefix}"]
    command += [f"--passage-prefix={arguments.passage_prefix}"]
    folders = ["--", str(arguments.source), str(arguments.index_dir)]
    times = WatchTimes(arguments.quiet_seconds, arguments.sweep_seconds, arguments.retry_seconds)
    watcher = Watch(
        arguments.source,
        arguments.index_dir,
        [*command, *folders],
        times,
        sweeping=[*command, "--verify", *folders],
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: watcher.stop())
    watcher.run()
    return 0


def _summary(report: BuildReport) -> str:
    done = "published generation" if report.published else "nothing has changed: generation"
    return (
        f"{done} {report.generation_id}  documents={report.documents} "
        f"passages={report.passages} embedded={report.embedded} unread={report.unread} "
        f"seconds={report.seconds.get('all', report.seconds['scan']):.1f}"
    )


class _ProgressBars:
    """A bar for each phase, on a terminal only."""

    def __enter__(self) -> Progress:
        from tqdm import tqdm

        self._bar = None
        self._phase = ""

        def progress(phase: str, done: int, total: int) -> None:
            if phase != self._phase:
                self.__exit__()
                self._phase = phase
                self._bar = tqdm(total=total, desc=phase, file=sys.stderr, disable=None)
            if self._bar is not None:
                self._bar.update(done - self._bar.n)

        return progress

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()


def _check(arguments: argparse.Namespace) -> int:
    bad = 0
    for finding in check(arguments.index_dir):
        bad += not finding.good
        print(f"{finding.name}\t{finding.state}\t{finding.detail}")
    if bad:
        print(
            f"indexer: {bad} not as it should be. "
            f"Build again: python -m indexer build --verify SOURCE {arguments.index_dir}",
            file=sys.stderr,
        )
    return 1 if bad else 0


def _backup(arguments: argparse.Namespace) -> int:
    manifest = back_up(arguments.index_dir, arguments.file)
    print(f"wrote generation {manifest.generation_id}  bytes={arguments.file.stat().st_size}")
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    manifest = restore(arguments.index_dir, arguments.file)
    print(f"restored generation {manifest.generation_id}  documents={manifest.documents}")
    return 0


def _coverage(arguments: argparse.Namespace) -> int:
    opened = generation.open_generation(arguments.index_dir)
    if arguments.csv:
        write_table(opened, sys.stdout)
        return 0
    coverage = coverage_of(opened)
    if arguments.json:
        print(json.dumps(coverage.to_json(), indent=2, ensure_ascii=False))
        return 0
    for name in ("held", "searchable", "duplicate", "unread"):
        print(f"{name}\t{getattr(coverage, name)}")
    for what, count in coverage.by_help.items():
        print(f"help\t{count}\t{what}")
    for name, confidence in coverage.recognised:
        print(f"recognised\t{' '.join(name.split())}\tOCR, confidence {confidence:.2f}")
    for record in coverage.incomplete_files:
        print(
            "\t".join(" ".join(v.split()) for v in ("incomplete", record.source_id, record.reason))
        )
    for record in (*coverage.unread_files, *coverage.duplicate_files):
        values = (record.status.value, record.source_id, record.reason)
        print("\t".join(" ".join(value.split()) for value in values))
    for gap in coverage.gaps:
        span = f"{gap.first} to {gap.last}"
        print(f"gap\t{gap.body}\tno report {span}; usual is one in {gap.usual:g} months")
    for problem in coverage.metadata_problems:
        print(f"metadata\t{problem['file']} line {problem['line']}\t{problem['problem']}")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    for document in generation.open_generation(arguments.index_dir).store.documents():
        values = (
            document.document_id,
            document.date,
            document.body,
            document.doc_type,
            document.title,
            document.source_id,
        )
        print("\t".join(" ".join(value.split()) for value in values))
    return 0


def _prune(arguments: argparse.Namespace) -> int:
    publishing.current_id(arguments.index_dir)  # a mistyped folder is not made
    with publishing.write_lock(arguments.index_dir):
        for generation_id in publishing.prune(arguments.index_dir, max(1, arguments.keep)):
            print(generation_id)
    return 0


if __name__ == "__main__":
    sys.exit(main())
