"""Feed the extractor what nobody would send: python -m tests.torture.extraction COUNT

Real files of every format are mutated (bytes flipped, cut short, spliced, numbers blown up) and
read through `indexer.loading.load_safely`, the boundary that a build reads through. Inputs are read
in a long-lived child with a memory limit, so that one costs milliseconds; a child that dies or
hangs is found out, its input is named, and another goes on. What may come back is a document or a
reason:

- an escaped exception, BaseException included, or a file without its closing part, is a failure;
- a reason that says "reading it failed" is an error that no reader explained: the boundary has
  held, but the reason is of little use to people, so one input of each is named;
- a crash or a hang is counted: the pool of a build survives it and reports the file.

Every input follows from --seed and its number alone: `--only NUMBER` makes one again.
"""

import argparse
import hashlib
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from indexer.loading import DEFAULT_MEMORY_BYTES, load_safely
from indexer.parts import Part, load

ARCHIVE = Path(__file__).parents[2].parent / "shared" / "archive"
SUFFIXES = tuple(
    ".pdf .doc .docx .docm .odt .ods .odp .rtf .ppt .pptx .xls .xlsx .csv .html .mhtml .md .txt "
    ".eml .msg .epub .zip .warc .warc.gz .arc .arc.gz .jsonl".split()
)
_MAX_SEED_BYTES = 24_000  # small inputs are read in a millisecond or two
_SEEDS_EACH = 6  # of a format
_HANG_SECONDS = 60.0
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


@dataclass(slots=True)
class Outcomes:
    """What came of the inputs; `failures` must stay empty."""

    inputs: int = 0
    seconds: float = 0.0
    by_kind: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    unexplained: dict[str, int] = field(default_factory=dict)  # error: number of an input
    lost: list[tuple[int, str]] = field(default_factory=list)  # inputs that killed or hung a child


def seeds(folder: Path = ARCHIVE) -> list[tuple[str, bytes]]:
    """Return (suffix, content) of small real files of each format, always the same ones."""
    paths: dict[str, list[Path]] = {suffix: [] for suffix in SUFFIXES}
    for path in sorted(folder.rglob("*")):
        suffix = next((one for one in SUFFIXES if path.name.lower().endswith(one)), "")
        if suffix and path.is_file() and path.stat().st_size:
            paths[suffix].append(path)
    found: dict[str, list[bytes]] = {}
    for suffix, listed in paths.items():
        listed.sort(key=lambda path: path.stat().st_size)
        small = [path for path in listed if path.stat().st_size <= _MAX_SEED_BYTES]
        found[suffix] = [path.read_bytes() for path in small or listed[:1]]
    found[".zip"].append(_zip_of(found))
    found[".jsonl"].append(b'{"_id": "1", "title": "May", "text": "We met.\\nAgain."}\n' * 3)
    chosen = []
    for suffix, contents in found.items():
        ordered = sorted(contents, key=lambda content: hashlib.sha256(content).digest())
        chosen += [(suffix, content) for content in ordered[:_SEEDS_EACH]]
    return chosen


def _zip_of(found: dict[str, list[bytes]]) -> bytes:
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for suffix in (".txt", ".html", ".eml", ".csv"):
                for number, content in enumerate(found[suffix][:2]):
                    archive.writestr(f"folder/{number}{suffix}", content)
        file.seek(0)
        return file.read()


def mutated(number: int, seed: int, known: Sequence[tuple[str, bytes]]) -> tuple[str, bytes]:
    """Return the suffix and the content of an input; it follows from `number` and `seed` alone."""
    chance = random.Random(f"{seed}/{number}")
    suffix, content = chance.choice(known)
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        _mutate(changed, chance, known)
    if chance.random() < 0.02:  # in the clothes of another format
        suffix = chance.choice(SUFFIXES)
    return suffix, bytes(changed)


def _mutate(changed: bytearray, chance: random.Random, known: Sequence[tuple[str, bytes]]) -> None:
    at = chance.randrange(len(changed) + 1)
    size = chance.choice((1, 2, 8, 64, 512))
    kind = chance.randrange(8)
    if kind == 0 and changed:  # flip a bit
        changed[at % len(changed)] ^= 1 << chance.randrange(8)
    elif kind == 1:  # random bytes
        changed[at : at + size] = chance.randbytes(size)
    elif kind == 2:  # cut short
        del changed[at:]
    elif kind == 3:  # cut out
        del changed[at : at + size]
    elif kind == 4:  # repeat
        changed[at:at] = changed[at : at + size] * chance.choice((1, 3, 40))
    elif kind == 5:  # splice with a file of any format
        other = chance.choice(known)[1]
        start = chance.randrange(len(other))
        changed[at : at + size] = other[start : start + size]
    elif kind == 6:  # a number that is too large, or none
        value = chance.choice(_NUMBERS)
        changed[at : at + 4] = value.to_bytes(4, chance.choice(("little", "big")))
    else:  # a digit, for formats that write their numbers
        digits = [place for place, byte in enumerate(changed[at : at + 2000]) if 48 <= byte < 58]
        if digits:
            changed[at + chance.choice(digits)] = 48 + chance.randrange(10)


# --- reading, in a child ------------------------------------------------------------------------


def read(number: int, seed: int, known: Sequence[tuple[str, bytes]], folder: Path) -> list[Part]:
    """Return the parts of one input, read as a build reads it."""
    suffix, content = mutated(number, seed, known)
    path = folder / f"input{suffix}"
    path.write_bytes(content)
    file = (path, path.name, "0" * 64)
    try:
        return list(load_safely(load, file, folder / "scratch", 0, lambda part: None))
    finally:
        path.unlink(missing_ok=True)


def _serve(connection: Connection, seed: int, folder: Path) -> None:
    silence = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(silence, descriptor)
    resource.setrlimit(resource.RLIMIT_AS, (DEFAULT_MEMORY_BYTES, DEFAULT_MEMORY_BYTES))
    os.environ["PATH"] = ""  # what tesseract makes of a broken picture is not asked here
    known = seeds()
    (folder / "scratch").mkdir(exist_ok=True)
    while True:
        try:
            number = connection.recv()
        except EOFError:
            return
        try:
            parts = read(number, seed, known, folder)
            name = f"input{mutated(number, seed, known)[0]}"
            closed = bool(parts) and parts[-1].source_id == name
            kinds = [(part.status.value, part.reason) for part in parts]
            connection.send((number, kinds, "" if closed else f"{number}: no closing part"))
        except BaseException as error:  # this is what is looked for
            connection.send((number, [], f"{number}: {type(error).__name__}: {error}"))


def campaign(numbers: Iterator[int], seed: int, seconds: float = float("inf")) -> Outcomes:
    """Read the inputs of `numbers` until they or the time are used up."""
    outcomes, started = Outcomes(), time.monotonic()
    with tempfile.TemporaryDirectory(dir=_memory_folder()) as folder:
        child = _Child(seed, Path(folder))
        for number in numbers:
            if time.monotonic() - started > seconds:
                break
            outcomes.inputs += 1
            answer = child.ask(number)
            if isinstance(answer, str):
                outcomes.by_kind[f"child lost: {answer}"] += 1
                outcomes.lost.append((number, answer))
                continue
            _, kinds, failure = answer
            if failure:
                outcomes.failures.append(failure)
            for status, reason in kinds:
                outcomes.by_kind[_kind(status, reason)] += 1
                if "reading it failed" in reason:
                    outcomes.unexplained.setdefault(reason[:140], number)
        child.stop()
    outcomes.seconds = time.monotonic() - started
    return outcomes


def _kind(status: str, reason: str) -> str:
    return f"{status}: {reason.split(':')[0][:40]}" if status == "unread" else status


def _memory_folder() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


class _Child:
    """The process that reads, started again when an input killed it."""

    def __init__(self, seed: int, folder: Path) -> None:
        self._seed, self._folder = seed, folder
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, self._seed, self._folder), daemon=True
        )
        self._process.start()
        theirs.close()

    def ask(self, number: int) -> tuple[int, list[tuple[str, str]], str] | str:
        """Return what came of an input, or how it ended the child."""
        try:
            self._connection.send(number)
            if self._connection.poll(_HANG_SECONDS):
                answer: tuple[int, list[tuple[str, str]], str] = self._connection.recv()
                return answer
            how = "hang"
        except (EOFError, OSError):
            how = "crash"
        self.stop()
        self._start()
        return how

    def stop(self) -> None:
        """End the child."""
        self._process.kill()
        self._process.join()
        self._connection.close()


def main(argv: Sequence[str] | None = None) -> int:
    """Run a campaign and print what came of it; 1 where an exception escaped."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.extraction", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=100_000)
    parser.add_argument("--start", type=int, default=0, help="number of the first input")
    parser.add_argument("--step", type=int, default=1, help="to share a campaign between processes")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--only", type=int, help="write one input to stdout instead")
    arguments = parser.parse_args(argv)
    if not ARCHIVE.is_dir():
        sys.stderr.write(f"no archive at {ARCHIVE}: nothing to mutate\n")
        return 2
    if arguments.only is not None:
        sys.stdout.buffer.write(mutated(arguments.only, arguments.seed, seeds())[1])
        return 0
    numbers = range(
        arguments.start, arguments.start + arguments.count * arguments.step, arguments.step
    )
    found = campaign(iter(numbers), arguments.seed, arguments.seconds)
    following = arguments.start + found.inputs * arguments.step
    lines = [
        f"inputs={found.inputs} seconds={found.seconds:.0f} escaped={len(found.failures)} "
        f"lost={len(found.lost)} unexplained={len(found.unexplained)} "
        f"next={following}",
        *(f"{count}\t{kind}" for kind, count in found.by_kind.most_common()),
        *(f"ESCAPED\t{failure}" for failure in found.failures),
        *(f"LOST\t{number}\t{how}" for number, how in found.lost),
        *(f"UNEXPLAINED\t{number}\t{reason}" for reason, number in found.unexplained.items()),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if found.failures else 0


if __name__ == "__main__":
    sys.exit(main())
