"""Each measure against values worked out by hand, and the harness on a scripted product."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.quality.__main__ import main
from tests.quality.answers import (
    Verdict,
    by_kind,
    judge,
    measure_archive,
    measure_extractive,
)
from tests.quality.calibration import Bin, area_under_curve, calibration_error, reliability
from tests.quality.errors import ProductError, RecordError, SetError
from tests.quality.failures import Reason, describe, list_failures, reason_of
from tests.quality.measured import Better, Measured, interval, mean
from tests.quality.measuring import Places, SetResult, measure_set
from tests.quality.product import Answer, Citation, CommandLine, Run, parse_answers, parse_run
from tests.quality.ranking import measure_rankings, per_query, rank_of
from tests.quality.recorded import (
    RecordedNumber,
    RecordedSet,
    find_falls,
    read_recorded,
    write_recorded,
)
from tests.quality.report import render, render_failures
from tests.quality.sets import (
    SPECS,
    Query,
    Question,
    Reading,
    SetSpec,
    choose,
    read_queries,
    read_questions,
    sample,
)
from tests.quality.wording import contains, normalise, overlaps, token_f1

TEXT = "The grant was \u00a34.7m. It ran until 2012\u201313."


def question(
    question_id: str = "q1",
    *,
    answers: tuple[str, ...] = ("\u00a34.7m",),
    answerable: bool = True,
    kind: str = "number",
    needs_all: bool = False,
) -> Question:
    return Question(
        question_id,
        "How much was the grant?",
        kind,
        answerable,
        answers if answerable else (),
        ("a b.txt",) if answerable else (),
        needs_all,
    )


def answer(
    *sentences: str,
    question_id: str = "q1",
    status: str = "answered",
    confidence: float = 0.75,
    citations: tuple[Citation, ...] = (),
    took_ms: float = 10.0,
) -> Answer:
    return Answer(question_id, status, confidence, sentences, citations, took_ms)


def verdict(asked: Question, given: Answer, ranking: dict[str, float] | None = None) -> Verdict:
    return judge(asked, given, ranking or {}, Reading.CONTAINS, None)


def values(measures: Sequence[Measured]) -> dict[str, float]:
    return {measure.name: measure.value for measure in measures}


def result_of(measures: list[Measured], *, name: str = "cranfield") -> SetResult:
    return SetResult(choose([name])[0], 2, 0, measures, [], [], [], [])


# --- rankings


def test_ndcg_has_linear_gains_and_a_missing_query_counts_zero() -> None:
    qrels = {"1": {"x": 2, "y": 1}, "2": {"z": 1}, "3": {"w": 1}}
    run = {"1": {"y": 3.0, "q": 2.0, "x": 1.0}, "2": {"z": 1.0}}
    ndcg, recall = per_query(qrels, run)
    ideal = 2 / math.log2(2) + 1 / math.log2(3)
    found = 1 / math.log2(2) + 2 / math.log2(4)
    assert ndcg.tolist() == pytest.approx([found / ideal, 1.0, 0.0])
    assert recall.tolist() == pytest.approx([1.0, 1.0, 0.0])


def test_ndcg_is_cut_at_rank_ten_and_recall_at_rank_hundred() -> None:
    ranking = {f"d{rank}": 200.0 - rank for rank in range(1, 102)}
    qrels = {"1": {"d11": 1, "d100": 1, "d101": 1, "d10": 1}}
    ndcg, recall = per_query(qrels, {"1": ranking})
    ideal = sum(1 / math.log2(rank + 1) for rank in (1, 2, 3, 4))
    assert ndcg[0] == pytest.approx((1 / math.log2(11)) / ideal)
    assert recall[0] == pytest.approx(3 / 4)


def test_hybrid_is_compared_with_the_better_of_its_lists_query_by_query() -> None:
    qrels = {"1": {"x": 1}, "2": {"x": 1}}
    first, second = {"x": 2.0, "y": 1.0}, {"y": 2.0, "x": 1.0}
    runs: dict[str, Run] = {
        "keyword": {"1": first, "2": second},
        "vector": {"1": second, "2": second},
        "hybrid": {"1": first, "2": first},
    }
    by_name = {measure.name: measure for measure in measure_rankings(qrels, runs)}
    at_second = 1 / math.log2(3)
    assert by_name["keyword nDCG@10"].value == pytest.approx((1 + at_second) / 2)
    assert by_name["vector nDCG@10"].value == pytest.approx(at_second)
    assert by_name["hybrid nDCG@10"].value == pytest.approx(1.0)
    gain = by_name["hybrid over the better list"]
    assert gain.value == pytest.approx((0 + 1 - at_second) / 2)
    # Of four equally likely resamples one draws query 1 twice, and one query 2 twice.
    assert (gain.low, gain.high) == pytest.approx((0.0, 1 - at_second))


def test_the_rank_of_the_evidence_is_that_of_its_first_file() -> None:
    ranking = {"a": 3.0, "b c": 2.0, "d": 1.0}
    assert rank_of(("d", "b c"), ranking) == 2
    assert rank_of(("e",), ranking) is None


# --- intervals


def test_the_interval_of_equal_values_is_that_value() -> None:
    assert interval(lambda at: float(np.full(5, 0.25)[at].mean()), 5) == (0.25, 0.25)


def test_the_interval_is_the_same_each_time_and_close_to_the_normal_one() -> None:
    share = mean("share", [1.0] * 30 + [0.0] * 70)
    again = mean("share", [1.0] * 30 + [0.0] * 70)
    assert (share.low, share.high) == (again.low, again.high)
    half = 1.96 * math.sqrt(0.3 * 0.7 / 100)
    assert share.low == pytest.approx(0.3 - half, abs=0.02)
    assert share.high == pytest.approx(0.3 + half, abs=0.02)


def test_nothing_counted_is_nan() -> None:
    empty = mean("share", [])
    assert math.isnan(empty.value)
    assert math.isnan(empty.low)
    assert empty.count == 0


# --- words


def test_normalise_straightens_quotes_and_dashes_and_folds_case_and_space() -> None:
    assert normalise("\u2018A\u2019  \u201cB\u201d\n2011\u201312 \u2014 C\u2212D") == (
        "'a' \"b\" 2011-12 - c-d"
    )


def test_contains_is_a_substring_after_normalising_both_sides() -> None:
    assert contains(TEXT, "UNTIL 2012-13")
    assert not contains(TEXT, "until 2013")
    assert not contains(TEXT, " ")


def test_overlap_needs_a_common_run_of_half_the_shorter_words() -> None:
    assert overlaps("one two three four", "zero one two five")
    assert not overlaps("one two three four", "one five three six")
    assert not overlaps("", "one")


def test_token_f1_drops_articles_case_and_punctuation() -> None:
    assert token_f1("The Nobel Prize, twice", "a nobel prize") == pytest.approx(2 * 2 / 5)
    assert token_f1("Nothing", "Nobel") == 0.0


# --- judging


def test_one_of_several_spellings_suffices() -> None:
    judged = verdict(question(answers=("four point seven", "\u00a34.7m")), answer(TEXT))
    assert (judged.quoted, judged.in_first, judged.parts) == (True, True, 1)


def test_two_reports_need_both_answers_also_in_the_first_sentence() -> None:
    asked = question(answers=("4", "5"), kind="multi_report", needs_all=True)
    both = verdict(asked, answer("it was 4", "then 5"))
    assert (both.quoted, both.in_first, both.parts) == (True, False, 2)
    one = verdict(asked, answer("it was 4"))
    assert (one.quoted, one.right, one.parts) == (False, False, 1)


def test_a_sixth_sentence_does_not_count() -> None:
    assert not verdict(question(), answer("a", "b", "c", "d", "e", TEXT)).quoted


def test_a_sentence_under_not_found_is_not_shown() -> None:
    judged = verdict(question(), answer(TEXT, status="not_found"))
    assert (judged.quoted, judged.right) == (False, False)


def test_an_answer_to_an_unanswerable_question_is_never_right() -> None:
    assert not verdict(question(answerable=False), answer(TEXT)).right


def test_a_citation_is_grounded_only_where_the_text_is_the_quote() -> None:
    quote = "It ran until 2012\u201313."
    start = TEXT.index(quote)
    end = start + len(quote)
    citations = (
        Citation("a b.txt", quote, start, end),
        Citation("a b.txt", quote, start + 1, end + 1),
        Citation("a b.txt", "It ran until 2012-13.", start, end),
        Citation("other.txt", quote, start, end),
        Citation("a b.txt", "", 3, 3),
        Citation("a b.txt", quote, start - len(TEXT), end),
    )
    given = answer(quote, citations=citations)
    judged = judge(question(), given, {}, Reading.CONTAINS, {"a b.txt": TEXT})
    assert judged.grounded == (True, False, False, False, False, False)


def test_archive_measures_on_four_questions() -> None:
    asked = [question("q1"), question("q2"), question("q3"), question("u1", answerable=False)]
    given = [
        answer("Intro.", TEXT, question_id="q1", confidence=0.95, took_ms=10),
        answer("Wrong.", question_id="q2", confidence=0.95, took_ms=20),
        answer(question_id="q3", status="not_found", confidence=0.25, took_ms=30),
        answer("Wrong.", question_id="u1", confidence=0.55, took_ms=40),
    ]
    rankings = [
        {"a b.txt": 9.0},
        {"c": 9.0, "d": 8.0, "a b.txt": 7.0},
        {f"d{n}": -float(n) for n in range(9)} | {"a b.txt": -9.0},
        {},
    ]
    pairs = zip(asked, given, rankings, strict=True)
    measured = values(measure_archive([verdict(q, a, r) for q, a, r in pairs]))
    assert measured["found@1"] == pytest.approx(1 / 3)
    assert measured["found@5"] == pytest.approx(2 / 3)
    assert measured["found@10"] == pytest.approx(1.0)
    assert measured["quoted"] == pytest.approx(1 / 3)
    assert measured["quoted in the first sentence"] == 0.0
    assert measured["abstained"] == 0.0
    assert measured["wrongly silent"] == pytest.approx(1 / 3)
    # Shown: two in the last bin (.95, half right) and one at .55 (wrong).
    assert measured["calibration error, answers shown"] == pytest.approx((2 * 0.45 + 0.55) / 3)
    assert measured["calibration error, all questions"] == pytest.approx(
        (2 * 0.45 + 0.55 + 0.25) / 4
    )
    # .55 of the unanswerable question lies under two of the three answerable ones.
    assert measured["AUC of confidence, answerable or not"] == pytest.approx(2 / 3)
    assert measured["milliseconds, p50"] == pytest.approx(25.0)
    assert measured["milliseconds, p95"] == pytest.approx(38.5)
    assert "grounded" not in measured


def test_grounded_is_counted_over_citations_and_sentences_over_sentences() -> None:
    held = Citation("a b.txt", TEXT, 0, len(TEXT))
    moved = Citation("a b.txt", TEXT, 1, len(TEXT) + 1)
    given = answer(TEXT, "Made up.", citations=(held, moved))
    judged = judge(question(), given, {}, Reading.CONTAINS, {"a b.txt": TEXT})
    measured = values(measure_archive([judged]))
    assert measured["grounded"] == 0.5
    assert measured["sentences that stand in a cited quote"] == 0.5


def test_extractive_measures_separate_the_first_quote_from_the_five() -> None:
    judged = [
        verdict(question("q1"), answer("Intro.", TEXT)),
        verdict(question("q2"), answer(TEXT)),
        verdict(question("u1", answerable=False), answer(status="not_found", confidence=0.0)),
    ]
    measured = values(measure_extractive(judged, Reading.CONTAINS))
    assert measured["first quote holds the answer"] == 0.5
    assert measured["one of five quotes holds the answer"] == 1.0
    assert measured["abstained"] == 1.0
    assert measured["AUC of confidence, answerable or not"] == 1.0


def test_each_kind_has_its_row_and_unanswerable_kinds_have_no_quotes() -> None:
    judged = [
        verdict(question("u1", kind="absent", answerable=False), answer(status="not_found")),
        verdict(question("q1"), answer(TEXT), {"a b.txt": 1.0}),
        verdict(question("q2"), answer("Wrong."), {"c": 2.0, "a b.txt": 1.0}),
    ]
    number, absent = by_kind(judged)
    assert (number.kind, number.count, number.found_at_1, number.found_at_5) == (
        "number",
        2,
        0.5,
        1,
    )
    assert (number.quoted, number.in_first, number.silent) == (0.5, 0.5, 0.0)
    assert (absent.kind, absent.quoted, absent.found_at_1, absent.silent) == (
        "absent",
        None,
        None,
        1.0,
    )


# --- calibration


def test_calibration_error_weighs_each_bins_gap_by_its_answers() -> None:
    confidence = np.array([0.05, 0.15, 0.18, 1.0])
    right = np.array([False, True, False, True])
    gaps = [(1, 0.05), (2, abs(0.165 - 0.5)), (1, 0.0)]
    expected = sum(count * gap for count, gap in gaps) / 4
    assert calibration_error(confidence, right) == pytest.approx(expected)
    second = reliability(confidence, right)[1]
    assert second.confidence == pytest.approx(0.165)
    assert second == Bin(0.1, 0.2, 2, second.confidence, 0.5)


def test_confidence_on_an_edge_falls_in_the_upper_bin_and_one_in_the_last() -> None:
    bins = reliability(np.array([0.5, 1.0]), np.array([True, True]))
    assert [(b.low, b.high) for b in bins] == [(0.5, 0.6), (0.9, 1.0)]


def test_area_under_curve_counts_ties_half() -> None:
    confidence = np.array([0.9, 0.5, 0.5, 0.1])
    answerable = np.array([True, True, False, False])
    assert area_under_curve(confidence, answerable) == pytest.approx((2 + 1 + 0.5) / 4)
    assert math.isnan(area_under_curve(confidence, np.array([True] * 4)))


# --- failures


def test_each_failure_has_its_reason() -> None:
    near, far = {"a b.txt": 1.0}, {f"d{n}": -float(n) for n in range(10)} | {"a b.txt": -10.0}
    two = question(answers=("4", "5"), needs_all=True)
    assert reason_of(verdict(question(), answer(TEXT), near)) is None
    assert reason_of(verdict(question(), answer("Intro.", TEXT), near)) is Reason.NOT_FIRST
    assert reason_of(verdict(question(), answer("Wrong."), near)) is Reason.NOT_QUOTED
    assert reason_of(verdict(question(), answer("Wrong."), far)) is Reason.NOT_RETRIEVED
    assert reason_of(verdict(question(), answer(status="not_found"), near)) is Reason.SILENT
    assert reason_of(verdict(two, answer("it was 4"), near)) is Reason.PARTLY_QUOTED
    unanswerable = question(answerable=False)
    assert reason_of(verdict(unanswerable, answer("Wrong."))) is Reason.INVENTED
    assert reason_of(verdict(unanswerable, answer(status="not_found"))) is None


def test_a_failure_says_what_was_returned_and_expected() -> None:
    given = answer("Wrong.", citations=(Citation("c.pdf", "Wrong.", 0, 6),))
    (failure,) = list_failures([verdict(question(), given, {"c.pdf": 2.0, "a b.txt": 1.0})])
    assert describe(failure) == "\n".join(
        [
            "q1  number  retrieved but not quoted",
            "  question: How much was the grant?",
            "  returned: answered, confidence 0.75, cites c.pdf",
            "    | Wrong.",
            "  expected: \u00a34.7m",
            "  evidence: rank 2 of a b.txt",
        ]
    )


# --- what the product prints


def test_a_run_line_may_hold_a_document_id_with_spaces() -> None:
    run = parse_run("a1 Q0 files/A  b c.doc 1 2.5 hybrid\na1 Q0 7 2 2.5 hybrid\n")
    assert run == {"a1": {"files/A  b c.doc": 2.5, "7": 2.5}}


@pytest.mark.parametrize(
    "printed",
    [
        "a1 0 d 1 2.5 tag",
        "a1 Q0 d 0 2.5 tag",
        "a1 Q0 d 1 1.0 tag\na1 Q0 e 2 1.5 tag",
        "a1 Q0 d 1 2.0 tag\na1 Q0 d 2 1.5 tag",
    ],
)
def test_a_run_that_breaks_its_contract_is_refused(printed: str) -> None:
    with pytest.raises(ProductError, match="run line"):
        parse_run(printed)


def answer_line(**changes: object) -> str:
    citation = {"file": "f", "section": "C", "paragraph": "3", "page": 1, "quote": "s\u2028"}
    record: dict[str, object] = {
        "id": "a1",
        "status": "partial",
        "confidence": 0.5,
        "sentences": ["s\u2028"],
        "citations": [citation | {"start": 4, "end": 6}],
        "took_ms": 12.5,
    }
    return json.dumps(record | changes, ensure_ascii=False) + "\n"


def test_answers_are_read_line_by_line_whatever_their_quotes_hold() -> None:
    expected = Answer("a1", "partial", 0.5, ("s\u2028",), (Citation("f", "s\u2028", 4, 6),), 12.5)
    assert parse_answers(answer_line(), ["a1"]) == {"a1": expected}


@pytest.mark.parametrize(
    "changes", [{"status": "maybe"}, {"confidence": 1.2}, {"citations": [{}]}, {"id": "a2"}]
)
def test_an_answer_that_breaks_its_contract_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ProductError):
        parse_answers(answer_line(**changes), ["a1"])


FAKE_COMMANDS = """
import json, sys
command, index, *rest = sys.argv[1:]
out = lambda text: sys.stdout.buffer.write(text.encode())
if command == "text":
    if rest == ["absent"]:
        sys.exit("no such document: absent")
    out("one\\r\\ntwo " + rest[0])
for line in open(rest[0], encoding="utf-8") if command != "text" else ():
    record = json.loads(line)
    if command == "run":
        assert rest[1:] == ["--mode", "vector", "--depth", "100"], rest
        out(f"{record['_id']} Q0 a b.txt 1 0.5 tag\\n")
    else:
        given = {"id": record["id"], "status": "not_found", "confidence": 0, "took_ms": 1}
        out(json.dumps({**given, "sentences": [], "citations": []}) + "\\n")
"""


def test_the_real_commands_are_called_as_agreed(tmp_path: Path) -> None:
    (tmp_path / "search_api.py").write_text(FAKE_COMMANDS, encoding="utf-8")
    product = CommandLine(tmp_path / "out", checkout=tmp_path)
    index = tmp_path / "index"
    assert product.run(index, [Query("1", '{"_id": "1", "text": "x"}')], "vector") == {
        "1": {"a b.txt": 0.5}
    }
    assert not product.answers(index, [question("q1")])["q1"].shown
    assert product.text(index, "a b.txt") == "one\r\ntwo a b.txt"
    with pytest.raises(ProductError, match="exited 1: no such document: absent"):
        product.text(index, "absent")
    with pytest.raises(ProductError, match="No module named indexer"):
        product.build(tmp_path, index)


# --- samples


def test_a_sample_holds_each_group_in_proportion_and_is_always_the_same() -> None:
    items = [("A", str(n)) for n in range(60)] + [("B", str(n)) for n in range(30)]
    chosen = sample(items, 9, lambda item: item)
    assert [group for group, _ in chosen] == ["A"] * 6 + ["B"] * 3
    assert chosen == sample(items[::-1], 9, lambda item: item)
    assert sample(items, 90, lambda item: item) == items


def test_an_unknown_set_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SetError, match=r"no set named cranfeld; known: .*cranfield"):
        choose(["cranfield", "cranfeld"])
    assert main(["cranfeld"]) == 2


def test_set_names_are_unique_and_targets_name_measures_that_exist() -> None:
    assert len({spec.name for spec in SPECS}) == len(SPECS)
    judged = [verdict(question(), answer(TEXT, citations=(Citation("f", "q", 0, 1),)))]
    grounded = [judge(v.question, v.answer, {}, Reading.CONTAINS, {}) for v in judged]
    run: Run = {"1": {"x": 1.0}}
    runs = dict.fromkeys(("keyword", "vector", "hybrid"), run)
    known = {measure.name for measure in measure_rankings({"1": {"x": 1}}, runs)}
    known |= set(values(measure_archive(grounded)))
    known |= set(values(measure_extractive(judged, Reading.CONTAINS)))
    assert {name for spec in SPECS for name in spec.targets} <= known


# --- recorded numbers


def recorded_set(**measures: tuple[float, float]) -> RecordedSet:
    numbers = {name: RecordedNumber(*pair) for name, pair in measures.items()}
    return RecordedSet("2026-01-01", "a machine", {}, 2, 0, numbers)


def test_a_fall_beyond_the_tolerance_is_found_whichever_way_is_better() -> None:
    now = result_of(
        [
            Measured("up", 0.90, 0, 1, 2, Better.HIGHER, 0.01),
            Measured("down", 0.30, 0, 1, 2, Better.LOWER, 0.01),
            Measured("time", 9.0, 0, 1, 2, Better.NEITHER, 0.0),
        ]
    )
    within = recorded_set(up=(0.91, 0.01), down=(0.29, 0.01), time=(1.0, 0.0))
    beyond = recorded_set(up=(0.92, 0.01), down=(0.28, 0.01), gone=(0.5, 0.1))
    assert find_falls(now, within) == []
    assert [fall.name for fall in find_falls(now, beyond)] == ["up", "down", "gone"]


def test_recording_keeps_other_sets_and_tolerances_edited_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "recorded.json"
    first = result_of([Measured("up", 0.5, 0, 1, 2, Better.HIGHER, 0.01)])
    write_recorded([first], path)
    path.write_text(path.read_text(encoding="utf-8").replace("0.01", "0.03"), encoding="utf-8")
    other = result_of([Measured("up", 0.7, 0, 1, 2, Better.HIGHER, 0.01)], name="cisi")
    better = result_of([Measured("up", 0.6, 0, 1, 2, Better.HIGHER, 0.01)])
    write_recorded([better, other], path)
    recorded = read_recorded(path)
    assert recorded["cranfield"].measures == {"up": RecordedNumber(0.6, 0.03)}
    assert recorded["cisi"].measures == {"up": RecordedNumber(0.7, 0.01)}
    assert recorded["cisi"].versions["numpy"] == np.__version__


def test_a_broken_record_is_named(tmp_path: Path) -> None:
    path = tmp_path / "recorded.json"
    path.write_text('{"sets": {"cranfield": {}}}', encoding="utf-8")
    with pytest.raises(RecordError, match=r"recorded\.json"):
        read_recorded(path)


# --- the whole harness on a product that follows a script


class ScriptedProduct:
    """Ranks documents alphabetically and quotes the whole text of the first."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts
        self.built: list[Path] = []

    def build(self, source: Path, index: Path) -> None:
        index.mkdir(parents=True, exist_ok=True)
        self.built.append(source)

    def run(self, index: Path, queries: Sequence[Query], mode: str) -> Run:
        names = sorted(self.texts, reverse=mode == "vector")
        ranking = {name: -float(rank) for rank, name in enumerate(names, start=1)}
        return {query.query_id: dict(ranking) for query in queries}

    def answers(self, index: Path, questions: Sequence[Question]) -> dict[str, Answer]:
        file = min(self.texts)
        text = self.texts[file]
        cited = (Citation(file, text, 0, len(text)),)
        return {
            q.question_id: answer(text, question_id=q.question_id, citations=cited)
            for q in questions
        }

    def text(self, index: Path, file: str) -> str:
        return self.texts[file]


def write_lines(path: Path, records: Sequence[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    evaluation = tmp_path / "eval"
    tiny = evaluation / "tiny"
    write_lines(tiny / "queries.jsonl", [{"_id": "1", "text": "a"}, {"_id": "2", "text": "b"}])
    (tiny / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\tx\t1\n", encoding="utf-8")
    record = {"_id": "1", "answers": ["grant"], "answerable": True, "source": "x", "title": "T"}
    unanswerable = record | {"_id": "2", "answers": [], "answerable": False}
    write_lines(tiny / "answers.jsonl", [record, unanswerable])
    evidence = [{"file": "a b.txt", "quote": TEXT}]
    asked = {"id": "a001", "question": "How much?", "kind": "number", "answerable": True}
    write_lines(
        evaluation / "archive_questions" / "questions.jsonl",
        [asked | {"answers": ["\u00a34.7m"], "evidence": evidence}],
    )
    return Places(evaluation, tmp_path / "archive", tmp_path / "work")


TINY = SetSpec("tiny", "tiny", reading=Reading.CONTAINS)


def test_only_judged_queries_are_asked_and_their_lines_are_kept(places: Places) -> None:
    queries, qrels = read_queries(TINY, places.eval_dir, take_all=False)
    assert queries == [Query("1", '{"_id": "1", "text": "a"}')]
    assert qrels == {"1": {"x": 1}}


def test_a_set_is_measured_from_its_corpus_to_its_failures(places: Places) -> None:
    product = ScriptedProduct({"x": TEXT, "y": "Nothing."})
    result = measure_set(TINY, places, product)
    assert product.built == [places.eval_dir / "tiny" / "corpus.jsonl"]
    measured = values(result.measures)
    assert measured["keyword nDCG@10"] == measured["hybrid nDCG@10"] == 1.0
    assert measured["vector nDCG@10"] == pytest.approx(1 / math.log2(3))
    assert measured["hybrid over the better list"] == 0.0
    assert measured["first quote holds the answer"] == 1.0
    assert measured["abstained"] == 0.0
    assert [failure.reason for failure in result.failures] == [Reason.INVENTED]
    assert "| tiny | 1 | 1.00 | .631 | **1.00** [1.000, 1.000] |" in render([result], {})
    assert "### tiny: 1 answered though unanswerable" in render_failures([result])


def test_the_archive_is_read_from_its_folder_and_its_quotes_are_checked(places: Places) -> None:
    product = ScriptedProduct({"a b.txt": TEXT})
    (spec,) = choose(["archive_questions"])
    result = measure_set(spec, places, product)
    assert product.built == [places.archive_dir]
    assert values(result.measures)["grounded"] == 1.0
    assert result.failures == []
    assert "| grounded | 1 | 1.00 | [1.000, 1.000] |  | >= 1.00 reached |" in render([result], {})


def test_the_report_shows_the_change_against_the_recorded_number(places: Places) -> None:
    result = measure_set(TINY, places, ScriptedProduct({"x": TEXT}))
    numbers = {"found@1": RecordedNumber(0.4, 0.0), "abstained": RecordedNumber(0.5, 0.05)}
    recorded = {"tiny": RecordedSet("2026-01-01", "a machine", {}, 1, 2, numbers)}
    shown = render([result], recorded)
    assert "| found@1 | 1 | 1.00 | [1.000, 1.000] | +0.600 |" in shown
    assert "| abstained | 1 | .000 | [0.000, 0.000] | -0.500 FELL |" in shown
    other_size = {"tiny": RecordedSet("2026-01-01", "a machine", {}, 1, 9, numbers)}
    assert "+0.600" not in render([result], other_size)


def test_questions_keep_their_article_so_that_tuning_can_split_by_it(places: Places) -> None:
    asked = read_questions(TINY, places.eval_dir, take_all=True)
    assert [question.group for question in asked] == ["T", "T"]
    assert [question.evidence for question in asked] == [("x",), ()]


def test_a_run_without_any_set_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cranfield", "--eval", str(tmp_path), "--work", str(tmp_path / "work")]) == 1
    assert "SKIPPED cranfield" in capsys.readouterr().err


def test_a_set_that_cannot_be_read_is_named_and_the_exit_status_tells(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    write_lines(places.eval_dir / "cranfield" / "corpus.jsonl", [])
    work = places.work_dir
    assert main(["cranfield", "--eval", str(places.eval_dir), "--work", str(work)]) == 1
    assert "FAILED cranfield: " in capsys.readouterr().err
