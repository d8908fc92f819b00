"""Which questions failed, with what was returned, what was expected, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from tests.quality.answers import SENTENCES, Verdict

RETRIEVED_DEPTH = 10
"""Evidence below this rank of documents counts as not retrieved."""


class Reason(Enum):
    """Why a question failed, gravest first."""

    UNGROUNDED = "a quote does not stand at its cited place"
    INVENTED = "answered though unanswerable"
    SILENT = "silent"
    NOT_RETRIEVED = "not retrieved"
    PARTLY_QUOTED = "retrieved but only a part quoted"
    NOT_QUOTED = "retrieved but not quoted"
    NOT_FIRST = "quoted, but not in the first sentence"


@dataclass(frozen=True, slots=True)
class Failure:
    """One question that failed."""

    reason: Reason
    verdict: Verdict


def reason_of(verdict: Verdict) -> Reason | None:
    """Return why the question failed; None when nothing is wrong with it."""
    if not all(verdict.grounded):
        return Reason.UNGROUNDED
    if not verdict.question.answerable:
        return Reason.INVENTED if verdict.answer.shown else None
    if not verdict.answer.shown:
        return Reason.SILENT
    if not verdict.quoted:
        return _reason_unquoted(verdict)
    # Two reports are seldom quoted in one sentence: that alone is no failure.
    return None if verdict.in_first or verdict.question.needs_all else Reason.NOT_FIRST


def list_failures(verdicts: Sequence[Verdict]) -> list[Failure]:
    """Return the failures, gravest reason first, then in the order of the questions."""
    reasons = [(reason_of(verdict), verdict) for verdict in verdicts]
    failures = [Failure(reason, verdict) for reason, verdict in reasons if reason is not None]
    gravity = list(Reason)
    return sorted(failures, key=lambda failure: gravity.index(failure.reason))


def describe(failure: Failure) -> str:
    """Return the failure as a few lines of text."""
    question, answer = failure.verdict.question, failure.verdict.answer
    rank = failure.verdict.rank
    cited = answer.citations[0].file if answer.citations else "nothing"
    lines = [
        f"{question.question_id}  {question.kind}  {failure.reason.value}",
        f"  question: {question.text}",
        f"  returned: {answer.status}, confidence {answer.confidence:.2f}, cites {cited}",
    ]
    lines += [f"    | {sentence}" for sentence in answer.sentences[:SENTENCES]]
    if question.answerable:
        lines.append(f"  expected: {' / '.join(question.answers)}")
        lines.append(f"  evidence: rank {rank or 'none'} of {', '.join(question.evidence)}")
    else:
        lines.append("  expected: not_found")
    return "\n".join(lines)


def _reason_unquoted(verdict: Verdict) -> Reason:
    if verdict.rank is None or verdict.rank > RETRIEVED_DEPTH:
        return Reason.NOT_RETRIEVED
    return Reason.PARTLY_QUOTED if verdict.parts else Reason.NOT_QUOTED
