"""indexer.archive_names: what the other reports of an archive say about who made this one."""

from dataclasses import replace

import pytest

from indexer.abbreviated import declared_in, stands_for
from indexer.archive_names import declared_bodies, with_archive_names
from indexer.records import Document


def document(name: str, title: str = "", body: str = "", origin: str = "text") -> Document:
    origins = {"body": origin} if body else {}
    return Document(name, name, "", "txt", title or name, body=body, origins=origins)


@pytest.mark.parametrize(
    ("short", "long", "expected"),
    [
        ("ODUG", "Open Data User Group", True),
        ("DfT", "Department for Transport", True),
        ("DCLG", "Department for Communities and Local Government", True),
        ("Defra", "Department for Environment, Food and Rural Affairs", True),
        ("HMRC", "HM Revenue & Customs", True),
        ("MoJ", "Ministry of Justice", True),
        ("ODI", "Open Data User Group", False),
        ("CO", "Open Cabinet Office", False),
    ],
)
def test_an_abbreviation_is_made_of_initials(short: str, long: str, expected: bool) -> None:
    assert stands_for(short, long) is expected


def test_a_name_may_begin_later_than_the_capitals_do() -> None:
    text = "The Minister for the Cabinet Office (CO) met the\nOpen Data User Group (ODUG)."
    assert list(declared_in(text)) == [("CO", "Cabinet Office"), ("ODUG", "Open Data User Group")]


def test_only_bodies_are_learnt() -> None:
    text = "the Web Map Service (WMS) of the Open Data User Group (ODUG)"
    assert declared_bodies(text) == (("ODUG", "Open Data User Group"),)


def test_an_abbreviation_in_a_name_is_read_as_other_reports_declare_it() -> None:
    odug = (("ODUG", "Open Data User Group"),)
    minutes, said = with_archive_names(
        [document("ODUG minutes.doc"), document("terms.txt", body="ODUG")], [odug]
    )
    assert (minutes.body, minutes.origins["body"]) == ("Open Data User Group", "inferred")
    assert (said.body, said.origins["body"]) == ("Open Data User Group", "text")


def test_a_title_begins_with_the_name_of_a_body_that_others_are_by() -> None:
    by_it = [document(f"{n}.txt", body="UK Location Programme") for n in "ab"]
    titled = document("c.txt", "UK Location Getting Started")
    other = document("d.txt", "UK Roads")
    found = with_archive_names([*by_it, titled, other], [])
    assert [one.body for one in found[2:]] == ["UK Location Programme", ""]
    assert with_archive_names([by_it[0], titled], [])[1].body == ""


def test_one_body_has_one_spelling() -> None:
    names = ["Home Office and Police Board", "Home Office & Police Board", "Police Board"]
    documents = [document(f"{i}.txt", body=names[i % 2 if i < 5 else 2]) for i in range(6)]
    assert {one.body for one in with_archive_names(documents, [])} == {names[0]}


def test_a_department_is_cut_back_to_the_name_that_others_have() -> None:
    documents = [
        document("a.txt", body="Department for Transport"),
        document("b.txt", body="Department for Transport Open Data Strategy Refresh"),
    ]
    found = with_archive_names(documents, [])
    assert [one.body for one in found] == ["Department for Transport"] * 2


def test_what_an_owner_wrote_stays() -> None:
    kept = document("ODUG minutes.doc", body="police board", origin="owner's table")
    others = [document(f"{n}.txt", body="Police Board") for n in "ab"]
    assert with_archive_names([*others, kept], [])[2] == kept
    emptied = replace(kept, body="")
    odug = (("ODUG", "Open Data User Group"),)
    assert with_archive_names([emptied], [odug])[0].body == ""
