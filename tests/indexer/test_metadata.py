"""indexer.metadata: what is known about a report."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from indexer.extraction import extract
from indexer.metadata import describe
from indexer.records import Document, Extraction, document_id_of
from indexer.structure import read_blocks

MPA = Path(__file__).parents[2].parent / "shared" / "archive" / "mpa"
LONG = "The panel considered the report at length and asked for a further update in the autumn."


def of(text: str, name: str = "x.txt", format_: str = "txt", **properties: str) -> Document:
    extraction = Extraction(text, format_, properties=properties)
    return describe(name, "0" * 64, extraction, read_blocks(extraction))


def test_the_fields_of_a_report_are_read() -> None:
    document = of(
        "Report 9 of the 17 March 2011 meeting of the Policing Committee, sets out progress.\n"
        "Update on the Strategy\nReport: 9\nDate: 17 March 2011\n"
        "By: Assistant Commissioner, on behalf of the Commissioner\nSummary\n" + LONG,
        "sop/report.txt",
    )
    assert document.title == "Update on the Strategy"
    assert document.report_number == "9"
    assert document.date == "2011-03-17"
    assert document.committee == "Policing Committee"
    assert document.author == "Assistant Commissioner, on behalf of the Commissioner"
    assert document.doc_type == "report"
    assert document.document_id == document_id_of("sop/report.txt")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("20130717 Rights of Way.txt", "2013-07-17"),
        ("Panel_Eighteenth Meeting 5 February 2013_Minutes.txt", "2013-02-05"),
        ("sop-2011-03-17-report-09.txt", "2011-03-17"),
        ("Panel minutes 31 February 2013.txt", ""),
        ("Annual-Report-2010_11_10.txt", ""),
        ("2017-01-01-some-page.txt", ""),
        ("Agenda 12-01-17.txt", ""),
        ("Agenda 24 06 10.txt", "2010-06-24"),
    ],
)
def test_dates_in_file_names(name: str, expected: str) -> None:
    assert of(LONG, name).date == expected


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("Date: 03/04/2011", "2011-04-03"),
        ("Date: 1st of May 2012", "2012-05-01"),
        ("Date: May 1, 2012", "2012-05-01"),
        ("Date: 12 Smarch 2012", ""),
        ("Date: 1 May 1812", ""),
    ],
)
def test_printed_dates_put_the_day_first(printed: str, expected: str) -> None:
    assert of(f"{printed}\n{LONG}").date == expected


def test_a_date_in_the_future_is_no_date() -> None:
    tomorrow = date.today() + timedelta(days=2)
    assert of(f"Date: {tomorrow:%d %B %Y}\n{LONG}").date == ""


def test_front_matter_comes_first() -> None:
    document = of(
        f"Quandl\n{LONG}",
        "2017-01-01-quandl.md",
        "md",
        title="Quandl",
        created="20/2/2014",
        url="/library/quandl",
        body="Cabinet Office",
    )
    assert (document.title, document.date, document.body) == (
        "Quandl",
        "2014-02-20",
        "Cabinet Office",
    )
    assert document.source_url == ""


def test_an_absolute_url_is_the_source() -> None:
    assert of(LONG, url="https://example.org/r").source_url == "https://example.org/r"


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        (LONG, "Dont Eat At.pdf", "Dont Eat At"),
        (f"Microsoft Word - minutes.doc\n{LONG}", "Panel minutes.pdf", "Panel minutes"),
        (f"Eland House, London SW1E 5DU\n{LONG}", "scan001.pdf", "scan001"),
        (f"Planning for Growth\n{LONG}", "scan001.pdf", "Planning for Growth"),
    ],
)
def test_titles(text: str, name: str, expected: str) -> None:
    assert of(text, name).title == expected


def test_an_office_user_is_no_author() -> None:
    assert of(LONG, author="Dell Inspiron 9300").author == ""


@pytest.mark.parametrize(
    ("name", "body", "doc_type"),
    [
        ("Local Public Data Panel minutes.txt", "Local Public Data Panel", "minutes"),
        ("Home Office Open Data Strategy.txt", "Home Office", "strategy"),
        ("ODUG Agenda.txt", "Open Data User Group", "agenda"),
    ],
)
def test_body_and_type_are_read_off_the_name(name: str, body: str, doc_type: str) -> None:
    document = of(LONG, name)
    assert (document.body, document.doc_type) == (body, doc_type)


@pytest.mark.skipif(not MPA.is_dir(), reason=f"NOT CHECKED: no archive at {MPA}")
@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            "sop-2011-03-17-report-09-anti-violence-strategy.txt",
            (
                "Update on the development of the Metropolitan Police Service "
                "Anti-Violence Strategy",
                "2011-03-17",
                "Metropolitan Police Authority",
                "Strategic and Operational Policing Committee",
                "report",
                "9",
            ),
        ),
        (
            "cep-2009-09-10-report-06-engagement-strategy.txt",
            (
                "Revision of the MPA/MPS Community Engagement Strategy 2006 - 2009",
                "2009-09-10",
                "Metropolitan Police Authority",
                "Communities, Equalities and People Committee",
                "report",
                "6",
            ),
        ),
        (
            "cep-2011-02-02-report-05-community-engagement.txt",
            (
                "Update on MPS community engagement activity",
                "2011-02-02",
                "Metropolitan Police Authority",
                "Communities, Equalities and People Committee",
                "report",
                "5",
            ),
        ),
        (
            "met-forward-bulletin-2010-07.txt",
            (
                "Met Forward: Monthly progress bulletin (July 2010)",
                "",
                "Metropolitan Police Authority",
                "",
                "bulletin",
                "",
            ),
        ),
        (
            "islington-police-annual-report-minutes.txt",
            ("Annual Report from the Metropolitan Police - To Follow", "", "", "", "minutes", ""),
        ),
    ],
)
def test_fields_of_the_mpa_reports(file: str, expected: tuple[str, ...]) -> None:
    extraction = extract(MPA / file)
    found = describe(file, "0" * 64, extraction, read_blocks(extraction))
    assert expected == (
        found.title,
        found.date,
        found.body,
        found.committee,
        found.doc_type,
        found.report_number,
    )
