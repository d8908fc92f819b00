"""What can be asked: validated once, where it enters."""

from dataclasses import dataclass, field
from typing import Literal

from indexer.records import Filters
from search_api.responses import Mode

MAX_QUERY_CHARS = 1000
MAX_LIMIT = 100

Facet = Literal["body", "committee", "doc_type", "year"]


def sendable(text: str) -> str:
    """Return `text` with "?" for half characters and undecoded bytes: no response can hold them."""
    return text.encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search. `offset` counts results already seen, but a `cursor` wins over it; `facets` are
    the names of fields to count.
    """

    q: str
    mode: Mode = "hybrid"
    filters: Filters = field(default_factory=Filters)
    sort: str = "relevance"
    limit: int = 10
    offset: int = 0
    group: str = "document"
    facets: tuple[Facet, ...] = ()
    cursor: str = ""
