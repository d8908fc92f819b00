"""Draw marks into text without trusting the text."""

from collections.abc import Iterable

from markupsafe import Markup, escape


def marked(text: str, spans: Iterable[tuple[int, int]], first_id: str = "") -> Markup:
    """Return `text` as HTML with a <mark> around each span; the first one carries `first_id`.

    Spans are character offsets, end exclusive; they are sorted, cut to the text, and joined where
    they touch. The result is Markup only because every piece of it was escaped on its own: the
    text is a stranger's, the tags are ours.
    """
    html = Markup("")
    position = 0
    for start, end in _joined(spans, len(text)):
        html += escape(text[position:start])
        if first_id:
            html += Markup('<mark id="{}">{}</mark>').format(first_id, text[start:end])
            first_id = ""
        else:
            html += Markup("<mark>{}</mark>").format(text[start:end])
        position = end
    return html + escape(text[position:])


def _joined(spans: Iterable[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for span_start, span_end in sorted(spans):
        start, end = max(span_start, 0), min(span_end, length)
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
