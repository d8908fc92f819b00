"""Train the scorer: `python -m tests.scorer.train CANDIDATES.jsonl WEIGHTS.pt [PASSES]`.

One group is one question: a sentence that answers and a few that do not, and the choice of none.
The loss is the cross-entropy of that choice, so that a score of 0 is the verge of answering.
"""

import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from search_api.scorer import InContext
from tests.scorer.candidates import Asked, Candidate, read_asked
from tests.scorer.network import Reader, Scorer

SEED = 1
# Articles of the SQuAD sets that are never trained on: what is learnt is judged on these.
HELD_OUT = frozenset({"Scottish Parliament", "Immune system", "Yuan dynasty", "Packet switching"})
GROUPS_A_STEP = 16
OTHERS = 3  # sentences beside the answer
_OTHERS_FROM = 10  # the best of the first look that do not answer
_UNANSWERABLE = 0.55  # share of the unanswerable questions that is used
_LEFT_OUT = 0.25  # how often the context is hidden, so that the sentence alone must do
LAYER_RATE, HEAD_RATE = 8e-5, 1e-3
WARM_UP_STEPS = 60


def main(arguments: Sequence[str]) -> int:
    """Train and write the weights of the layers and the head."""
    if len(arguments) not in (3, 4):
        print("usage: python -m tests.scorer.train CANDIDATES.jsonl WEIGHTS.pt [PASSES]")
        return 2
    random.seed(SEED)
    torch.manual_seed(SEED)
    groups = [one for one in read_asked(Path(arguments[1])) if _teaches(one)]
    passes = float(arguments[3]) if len(arguments) == 4 else 1.5
    model, reader = Scorer(), Reader()
    head = [*model.hidden.parameters(), *model.output.parameters()]
    optimizer = torch.optim.AdamW(
        [
            {"params": list(model.layers.parameters()), "lr": LAYER_RATE},
            {"params": head, "lr": HEAD_RATE},
        ],
        weight_decay=0.01,
    )
    steps = int(len(groups) * passes) // GROUPS_A_STEP
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, (step + 1) / WARM_UP_STEPS) * max(0.02, 1 - step / steps)
    )
    started = time.perf_counter()
    order: list[Asked] = []
    for step in range(steps):
        if len(order) < GROUPS_A_STEP:
            order = random.sample(groups, len(groups))
        chosen, order = order[:GROUPS_A_STEP], order[GROUPS_A_STEP:]
        loss = _loss(model, reader, chosen)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([*model.layers.parameters(), *head], 1.0)
        optimizer.step()
        schedule.step()
        if step % 20 == 19:
            seconds = time.perf_counter() - started
            print(f"step {step + 1} of {steps}: loss {loss.item():.3f}, {seconds:.0f} s")
    kept = {
        name: value
        for name, value in model.state_dict().items()
        if not name.startswith("embeddings.")
    }
    torch.save(kept, arguments[2])
    return 0


def _teaches(asked: Asked) -> bool:
    if asked.set.startswith("squad") and asked.group in HELD_OUT:
        return False
    right = [one for one in asked.candidates if one.answers]
    wrong = len(asked.candidates) - len(right)
    if wrong < OTHERS or (asked.answerable and not right):
        return False
    return asked.answerable or random.random() < _UNANSWERABLE


def _loss(model: Scorer, reader: Reader, groups: Sequence[Asked]) -> torch.Tensor:
    pairs: list[tuple[str, InContext]] = []
    bounds = []
    for asked in groups:
        right = [one for one in asked.candidates if one.answers]
        wrong = [one for one in asked.candidates if not one.answers][:_OTHERS_FROM]
        chosen = ([random.choice(right)] if right else []) + _some(wrong, OTHERS)
        bounds.append((bool(right), len(pairs), len(pairs) + len(chosen)))
        pairs += [(asked.question, _context(one)) for one in chosen]
    scores = _scores(model, reader, pairs)
    total = torch.zeros(())
    for answered, start, end in bounds:
        choices = torch.cat([scores[start:end], scores.new_zeros(1)])
        wanted = torch.tensor([0 if answered else end - start])
        total = total + nn.functional.cross_entropy(choices[None], wanted)
    return total / len(bounds)


def _scores(model: Scorer, reader: Reader, pairs: Sequence[tuple[str, InContext]]) -> torch.Tensor:
    """Score the pairs in two halves by length: less padding."""
    order = sorted(range(len(pairs)), key=lambda at: len(pairs[at][1].text))
    half = len(order) // 2
    parts = []
    with torch.autocast("cpu", torch.bfloat16):
        for rows in (order[:half], order[half:]):
            ids, kinds, attended, sentence = reader.rows([pairs[at] for at in rows])
            embedded = model.embeddings(input_ids=ids, token_type_ids=kinds)
            parts.append(model(embedded, attended, sentence))
    back = torch.empty(len(order), dtype=torch.int64)
    back[torch.tensor(order)] = torch.arange(len(order))
    return torch.cat(parts)[back]


def _some(candidates: Sequence[Candidate], count: int) -> list[Candidate]:
    """Draw without repetition, the higher at the first look the likelier."""
    pool = list(candidates)
    weights = [(1 + rank) ** -0.5 for rank in range(len(pool))]
    drawn = []
    for _ in range(min(count, len(pool))):
        (at,) = random.choices(range(len(pool)), weights)
        drawn.append(pool.pop(at))
        weights.pop(at)
    return drawn


def _context(candidate: Candidate) -> InContext:
    return InContext(
        candidate.text,
        "" if random.random() < _LEFT_OUT else candidate.before,
        "" if random.random() < _LEFT_OUT else candidate.heading,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv))
