"""indexer.abbreviations: what reports say that their abbreviations stand for."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indexer.abbreviations import (
    MAX_DEFINITIONS,
    Abbreviation,
    Definition,
    definitions,
    key_of,
    supported,
)


def pairs(text: str) -> list[tuple[str, str]]:
    return [(one.short, one.long) for one in definitions(text)]


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("Officers of Territorial Policing (TP) met.", "TP", "Territorial Policing"),
        ("The MPS (Metropolitan Police Service) agreed.", "MPS", "Metropolitan Police Service"),
        ("the Open Data User Group (‘ODUG’) met", "ODUG", "Open Data User Group"),
        ('the Open Data User Group ("the ODUG") met', "ODUG", "Open Data User Group"),
        ("the Open Data User Group (or ODUG) met", "ODUG", "Open Data User Group"),
        ("all Safer Neighbourhoods Teams (SNTs) met", "SNT", "Safer Neighbourhoods Teams"),
        ("Freedom of Information (FoI) requests", "FoI", "Freedom of Information"),
        ("HM Revenue and Customs (HMRC) data", "HMRC", "HM Revenue and Customs"),
        ("the Ministry of\nJustice (MOJ) said", "MOJ", "Ministry of Justice"),
        ("Department for Education’s (DfE) plans", "DfE", "Department for Education"),
        ("Hypertext Transfer Protocol (HTTP)", "HTTP", "Hypertext Transfer Protocol"),
        ("Research & Development (R&D) costs", "R&D", "Research & Development"),
        ("Violent crime fell.\n\nTP - Territorial Policing\n", "TP", "Territorial Policing"),
        ("TP: Territorial Policing", "TP", "Territorial Policing"),
        ("TP | Territorial Policing", "TP", "Territorial Policing"),
        ("TP\tTerritorial Policing", "TP", "Territorial Policing"),
        ("• TP – Territorial Policing", "TP", "Territorial Policing"),
        ("TP Territorial Policing\nVCD Violent Crime Directorate", "TP", "Territorial Policing"),
        ("Territorial Policing | TP", "TP", "Territorial Policing"),
        ("TP stands for Territorial Policing.", "TP", "Territorial Policing"),
        (
            "run by SMDG, the Serious Matters Delivery Group,",
            "SMDG",
            "Serious Matters Delivery Group",
        ),
        (
            "Defra Department for Environment, Food and Rural Affairs\n",
            "Defra",
            "Department for Environment, Food and Rural Affairs",
        ),
    ],
)
def test_a_definition_is_found_however_it_is_printed(text: str, short: str, long: str) -> None:
    assert (short, long) in pairs(text)


@pytest.mark.parametrize(
    "text",
    [
        "The board met in London (UK) on Monday.",
        "A report of the committee (MPA).",
        "Officers (including PCSOs) attended.",
        "They asked (AND were told) about it.",
        "see Annex III (AIII) and paragraph 4",
        "The budget (see Appendix) was agreed.",
        "TP officers said that territorial matters came first",
        "IT is the task of the Board",
        "the MPA (MPS and others) met",
        "He joined the Committee. (TC)",
        "The White Paper - a draft",
        "",
    ],
)
def test_what_defines_nothing_is_left_alone(text: str) -> None:
    assert pairs(text) == []


def test_a_glossary_gives_one_definition_a_line() -> None:
    text = (
        "Glossary\nTerm Definition\nBOCU Borough Operational Command Unit\n"
        "MPA Metropolitan Police Authority\nKPI key performance indicator\nYOT: Young Offender Team"
    )
    assert pairs(text) == [
        ("BOCU", "Borough Operational Command Unit"),
        ("MPA", "Metropolitan Police Authority"),
        ("YOT", "Young Offender Team"),
    ]


def test_the_place_of_a_definition_holds_both_forms() -> None:
    text = "In 2011 the Violent\nCrime Directorate (VCD) was set up. VCD grew."
    (found,) = definitions(text)
    assert found == Definition("VCD", "Violent Crime Directorate", 12, 43)
    assert text[found.start : found.end] == "Violent\nCrime Directorate (VCD)"


def test_a_long_form_never_reaches_back_into_another_sentence() -> None:
    assert pairs("They spoke of Territory. Policing (TP) came next.") == []


def test_a_report_that_writes_the_short_form_as_a_word_says_so() -> None:
    (found,) = definitions("Action Crime Team (ACT). They act now.")
    assert found.ordinary
    (found,) = definitions("Action Crime Team (ACT). They run.")
    assert not found.ordinary


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Safer Neighbourhood Teams", "safer neighbourhoods team"),
        ("Ministry of Justice", "The Ministry of Justice’s"),
        ("Research & Development", "research and development"),
        ("Café", "cafe\u0301"),
    ],
)
def test_spellings_of_one_form_share_a_key(one: str, other: str) -> None:
    assert key_of(one) == key_of(other)
    assert key_of("Business Board") != key_of("Busines Boards Unit")


def test_a_meaning_that_few_reports_give_is_dropped_beside_one_that_many_give() -> None:
    def meaning(long: str, documents: int) -> Abbreviation:
        return Abbreviation("TP", long, documents, "d", 0, 1)

    kept = supported([meaning("b", 2), meaning("a", 9), meaning("d", 3), meaning("c", 3)])
    assert [one.long for one in kept] == ["a", "c", "d"]
    assert supported([]) == []


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.sampled_from(
            [*"TP MPS ( ) (TP) | - \n \n\n the of Territorial Policing, Ab".split(" ")]
        ),
        max_size=40,
    ).map(" ".join)
    | st.text(max_size=200)
)
@example("A" * 5000)
@example("(TP" * 2000)
@example("AB " * 5000)
@example("TP - " * 2000)
def test_any_text_gives_places_in_it_that_hold_both_forms(text: str) -> None:
    for found in definitions(text):
        place = " ".join(text[found.start : found.end].split())
        assert found.short in place
        assert found.long in place


def test_hostile_text_gives_no_more_than_so_many() -> None:
    names = [f"Alpha{a} Beta{b} (AB{a}X{b})" for a in range(60) for b in range(60)]
    text = ". ".join(f"Aa Bb Cc{number} (AB{number})" for number in range(3000)) + ". ".join(names)
    assert len(definitions(text)) <= MAX_DEFINITIONS
