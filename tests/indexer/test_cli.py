"""python -m indexer: results on stdout, one line on stderr for what goes wrong."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from indexer import publishing
from indexer.__main__ import main
from indexer.generation import open_generation
from tests.conftest import ROOT

GENERATION = r"\d{8}T\d{9}Z-[0-9a-f]{8}"


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "indexer", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


def fails_in_one_line(result: subprocess.CompletedProcess[str]) -> str:
    """Return the only line that a failed command wrote."""
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert "Traceback" not in line
    return line


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "source"
    folder.mkdir()
    (folder / "a.md").write_text(
        "---\ntitle: Fox\tand dog\ndate: 2011-03-17\nbody: MPA\n---\n1. The fox met the board.\n"
    )
    (folder / "b.txt").write_text("Report on hats\n\n1. The hat was noted.\n")
    shutil.copyfile(folder / "b.txt", folder / "c.txt")
    (folder / "tab\there.txt").touch()
    return folder


@pytest.fixture(scope="module")
def first_build(source: Path) -> subprocess.CompletedProcess[str]:
    return run("build", source, source.parent / "index")


@pytest.fixture
def index_dir(source: Path, first_build: subprocess.CompletedProcess[str], tmp_path: Path) -> Path:
    """A copy of the built index, for a test to change."""
    assert first_build.returncode == 0, first_build.stderr
    shutil.copytree(source.parent / "index", tmp_path / "index", copy_function=os.link)
    (tmp_path / "index" / "CURRENT").unlink()
    shutil.copyfile(source.parent / "index" / "CURRENT", tmp_path / "index" / "CURRENT")
    return tmp_path / "index"


def live_folder(index_dir: Path) -> Path:
    return publishing.generation_folder(index_dir, publishing.current_id(index_dir))


def test_build_ends_with_one_line_of_counts(
    first_build: subprocess.CompletedProcess[str],
) -> None:
    assert first_build.returncode == 0
    assert first_build.stderr == ""  # no progress bar outside of a terminal
    assert re.fullmatch(
        rf"published generation {GENERATION}  documents=2 passages=2 embedded=2 unread=1 "
        r"seconds=\d+\.\d\n",
        first_build.stdout,
    )


def test_build_says_when_nothing_has_changed(source: Path, index_dir: Path) -> None:
    live = publishing.current_id(index_dir)
    result = run("build", source, index_dir)
    assert result.returncode == 0
    assert re.fullmatch(
        rf"nothing has changed: generation {live}  documents=2 passages=2 embedded=0 unread=1 "
        r"seconds=\d+\.\d\n",
        result.stdout,
    )


def test_verbose_names_each_phase_on_stderr(source: Path, index_dir: Path) -> None:
    result = run("-v", "build", source, index_dir)
    assert re.fullmatch(r"(INFO indexer\.build: (scan|plan): \d+\.\d s\n){2}", result.stderr)


def test_check_of_a_whole_index_exits_0(
    index_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(index_dir)]) == 0
    opened = open_generation(index_dir)
    assert capsys.readouterr().out == (
        f"{opened.generation_id}\tlive\tdocuments=2 passages=2 bytes={opened.bytes_on_disk}\n"
    )


def test_check_of_a_damaged_index_exits_1_and_names_the_file(index_dir: Path) -> None:
    live = publishing.current_id(index_dir)
    (live_folder(index_dir) / "vectors.faiss").unlink()
    result = run("check", index_dir)
    assert fails_in_one_line(result) == (
        "indexer: 1 not as it should be. "
        f"Build again: python -m indexer build --verify SOURCE {index_dir}"
    )
    assert result.stdout == (
        f"{live}\tdamaged\t{live}: damaged: vectors.faiss: No such file or directory\n"
    )


def test_check_misses_a_generation_that_current_names(
    index_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (index_dir / "CURRENT").write_text("20990101T000000000Z-x\n")
    assert main(["check", str(index_dir)]) == 1
    assert "20990101T000000000Z-x\tmissing\tCURRENT names it" in capsys.readouterr().out


def test_check_misses_a_lost_current_until_the_next_build_writes_it(
    index_dir: Path, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live = publishing.current_id(index_dir)
    (index_dir / "CURRENT").unlink()
    assert main(["check", str(index_dir)]) == 1
    found = capsys.readouterr().out.splitlines()
    assert found[0].startswith("CURRENT\tmissing\tnothing says which generation is live;")
    assert found[1].startswith(f"{live}\tlive\t")
    assert main(["build", str(source), str(index_dir)]) == 0
    assert main(["check", str(index_dir)]) == 0


def test_check_names_what_does_not_belong_to_the_index(
    index_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (index_dir / "thesis.txt").write_text("mine")
    (index_dir / "generations" / "core.1").write_text("dumped")
    (index_dir / "building" / "vectors-x.sqlite").write_text("12345")
    assert main(["check", str(index_dir)]) == 1
    printed = capsys.readouterr()
    assert "generations/core.1\torphan\tnot a part of the index" in printed.out
    assert "thesis.txt\torphan\tnot a part of the index" in printed.out
    assert "building/vectors-x.sqlite\tunfinished\tbytes=5 of a build" in printed.out
    assert printed.err.startswith("indexer: 2 not as it should be.")


def test_coverage_counts_files_and_explains_each_gap(
    index_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["coverage", str(index_dir)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == ["held\t4", "searchable\t2", "duplicate\t1", "unread\t1"]
    assert lines[4].startswith("unread\ttab here.txt\tempty")
    assert lines[5:] == ["duplicate\tc.txt\tsame content as b.txt"]


def test_coverage_as_json_has_integers_and_reasons(
    index_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["coverage", str(index_dir), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    counts = {name: found[name] for name in ("held", "searchable", "duplicate", "unread")}
    assert counts == {"held": 4, "searchable": 2, "duplicate": 1, "unread": 1}
    assert all(type(count) is int for count in counts.values())
    assert [record["file"] for record in found["unread_files"]] == ["tab\there.txt"]
    assert found["unread_files"][0]["reason"].startswith("empty")


def test_list_gives_one_document_a_line(
    index_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list", str(index_dir)]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [line[1:4] + line[5:] for line in lines] == [
        ["2011-03-17", "MPA", "web page", "a.md"],
        ["", "", "report", "b.txt"],
    ]
    assert lines[0][4] == "Fox and dog"
    assert all(re.fullmatch("[0-9a-f]{16}", line[0]) for line in lines)


def test_prune_prints_what_it_deleted(index_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stale = "20000101T000000000Z-x"
    (index_dir / "generations" / stale).mkdir()
    live = publishing.current_id(index_dir)
    assert main(["prune", str(index_dir)]) == 0
    assert capsys.readouterr().out == f"{stale}\n"
    assert main(["prune", str(index_dir), "--keep", "0"]) == 0
    assert capsys.readouterr().out == ""
    assert publishing.generation_ids(index_dir) == [live]


@pytest.mark.parametrize("command", ["check", "coverage", "list", "prune"])
def test_a_missing_index_is_one_line_and_is_not_made(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, str(tmp_path / "absent")]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f"indexer: {tmp_path}/absent: no such index. "
        f"Build one: python -m indexer build SOURCE {tmp_path}/absent\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["check", "coverage", "list", "prune"])
def test_a_folder_that_is_no_index_is_one_line_and_left_alone(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").touch()
    assert main([command, str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith(f"indexer: {tmp_path}: not an index (no file CURRENT")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("command", ["coverage", "list"])
def test_a_damaged_index_is_one_line(index_dir: Path, command: str) -> None:
    live = publishing.current_id(index_dir)
    (live_folder(index_dir) / "store.sqlite").unlink()
    line = fails_in_one_line(run(command, index_dir))
    assert f"({live}: damaged: store.sqlite: No such file or directory)" in line
    assert line.endswith(f"Build again: python -m indexer build --verify SOURCE {index_dir}")


def test_an_index_of_another_format_is_one_line_and_names_the_next_step(index_dir: Path) -> None:
    path = live_folder(index_dir) / "manifest.json"
    written = path.read_text().replace('"format_version": 4', '"format_version": 99')
    path.unlink()
    path.write_text(written)
    live = publishing.current_id(index_dir)
    assert fails_in_one_line(run("list", index_dir)) == (
        f"indexer: {live}: format 99; this code reads 4. "
        "Build the index again: python -m indexer build SOURCE INDEX_DIR"
    )


def test_a_source_that_is_missing_or_empty_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    missing = run("build", tmp_path / "absent", tmp_path / "index")
    assert fails_in_one_line(missing).endswith("Name the folder that holds reports")
    empty = run("build", tmp_path / "empty", tmp_path / "index")
    assert "holds no reports. Put files into it" in fails_in_one_line(empty)
    assert missing.stdout == empty.stdout == ""


def test_a_folder_of_other_files_is_not_built_into(source: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    line = fails_in_one_line(run("build", source, tmp_path))
    assert "holds other files (mine.txt), and no index" in line
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_second_build_is_one_line_with_the_process_that_holds_the_lock(
    source: Path, index_dir: Path
) -> None:
    with publishing.write_lock(index_dir):
        line = fails_in_one_line(run("build", source, index_dir))
    assert line == (
        f"indexer: {index_dir}: another build is writing here (process {os.getpid()}). "
        "Wait for it to end, then run the command again"
    )


def test_an_encoder_that_cannot_be_had_is_one_line(source: Path, tmp_path: Path) -> None:
    result = run(
        "build", source, tmp_path / "index", "--encoder", "no/such-model", HF_HUB_OFFLINE="1"
    )
    line = fails_in_one_line(result)
    assert line.startswith("indexer: encoder no/such-model: no such folder, and it could not be")
    assert not (tmp_path / "index").exists()


@pytest.mark.parametrize(
    "arguments",
    [[], ["unknown"], ["build"], ["build", "only-source"], ["prune", "x", "--keep", "y"]],
)
def test_a_wrong_call_exits_2_and_shows_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(arguments)
    assert exit_info.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("usage: python -m indexer")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(["--help"])
    assert exit_info.value.code == 0
    shown = capsys.readouterr().out
    commands = re.findall(r"^    (build|check|coverage|list|prune) ", shown, re.M)
    assert commands == ["build", "check", "coverage", "list", "prune"]


def test_the_copy_of_an_unread_file_is_unread_too(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "report.txt").write_text("The board met on 17 March 2011 and noted the report.")
    for name in ("empty.txt", "empty-too.txt"):
        (source / name).touch()
    assert run("build", source, tmp_path / "index").returncode == 0
    found = json.loads(run("coverage", tmp_path / "index", "--json").stdout)
    assert (found["searchable"], found["duplicate"], found["unread"]) == (1, 0, 2)
    again = run("build", source, tmp_path / "index")
    assert again.stdout.startswith("nothing has changed: ")


def test_a_source_that_is_missing_makes_no_index_folder(tmp_path: Path) -> None:
    line = fails_in_one_line(run("build", tmp_path / "absent", tmp_path / "index"))
    assert "no such folder or file" in line
    assert not (tmp_path / "index").exists()


def test_an_empty_source_is_a_usage_error(tmp_path: Path) -> None:
    assert run("build", "", tmp_path / "index").returncode == 2
