"""How are web pages (.html, .htm) and Markdown files (.md) read?

By walking the tree that lxml makes of them, keeping every visible sentence: paragraphs, list items,
table rows and headings each become one line. Scripts, styles, navigation and form fields are left
out, and so are a page's own header and footer. A Markdown file may begin with YAML front matter,
and what follows may be HTML fragments (as in a Jekyll site) or Markdown.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import yaml
from lxml import etree, html

from indexer.plain_text import TextBuilder, clean, table_row
from indexer.records import Extraction
from indexer.text_encoding import decode

_Line = tuple[str, int]  # text and heading level, 0 for ordinary text

_LEFT_OUT = set(
    "script style noscript template svg math nav head select option button textarea iframe object "
    "canvas audio video map datalist".split()
)
_BLOCKS = set(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu ol "
    "p pre section summary table tbody td tfoot th thead tr ul".split()
)
_HEADING_LEVELS = {f"h{level}": level for level in range(1, 7)}
_FURNITURE_ROLES = {"navigation", "banner", "contentinfo", "search"}
_CONTENT_PARENTS = ("article", "main", "section", "blockquote")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_HTML_BLOCK = re.compile(r"<(?:p|div|ul|ol|table|h[1-6]|br|section|article)\b", re.IGNORECASE)
_FRONT_MATTER = re.compile(
    r"\A\s*---[ \t]*\n(?P<yaml>.*?)^(?:---|\.\.\.)[ \t]*$\n?", re.DOTALL | re.MULTILINE
)
_HEADING_MAX_CHARS = 200

_PROPERTY_NAMES = {  # what front matter calls our properties
    "title": ("title",),
    "author": ("author", "authors", "by"),
    "date": ("date", "published", "meeting_date"),
    "body": ("body", "public_body", "organisation", "organization"),
    "committee": ("committee",),
    "doc_type": ("doc_type", "document_type", "type"),
    "report_number": ("report_number", "report"),
    "url": ("url", "source_url", "source", "permalink"),
    "summary": ("summary", "description"),
    "created": ("created",),
    "revised": ("revised",),
}


def read_web_page(path: Path) -> Extraction:
    """Return the text, headings and properties of an .html or .htm file."""
    return read_html(decode(path.read_bytes(), declared=True), "html")


def read_html(source: str, format_: str) -> Extraction:
    """Return the text, headings and properties of a page that is at hand as a string."""
    root = _parse(source)
    if root is None:
        return Extraction("", format_)
    return _extraction(_Walk().read(root), format_, _page_properties(root))


def read_markdown(path: Path) -> Extraction:
    """Return the text, headings and properties of a .md file.

    The front matter's title becomes the first line unless the body begins with it. A page without
    a body is still a document: its text is the title, the summary and the files that it lists.
    """
    source = clean(decode(path.read_bytes()))
    front_matter, body = _split_front_matter(source)
    properties = _properties_of(front_matter)
    lines = _body_lines(body)
    title = " ".join(properties.get("title", "").split())
    if title:
        if lines and _letters(lines[0][0]) == _letters(title):
            lines[0] = (lines[0][0], 1)
        else:
            if not lines:
                summary = properties.get("summary", "")
                lines = [(line, 0) for line in [summary, *_listed_files(front_matter)]]
            lines.insert(0, (title, 1))
    return _extraction(lines, "md", properties)


def _extraction(lines: list[_Line], format_: str, properties: dict[str, str]) -> Extraction:
    builder = TextBuilder()
    for text, level in lines:
        builder.add_line(text, level)
    return Extraction(builder.text, format_, (), builder.headings, properties)


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


# --- front matter -------------------------------------------------------------------------------


def _split_front_matter(source: str) -> tuple[dict[str, object], str]:
    match = _FRONT_MATTER.match(source)
    if match is None:
        return {}, source
    return _load_yaml(match["yaml"]), source[match.end() :]


def _load_yaml(source: str) -> dict[str, object]:
    """Return the front matter; if it is broken YAML, what its `key: value` lines say."""
    try:
        loaded = yaml.load(source, Loader=yaml.BaseLoader)  # every value a string, no objects
        if isinstance(loaded, dict):
            return {str(key).lower(): value for key, value in loaded.items()}
    except (yaml.YAMLError, ValueError, RecursionError):
        pass
    pairs = re.findall(r"^([A-Za-z_]+):[ \t]+(\S.*)$", source, re.MULTILINE)
    return {key.lower(): value.strip().strip("\"'") for key, value in pairs}


def _properties_of(front_matter: Mapping[str, object]) -> dict[str, str]:
    found: dict[str, str] = {}
    for ours, theirs in _PROPERTY_NAMES.items():
        values = (_as_text(front_matter.get(name)) for name in theirs)
        value = next((value for value in values if value), "")
        if value:
            found[ours] = _without_tags(value)
    return found


def _as_text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_as_text(item) for item in value)
    return "" if value is None or isinstance(value, dict) else str(value).strip()


def _without_tags(value: str) -> str:
    if "<" not in value and "&" not in value:
        return clean(value)
    return "\n".join(text for text, _ in html_lines(value))


def _listed_files(front_matter: Mapping[str, object]) -> list[str]:
    resources = front_matter.get("resources")
    names: list[str] = []
    for resource in resources if isinstance(resources, list) else []:
        name = resource.get("filename") if isinstance(resource, dict) else resource
        if isinstance(name, str):
            names.append("- " + name)
    return names


# --- bodies -------------------------------------------------------------------------------------


def _body_lines(body: str) -> list[_Line]:
    if _HTML_BLOCK.search(body):
        return html_lines(body)
    return [line for source in _unwrapped(body) if (line := _markdown_line(source))[0]]


def html_lines(fragment: str) -> list[_Line]:
    """Return the lines of a page, each with its heading level (0 for ordinary text)."""
    root = _parse(fragment)
    return [] if root is None else _Walk().read(root)


def _unwrapped(body: str) -> list[str]:
    """Join the hard-wrapped lines of each Markdown paragraph."""
    lines: list[str] = []
    continues = False
    for line in body.split("\n"):
        starts = re.match(r"\s*(?:[-*+] |#{1,6} |\d+[.)] |\||>|```|\Z)", line)
        if continues and not starts:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
        continues = bool(line.strip()) and not re.match(r"\s*(?:#{1,6} |\||```)", line)
    return lines


def _markdown_line(line: str) -> _Line:
    line = line.strip()
    if re.fullmatch(r"[|:\s-]*-{3,}[|:\s-]*|={3,}|\*{3,}|```\w*", line):
        return "", 0
    heading = re.match(r"(#{1,6})\s+(.*?)\s*#*$", line)
    if heading:
        return _markdown_inline(heading[2]), len(heading[1])
    if line.startswith("|"):
        return table_row(map(_markdown_inline, line.strip("|").split("|"))), 0
    line = re.sub(r"^[*+] ", "- ", re.sub(r"^(?:> ?)+", "", line))
    return _markdown_inline(line), 0


def _markdown_inline(text: str) -> str:
    text = re.sub(r"!?\[([^\]]*)\]\([^()\s]*(?:\([^()]*\)[^()\s]*)*(?: \"[^\"]*\")?\)", r"\1", text)
    text = re.sub(r"<((?:https?|mailto):[^>\s]+)>", r"\1", text)
    text = re.sub(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", r"\2", text)
    text = re.sub(r"(?<![\w*])\*(?=\S)([^*]+)(?<=\S)\*(?!\w)", r"\1", text)
    text = re.sub(r"(?<!\w)_(?=\S)([^_]+)(?<=\S)_(?!\w)", r"\1", text)
    text = re.sub(r"`([^`]+)`", r"\1", text)
    if "<" in text or "&" in text:
        text = " ".join(line for line, _ in html_lines(text))
    return re.sub(r"\\([\\`*_{}\[\]()#+.!|-])", r"\1", text).strip()


def _parse(source: str) -> html.HtmlElement | None:
    source = _XML_DECLARATION.sub("", source).replace("\0", "")
    parser = html.HTMLParser(
        recover=True, no_network=True, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        return html.document_fromstring(source, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None  # nothing in it


def _page_properties(root: html.HtmlElement) -> dict[str, str]:
    found: dict[str, str] = {}
    title = root.findtext(".//title")
    if title and title.strip():
        found["title"] = " ".join(clean(title).split())
    names = {"author": "author", "date": "date", "dc.date": "date", "dcterms.date": "date"}
    names |= {"dcterms.issued": "date", "dc.creator": "body", "dc.title": "title"}
    for meta in root.iter("meta"):
        key = names.get(str(meta.get("name") or meta.get("property") or "").lower())
        value = str(meta.get("content") or "").strip()
        if key and value and key not in found:
            found[key] = value
    for link in root.iter("link"):
        if str(link.get("rel", "")).lower() == "canonical" and link.get("href"):
            found["url"] = str(link.get("href"))
    return found


class _Walk:
    """One pass over a page; every printed unit becomes one line."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []
        self._pieces: list[str] = []  # of the line under way
        self._marker = ""  # printed before the next line: a bullet or a number

    def read(self, root: html.HtmlElement) -> list[_Line]:
        """Return the lines of the page."""
        self._element(root)
        self._end_line()
        return self._lines

    def _end_line(self, level: int = 0) -> None:
        text = _collapsed("".join(self._pieces))
        self._pieces.clear()
        if text:
            self._lines.append(
                (self._marker + text, level if len(text) <= _HEADING_MAX_CHARS else 0)
            )
            self._marker = ""

    def _element(self, element: html.HtmlElement) -> None:
        tag = element.tag
        if not isinstance(tag, str):
            return
        if tag == "br":
            self._pieces.append("\n")
        elif not _is_left_out(element):
            if tag in _BLOCKS:
                self._block(element, tag)
            else:
                self._inside(element)

    def _inside(self, element: html.HtmlElement) -> None:
        self._pieces.append(_one_space(element.text))
        for child in element:
            self._element(child)
            self._pieces.append(_one_space(child.tail))

    def _block(self, element: html.HtmlElement, tag: str) -> None:
        self._end_line()
        if tag in _HEADING_LEVELS:
            self._heading(element, _HEADING_LEVELS[tag])
            return
        if tag == "pre":
            self._lines += [(line, 0) for line in element.text_content().split("\n")]
            return
        if tag == "tr" and (row := _as_row(element)):
            self._lines.append((row, 0))
            return
        if tag == "li":
            self._marker = _list_marker(element)
        self._inside(element)
        self._end_line()
        if tag == "li":
            self._marker = ""

    def _heading(self, element: html.HtmlElement, level: int) -> None:
        """Add a heading; one that wraps whole blocks (a common slip) is read as those blocks."""
        if any(child.tag in _BLOCKS for child in element.iterdescendants()):
            self._inside(element)
            self._end_line()
            return
        self._inside(element)
        self._pieces = [" ".join("".join(self._pieces).split())]
        self._end_line(level)


def _is_left_out(element: html.HtmlElement) -> bool:
    tag = element.tag
    if tag in _LEFT_OUT or element.get("hidden") is not None:
        return True
    if _HIDDEN.search(str(element.get("style") or "")):
        return True
    if str(element.get("role") or "").lower() in _FURNITURE_ROLES:
        return True
    if tag == "header":
        # A page header that holds the title is content all the same.
        return next(element.iterancestors(*_CONTENT_PARENTS), None) is None and (
            next(element.iter("h1"), None) is None
        )
    return tag == "footer" and next(element.iterancestors(*_CONTENT_PARENTS), None) is None


def _as_row(row: html.HtmlElement) -> str:
    """Return a table row as one line, "" where the table is only there for layout."""
    cells = [cell for cell in row if cell.tag in ("td", "th")]
    if any(next(cell.iter("table", "h1", "h2", "h3", "h4"), None) is not None for cell in cells):
        return ""
    texts = [" ".join(line for line, _ in _Walk().read(cell)) for cell in cells]
    return table_row(texts) if sum(bool(text) for text in texts) > 1 else ""


def _list_marker(item: html.HtmlElement) -> str:
    parent = item.getparent()
    if parent is None or parent.tag != "ol" or parent.get("type", "1") != "1":
        return "- "
    first = str(parent.get("start") or "1")
    position = sum(1 for _ in item.itersiblings("li", preceding=True))
    return f"{(int(first) if first.isdigit() else 1) + position}. "


def _one_space(text: str | None) -> str:
    return re.sub(r"[ \t\r\n\f]+", " ", text or "")


def _collapsed(text: str) -> str:
    lines = (" ".join(line.split()) for line in clean(text).split("\n"))
    return "\n".join(line for line in lines if line)
