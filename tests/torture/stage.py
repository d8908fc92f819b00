"""A small archive of JSON lines, built in forked children that may be killed, and looked at whole.

Everything but the embedding model is real. The parent never opens an index: it has no threads of an
engine, so that it can fork for hours.
"""

import json
import mmap
import os
import pickle
import random
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from indexer import build as build_module
from indexer import keyword_index, vector_index
from indexer.build import UPDATE_FROM, BuildReport, build
from indexer.checking import check
from indexer.embedding import BUNDLED_NAME, Vectors, token_starts
from indexer.errors import IndexerError
from indexer.generation import open_generation
from indexer.keyword_query import Word
from indexer.known_vectors import find_known_vectors
from indexer.passage_store import PassageStore
from indexer.publishing import building_folder, generation_folder, generation_ids
from indexer.records import Filters
from indexer.saved_vectors import SavedVectors
from tests.indexer.test_build import HashEncoder

SLICE = 8  # texts that are embedded, then saved, at a time
PHASES = (
    *("start", "scan", "store", "keyword index", "embed", "vector index", "publish", "prune"),
    "struck",
)
EXPLAINED = "IndexerError: "  # how the error of a child begins that is meant for people
_RESULT = 5  # where in the shared memory: a phase, the length of the result, the result
Archive = dict[str, int]  # the version of each report, by its number


class LoggingEncoder(HashEncoder):
    """Writes the digest of each text that it embeds to `log` before it embeds it."""

    log: Path | None = None

    def encode(self, texts: Sequence[str]) -> Vectors:
        if self.log is not None:
            with self.log.open("a") as file:
                file.writelines(build_module._digest(text).hex() + "\n" for text in texts)
        return super().encode(texts)

    def encode_few(self, texts: Sequence[str], exported: Path) -> Vectors:
        return np.concatenate([found for _, found in self.encode_passages(texts)])

    def encode_passages(
        self, texts: Sequence[str], megabatch: int = SLICE
    ) -> Iterator[tuple[int, Vectors]]:
        yield from super().encode_passages(texts, megabatch)


@dataclass(frozen=True)
class Outcome:
    """How a child ended: `killed` by SIGKILL, or with what it returned or raised."""

    killed: bool
    result: Any = None
    error: str = ""
    phase: str = ""


@dataclass(frozen=True)
class Look:
    """What a reader finds: the archive that is served, and what `check` says is bad."""

    archive: Archive | None
    bad: list[str]
    wrong: list[str] = field(default_factory=list)


def embedded_text(number: str, version: int) -> str:
    return f"Report {number}\n{text_of(number, version)}"


def text_of(number: str, version: int) -> str:
    return f"The board noted w{number}v{version} and agreed £{version}.{number}m for the borough."


class Stage:
    """One SOURCE, one INDEX_DIR, and the children that work on them."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "source"
        self.index_dir = folder / "index"
        self.log = folder / "embedded"
        self.encoder = LoggingEncoder(BUNDLED_NAME)
        self.update_from = UPDATE_FROM  # 0: what changed is written beside what did not
        self.source.mkdir(parents=True)
        self._shared = mmap.mmap(-1, 1 << 20)
        # Loaded once, and not by each child: half of the time of such a small build.
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        self._token_starts = token_starts(self.encoder.tokenizer_file)
        self._token_starts(["warm"])

    def write(self, archive: Archive) -> None:
        """Let SOURCE hold `archive`."""
        lines = [
            {"_id": number, "title": f"Report {number}", "text": text_of(number, version)}
            for number, version in archive.items()
        ]
        (self.source / "reports.jsonl").write_text("\n".join(map(json.dumps, lines)))

    def start(self, work: Callable[[], Any]) -> "Child":
        """Run `work` in a child, which waits to be let go."""
        return Child(work, self._shared)

    def run(self, work: Callable[[], Any]) -> Outcome:
        """Run `work` in a child to its end."""
        child = self.start(work)
        child.go()
        return child.wait()

    def build(self) -> BuildReport:
        """Build in this process: call it in a child."""
        self.encoder.log = self.log
        _mark_phases(self._shared)
        module: Any = build_module
        module.token_starts = lambda tokenizer_file: self._token_starts
        return build(self.source, self.index_dir, self.encoder, update_from=self.update_from)

    def mark(self, phase: str) -> None:
        """Let the parent see that this child came to `phase`."""
        self._shared[0] = PHASES.index(phase)

    def look(self) -> Look:
        """Read the whole index in this process: call it in a child."""
        bad = [f"{one.name} {one.state}" for one in check(self.index_dir) if not one.good]
        try:
            opened = open_generation(self.index_dir)
        except IndexerError as error:
            return Look(None, bad, [str(error)])
        archive: Archive = {}
        wrong = []
        for document in opened.store.documents():
            number = document.source_id.partition("#")[2]
            text = opened.document_text(document.document_id).text
            version = int(text.partition(f"w{number}v")[2].split()[0])
            archive[number] = version
            if text != text_of(number, version):
                wrong.append(f"text of {number}")
            hits, total = opened.keyword_ranking(Word(f"w{number}v{version}"), 5, Filters())
            found = [one.document_id for one in opened.documents_of([hit.row for hit in hits])]
            if total != 1 or found != [document.document_id]:
                wrong.append(f"words of {number}: {total} hits")
        ids = [document.document_id for document in opened.store.documents()]
        rows = np.array([row for one in ids for row in opened.store.rows_of_document(one)])
        expected = self.encoder.encode([embedded_text(*item) for item in archive.items()])
        if not np.allclose(opened.vectors.vectors(rows), expected, atol=1e-6):
            wrong.append("vectors")
        return Look(archive, bad, wrong)

    def saved(self) -> set[str]:
        """Return the digests of all texts whose vectors are on disk: call it in a child."""
        spec = self.encoder.spec
        waiting = SavedVectors(building_folder(self.index_dir), spec.fingerprint)
        known = find_known_vectors(self.index_dir, spec)
        found = set(waiting.load(spec.dimension))
        for generation_id in generation_ids(self.index_dir):
            with suppress(Exception):  # a damaged one may say anything
                store = PassageStore(generation_folder(self.index_dir, generation_id))
                found |= {
                    digest for digest in store.embedded_digests() if known and digest in known
                }
        return {digest.hex() for digest in found}

    def embedded(self) -> list[str]:
        """Return the digests of what was embedded since the last call."""
        found = self.log.read_text().split() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return found


class Child:
    """A forked process that runs one function.

    It sends back what that returns through shared memory: no system call that may be made to fail.
    """

    def __init__(self, work: Callable[[], Any], shared: mmap.mmap) -> None:
        self._shared = shared
        shared[0:_RESULT] = bytes(_RESULT)
        ready, self._go = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._go)
            os.read(ready, 1)
            _work_and_exit(work, shared)
        os.close(ready)

    def go(self) -> None:
        """Let it start."""
        os.write(self._go, b"x")
        os.close(self._go)

    def kill_after(self, seconds: float) -> None:
        """Let it start, and kill it then, wherever it is, unless it has ended."""
        self.go()
        deadline = time.monotonic() + seconds
        while not self._ended() and time.monotonic() < deadline:
            time.sleep(min(0.005, max(0.0, deadline - time.monotonic())))
        os.kill(self.pid, signal.SIGKILL)

    def _ended(self) -> bool:
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait(self, seconds: float = 120) -> Outcome:
        """Wait for its end; one that hangs is killed and reported as such."""
        deadline = time.monotonic() + seconds
        while not self._ended():
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                return Outcome(False, error="it hangs")
            time.sleep(0.002)
        _, status = os.waitpid(self.pid, 0)
        phase = PHASES[self._shared[0]]
        size = int.from_bytes(self._shared[1:_RESULT])
        if not size:
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
                return Outcome(True, phase=phase)
            return Outcome(False, error=f"no result, status {status}", phase=phase)
        result, error = pickle.loads(self._shared[_RESULT : _RESULT + size])
        return Outcome(False, result, error, phase)


def _work_and_exit(work: Callable[[], Any], shared: mmap.mmap) -> None:
    try:
        sent = pickle.dumps((work(), ""))
    except IndexerError as error:
        sent = pickle.dumps((None, f"{EXPLAINED}{error}"))
    except BaseException:
        sent = pickle.dumps((None, traceback.format_exc()[-2000:]))
    shared[_RESULT : _RESULT + len(sent)] = sent
    shared[1:_RESULT] = len(sent).to_bytes(_RESULT - 1)
    os._exit(0)


def _mark_phases(phase: mmap.mmap) -> None:
    """Write into shared memory which phase a build is in; for a child, once."""

    def marked(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401
            before = phase[0]
            phase[0] = PHASES.index(name)
            try:
                return work(*arguments, **named)
            finally:
                if name != "prune":
                    phase[0] = before

        return run

    phase[0] = PHASES.index("store")
    module: Any = build_module
    module.list_files = marked("scan", module.list_files)
    module.items_in = marked("scan", module.items_in)
    module.publish = marked("publish", module.publish)
    module.prune = marked("prune", module.prune)
    keyword_index.write = marked("keyword index", keyword_index.write)
    keyword_index.update = marked("keyword index", keyword_index.update)
    vector_index.write = marked("vector index", vector_index.write)
    vector_index.append = marked("vector index", vector_index.append)
    LoggingEncoder.encode_passages = marked_slices(phase, LoggingEncoder.encode_passages)  # type: ignore[method-assign]


def marked_slices(phase: mmap.mmap, work: Callable[..., Any]) -> Callable[..., Any]:
    """As above, for what yields: embedding and saving are one phase."""

    def run(*arguments: Any) -> Iterator[Any]:  # noqa: ANN401
        phase[0] = PHASES.index("embed")
        yield from work(*arguments)
        phase[0] = PHASES.index("store")

    return run


def changed(archive: Archive, chance: random.Random, size: int) -> Archive:
    """Return another archive of about `size` reports: some new, some changed, some gone."""
    after = dict(archive)
    for number in chance.sample(sorted(after), k=min(len(after), 6)):
        if len(after) > size and chance.random() < 0.5:
            del after[number]
        else:
            after[number] += 1
    top = max(map(int, archive), default=0)
    for new in range(top + 1, top + 1 + chance.randrange(1, 9)):
        after[str(new)] = 1
    return dict(sorted(after.items(), key=lambda item: item[0]))
