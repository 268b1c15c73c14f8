"""What is to run, added up: trials, cohorts and structures at once; seconds with an interval, by what was timed.

    seconds = start + (training + compiling + cohorts × COHORT_SECONDS) / workers + half a cohort

or the longest cohort, if that is longer. Logarithms of seconds are normal (`posterior`), so that their sum is nearly
lognormal: it is given the mean and the variance that it has. The interval is of 90 %. It knows of structures that
nobody timed and of a race whose number of seeds is open; not of what else the machine does meanwhile.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from experiments.trial import Trial
from sweeps.estimate.guess import compile_seconds, trial_seconds
from sweeps.estimate.kept import Known
from sweeps.estimate.posterior import COMPILING, RUN, Name, Posterior, name_of, posterior
from sweeps.plan import Entry, Work
from sweeps.progress import seconds

RAY_START_SECONDS = 6.0
WORKER_START_SECONDS = 3.0
COHORT_SECONDS = 0.02  # what a cohort costs a worker beside training
AGAIN = 0.15  # of compiling: where the program is on disk, a worker traces it and loads it
MEASURE = 1.7  # of compiling: what measures the flow of networks is a program of its own
OPEN = (
    0.35  # standard deviation of the logarithm of the number of trials that a race, or a choice, leaves open
)
WORKER_BYTES = 430 * 2**20  # of a worker that has compiled nothing
PROGRAM_BYTES = 11 * 2**20  # of each structure that it has compiled
NINETY = 1.645


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What is to run, by structure. entries: trials that begin. trials: as shares of whole ones. open: those of them
    that stand in for trials that are not known yet. cohorts: their number. compiled: structures (`Name.structure`)
    whose programs are on disk already. measured: structures of which the flow is measured too."""

    entries: int
    trials: Mapping[Trial, float]
    open: Mapping[Trial, float]
    cohorts: Mapping[Trial, int]
    compiled: Collection[str] = ()
    measured: Collection[Trial] = ()

    @cached_property
    def structures(self) -> list[Trial]:
        return list(self.trials)

    @cached_property
    def names(self) -> list[Name]:
        return list(map(name_of, self.structures))

    def line(self, workers: int) -> str:
        """What needs no estimate."""
        return (
            f"{self.entries} trials in {sum(self.cohorts.values())} cohorts of {len(self.trials)} "
            f"structure{'s' * (len(self.trials) != 1)}, on {max(1, workers)} worker{'s' * (workers > 1)}"
        )


def demand(
    works: Sequence[Work],
    open_entries: Collection[Entry],
    compiled: Collection[str] = (),
    measured: Collection[Trial] = (),
) -> Demand:
    """Of the cohorts to run. open_entries: those of entries that stand in for what is not known."""
    trials, loose, cohorts = Counter[Trial](), Counter[Trial](), Counter[Trial]()
    open_ids = set(map(id, open_entries))
    for work in works:
        bare = work.structure
        cohorts[bare] += 1
        trials[bare] += sum(entry.share for entry in work.entries)  # type: ignore[assignment]
        loose[bare] += sum(entry.share for entry in work.entries if id(entry) in open_ids)  # type: ignore[assignment]
    return Demand(
        entries=sum(entry.since == 0 for work in works for entry in work.entries),
        trials=trials,
        open=loose,
        cohorts=cohorts,
        compiled=compiled,
        measured=measured,
    )


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """seconds: wall clock, with an interval from low to high. worker_memory: peak bytes of a worker. by_structure:
    seconds of training of each, in the order of the demand. spread: standard deviation of the logarithm of what is
    computed, as far as timing more structures can make it smaller. gain: by how much of the variance timing each would.
    """

    seconds: float
    low: float
    high: float
    worker_memory: float
    workers: int
    by_structure: np.ndarray
    spread: float
    gain: np.ndarray

    @property
    def line(self) -> str:
        memory = self.worker_memory / 2**20
        return (
            f"about {seconds(self.seconds)} ({seconds(self.low)} to {seconds(self.high)}); memory about "
            f"{memory:.0f} MiB per worker, {memory * self.workers:.0f} MiB in total"
        )


def estimate(
    todo: Demand, found: Sequence[Known], *, workers: int, start: float = 0.0, pending: Collection[int] = ()
) -> Estimate:
    """Given what is known of structures. pending: places, in the demand, of structures that are being timed."""
    names, bares = todo.names, todo.structures
    runs = posterior(names, [(each.name, each.run) for each in found], RUN)
    timed = [(each.name, each.compile) for each in found if each.compile is not None]
    compiles = posterior(names, timed, COMPILING)
    for i in pending:
        runs, compiles = runs.after(i), compiles.after(i)
    trials = np.array([todo.trials[bare] * trial_seconds(bare) for bare in bares])
    again = [AGAIN * (min(workers, todo.cohorts[bare]) - 1) / 2 for bare in bares]
    once = [AGAIN if name.structure in todo.compiled else 1.0 for name in names]
    once = [each + MEASURE * (bare in todo.measured) for each, bare in zip(once, bares, strict=True)]
    programs = np.array([compile_seconds(bare) for bare in bares]) * (np.array(once) + again)
    training, compiling = expected(runs, trials), expected(compiles, programs)
    whole = float(training.sum() + compiling.sum())
    variance = (variance_of(runs, training) + variance_of(compiles, compiling)) / max(whole, 1e-9) ** 2
    gain = (told(runs, training) + told(compiles, compiling)) / max(whole, 1e-9) ** 2
    loose = sum(t * todo.open[b] / todo.trials[b] for b, t in zip(bares, training, strict=True)) / max(
        whole, 1e-9
    )
    beside = COHORT_SECONDS * sum(todo.cohorts.values()) / workers + start
    cohorts = training / np.array([todo.cohorts[bare] for bare in bares])
    longest = float((cohorts + compiling).max())
    middle = whole * math.exp(-variance / 2)
    factor = math.exp(NINETY * math.sqrt(variance + (OPEN * loose) ** 2))

    def wall(compute: float) -> float:
        shared = compute / workers + float(cohorts.max()) / 2 * (workers > 1)
        return max(shared, longest * compute / whole) + beside

    peaks = {each.name.structure: each.memory for each in found}
    peak = max((peaks.get(name.structure, 0) for name in names), default=0)
    held = len(bares) * (1 / workers + 1) / 2  # a worker keeps to its structures, and takes others in the end
    return Estimate(
        seconds=wall(middle),
        low=wall(middle / factor),
        high=wall(middle * factor),
        worker_memory=max(peak, WORKER_BYTES + PROGRAM_BYTES * held),
        workers=workers,
        by_structure=training,
        spread=math.sqrt(variance),
        gain=gain,
    )


def expected(logs: Posterior, guesses: np.ndarray) -> np.ndarray:
    """Means of lognormal seconds (n,)."""
    return np.asarray(guesses * np.exp(logs.mean + np.diag(logs.covariance) / 2))


def variance_of(logs: Posterior, parts: np.ndarray) -> float:
    """Of a sum of lognormal parts with these means, to first order."""
    return float(parts @ logs.covariance @ parts)


def told(logs: Posterior, parts: np.ndarray) -> np.ndarray:
    """By how much the variance of the sum falls when each structure is timed (n,)."""
    return np.asarray((logs.covariance @ parts) ** 2 / (np.diag(logs.covariance) + logs.noise))
