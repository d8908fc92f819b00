"""indexer.abbreviation_table: what is learnt from all reports, and where each definition stands."""

from pathlib import Path

import pytest

from indexer.abbreviations import Abbreviation, Definition
from indexer.passage_store import PassageStore
from indexer.records import Document, DocumentText, Passage
from indexer.store_writer import StoreWriter

TEXTS = {
    "a": "Territorial Policing (TP) led.",
    "b": "The Territorial\nPolicing (TP) budget. Territorial Policing (TP) again.",
    "c": "Tree Planting (TP) began. They act. Action Crime Team (ACT).",
    "d": "Ministry of Justice (MoJ), or the Ministry of Justice (MOJ).",
}


def store_of(folder: Path, texts: dict[str, str], unsearched: str = "") -> PassageStore:
    writer = StoreWriter(folder)
    for row, (name, text) in enumerate(texts.items()):
        document = Document(name, f"{name}.txt", "", "txt", name)
        passage = Passage(row, name, 0, len(text), text)
        passages = [] if name == unsearched else [(passage, b"")]
        writer.add_document(document, DocumentText(text, (), ()), passages)
    writer.close()
    return PassageStore(folder)


@pytest.fixture
def store(tmp_path: Path) -> PassageStore:
    return store_of(tmp_path, TEXTS)


def test_an_abbreviation_is_counted_once_a_report_and_named_where_it_is_first_defined(
    store: PassageStore,
) -> None:
    assert store.abbreviations(["TP"]) == [
        Abbreviation("TP", "Territorial Policing", 2, "a", 0, 25, 0),
        Abbreviation("TP", "Tree Planting", 1, "c", 0, 18, 2),
    ]


@pytest.mark.parametrize("form", ["MOJ", "moj", "Ministry of Justice", "the ministry of justice’s"])
def test_either_form_finds_the_other_in_any_spelling(store: PassageStore, form: str) -> None:
    (found,) = store.abbreviations([form])
    assert (found.short, found.long, found.documents) == ("MoJ", "Ministry of Justice", 1)


def test_what_nobody_defines_is_not_found(store: PassageStore) -> None:
    assert store.abbreviations(["XYZ", "", "of", "Policing"]) == []
    assert store.abbreviations([]) == []


def test_many_forms_are_looked_up_at_once(store: PassageStore) -> None:
    found = store.abbreviations([*(f"X{number}" for number in range(1500)), "ACT", "MoJ"])
    assert [(one.short, one.ordinary) for one in found] == [("ACT", True), ("MoJ", False)]


def test_a_place_that_is_searched_is_named_before_one_that_is_not(tmp_path: Path) -> None:
    store = store_of(tmp_path, TEXTS, unsearched="a")
    assert store.abbreviations(["TP"])[0].document_id == "b"


def test_what_one_report_defines_is_kept_for_the_next_build(store: PassageStore) -> None:
    assert store.definitions_of("c") == [
        Definition("TP", "Tree Planting", 0, 18),
        Definition("ACT", "Action Crime Team", 36, 59, ordinary=True),
    ]
