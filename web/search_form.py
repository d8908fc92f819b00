"""The state of a search page, which is its URL."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

from search_api import parameters
from search_api.errors import BadRequestError
from search_api.requests import SearchRequest
from web.wording import date_words

PAGE_SIZE = 10
MAX_PAGE = 1000
FACETS = ("body", "committee", "doc_type")
MAX_FACETS = 20  # values of each that are offered, the most frequent
SORTS = {"relevance": "Best match", "-date": "Newest", "date": "Oldest"}
FILTER_LABELS = {
    "body": "Body",
    "committee": "Committee",
    "doc_type": "Type",
    "date_from": "From",
    "date_to": "To",
}


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    """A filter that is set, and the URL of the same search without it."""

    label: str
    value: str
    url: str


@dataclass(frozen=True, slots=True)
class SearchForm:
    """What the fields of the page hold, as typed; reading them never fails, asking may."""

    q: str = ""
    body: str = ""
    committee: str = ""
    doc_type: str = ""
    date_from: str = ""
    date_to: str = ""
    sort: str = "relevance"
    page: str = "1"

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "SearchForm":
        """Read the fields; unknown parameters (a newsletter's `utm_source`) are left alone."""
        given = {
            field.name: query[field.name].strip() for field in fields(cls) if field.name in query
        }
        return cls(**{name: value for name, value in given.items() if value})

    def request(self) -> SearchRequest:
        """Return the search to ask for; raises BadRequestError, by the rules of the API."""
        given = [(name, getattr(self, name)) for name in ("q", *FILTER_LABELS, "sort")]
        request = parameters.read_search([*given, ("facets", ",".join((*FACETS, "year")))])
        offset = (self.page_number() - 1) * PAGE_SIZE
        return replace(request, limit=PAGE_SIZE, offset=offset)

    def page_number(self) -> int:
        """Return the page from 1; raises BadRequestError for anything else."""
        if self.page.isascii() and self.page.isdigit() and len(self.page) <= len(str(MAX_PAGE)):
            number = int(self.page)
            if 1 <= number <= MAX_PAGE:
                return number
        message = f"expected a page number from 1 to {MAX_PAGE}"
        raise BadRequestError("page", self.page, message)

    def url(self, **changes: str) -> str:
        """Return the address of this search with some fields changed; another search is page 1."""
        changed = replace(self, **{"page": "1", **changes})
        unsaid = SearchForm()
        state = {field.name: getattr(changed, field.name) for field in fields(self)}
        said = {name: value for name, value in state.items() if value != getattr(unsaid, name)}
        return f"/?{urlencode(said)}" if said else "/"

    def api_url(self, call: str, **more: str) -> str:
        """Return the address of the same search in the API: its export, its feed."""
        said = {name: value for name in ("q", *FILTER_LABELS) if (value := getattr(self, name))}
        return f"/v1/{call}?{urlencode(said | more)}"

    def in_report(self, url: str) -> str:
        """Return an address in a report with this query searched within the report."""
        path, sharp, fragment = url.partition("#")
        joint = "&" if "?" in path else "?"
        return f"{path}{joint}{urlencode({'find': self.q})}{sharp}{fragment}"

    def active_filters(self) -> list[ActiveFilter]:
        """Return each filter that is set, in the order of the fields."""
        return [
            ActiveFilter(
                label,
                date_words(value) if name.startswith("date_") else value,
                self.url(**{name: ""}),
            )
            for name, label in FILTER_LABELS.items()
            if (value := str(getattr(self, name)))
        ]
