"""Long random sequences of what happens to a folder, against a plain dictionary.

Whatever was added, changed, renamed, deleted, restored or killed before: after a build the index
holds exactly the folder, every old id leads to where it should, and nothing is embedded twice.
"""

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from indexer import outcomes as reading_module
from indexer.build import UPDATE_FROM, build
from indexer.embedding import BUNDLED_NAME
from indexer.generation import open_generation
from indexer.keyword_query import Phrase
from indexer.loading import load_safely
from indexer.parts import Part, load
from indexer.records import Filters, document_id_of
from tests.indexer.test_build import HashEncoder

EXAMPLES = int(os.environ.get("TORTURE_SEQUENCES", "3"))
STEPS = int(os.environ.get("TORTURE_STEPS", "30"))

names = st.sampled_from(["a.txt", "b.txt", "c.md", "sub/a.txt", "sub/d.md", "e.txt"])
texts = st.integers(0, 30)


class InProcessPool:
    """Reads files here: a child process for each build would be most of the time."""

    def __init__(self, workers: int) -> None:
        """Take what the real one takes."""

    def __enter__(self) -> "InProcessPool":
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to end."""

    def load_all(self, files: list[tuple[Path, str, str]]) -> Iterator[Part]:
        for file in files:
            yield from load_safely(load, file, file[0].parent, 0, lambda part: None)


class KilledError(BaseException):
    """Stands for SIGKILL: nothing of ours may catch it. Real ones are in kills.py."""


class CountingEncoder(HashEncoder):
    """Counts what it embeds, and dies when told."""

    def __init__(self) -> None:
        super().__init__(BUNDLED_NAME)
        self.embedded: list[str] = []
        self.left = 1 << 30

    def encode_few(self, texts: Any, exported: Path) -> Any:  # noqa: ANN401
        if len(texts) > self.left:
            raise KilledError
        self.embedded += texts
        return super().encode_few(texts, exported)


ENCODER = CountingEncoder()


def content(number: int) -> str:
    return (
        f"Report on matter{number}\n\n1. The board noted matter{number} in borough{number * 7}.\n"
    )


class Folder(RuleBasedStateMachine):
    """The folder as a dictionary {name: number of its text}, and what was ever indexed."""

    def __init__(self) -> None:
        super().__init__()
        self.chance = random.Random(20110317)
        self.folder = Path(tempfile.mkdtemp(prefix="model-"))
        self.source, self.index_dir = self.folder / "source", self.folder / "index"
        self.source.mkdir()
        self.model: dict[str, int] = {}
        self.bin: dict[str, int] = {}
        self.ever: set[str] = set()
        self.indexed: dict[str, int] = {}
        ENCODER.embedded.clear()
        module: Any = reading_module
        self.pool, module.LoadingPool = module.LoadingPool, InProcessPool

    def teardown(self) -> None:
        module: Any = reading_module
        module.LoadingPool = self.pool
        shutil.rmtree(self.folder)

    def _write(self, name: str, number: int) -> None:
        path = self.source / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content(number))
        self.model[name] = number

    def _build(self) -> None:
        done = build(
            self.source,
            self.index_dir,
            ENCODER,
            allow_empty=True,
            update_from=self.chance.choice([0, UPDATE_FROM]),
        )
        assert done.published == (self.indexed != self.model) or not self.ever
        self.indexed = dict(self.model)
        self.ever |= {document_id_of(name) for name in self._documents()}

    def _documents(self) -> dict[str, int]:
        """The first name of each text: its other names are copies of it."""
        found: dict[int, str] = {}
        for name, number in sorted(self.indexed.items()):
            found.setdefault(number, name)
        return {name: number for number, name in found.items()}

    @initialize(name=names, number=texts)
    def start(self, name: str, number: int) -> None:
        self._write(name, number)
        self._build()

    @rule(name=names, number=texts)
    def add_or_change(self, name: str, number: int) -> None:
        self._write(name, number)

    @rule(old=names, new=names)
    def rename(self, old: str, new: str) -> None:
        if old in self.model and old != new:
            (self.source / new).parent.mkdir(exist_ok=True)
            (self.source / old).replace(self.source / new)
            self.model[new] = self.model.pop(old)

    @rule(name=names)
    def delete(self, name: str) -> None:
        if name in self.model:
            (self.source / name).unlink()
            self.bin[name] = self.model.pop(name)

    @rule(name=names)
    def restore(self, name: str) -> None:
        if name in self.bin:
            self._write(name, self.bin.pop(name))

    @rule()
    def build_again(self) -> None:
        self._build()

    @rule(left=st.integers(0, 3))
    def build_and_kill(self, left: int) -> None:
        ENCODER.left = left
        try:
            self._build()
        except KilledError:
            pass
        finally:
            ENCODER.left = 1 << 30

    @rule(chance=st.integers(0, 9))
    def damage_and_build(self, chance: int) -> None:
        live = open_generation(self.index_dir).folder
        files = sorted(path for path in live.rglob("*") if path.is_file() and path.stat().st_size)
        victim = random.Random(chance).choice(files)
        size = victim.stat().st_size
        victim.unlink()  # it may share its bytes with an older generation
        victim.write_bytes(bytes(size))
        self.ever.clear()  # where no generation is whole, old ids are lost with it
        self.indexed = {"damaged": -1}
        self._build()

    @invariant()
    def the_index_is_the_folder_as_it_was_built(self) -> None:
        if not self.index_dir.exists():
            return
        opened = open_generation(self.index_dir)
        documents = {one.source_id: one for one in opened.store.documents()}
        expected = self._documents()
        assert set(documents) == set(expected)
        for name, number in expected.items():
            text = opened.document_text(documents[name].document_id).text
            assert f"matter{number} in borough{number * 7}." in text
            phrase = Phrase(f"matter{number} in borough{number * 7}")
            hits, total = opened.keyword_ranking(phrase, 5, Filters())
            assert total == 1
            assert [one.source_id for one in opened.documents_of([hits[0].row])] == [name]
        statuses = {one.source_id: one.status.value for one in opened.store.files()}
        assert statuses == {
            name: "searchable" if name in expected else "duplicate" for name in self.indexed
        }
        live = {one.document_id for one in documents.values()}
        former = {one.document_id: one.successor_id for one in opened.store.former_documents()}
        assert self.ever - live <= set(former)
        assert set(former.values()) <= live | {""}


Folder.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestFolder = Folder.TestCase
