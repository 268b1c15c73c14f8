"""Trials given to W&B batch by batch, and what became of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from sweeps.mirror.account import one_line
from sweeps.mirror.deliver import Given, Way
from sweeps.mirror.ledger import Ledger
from sweeps.mirror.names import again
from sweeps.mirror.sent import Sent
from sweeps.mirror.server import status_of
from sweeps.mirror.trial import Trial

ENOUGH = 3  # failures in a row after which a pass gives up: the server, not the trial, is to blame
MOST_IDS = 5  # ids tried for one run, where W&B blocks those of deleted runs
BLOCKED = 409
PASSING = (408, 429)  # of the statuses below 500


@dataclass
class Tally:
    """What one pass did. taken: runs that W&B took. refused: runs of arms and study that it did not. errors: one for
    each run that it did not take. passing: one of them may not come again."""

    taken: int = 0
    refused: int = 0
    errors: list[str] = field(default_factory=list)
    passing: bool = False

    def note(self, error: str) -> None:
        self.errors.append(error)
        self.passing |= passing(error)


def passing(error: str) -> bool:
    """Whether asking again later may help."""
    status = status_of(error)
    return status is None or status in PASSING or status >= 500


def give_all(trials: Iterable[Trial], way: Way, ledger: Ledger, tally: Tally) -> Iterator[bool]:
    """Give W&B the runs of these trials; yields for each whether it was taken. One bad trial does not keep the others
    out, but after `ENOUGH` errors in a row it gives up."""
    source, in_a_row = iter(trials), 0
    while in_a_row < ENOUGH and (batch := list(islice(source, way.size))):
        runs = []
        for trial in batch:
            try:
                runs.append(trial.sent)
            except Exception as problem:  # of its row: asking W&B again would not help
                tally.errors.append(one_line(problem))
                yield False
        for run, url, error in given(way, runs):
            if error:
                tally.note(error)
                in_a_row += 1
            else:
                ledger.add(run, url, trial=True)
                tally.taken += 1
                in_a_row = 0
            yield not error


def given(way: Way, runs: Sequence[Sent]) -> Iterator[Given]:
    """`way.give`, under another id where W&B blocks a run's own: for some days after a run was deleted there, it takes
    no other of the same id."""
    for tries in range(MOST_IDS):
        blocked = []
        for run, url, error in way.give(runs) if runs else ():
            if status_of(error) == BLOCKED and tries + 1 < MOST_IDS:
                blocked.append(replace(run, run_id=again(run.run_id)))
            else:
                yield run, url, error
        runs = blocked
