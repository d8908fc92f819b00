"""Reports whose every text is an attack on who reads it: a page, a spreadsheet, a feed, LaTeX."""

import json
from pathlib import Path

SCRIPT = "<script>alert(1)</script>"
TITLES = (
    f"{SCRIPT}\"'><img src=x onerror=alert(2)>",
    '=HYPERLINK("https://evil.example","lantern")',
    "+cmd|'/C calc'!A0",
    "@SUM(1+1)*cmd|'/C calc'!A0",
    "-2+3",
    "]]></title><entry><id>forged</id></entry>",
    "&lt;b&gt; &amp; &#0; lantern",
    "}}, note = {stolen}} @article{forged, title = {x}}",
    "\\input{/etc/passwd} 50% & $x_1$ #2 ~ ^ {",
    "lantern\r\nSet-Cookie: stolen=1\r\n\r\nbody",
    "lantern\nER  - \nTY  - BOOK",
    'lantern","forged","cell',
)
BODY = "Evil & Sons, <Council> and {Partners}"


def write_reports(path: Path) -> None:
    """Write the reports as lines of a .jsonl; each holds a sentence about a lantern."""
    lines = [
        {
            "_id": f"evil-{number}",
            "title": title,
            "date": f"2011-03-{number + 1:02d}",
            "body": BODY,
            "url": "javascript:alert(3)" if number % 2 else "https://reports.example/?a=1&b=2",
            "text": f"{title} The lantern of {SCRIPT} cost £{number + 1}m in 2011-12.\n\n"
            f"=1+1 is what the second lantern paragraph of number {number} begins with.",
        }
        for number, title in enumerate(TITLES)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
