"""Draw marks into text without trusting the text.

The result is Markup only because every piece of it was escaped on its own: the text is a
stranger's, the tags are ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape


@dataclass(frozen=True, slots=True)
class Layer:
    """Spans to mark: character offsets, end exclusive. The element where the first of them begins
    carries `first_id`, each mark the class `css`."""

    spans: Sequence[tuple[int, int]]
    css: str = ""
    first_id: str = ""


def marked(text: str, spans: Sequence[tuple[int, int]]) -> Markup:
    """Return `text` as HTML with a <mark> around each span."""
    return layered(text, [Layer(spans)])


def layered(text: str, layers: Sequence[Layer]) -> Markup:
    """Return `text` as HTML with the spans of every layer marked.

    The spans of a layer are sorted, cut to the text, and joined where they touch. Where layers lie
    over each other a mark carries the class of each.
    """
    joined = [_joined(layer.spans, len(text)) for layer in layers]
    edges = {0, len(text)} | {edge for spans in joined for span in spans for edge in span}
    ids = [layer.first_id for layer in layers]
    html = Markup("")
    for start, end in pairwise(sorted(edges)):
        on = [
            number
            for number, spans in enumerate(joined)
            if any(first <= start and end <= last for first, last in spans)
        ]
        if not on:
            html += escape(text[start:end])
            continue
        begun = [ids[number] for number in on if ids[number]]
        for number in on:
            ids[number] = ""
        for further in begun[1:]:  # an element has one id
            html += Markup('<span id="{}"></span>').format(further)
        css = " ".join(layers[number].css for number in on if layers[number].css)
        html += Markup("<mark")
        html += Markup(' id="{}"').format(begun[0]) if begun else ""
        html += Markup(' class="{}"').format(css) if css else ""
        html += Markup(">{}</mark>").format(text[start:end])
    return html


def _joined(spans: Sequence[tuple[int, int]], length: int) -> list[tuple[int, int]]:
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
