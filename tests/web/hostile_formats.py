"""Files of every format, each written for real, whose words, names and properties are an attack.

What no library writes is written here as far as readers look at it: a .doc is a piece table and its
text, a .ppt the atoms of one slide.
"""

import csv
import gzip
import io
import json
import struct
import zipfile
from email.message import EmailMessage
from html import escape as as_entities
from pathlib import Path

import xlwt
from aspose.email_foss.cfb import CFBDocument, CFBStorage, CFBStream, CFBWriter
from aspose.email_foss.msg import MapiMessage
from docx import Document as WordDocument
from fpdf import FPDF

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
ATTACK = f"\"'>{SCRIPT}<svg onload=alert(3)><a href=javascript:alert(4)>x</a>{{{{7*7}}}}"
CELL = '=HYPERLINK("https://evil.example","x")'
TEXT = (
    f"The lantern {ATTACK} cost £4.7m in 2011-12 and needs 40 officers. {CELL}\r\n\r\n"
    f"4. The second lantern paragraph {SCRIPT} is long enough to be quoted by somebody."
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TEXT_AS_UTF_16 = 31  # VT_LPWSTR, as a property set types it


def lines(of: str) -> list[str]:
    """Return the paragraphs of a text that says which format it is in."""
    return [line for line in f"{of}: {TEXT}".splitlines() if line]


def zipped(files: dict[str, str | bytes]) -> bytes:
    """Return a zip of files; most formats of today are one."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        for name, content in files.items():
            package.writestr(name, content)
    return made.getvalue()


def _open_document(kind: str, body: str) -> bytes:
    names = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = " ".join(
        f'xmlns:{name}="{names}:{full}:1.0"'
        for name, full in (
            *(("office", "office"), ("text", "text"), ("table", "table")),
            *(("draw", "drawing"), ("presentation", "presentation")),
        )
    )
    media_type = f"application/vnd.oasis.opendocument.{kind}"
    return zipped(
        {
            "mimetype": media_type,
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{names}:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{media_type}"/>'
            "</manifest:manifest>",
            "content.xml": f"<office:document-content {spaces}><office:body>{body}"
            "</office:body></office:document-content>",
        }
    )


def odt() -> bytes:
    """A text of OpenDocument."""
    said = "".join(f"<text:p>{as_entities(line)}</text:p>" for line in lines("Open document"))
    heading = f"<text:h>{as_entities(ATTACK)}</text:h>"
    return _open_document("text", f"<office:text>{heading}{said}</office:text>")


def ods() -> bytes:
    """A sheet of OpenDocument."""
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{as_entities(cell)}</text:p>'
            "</table:table-cell>"
            for cell in (CELL, line)
        )
        + "</table:table-row>"
        for line in lines("Open sheet")
    )
    name = as_entities(SCRIPT)
    table = f'<table:table table:name="{name}">{rows}</table:table>'
    return _open_document("spreadsheet", f"<office:spreadsheet>{table}</office:spreadsheet>")


def odp() -> bytes:
    """A slide of OpenDocument."""
    said = "".join(f"<text:p>{as_entities(line)}</text:p>" for line in lines("Open slide"))
    page = (
        f'<draw:page draw:name="{as_entities(SCRIPT)}"><draw:frame><draw:text-box>{said}'
        "</draw:text-box></draw:frame></draw:page>"
    )
    return _open_document("presentation", f"<office:presentation>{page}</office:presentation>")


def docx() -> bytes:
    """A text of Word."""
    made = io.BytesIO()
    document = WordDocument()
    document.core_properties.title = ATTACK
    document.core_properties.author = ATTACK[:200]
    document.add_heading(ATTACK)
    document.add_paragraph(f"In a file of Word: {TEXT}")
    document.save(made)
    return made.getvalue()


def _office_open(types: dict[str, str], files: dict[str, str]) -> bytes:
    overrides = "".join(
        f'<Override PartName="/{name}" ContentType="application/vnd.openxmlformats-officedocument.'
        f'{kind}+xml"/>'
        for name, kind in types.items()
    )
    main = next(iter(types))
    content_types = (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f"{overrides}</Types>"
    )
    relation = _relations(
        f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="{main}"/>'
    )
    return zipped({"[Content_Types].xml": content_types, "_rels/.rels": relation, **files})


def _relations(inside: str) -> str:
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{inside}</Relationships>'


def xlsx() -> bytes:
    """A sheet of Excel."""
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    rows = "".join(
        f'<row r="{number}">'
        + "".join(
            f'<c r="{column}{number}" t="inlineStr"><is><t>{as_entities(cell)}</t></is></c>'
            for column, cell in (("A", CELL), ("B", line))
        )
        + "</row>"
        for number, line in enumerate(lines("Sheet"), start=1)
    )
    return _office_open(
        {
            "xl/workbook.xml": "spreadsheetml.sheet.main",
            "xl/worksheets/sheet1.xml": "spreadsheetml.worksheet",
        },
        {
            "xl/workbook.xml": f'<workbook {space} xmlns:r="{_OFFICE}"><sheets>'
            f'<sheet name="{as_entities(SCRIPT[:31])}" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": _relations(
                f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
            ),
            "xl/worksheets/sheet1.xml": f"<worksheet {space}><sheetData>{rows}</sheetData>"
            "</worksheet>",
        },
    )


def pptx() -> bytes:
    """A slide of PowerPoint."""
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/main"
    slides = "http://schemas.openxmlformats.org/presentationml/2006/main"
    spaces = f'xmlns:a="{drawing}" xmlns:p="{slides}" xmlns:r="{_OFFICE}"'
    said = "".join(
        f"<a:p><a:r><a:t>{as_entities(line)}</a:t></a:r></a:p>" for line in lines("Slide")
    )
    return _office_open(
        {
            "ppt/presentation.xml": "presentationml.presentation.main",
            "ppt/slides/slide1.xml": "presentationml.slide",
        },
        {
            "ppt/presentation.xml": f'<p:presentation {spaces}><p:sldIdLst><p:sldId id="256" '
            'r:id="r1"/></p:sldIdLst></p:presentation>',
            "ppt/_rels/presentation.xml.rels": _relations(
                f'<Relationship Id="r1" Type="{_OFFICE}/slide" Target="slides/slide1.xml"/>'
            ),
            "ppt/slides/slide1.xml": f"<p:sld {spaces}><p:cSld><p:spTree><p:sp><p:txBody>{said}"
            "</p:txBody></p:sp></p:spTree></p:cSld></p:sld>",
        },
    )


def pdf() -> bytes:
    """A page of print."""
    made = FPDF()
    made.set_title(ATTACK)
    made.set_author(ATTACK)
    made.add_page()
    made.set_font("Helvetica", size=11)
    made.multi_cell(0, 6, f"Print: {TEXT}")
    return bytes(made.output())


def rtf() -> bytes:
    """A text with commands, of which what is printed has none."""
    said = "\\par ".join(lines("Rich text")).replace("{", "\\{").replace("}", "\\}")
    title = ATTACK.replace("{", "").replace("}", "")
    return f"{{\\rtf1\\ansi{{\\info{{\\title {title}}}}}{said}}}".encode("cp1252")


def epub() -> bytes:
    """A book of one chapter, which is a web page."""
    said = "".join(f"<p onclick='alert(5)'>{as_entities(line)}</p>" for line in lines("Book"))
    return zipped(
        {
            "META-INF/container.xml": "<container><rootfiles><rootfile full-path='a.opf'/>"
            "</rootfiles></container>",
            "a.opf": "<package xmlns:dc='http://purl.org/dc/elements/1.1/'><metadata>"
            f"<dc:title>{as_entities(ATTACK)}</dc:title>"
            f"<dc:creator>{as_entities(SCRIPT)}</dc:creator></metadata>"
            "<manifest><item id='a' href='a.xhtml'/></manifest>"
            "<spine><itemref idref='a'/></spine></package>",
            "a.xhtml": f"<html><h1>{as_entities(ATTACK)}</h1><script>alert(6)</script>{said}"
            "</html>",
        }
    )


def mail(words: str = "Mail") -> EmailMessage:
    """A mail with an attachment; what stands in its head is an attack as well."""
    message = EmailMessage()
    message["From"] = '"<script>alert(1)</script>" <a@example.org>'
    message["Subject"] = ATTACK
    message["Date"] = "Thu, 17 Mar 2011 10:00:00 +0000"
    message.set_content("\n\n".join(lines(words)))
    message.add_attachment(f"Attached to {words}: {TEXT}", filename=f"{SCRIPT[:20]}{words}.txt")
    return message


def msg() -> bytes:
    """A mail of Outlook."""
    made: bytes = MapiMessage.from_email_message(mail("Outlook")).to_bytes()
    return made


def xls() -> bytes:
    """A sheet of the Excel of old."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("<script>alert(1)</script>".replace("/", ""))
    for number, line in enumerate(lines("Old sheet")):
        sheet.write(number, 0, CELL)
        sheet.write(number, 1, line)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def doc() -> bytes:
    """A text of the Word of old: a head, the text, and a table that says where the text is."""
    said = "\r".join(lines("Old text")) + "\r"
    raw = said.encode("utf-16-le")
    head = bytearray(0x600)
    struct.pack_into("<HH", head, 0, 0xA5EC, 0xC1)
    struct.pack_into("<H", head, 10, 0x0200)  # the table is in the stream "1Table"
    struct.pack_into("<H", head, 32, 14)  # sizes of the parts of the head
    struct.pack_into("<H", head, 62, 22)
    struct.pack_into("<H", head, 0x98, 93)
    struct.pack_into("<II", head, 0x18, len(head), len(head) + len(raw))
    struct.pack_into("<I", head, 0x4C, len(said))
    pieces = struct.pack("<IIHIH", 0, len(said), 0, len(head), 0)
    table = b"\x02" + struct.pack("<I", len(pieces)) + pieces
    struct.pack_into("<II", head, 0x1A2, 0, len(table))
    return _compound({"WordDocument": bytes(head) + raw, "1Table": table})


def ppt() -> bytes:
    """A slide of the PowerPoint of old."""

    def record(kind: int, content: bytes, version: int = 0) -> bytes:
        return struct.pack("<HHI", version, kind, len(content)) + content

    slide = (
        record(0x3F3, struct.pack("<IIiII", 1, 0, 1, 256, 0))
        + record(0xF9F, struct.pack("<I", 1))
        + record(0xFA0, "\r".join(lines("Old slide")).encode("utf-16-le"))
    )
    document = record(0x3E8, record(0xFF0, slide, version=0xF), version=0xF)
    user = struct.pack("<IIIHHBBHBBI", 20, 0xE391C05F, len(document), 4, 0x3F4, 3, 0, 0, 0, 117, 8)
    return _compound({"PowerPoint Document": document, "Current User": record(0xFF6, user)})


def _compound(streams: dict[str, bytes]) -> bytes:
    """Return the streams of an office file of old, with a title and an author in its properties."""
    root = CFBStorage("Root Entry")
    for name, content in ({"\x05SummaryInformation": _summary(ATTACK, SCRIPT)} | streams).items():
        root.add_stream(CFBStream(name, content.ljust(4096, b"\0")))
    made: bytes = CFBWriter.to_bytes(CFBDocument(root=root))
    return made


def _summary(title: str, author: str) -> bytes:
    index, values = b"", b""
    for number, text in ((2, title), (4, author)):
        index += struct.pack("<II", number, 8 + 2 * 8 + len(values))
        raw = text.encode("utf-16-le") + b"\0\0"
        values += struct.pack("<II", _TEXT_AS_UTF_16, len(text) + 1) + raw + b"\0" * (-len(raw) % 4)
    section = struct.pack("<II", 8 + len(index) + len(values), 2) + index + values
    kind = bytes.fromhex("e0859ff2f94f6810ab9108002b27b3d9")
    head = struct.pack("<HHI16sI", 0xFFFE, 0, 0x20105, b"", 1)
    return head + kind + struct.pack("<I", 48) + section


def mhtml() -> bytes:
    """A web page as a browser saves it."""
    said = "".join(f"<p>{as_entities(line)}</p>" for line in lines("Saved page"))
    return (
        f"Subject: {SCRIPT}\nSnapshot-Content-Location: https://e.org/\"'><script>\n"
        f"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n--b\n"
        f"Content-Type: text/html; charset=utf-8\n\n<html><script>alert(7)</script>{said}</html>\n"
        "--b--\n"
    ).encode()


def warc() -> bytes:
    """A page as a crawler fetched it, from an address that is an attack."""
    said = "".join(f"<p>{as_entities(line)}</p>" for line in lines("Crawled page"))
    answer = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>{said}</html>".encode()
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://e.org/{SCRIPT}\r\n"
        f"WARC-Date: 2012-01-16T08:30:00Z\r\nContent-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(answer)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + answer + b"\r\n\r\n")


def html() -> bytes:
    """A web page."""
    return (
        f"<title>{as_entities(ATTACK)}</title><script>alert(5)</script>"
        f"<p onclick=alert(6)>Page: {as_entities(TEXT)}</p>"
    ).encode()


def table() -> bytes:
    """A table of values between commas."""
    made = io.StringIO()
    csv.writer(made).writerows([("name", "what"), *((CELL, line) for line in lines("Table"))])
    return made.getvalue().encode()


def records() -> bytes:
    """Lines of .jsonl."""
    return b"\n".join(
        json.dumps(
            {
                "_id": f'"><script>{title}',
                "title": title,
                "text": f"Record of {title}: {TEXT}",
                "body": SCRIPT,
                "url": "javascript:alert(8)",
            }
        ).encode()
        for title in (ATTACK, CELL)
    )


def write_all(folder: Path) -> dict[str, bytes]:
    """Write a file of each format into `folder`; return what each report's original is."""
    boxed = f"In a box: {TEXT}".encode()
    box_name = f"{SCRIPT.replace('/', '')}.txt"
    files = {
        "a.txt": f"{ATTACK}\n\n{TEXT}".encode(),
        "a.md": f'---\ntitle: "{ATTACK.replace(chr(34), "")}"\n---\n\n{SCRIPT}\n\n'
        f"Markdown: {as_entities(TEXT)}".encode(),
        "a.html": html(),
        "a.mhtml": mhtml(),
        "a.csv": table(),
        **{f"a.{one.__name__}": one() for one in (docx, odt, ods, odp, xlsx, pptx, pdf, rtf, epub)},
        **{f"a.{one.__name__}": one() for one in (msg, xls, doc, ppt)},
        "a.eml": mail().as_bytes(),
        "a.txt.gz": gzip.compress(f"Packed: {TEXT}".encode()),
        "<img src=x onerror=alert(7)>.txt": f"A name can attack as well: {TEXT}".encode(),
        "j\r\nSet-Cookie: stolen=1.txt": f"A name with line ends: {TEXT}".encode(),
    }
    containers = {"a.zip": zipped({box_name: boxed}), "a.warc.gz": warc(), "a.jsonl": records()}
    table_of_owner = (
        "file,title,author,url,date\r\n"
        f'a.txt,"{ATTACK.replace(chr(34), chr(34) * 2)}","{SCRIPT}",'
        "javascript:alert(8),2011-03-17\r\n"
    ).encode()
    for name, content in (files | containers | {"metadata.csv": table_of_owner}).items():
        (folder / name).write_bytes(content)
    return files
