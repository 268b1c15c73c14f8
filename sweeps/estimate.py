"""What a sweep will take, from a few real steps of every structure that is still to run.

Each worker compiles a short program of the structure (10 updates between evaluations, one validation
batch, 16 test batches) and times two advances: the difference is the price of test batches, the rest the
price of an update. The real program differs in those three numbers alone, so its cost is a sum of theirs.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING, Any

from experiments.layout import AUTO, Layout
from experiments.trial import Trial
from sweeps.plan import Work
from sweeps.progress import seconds

if TYPE_CHECKING:
    from sweeps.worker import Worker

UPDATES, BLOCKS = 10, 16
RAY_START_SECONDS = 6.0
WORKER_START_SECONDS = 3.0


@dataclass(frozen=True)
class Cost:
    """compile: seconds once a worker. update, block: seconds of one update and of one forward batch.
    memory: peak bytes of the worker that measured."""

    compile: float
    update: float
    block: float
    memory: int

    def trial(self, trial: Trial) -> float:
        """Seconds of a whole trial that nothing stops early."""
        blocks = trial.evaluations * trial.validation_batches + trial.test_batches * tested(trial)
        return trial.steps * self.update + blocks * self.block


def tested(trial: Trial) -> float:
    """Steps of a test batch, with those of the longer sequences, as a multiple of the plain one's."""
    return 1 + sum(trial.task.longer(factor).steps for factor in trial.longer) / trial.task.steps


def measure(
    worker: "Worker", *, bare: Trial, trial: Trial, size: int, layout: Layout = AUTO
) -> Iterator[Cost]:
    """Time a structure on a worker, with the knobs of one of its trials. Yields one `Cost`."""
    import jax

    from experiments.cohort import Cohort
    from experiments.program import Program
    from sweeps.rows import peak_memory
    from sweeps.worker import room

    changes: dict[str, Any] = {
        "steps": 2 * UPDATES,
        "evaluate_every": UPDATES,
        "validation_batches": 1,
        "test_batches": BLOCKS,
    }
    size = room(bare, size, layout)
    lanes = 1 if layout.loop else size
    caching = jax.config.values["jax_enable_compilation_cache"]
    jax.config.update("jax_enable_compilation_cache", False)  # the real programs are not in it yet
    try:
        start = time.perf_counter()
        program = Program(replace(bare, **changes), size, layout)
        compiling = time.perf_counter() - start
    finally:
        jax.config.update("jax_enable_compilation_cache", caching)
    first, second = list[float](), list[float]()
    for _ in range(3):
        state = program.start(Cohort((replace(trial, **changes),) * lanes, size))
        for times in (first, second):
            start = time.perf_counter()
            state, _ = jax.block_until_ready(program.advance(state))
            times.append(time.perf_counter() - start)
    shorter, longer = median(first) / lanes, median(second) / lanes
    block = max(0.0, (longer - shorter) / (BLOCKS * tested(trial)))
    yield Cost(compiling, max(0.0, shorter - block) / UPDATES, block, peak_memory())


@dataclass(frozen=True)
class Estimate:
    """What is to come. seconds: wall clock. worker_memory: peak bytes of the largest worker."""

    trials: int
    cohorts: int
    structures: int
    compilations: int
    seconds: float
    worker_memory: int
    workers: int

    def lines(self) -> list[str]:
        memory = self.worker_memory / 2**20
        return [
            f"{self.trials} trials in {self.cohorts} cohorts, {self.compilations} compilations "
            f"({self.structures} structures) on {self.workers} worker{'s' * (self.workers != 1)}",
            f"about {seconds(self.seconds)}; memory about {memory:.0f} MiB per worker, "
            f"{memory * self.workers:.0f} MiB in total",
        ]


def estimate(works: list[Work], costs: dict[Trial, Cost], *, workers: int, start: float = 0.0) -> Estimate:
    """Add up the cohorts to run, given the cost of each structure, and the seconds until workers have started.

    Workers keep to the structures that they have compiled, so each is compiled about once.
    """
    structures = {work.structure for work in works}
    compute = sum(costs[work.structure].trial(e.trial) * e.share for work in works for e in work.entries)
    compiling = sum(costs[bare].compile for bare in structures)
    overhead = start if works else 0.0
    return Estimate(
        trials=sum(len(work.entries) for work in works),
        cohorts=len(works),
        structures=len(structures),
        compilations=len(structures),
        seconds=(compute + compiling) / workers + overhead,
        worker_memory=max((cost.memory for cost in costs.values()), default=0),
        workers=workers,
    )
