"""The network of a stored trial, made again from its row: found where it was kept, else trained again.

Either way it is the whole program of the trial that says what the network scores. On a CPU of the same kind, with the
same versions, that is what the row says, bit for bit; where it is not, `Remade.differs` has what is not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.cohort import Cohort, network_of
from experiments.engine import Engine
from experiments.precision import without_x64
from experiments.specs import structure
from experiments.streams import stream
from experiments.trial import Trial
from sweeps import kept
from sweeps.plan import Entry
from sweeps.provenance import device_name, provenance
from sweeps.rows import Row, last_of, outcome
from sweeps.same import differing, given
from sweeps.store.schema import STOPPED
from sweeps.store.store import Store

KIND = ("device", "version.jax", "version.flax", "version.optax")


@dataclass(frozen=True, kw_only=True)
class Remade:
    """trial, row: as stored. parameters: (P,). kept: whether they were found. now: what they score, by column."""

    trial: Trial
    row: Row
    parameters: np.ndarray
    kept: bool
    now: dict[str, Any]

    @property
    def untrained(self) -> np.ndarray:
        """The parameters before the first update (P,)."""
        return np.asarray(initial(self.trial))

    @property
    def differs(self) -> dict[str, tuple[Any, Any]]:
        """Losses, errors and scores that are not those of the row: by column the row's, and those of now."""
        scores = [name for name in given(self.now) if name.startswith(("valid_", "test_"))]
        return differing(self.row, self.now, scores)

    @property
    def words(self) -> str:
        """How it was made, and whether it is what the row tells of."""
        how = "found where the sweep kept it" if self.kept else "trained again from its row"
        if not self.differs:
            return f"The network was {how}; its scores are those of the row, bit for bit."
        here = {"device": device_name(jax.devices()[0]), **provenance()}
        other = [
            f"{name} {self.row.get(name)} there, {here[name]} here"
            for name in KIND
            if self.row.get(name) != here[name]
        ]
        score, now = self.row.get("test_score"), self.now.get("test_score")
        scores = (
            f"test score {score:.4f} in the row, {now:.4f} here"
            if score is not None and now is not None
            else (f"{', '.join(self.differs)}")
        )
        why = "; ".join(other) or "device and libraries are the same: CHANGELOG.md lists what changed results"
        return f"The network was {how}; its scores are not those of the row: {scores} ({why})."


@without_x64
def initial(trial: Trial) -> jax.Array:
    return jax.jit(lambda: network_of(trial, stream(trial.seed, "init"))[0])()


def remade(stored: Sequence[tuple[Trial, Row]], store: Store, say: Callable[[float], None]) -> list[Remade]:
    """The networks of trials of one structure, in their order. store: where they may have been kept. say: told how much
    is done. Raises ValueError for trials that are not of one structure."""
    if len({structure(trial) for trial, _ in stored}) > 1:
        raise ValueError("Trials that are made again together must have one structure.")
    have = kept.listed(store.path / kept.FOLDER)
    found: dict[int, np.ndarray] = {}
    for i, (_, row) in enumerate(stored):
        for one in have.get(str(row["trial_id"]), ()):
            if one.code == row["code"] and i not in found:
                parameters = kept.load(one)
                if parameters is not None:
                    found[i] = parameters
    engine, made = Engine(), dict[int, Remade]()
    rest = [i for i in range(len(stored)) if i not in found]
    for places in (list(found), rest):
        if places:
            some = [stored[i] for i in places]
            parts = run(engine, some, [found[i] for i in places] if places is not rest else None, say)
            made |= dict(zip(places, parts, strict=True))
    return [made[i] for i in range(len(stored))]


def run(
    engine: Engine,
    stored: Sequence[tuple[Trial, Row]],
    parameters: list[np.ndarray] | None,
    say: Callable[[float], None],
) -> list[Remade]:
    """Train them, or, with parameters, begin where they have ended: what is left to do is to evaluate them."""
    trials = tuple(trial for trial, _ in stored)
    cohort, steps = Cohort(trials, len(trials)), trials[0].steps
    state = None
    if parameters is not None:
        before = engine.program(cohort.structure, cohort.size).start(cohort)
        size = len(before.step)
        given = np.stack([*parameters, *[parameters[0]] * (size - len(parameters))])
        if given.shape != before.params.shape:
            parameters = None  # of a version in which the cell had other parameters
        else:
            state = before._replace(params=jnp.asarray(given), step=jnp.full(size, steps, jnp.int32))
    under_way = engine.start(cohort, state)
    until = [int(row["steps_done"]) if row["status"] == STOPPED else steps for _, row in stored]
    reports: list[Any] = []
    ends: dict[int, Any] = {}
    while under_way.running.any() and len(ends) < len(trials):
        report = under_way.advance()
        reports.append((under_way.step, report, 0.0))
        now = under_way.state
        for i in range(len(trials)):
            if i not in ends and (not now.running[i] or now.step[i] >= until[i]):
                ends[i] = (
                    now.params[i],
                    bool(now.running[i]),
                    int(now.solved_step[i]),
                    int(now.diverged_step[i]),
                )
        say(float(under_way.step.max()) / steps)
    made = []
    for i, (trial, row) in enumerate(stored):
        vector, stopped, solved, diverged = ends[i]
        at = [r for r in reports if int(r[0][i]) <= until[i]]
        done, last = last_of(at, i)
        entry = Entry(
            trial, str(row["stage"]), str(row["cell"]), str(row["task"]), rung=int(row["rung"] or 0)
        )
        now_row = outcome(entry, done, last, i, solved, diverged, stopped=stopped)
        made.append(
            Remade(
                trial=trial, row=row, parameters=np.asarray(vector), kept=parameters is not None, now=now_row
            )
        )
    return made
