"""The URL is the state of the search page."""

import pytest

from search_api.errors import BadRequestError
from web.search_form import SearchForm


def test_fields_are_read_without_spaces_around_them_and_unknown_ones_are_left_alone() -> None:
    form = SearchForm.from_query({"q": " gangs ", "body": "MPA", "utm_source": "mail", "sort": ""})
    assert form == SearchForm(q="gangs", body="MPA")


def test_the_request_carries_the_filters_and_skips_the_pages_before() -> None:
    form = SearchForm(q="gangs", body="MPA", date_from="2011-01-01", sort="-date", page="3")
    request = form.request()
    assert (request.q, request.sort, request.limit, request.offset) == ("gangs", "-date", 10, 20)
    assert (request.filters.body, request.filters.date_from) == ("MPA", "2011-01-01")
    assert request.facets == ("body", "committee", "doc_type", "year")


def test_a_year_alone_is_read_as_the_api_reads_it_and_shown_as_typed() -> None:
    form = SearchForm(q="gangs", date_from="2011", date_to="2011-02")
    filters = form.request().filters
    assert (filters.date_from, filters.date_to) == ("2011-01-01", "2011-02-28")
    assert [one.value for one in form.active_filters()] == ["2011", "February 2011"]


@pytest.mark.parametrize("page", ["0", "-1", "1.5", "two", "1001", "٣", "9" * 5000])
def test_a_page_that_is_none_is_refused_with_its_name(page: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        SearchForm(q="gangs", page=page).request()
    assert (caught.value.param, caught.value.value) == ("page", page)


def test_another_search_starts_at_its_first_page() -> None:
    form = SearchForm(q="gangs", body="MPA & co", page="3")
    assert form.url() == "/?q=gangs&body=MPA+%26+co"
    assert form.url(page="2") == "/?q=gangs&body=MPA+%26+co&page=2"
    assert form.url(q="", body="") == "/"


def test_each_filter_that_is_set_comes_with_the_url_of_the_search_without_it() -> None:
    form = SearchForm(q="gangs", body="MPA", date_from="2011-01-02")
    assert [(one.label, one.value, one.url) for one in form.active_filters()] == [
        ("Body", "MPA", "/?q=gangs&date_from=2011-01-02"),
        ("From", "2 January 2011", "/?q=gangs&body=MPA"),
    ]


def test_the_same_search_has_an_address_in_the_api() -> None:
    form = SearchForm(q="gangs & knives", body="MPA", date_from="2011", sort="-date", page="3")
    assert form.api_url("feed") == "/v1/feed?q=gangs+%26+knives&body=MPA&date_from=2011"
    assert form.api_url("export", format="csv") == (
        "/v1/export?q=gangs+%26+knives&body=MPA&date_from=2011&format=csv"
    )
