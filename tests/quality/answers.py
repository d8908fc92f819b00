"""How good the answers to a set of questions are: the answer measures of EVAL.md."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tests.quality.calibration import Bin, area_under_curve, calibration_error, reliability
from tests.quality.measured import Better, Measured, mean, measure
from tests.quality.product import Answer, Citation, Run
from tests.quality.ranking import rank_of
from tests.quality.sets import Question, Reading
from tests.quality.wording import contains, normalise, overlaps, token_f1

SENTENCES = 5
"""Sentences of an answer that count; the product may not show more."""

GROUNDED = "grounded"
CALIBRATION = "calibration error, answers shown"

SHARE_TOLERANCE = 0.02
UNANSWERABLE_TOLERANCE = 0.05
"""Two of the forty unanswerable questions of archive_questions."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One question, its answer, and what was found right about it."""

    question: Question
    answer: Answer
    rank: int | None
    """Of the first evidence document in the hybrid ranking of documents, from 1."""
    parts: int
    """How many of `question.answers` the sentences shown hold."""
    quoted: bool
    in_first: bool
    f1: float
    grounded: tuple[bool, ...]
    """One for each citation, where grounding was checked."""

    @property
    def right(self) -> bool:
        """Tell whether a right answer was shown; never so for an unanswerable question."""
        return self.answer.shown and self.question.answerable and self.quoted


@dataclass(frozen=True, slots=True)
class KindRow:
    """The measures of one kind of question; None where the kind cannot have one."""

    kind: str
    count: int
    found_at_1: float | None
    found_at_5: float | None
    quoted: float | None
    in_first: float | None
    silent: float


def judge(
    question: Question,
    answer: Answer,
    ranking: Mapping[str, float],
    reading: Reading,
    texts: Mapping[str, str] | None,
) -> Verdict:
    """Compare one answer with what is right.

    `texts` holds the stored text of each cited file; citations are not checked when it is None.
    A multi_report question, and the two-part list question, is right only with both answers,
    in the first sentence too.
    """
    shown = answer.sentences[:SENTENCES] if answer.shown else ()
    first = shown[0] if shown else ""
    parts = _parts(question, reading, shown)
    return Verdict(
        question=question,
        answer=answer,
        rank=rank_of(question.evidence, ranking),
        parts=parts,
        quoted=_enough(question, parts),
        in_first=_enough(question, _parts(question, reading, shown[:1])),
        f1=max((token_f1(first, wanted) for wanted in question.answers), default=0.0),
        grounded=()
        if texts is None
        else tuple(_is_grounded(citation, texts) for citation in answer.citations),
    )


def judge_all(
    questions: Sequence[Question],
    answers: Mapping[str, Answer],
    run: Run,
    reading: Reading,
    texts: Mapping[str, str] | None,
) -> list[Verdict]:
    """Judge each question, in the order given."""
    return [
        judge(q, answers[q.question_id], run.get(q.question_id, {}), reading, texts)
        for q in questions
    ]


def measure_archive(verdicts: Sequence[Verdict]) -> list[Measured]:
    """Return the measures of a set whose answers are short strings with evidence files."""
    answerable, unanswerable = _halves(verdicts)
    several = [v for v in answerable if v.question.needs_all]
    return [
        *(_found_at(answerable, depth) for depth in (1, 5, 10)),
        _share("quoted", answerable, lambda v: v.quoted),
        _share("quoted in the first sentence", answerable, lambda v: v.in_first),
        _share("two-part questions, one part quoted", several, lambda v: v.parts > 0, 0.1),
        _abstained(unanswerable),
        _wrongly_silent(answerable),
        *_grounding(verdicts),
        *_confidence(verdicts),
        *_timing(verdicts),
    ]


def measure_extractive(verdicts: Sequence[Verdict], reading: Reading) -> list[Measured]:
    """Return the measures of a set whose answers are spans of a passage (SQuAD, COVID-QA)."""
    answerable, unanswerable = _halves(verdicts)
    verb = "overlaps" if reading is Reading.OVERLAPS else "holds"
    measures = [
        *(_found_at(answerable, depth) for depth in (1, 5)),
        _share(f"first quote {verb} the answer", answerable, lambda v: v.in_first),
        _share(f"one of five quotes {verb} the answer", answerable, lambda v: v.quoted),
        mean(
            "token F1 of the first quote",
            [v.f1 for v in answerable],
            better=Better.NEITHER,
        ),
        _wrongly_silent(answerable),
        *_grounding(verdicts),
        *_timing(verdicts),
    ]
    if unanswerable:
        measures += [_abstained(unanswerable), *_confidence(verdicts)]
    return measures


def by_kind(verdicts: Sequence[Verdict]) -> list[KindRow]:
    """Return one row for each kind of question, answerable kinds first, larger kinds first."""
    groups: dict[tuple[bool, str], list[Verdict]] = {}
    for verdict in verdicts:
        key = (verdict.question.answerable, verdict.question.kind)
        groups.setdefault(key, []).append(verdict)
    ordered = sorted(groups, key=lambda key: (not key[0], -len(groups[key]), key[1]))
    return [_kind_row(kind, groups[answerable, kind]) for answerable, kind in ordered]


def shown_bins(verdicts: Iterable[Verdict]) -> list[Bin]:
    """Return confidence against share right over the answers shown."""
    shown = [v for v in verdicts if v.answer.shown]
    confidence = np.array([v.answer.confidence for v in shown], dtype=np.float64)
    return reliability(confidence, np.array([v.right for v in shown], dtype=np.bool_))


def cited_files(answers: Iterable[Answer]) -> list[str]:
    """Return each cited file once, in order of first citation."""
    return list(dict.fromkeys(c.file for answer in answers for c in answer.citations))


def _parts(question: Question, reading: Reading, sentences: Sequence[str]) -> int:
    if reading is Reading.OVERLAPS:
        return sum(any(overlaps(s, wanted) for s in sentences) for wanted in question.answers)
    text = " ".join(sentences)  # an answer may run from one sentence into the next
    return sum(contains(text, wanted) for wanted in question.answers)


def _enough(question: Question, parts: int) -> bool:
    return parts == len(question.answers) > 0 if question.needs_all else parts > 0


def _is_grounded(citation: Citation, texts: Mapping[str, str]) -> bool:
    if not 0 <= citation.start < citation.end:
        return False
    return texts.get(citation.file, "")[citation.start : citation.end] == citation.quote


def _halves(verdicts: Sequence[Verdict]) -> tuple[list[Verdict], list[Verdict]]:
    answerable = [v for v in verdicts if v.question.answerable]
    return answerable, [v for v in verdicts if not v.question.answerable]


def _share(
    name: str,
    verdicts: Sequence[Verdict],
    holds: Callable[[Verdict], bool],
    tolerance: float = SHARE_TOLERANCE,
) -> Measured:
    return mean(name, [float(holds(v)) for v in verdicts], tolerance=tolerance)


def _found_at(answerable: Sequence[Verdict], depth: int) -> Measured:
    return _share(f"found@{depth}", answerable, lambda v: _is_found(v, depth))


def _is_found(verdict: Verdict, depth: int) -> bool:
    return verdict.rank is not None and verdict.rank <= depth


def _abstained(unanswerable: Sequence[Verdict]) -> Measured:
    tolerance = UNANSWERABLE_TOLERANCE
    return _share("abstained", unanswerable, lambda v: not v.answer.shown, tolerance)


def _wrongly_silent(answerable: Sequence[Verdict]) -> Measured:
    silent = [float(not v.answer.shown) for v in answerable]
    return mean("wrongly silent", silent, better=Better.LOWER, tolerance=SHARE_TOLERANCE)


def _grounding(verdicts: Sequence[Verdict]) -> list[Measured]:
    """Return the share of citations that stand where they say, and of sentences that are cited."""
    checked = [float(held) for v in verdicts for held in v.grounded]
    if not checked:
        return []
    cited = [
        float(any(normalise(sentence) in normalise(c.quote) for c in v.answer.citations))
        for v in verdicts
        if v.answer.shown
        for sentence in v.answer.sentences
    ]
    return [mean(GROUNDED, checked), mean("sentences that stand in a cited quote", cited)]


def _confidence(verdicts: Sequence[Verdict]) -> list[Measured]:
    confidence = np.array([v.answer.confidence for v in verdicts], dtype=np.float64)
    right = np.array([v.right for v in verdicts], dtype=np.bool_)
    answerable = np.array([v.question.answerable for v in verdicts], dtype=np.bool_)
    shown = np.array([v.answer.shown for v in verdicts], dtype=np.bool_)
    said, said_right = confidence[shown], right[shown]
    return [
        measure(
            CALIBRATION,
            lambda at: calibration_error(said[at], said_right[at]),
            len(said),
            better=Better.LOWER,
            tolerance=SHARE_TOLERANCE,
        ),
        measure(
            "calibration error, all questions",
            lambda at: calibration_error(confidence[at], right[at]),
            len(confidence),
            better=Better.LOWER,
            tolerance=SHARE_TOLERANCE,
        ),
        measure(
            "AUC of confidence, answerable or not",
            lambda at: area_under_curve(confidence[at], answerable[at]),
            len(confidence),
            tolerance=SHARE_TOLERANCE,
        ),
    ]


def _timing(verdicts: Sequence[Verdict]) -> list[Measured]:
    """Return percentiles of the time the product says an answer took; never pass or fail."""
    took = np.array([v.answer.took_ms for v in verdicts], dtype=np.float64)

    def percentile(percent: int) -> Measured:
        return measure(
            f"milliseconds, p{percent}",
            lambda at: float(np.percentile(took[at], percent)),
            len(took),
            better=Better.NEITHER,
        )

    return [percentile(50), percentile(95)]


def _kind_row(kind: str, verdicts: Sequence[Verdict]) -> KindRow:
    def share(holds: Callable[[Verdict], bool]) -> float:
        return sum(holds(v) for v in verdicts) / len(verdicts)

    def share_if_answerable(holds: Callable[[Verdict], bool]) -> float | None:
        return share(holds) if verdicts[0].question.answerable else None

    return KindRow(
        kind=kind,
        count=len(verdicts),
        found_at_1=share_if_answerable(lambda v: _is_found(v, 1)),
        found_at_5=share_if_answerable(lambda v: _is_found(v, 5)),
        quoted=share_if_answerable(lambda v: v.quoted),
        in_first=share_if_answerable(lambda v: v.in_first),
        silent=share(lambda v: not v.answer.shown),
    )
