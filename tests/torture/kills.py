"""Kill a build at random points: `python -m tests.torture.kills COUNT [SEED]`.

Half of the kills come after a random time, half at a random system call of the build (where strace
is there), also inside the engines. After each one the old or the new generation must be live and
whole, and no text whose vector is on disk may be embedded again.
"""

import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from indexer.build import UPDATE_FROM
from tests.torture.stage import Archive, Look, Stage, changed
from tests.torture.system_calls import WRITING, Tracer, tracer_works

SIZE = 60


def campaign(count: int, seed: int, folder: Path) -> Counter[str]:
    """Return how many kills hit each phase; raises AssertionError at the first flaw."""
    chance = random.Random(seed)
    stage = Stage(folder)
    old = changed({}, chance, SIZE)
    stage.write(old)
    assert not stage.run(stage.build).error
    kills: Counter[str] = Counter()
    longest, most_calls = 1.0, 1000
    while kills.total() < count:
        new = changed(old, chance, SIZE)
        stage.write(new)
        stage.embedded()
        served = old
        # Now and then a build is let through and measured: kills come at all of its points.
        for attempt in range(1, 9):
            let_through = attempt == 8
            saved = set(stage.run(stage.saved).result)
            stage.update_from = chance.choice([0, UPDATE_FROM])
            child = stage.start(stage.build)
            started = time.monotonic()
            if tracer_works() and (let_through or chance.random() < 0.5):
                point = 65_535 if let_through else chance.randrange(1, most_calls)
                tracer = Tracer(child.pid, WRITING, f"signal=SIGKILL:when={point}")
                child.go()
                outcome = child.wait()
                calls, how = tracer.end(), "at a system call"
                most_calls = most_calls if outcome.killed else calls
            else:
                child.kill_after(300 if let_through else chance.uniform(0, longest))
                outcome, how = child.wait(), "after a time"
                longest = longest if outcome.killed else time.monotonic() - started
            assert not outcome.error, outcome.error
            again = saved & set(stage.embedded())
            assert not again, f"embedded {len(again)} texts again"
            served = _verify(stage, served, new)
            if not outcome.killed:
                assert served == new
                break
            kills[f"{how}, in {outcome.phase}"] += 1
        print(f"{kills.total()} kills so far: {dict(kills)}", file=sys.stderr, flush=True)
        old = new
    return kills


def _verify(stage: Stage, served: Archive, new: Archive) -> Archive:
    """Look at the index; return which archive is served, which never goes back."""
    outcome = stage.run(stage.look)
    assert not outcome.error, outcome.error
    look: Look = outcome.result
    assert look.wrong == []
    assert look.archive in (served, new), "a mixture is served"
    allowed = [name for name in look.bad if "damaged" in name]  # half-pruned, never served
    assert look.bad == allowed, look.bad
    assert look.archive is not None
    return look.archive


def main() -> int:
    """Run a campaign and print what was hit."""
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    started = time.monotonic()
    print(f"kills: seed {seed}, folder {folder}", flush=True)
    found = campaign(count, seed, folder)
    for name, times in sorted(found.items()):
        print(f"{times:6} killed {name}")
    print(f"kills: {found.total()} in {time.monotonic() - started:.0f} s, no flaw")
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
