from search_api.conflicts import disagreements


def stem(word: str) -> str:
    return word.casefold().removesuffix("s")


def found(*sentences: str) -> list[tuple[int, int, str, str]]:
    return [
        (
            one.first,
            one.second,
            sentences[one.first][one.first_figure.start : one.first_figure.end],
            sentences[one.second][one.second_figure.start : one.second_figure.end],
        )
        for one in disagreements(sentences, stem)
    ]


def test_two_sums_for_the_same_thing_disagree() -> None:
    assert found(
        "Funding of Operation Kestrel was set at £4.7m by the committee.",
        "The committee met in the town hall.",
        "The committee set the funding of Operation Kestrel at £5.2 million.",
    ) == [(0, 2, "£4.7m", "£5.2 million")]


def test_the_same_sum_written_in_another_way_agrees() -> None:
    assert not found(
        "Funding of Operation Kestrel was set at £4.7m.",
        "Funding of Operation Kestrel was set at £4,700,000.",
    )


def test_figures_of_other_things_or_other_units_do_not_disagree() -> None:
    assert not found(
        "Funding of Operation Kestrel was set at £4.7m.",
        "Repairs to the pool in Borchester will cost £90,000.",
    )
    assert not found(
        "Operation Kestrel employed 40 officers in the borough.",
        "Operation Kestrel employed 12 clerks in the borough.",
    )


def test_a_series_of_figures_and_dates_are_not_compared() -> None:
    assert not found(
        "Funding of Operation Kestrel was £1m, then £2m.",
        "Funding of Operation Kestrel was £3m.",
    )
    assert not found(
        "The panel on Operation Kestrel met on 5 June 2013 at noon.",
        "The panel on Operation Kestrel met on 3 July 2013 at noon.",
    )
