"""A structure timed on a worker, from a few real steps.

The worker compiles a short program of the structure (fewer updates between evaluations, one validation batch, 16 test
batches) and times two advances: the difference is the price of test batches, the rest the price of an update. The real
program differs in those three numbers alone, so its cost is a sum of theirs. What an advance costs beside is told to be
of its updates: of as few as ten short ones it made trials of `quick` look 1.4 times as long as they are.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING, Any

from experiments.layout import AUTO, Layout
from experiments.trial import Trial
from sweeps.estimate.guess import tested, trial_seconds

if TYPE_CHECKING:
    from sweeps.worker import Worker

LEAST, ADVANCE = 10, 0.1  # updates, and seconds by the rough guess, that are timed at once
BLOCKS, TIMES = 16, 3


@dataclass(frozen=True, kw_only=True)
class Timing:
    """run: seconds of a whole trial that nothing stops. compile: seconds, None where it was not timed. memory: peak
    bytes of the worker. device: on which it ran."""

    run: float
    compile: float | None
    memory: int
    device: str


def measure(
    worker: "Worker", *, bare: Trial, trial: Trial, size: int, layout: Layout = AUTO
) -> Iterator[Timing]:
    """Time a structure on a worker, with the knobs of one of its trials. Yields one `Timing`."""
    import jax

    from experiments.cohort import Cohort
    from experiments.program import Program
    from sweeps.provenance import device_name
    from sweeps.rows import peak_memory
    from sweeps.worker import room

    size = room(bare, size, layout)
    lanes = 1 if layout.loop else size
    updates = updates_of(bare, lanes)
    changes: dict[str, Any] = {
        "steps": 2 * updates,
        "evaluate_every": updates,
        "validation_batches": 1,
        "test_batches": BLOCKS,
    }
    caching = jax.config.values["jax_enable_compilation_cache"]
    jax.config.update("jax_enable_compilation_cache", False)  # the real programs are not in it yet
    try:
        start = time.perf_counter()
        program = Program(replace(bare, **changes), size, layout)
        compiling = time.perf_counter() - start
    finally:
        jax.config.update("jax_enable_compilation_cache", caching)
    first, second = list[float](), list[float]()
    for _ in range(TIMES):
        state = program.start(Cohort((replace(trial, **changes),) * lanes, size))
        for times in (first, second):
            start = time.perf_counter()
            state, _ = jax.block_until_ready(program.advance(state))
            times.append(time.perf_counter() - start)
    shorter, longer = median(first) / lanes, median(second) / lanes
    block = max(0.0, (longer - shorter) / (BLOCKS * tested(bare)))
    update = max(0.0, shorter - block) / updates
    yield Timing(
        run=whole(bare, update, block),
        compile=compiling,
        memory=peak_memory(),
        device=device_name(jax.devices()[0]),
    )


def updates_of(bare: Trial, lanes: int) -> int:
    """How many updates are timed at once: at most as many as lie between two evaluations of the real program."""
    each = lanes * trial_seconds(bare) / bare.steps
    return min(bare.evaluate_every, max(LEAST, math.ceil(ADVANCE / each)))


def whole(bare: Trial, update: float, block: float) -> float:
    """Seconds of a whole trial, from those of an update and of a forward batch."""
    blocks = bare.evaluations * bare.validation_batches + bare.test_batches * tested(bare)
    return bare.steps * update + blocks * block
