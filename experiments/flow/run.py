"""A cohort trained, and what flows through its networks before, halfway and after.

    flows = Flows(Engine())               one a process: compiled programs by structure and size
    training = flows.train(cohort)
    for moment in training.moments():     trains from each to the next
        ...

The training is the engine's own, so that a trial which was trained before gives the same networks again: on a CPU the
same bits. Halfway is the first evaluation at or after half of the updates; where that is the end, there is none. A
member that diverged stays what it was at its last sound update.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from experiments.cohort import Cohort
from experiments.compiler import compile_with, training_options
from experiments.engine import Engine, Run
from experiments.flow.measure import Measured, make_measure
from experiments.precision import without_x64
from experiments.state import Report
from experiments.trial import Trial

MOMENTS = ("start", "halfway", "end")
SEQUENCES = 32  # that are measured on, unless somebody says


@dataclass(frozen=True)
class Moment:
    """name: of `MOMENTS`. step: updates made by then, of members that trained so far. measured: arrays with the trials
    in front."""

    name: str
    step: int
    measured: Measured


class Training:
    """A cohort on its way. run: of the engine, where it is. reports: steps and report of every evaluation so far.
    sequences: that are measured on."""

    def __init__(self, run: Run, cohort: Cohort, measure: Any, sequences: int):
        self.run, self.cohort, self.measure, self.sequences = run, cohort, measure, sequences
        self.reports: list[tuple[np.ndarray, Report]] = []

    def moments(self) -> Iterator[Moment]:
        """Train to the end; yields each moment when it has come."""
        bare = self.cohort.structure
        half = bare.evaluate_every * -(-bare.steps // (2 * bare.evaluate_every))
        yield self.now("start", 0)
        for step in range(bare.evaluate_every, bare.steps, bare.evaluate_every):
            self.advance()
            if step == half:
                yield self.now("halfway", step)
        self.advance()
        yield self.now("end", bare.steps)

    def now(self, name: str, step: int) -> Moment:
        """What flows at this moment through the networks that are trials, not padding."""
        state, real = self.run.state, len(self.cohort.trials)
        found = self.measure(state.params, state.seed)
        return Moment(name, step, jax.tree.map(lambda leaf: np.asarray(leaf)[:real], found))

    def advance(self) -> None:
        """To the next evaluation of the members that still run, if there are any."""
        if self.run.running.any():
            report = self.run.advance()
            self.reports.append((self.run.step, report))


class Flows:
    """Measures of flow, compiled once a structure and size; `engine` trains."""

    def __init__(self, engine: Engine, sequences: int = SEQUENCES):
        self.engine, self.sequences = engine, sequences
        self.measures: dict[tuple[Trial, int], Any] = {}

    def train(self, cohort: Cohort) -> Training:
        """A cohort before its first update, with what measures it, compiled."""
        run, measure = self.engine.start(cohort), self.measure(cohort.structure, cohort.size)
        return Training(run, cohort, measure, self.sequences)

    @without_x64
    def measure(self, bare: Trial, size: int) -> Any:
        """`(parameters (size, P), seeds (size,)) -> Measured`, compiled now if it was not before."""
        if (bare, size) not in self.measures:
            one = make_measure(bare, self.sequences)
            over_members = jax.jit(lambda *both: jax.lax.map(lambda member: one(*member), both))
            state = self.engine.program(bare, size).state_shapes
            traced = over_members.trace(state.params, state.seed)
            self.measures[bare, size] = compile_with(traced.lower(), training_options(traced.jaxpr.jaxpr))
        return self.measures[bare, size]


def flows(trials: Sequence[Trial], sequences: int = SEQUENCES) -> list[Moment]:
    """Train trials that share a structure and measure before, between and after. Raises ValueError for trials of
    several structures."""
    return list(Flows(Engine(), sequences).train(Cohort(tuple(trials), len(trials))).moments())
