"""The shape of the project: which module may import which, and who owns each engine."""

import ast
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("indexer", "search_api", "web")  # data and imports flow in this order
MODULES = {
    f"{package}.{path.stem}": path
    for package in PACKAGES
    for path in sorted((ROOT / package).glob("*.py"))
}
OWNERS = {
    "tantivy": {"indexer.keyword_index"},
    "faiss": {"indexer.approximate_vectors", "indexer.vector_index"},
    "torch": {"indexer.embedding"},
    "sentence_transformers": {"indexer.embedding"},
    "transformers": {"indexer.embedding"},
    "onnxruntime": {"indexer.embedding"},
    # build catches its errors
    "sqlite3": {
        "indexer.abbreviation_table",
        "indexer.passage_store",
        "indexer.saved_vectors",
        "indexer.store_layers",
        "indexer.store_update",
        "indexer.store_writer",
        "indexer.build",
    },
    "kreuzberg": {"indexer.kreuzberg_reader"},
    "mcp": {"search_api.mcp_server"},
}
QUESTION = "what happened with Operation Connect funding"


def imported(path: Path, *, at_start: bool = False) -> Iterator[str]:
    """Yield the dotted name of everything that a file imports, `from a import b` as a and a.b.

    `at_start` leaves out what is imported inside functions, when they are called.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        id(inner)
        for outer in ast.walk(tree)
        if at_start and isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for inner in ast.walk(outer)
    }
    for node in ast.walk(tree):
        if id(node) in inside:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers_of(library: str) -> set[str]:
    return {
        name
        for name, path in MODULES.items()
        if any(found.split(".")[0] == library for found in imported(path))
    }


def test_there_are_modules_in_all_three_packages() -> None:
    assert {name.split(".")[0] for name in MODULES} == set(PACKAGES)


@pytest.mark.parametrize("name", MODULES)
def test_imports_flow_from_web_to_search_api_to_indexer_and_never_back(name: str) -> None:
    package = name.split(".")[0]
    later = PACKAGES[PACKAGES.index(package) + 1 :]
    wrong = {found for found in imported(MODULES[name]) if found.split(".")[0] in (*later, "tests")}
    assert wrong == set()


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {
        name: {found for found in imported(path) if found in MODULES and found != name}
        for name, path in MODULES.items()
    }
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join([*above[above.index(name) :], name])
        if name not in done:
            for used in sorted(graph[name]):
                visit(used, (*above, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("library", OWNERS)
def test_each_engine_has_one_owner(library: str) -> None:
    assert importers_of(library) <= OWNERS[library]


@pytest.mark.parametrize("library", ["tantivy", "faiss", "torch", "sentence_transformers"])
def test_each_engine_is_in_use(library: str) -> None:
    assert importers_of(library) == OWNERS[library]


def test_torch_is_loaded_by_calls_only() -> None:
    heavy = {"torch", "sentence_transformers", "transformers"}
    for name, path in MODULES.items():
        loaded = {found.split(".")[0] for found in imported(path, at_start=True)}
        assert not loaded & heavy, name


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_file_holds_a_docstring_and_nothing_else(package: str) -> None:
    body = ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8")).body
    assert len(body) == 1
    assert isinstance(body[0], ast.Expr)
    assert isinstance(body[0].value, ast.Constant)
    assert isinstance(body[0].value.value, str)


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = {"utils", "util", "common", "helpers", "helper", "misc", "core", "base"}
    assert {name for name in MODULES if name.split(".")[1] in vague} == set()


def test_the_environment_is_read_by_the_entry_points_alone() -> None:
    readers = {
        name
        for name, path in MODULES.items()
        if {"os.environ", "os.getenv"} & set(attributes(path))
    }
    # The encoder switches the hub off before it loads a model that lies on this disk.
    # Tesseract is given all of it, and one thread.
    entry_points = {"web.__main__", "search_api.__main__"}
    assert readers <= entry_points | {"indexer.embedding", "indexer.ocr"}


def attributes(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"


def test_the_service_answers_a_question_without_torch(sample_index: Path) -> None:
    program = textwrap.dedent(
        f"""
        import sys
        from pathlib import Path
        import search_api.app
        import web.app
        from indexer.records import Filters
        from search_api.live import LiveArchive
        from search_api.service import SearchService
        archive = LiveArchive(Path({str(sample_index)!r}))
        archive.refresh()
        print(SearchService(archive).answer({QUESTION!r}, Filters()).searched.documents)
        heavy = ("torch", "sentence_transformers", "transformers", "onnx")
        print([name for name in heavy if name in sys.modules])
        """
    )
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert finished.stdout.splitlines() == ["18", "[]"], finished.stderr
