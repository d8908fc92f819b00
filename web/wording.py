"""The words that the pages use for dates, places, matches and confidence."""

import re
from collections.abc import Sequence

from search_api.responses import AnswerResponse, Confidence

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
# The values of a report that are found somewhere, as people call them.
ORIGIN_LABELS = {
    "title": "Title",
    "date": "Date",
    "body": "Body",
    "committee": "Committee",
    "doc_type": "Type",
    "report_number": "Number",
    "author": "Author",
    "source_url": "Source",
    "archived_url": "Archived at",
    "language": "Language",
}
MAX_HEADING_CHARS = 90  # a longer "heading" is a sentence that was printed like one

# "C. Other implications", "2.1 Purpose", "Section 4: Costs": the label as printed, then the name.
_LABEL = re.compile(r"(?:Section\s+)?(?:([A-Z]|\d{1,2})[.):]|(\d{1,2}(?:\.\d{1,2})+)\.?)\s+(.*)")
_ISO_DATE = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?")


def date_words(iso: str) -> str:
    """Return "17 March 2011" for 2011-03-17, "March 2011" for 2011-03, other text as it came."""
    match = _ISO_DATE.fullmatch(iso)
    if match is None or not 1 <= int(match[2] or 1) <= 12:
        return iso
    year, month, day = match.groups()
    words = [str(int(day))] if day else []
    return " ".join([*words, *([MONTHS[int(month) - 1]] if month else []), year])


def period_words(date_from: str, date_to: str) -> str:
    """Return "10 September 2009 to 17 March 2011"; "" when neither end is known."""
    if date_from and date_to and date_from != date_to:
        return f"{date_words(date_from)} to {date_words(date_to)}"
    return date_words(date_from or date_to)


def heading_words(heading: str) -> str:
    """Return a heading on one line, cut with an ellipsis where it is longer than a heading is."""
    line = " ".join(heading.split())
    return line if len(line) <= MAX_HEADING_CHARS else f"{line[: MAX_HEADING_CHARS - 1].rstrip()}…"


def place_words(section: Sequence[str], paragraph: str, page: int | None, title: str = "") -> str:
    """Return where a passage stands: "section C, Financial Implications, paragraph 3, page 4".

    Outer headings that print a label ("C. Other implications") are named by it alone, the
    innermost in full; the report's own title is left out.
    """
    headings = [heading_words(name) for name in section if name.split() != title.split()]
    words: list[str] = []
    for heading in headings:
        label = _LABEL.fullmatch(heading)
        if label is not None:
            words.append(f"section {label[1] or label[2]}")
        if label is None or heading is headings[-1]:
            words.append(heading if label is None else label[3])
    if paragraph:
        words.append(f"paragraph {paragraph}")
    if page is not None:
        words.append(f"page {page}")
    return ", ".join(words)


def matched_words(matched_by: Sequence[str]) -> str:
    """Say which of the two lists brought a result."""
    if "keyword" in matched_by and "vector" in matched_by:
        return "by its words and its meaning"
    return "by its words" if "keyword" in matched_by else "by its meaning only"


def confidence_words(confidence: Confidence) -> str:
    """Say the estimate, and what it was calibrated on."""
    share = round(confidence.value * 100)
    return f"Estimated to be right {share} times in 100 (calibration: {confidence.calibrated_on})."


def found_in(answer: AnswerResponse, *, filtered: bool) -> str:
    """Return "Found in 4 of 760 reports, 2008-2014" for what is quoted, with a dash.

    `filtered` where not all reports of the archive were searched.
    """
    reports = len({citation.document_id for citation in answer.citations})
    years = sorted({citation.date[:4] for citation in answer.citations if citation.date})
    all_of_them = f"{answer.searched.documents:,} reports"
    searched = "the reports that pass the filters" if filtered else all_of_them
    when = f", {'–'.join(dict.fromkeys((years[0], years[-1])))}" if years else ""
    return f"Found in {reports:,} of {searched}{when}"


def sentence(clause: str) -> str:
    """Return a clause with a capital and a full stop."""
    ended = clause if clause.endswith((".", "?", "!")) else f"{clause}."
    return ended[:1].upper() + ended[1:]


def counted(count: int, one: str, many: str = "") -> str:
    """Return "1 report", "12 reports", "1,204 reports"."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
