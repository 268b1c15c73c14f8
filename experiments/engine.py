"""Cohorts under way: what a driver holds between two chunks.

    engine = Engine()                      one a process: compiled programs by structure and size
    run = engine.start(cohort)
    while run.running.any():
        report = run.advance()             every running member, up to its next evaluation

A member that is solved, diverged or stopped costs nothing further. In a loop it is passed over. Side by side it
would train on for nothing, so the running members are gathered into a smaller cohort once three in four lanes
are idle: the sizes are the full one and its quarters (64, 16, 4, 1), since each is one more compilation and an
accelerator gains little from a cohort of half the size, which waits for the same launches. For the same reason
nothing is gathered for the last `WORTH` updates. What is gathered depends on the members alone, never on a clock
or on what was compiled before. A cohort that is not full begins with idle lanes and is gathered likewise.
"""

from typing import Any

import jax
import numpy as np

from experiments.cohort import Cohort
from experiments.layout import AUTO, Layout
from experiments.program import Program
from experiments.state import Report, State
from experiments.trial import Trial

SHRINK = 4
WORTH = 1000  # updates: about ten seconds of an accelerator, as much as a compilation takes


class Run:
    """One cohort under way; `Engine.start` makes it. All that it gives has `size` members, in their places."""

    def __init__(self, program: Program, state: State, places: np.ndarray | None = None):
        self.program, self.size = program, program.size
        self.places = np.arange(self.size)  # of the members that are on the device
        self.part = state  # theirs, on the device
        self.rest: Any = None  # once gathered: all members', out of date at `places`
        if places is not None and len(places) < self.size:
            self.rest = jax.tree.map(np.array, state)
            self.put(places)

    @property
    def state(self) -> State:
        """A copy of all members' state, for a checkpoint: `Engine.start` takes it."""
        # Copies: the next advance uses the device's arrays up.
        part: State = jax.tree.map(np.array, self.part)
        if self.rest is None:
            return part
        return jax.tree.map(lambda rest, some: scatter(rest.copy(), self.places, some), self.rest, part)

    @property
    def running(self) -> np.ndarray:
        """Which members have not ended (size,)."""
        return scatter(np.zeros(self.size, bool), self.places, self.part.running)

    @property
    def step(self) -> np.ndarray:
        """Updates that each member has made (size,)."""
        step = np.array(self.part.step)
        return step if self.rest is None else scatter(self.rest.step.copy(), self.places, step)

    def advance(self) -> Report:
        """Train the running members to their next evaluation; `fresh` is False for all others."""
        self.gather()
        self.part, report = self.program.advance(self.part)

        def whole(leaf: Any) -> np.ndarray:
            return scatter(np.zeros((self.size, *leaf.shape[1:]), leaf.dtype), self.places, leaf)

        return jax.tree.map(whole, report)

    def gather(self) -> None:
        """Put the running members into a smaller cohort, if that is worth a compilation."""
        layout, running = self.program.layout, np.asarray(self.part.running)
        left = self.program.bare.steps - np.asarray(self.part.step)[running]
        if layout.loop or left.max(initial=0) < WORTH:
            return
        size = fitting_size(layout, self.size, len(left))
        if size < len(running):
            self.rest = self.state
            spare = np.flatnonzero(~self.rest.running)[:1].repeat(size - len(left))
            self.put(np.concatenate([self.places[running], spare]))

    def put(self, places: np.ndarray) -> None:
        """Have the members at these places on the device, and no others."""
        if len(places) not in self.program.advances:
            self.program.compile(len(places))
        self.places = places
        self.part = jax.tree.map(lambda leaf: leaf[places], self.rest)


def scatter(whole: np.ndarray, places: np.ndarray, values: Any) -> np.ndarray:
    """`whole`, changed, with the values at these places of its leading axis."""
    whole[places] = values
    return whole


def fitting_size(layout: Layout, full: int, running: int) -> int:
    """The smallest of the few sizes that has room for the running members."""
    size = full
    while running <= (smaller := layout.padded(-(-size // SHRINK))) < size:
        size = smaller
    return size


class Engine:
    """Compiled programs, one a structure and size. One a process; not for two threads."""

    def __init__(self, layout: Layout = AUTO):
        self.layout = layout
        self.programs: dict[tuple[Trial, int], Program] = {}

    @property
    def compilations(self) -> int:
        """Number of training programs compiled so far."""
        return sum(len(program.advances) for program in self.programs.values())

    @property
    def seconds(self) -> float:
        """Spent compiling so far."""
        return sum(program.seconds for program in self.programs.values())

    def program(self, bare: Trial, size: int) -> Program:
        """The program of a structure for cohorts of a size, compiled now if it was not before."""
        if (bare, size) not in self.programs:
            self.programs[bare, size] = Program(bare, size, self.layout)
        return self.programs[bare, size]

    def start(self, cohort: Cohort, state: State | None = None, places: np.ndarray | None = None) -> Run:
        """A cohort before its first update, or where an earlier run of it left its `state` and `places`."""
        program = self.program(cohort.structure, cohort.size)
        return Run(program, program.start(cohort) if state is None else state, places)
