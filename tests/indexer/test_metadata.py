"""indexer.metadata: what is known about a report."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from indexer.extraction import extract
from indexer.metadata import describe
from indexer.records import Document, Extraction, Origin, document_id_of
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
        ("Panel minutes March 2012.txt", "2012-03"),
        ("bulletin-2010-07.txt", "2010-07"),
        ("annual-report-2010-11.txt", ""),
        ("plan April 2012 - March 2014.txt", ""),
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


def test_a_month_on_the_cover_is_a_date_of_that_precision() -> None:
    assert of(f"Open Data Strategy\n\nJune 2012\n\n{LONG}").date == "2012-06"
    assert of(f"Open since January 2010\n\n{LONG}").date == ""
    assert of(f"Strategy April 2012 to April 2014\n\n{LONG}").date == ""


def test_an_ambiguous_date_in_a_name_is_settled_by_a_day_that_the_text_names() -> None:
    assert of(LONG, "10-09-09 paper.txt").date == ""
    assert of(f"Discussed on 9 September. {LONG}", "10-09-09 paper.txt").date == "2010-09-09"


def test_the_day_of_saving_says_the_month_and_only_where_the_text_is_not_older() -> None:
    saved = {"created": "2014-02-19T17:26:01Z"}
    assert of(LONG, "x.pdf", "pdf", **saved).date == "2014-02"
    assert of(LONG, "x.pdf", "pdf", **saved).origins["date"] == "file properties"
    assert of(f"{LONG} The plan of 2013 went on.", "x.pdf", "pdf", **saved).date == "2014-02"
    assert of(f"{LONG} The plan of 1999 went on.", "x.pdf", "pdf", **saved).date == ""


def test_each_value_says_where_it_was_found() -> None:
    document = of(
        f"Report of the Panel\nDate: 17 March 2011\nBy: The Chief Executive\n{LONG}\n{LONG}",
        "Local Public Data Panel minutes.txt",
    )
    assert document.origins == {
        "title": "file name",
        "date": "text",
        "body": "file name",
        "doc_type": "file name",
        "author": "text",
        "language": "text",
    }
    assert of(LONG, "x.md", "md", title="A page").origins["title"] == "front matter"
    mail = of(LONG, "x.eml", "eml", title="About it", author="A. Person", date="2011-03-17")
    assert (mail.origins["title"], mail.origins["date"]) == ("mail header", "mail header")
    assert (mail.author, mail.doc_type) == ("A. Person", "email")


def test_minutes_that_nobody_came_to_are_an_agenda() -> None:
    headed = "Local Public Data Panel\n\nAgenda\n\n1. Welcome\n\n"
    assert of(headed + LONG, "Panel minutes.doc", "doc").doc_type == "agenda"
    attended = headed.replace("Agenda", "Apologies: one member\n\nAgenda")
    assert of(attended + LONG, "Panel minutes.doc", "doc").doc_type == "minutes"


@pytest.mark.parametrize(
    ("format_", "expected"), [("pdf", "report"), ("md", "web page"), ("csv", "spreadsheet")]
)
def test_a_type_that_nothing_names_is_inferred_from_the_format(format_: str, expected: str) -> None:
    document = of(LONG, f"x.{format_}", format_)
    assert (document.doc_type, document.origins["doc_type"]) == (expected, "inferred")


def test_slides_saved_as_pdf_are_a_presentation() -> None:
    assert of(LONG, "x.pdf", "pdf", title="PowerPoint Presentation").doc_type == "presentation"


@pytest.mark.parametrize(
    ("text", "name", "body"),
    [
        ("The Department for Transport cares. " * 9, "DfT Open Data Strategy.pdf", None),
        (f"Emer Coleman, Greater London Authority\n\n{LONG}", "x.pdf", ""),
        (f"Greater London Authority\n\n{LONG}", "x.pdf", "Greater London Authority"),
        (f"{LONG} Leaders of Islington Council agreed.", "islington-minutes.txt", None),
    ],
)
def test_the_body_is_who_made_the_report(text: str, name: str, body: str | None) -> None:
    wanted = {"DfT": "Department for Transport", "isl": "Islington Council"}
    assert of(text, name, "pdf").body == (wanted[name[:3]] if body is None else body)


def test_a_department_is_named_as_far_as_the_text_mostly_writes_it() -> None:
    text = "Department for Education Open Data Strategy\n\n" + (
        "The Department for Education publishes what it can. " * 5
    )
    assert of(text, "x.pdf", "pdf").body == "Department for Education"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (LONG, ""),
        (LONG * 3, "en"),
        ("Mae'r adroddiad hwn yn nodi bod y Cyngor wedi cytuno ar y cynllun i'r ardal. " * 4, "cy"),
        ("Le conseil a pris note du rapport et demande que les travaux soient faits. " * 4, "fr"),
        ("Q1 | Q2 | on | on | on | met | met " * 20, ""),
    ],
)
def test_the_language_is_told_by_its_small_words(text: str, code: str) -> None:
    assert of(text).language == code


def test_an_address_in_a_web_archive_gives_the_original_one() -> None:
    archived = "https://web.example.org/20101225000000/http://www.mpa.gov.uk/report/"
    document = of(LONG, "x.html", "html", url=archived)
    assert document.source_url == "http://www.mpa.gov.uk/report/"
    assert document.archived_url == archived


def test_an_address_is_from_the_web_archive_that_says_when_it_was_fetched() -> None:
    fetched = {"url": "http://www.mpa.gov.uk/report/", "captured": "2010-12-25T00:00:00Z"}
    assert of(LONG, "x.html", "html", **fetched).origins["source_url"] == Origin.WARC
    saved = {**fetched, "captured": "2010-12-25"}
    assert of(LONG, "x.mhtml", "mhtml", **saved).origins["source_url"] == Origin.PROPERTIES


def test_an_office_user_is_no_author() -> None:
    assert of(LONG, author="Dell Inspiron 9300").author == ""


@pytest.mark.parametrize(
    ("name", "body", "doc_type"),
    [
        ("Local Public Data Panel minutes.txt", "Local Public Data Panel", "minutes"),
        ("Home Office Open Data Strategy.txt", "Home Office", "strategy"),
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
                "2010-07",
                "Metropolitan Police Authority",
                "",
                "bulletin",
                "",
            ),
        ),
        (
            "islington-police-annual-report-minutes.txt",
            (
                "Annual Report from the Metropolitan Police - To Follow",
                "",
                "Islington Council",
                "",
                "minutes",
                "",
            ),
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
