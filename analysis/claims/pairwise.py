"""A claim about cells against a reference, task by task."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import pandas as pd

from analysis.claims.claim import Arm, Outcome
from analysis.claims.outcome import FAILS, HOLDS, OPEN
from analysis.claims.statement import KINDS, of_each, unlearnt
from analysis.claims.two_means import Difference, Scale, compared
from analysis.claims.weight import Weight, figures, further, status, together
from analysis.study.by_measure import bounds
from analysis.study.measures import MEASURES, Measure
from analysis.study.tables import Analysed
from analysis.words import between, count, digits, listing, signed

PARAMETERS = "score_at_parameters"
NAMED = 3  # types of tasks that are named, where there are many
TITLES = {FAILS: "contradicted by", OPEN: "open for", HOLDS: "shown for"}


@dataclass(frozen=True, kw_only=True)
class Pairwise:
    """Each of `cells` against `reference` is as `expects` says (a key of `statement.KINDS`).

    on, not_on: types of tasks (the classes of their specs); the claim is tested on tasks of one of `on` (every task
    when empty) and of none of `not_on`. least: on how many of them it must be so; 0: on each. measure: one of
    `analysis.study.measures.MEASURES`; empty: the study's. A claim about several cells holds on a task when it is so
    of each of them; where some of them did not run it can fail, and is else not tested. At equal parameters the cells
    of the claim are compared among themselves, so that what others can have is no limit for them.
    """

    cells: tuple[str, ...]
    expects: str
    reference: str = "lstm"
    on: tuple[str, ...] = ()
    not_on: tuple[str, ...] = ()
    least: int = 0
    measure: str = ""

    arms: ClassVar[tuple[Arm, ...]] = ()

    @property
    def needs(self) -> str:
        where = f" on {either(self.on)}" if self.on else ""
        where += f" on other tasks than {either(self.not_on)}" if self.not_on else ""
        return f"{', '.join(self.cells)} and {self.reference}{where}"

    @property
    def says(self) -> str:
        text = KINDS[self.expects].says
        if len(self.cells) > 1:
            text = f"none {text.removeprefix('not ')}" if text.startswith("not ") else f"each {text}"
        return f"{text}, on at least {count(self.least, 'task')}" if self.least else text

    @property
    def searches(self) -> tuple[str, ...]:
        return (*self.cells, self.reference) if self.measure == PARAMETERS else ()

    def covers(self, kind: str) -> bool:
        return (not self.on or kind in self.on) and kind not in self.not_on

    def __call__(self, study: Analysed) -> list[Outcome]:
        declaration, types = study.declaration, study.task_types
        if self.reference not in declaration.cells:
            return []
        found = []
        for task in (task for task in declaration.tasks if self.covers(types.get(task, ""))):
            here = self.on_task(study, task)
            outcome = self.outcome(task, here) if here else None
            if outcome and (outcome.complete or not self.least):
                found.append(outcome)
        return found if len(found) >= self.least else []

    def measured(self, study: Analysed) -> Measure:
        return MEASURES.get(self.measure or study.declaration.measure, MEASURES["test_score"])

    def on_task(self, study: Analysed, task: str) -> "OnTask | None":
        """Of the cells that ran on a task; nothing where none did."""
        declaration, measure = study.declaration, self.measured(study)
        pairs = [(task, c, self.reference) for c in self.cells if declaration.runs(task, c, self.reference)]
        values = self.values(study)
        values = values[values["task"] == task]
        if not pairs or values.empty:
            return None
        each = int(values["trials_per_value"].iloc[0]) if "trials_per_value" in values else 0
        look = declaration.race["look"] if declaration.race and not each else 0
        scale = Scale(
            margin=measure.margin_in(declaration) if self.measure else declaration.margin,
            bounds=measure.bounds if look else bounds(measure, values, task),
            lower=measure.better == "lower",
            look=look,
        )
        found = compared(values, pairs, scale)
        limit = float(values["limit"].iloc[0]) if "limit" in values else math.nan
        return OnTask(found, scale, measure, limit, each) if found else None

    def values(self, study: Analysed) -> pd.DataFrame:
        """One row a seed, by the measure."""
        if not self.measure or self.measure == study.declaration.measure:
            return study.confirmed
        if self.measure == PARAMETERS:
            study = study.among((self.reference, *self.cells))
        return MEASURES[self.measure].values(study.results)

    def outcome(self, task: str, here: "OnTask") -> Outcome:
        kind, floor = KINDS[self.expects], here.floor
        parts = [of_each(kind, d, pairs=len(here.differences), floor=floor) for d in here.differences]
        weight, complete = together(parts), len(parts) == len(self.cells)
        text = [shown(here, parts, self.reference), here.size]
        if here.each:
            weight = weight._replace(more=math.inf, more_against=math.inf)
        if not complete:
            text.append(f"{len(parts)} of {len(self.cells)} cells ran")
        text.append(further(weight) if complete and not here.each else "")
        return Outcome(task, "; ".join(filter(None, text)), weight, complete)


def either(types: Sequence[str]) -> str:
    """`Adding or Dyck`; of many the first ones."""
    rest = [f"{len(types) - NAMED} other types"] if len(types) > NAMED + 1 else types[NAMED:]
    return " or ".join([*types[:NAMED], *rest])


class OnTask(NamedTuple):
    """What ran on one task. limit: of parameters, where these were equal; each: trials of a small search there."""

    differences: list[Difference]
    scale: Scale
    measure: Measure
    limit: float
    each: int

    @property
    def floor(self) -> float:
        """What a score must reach for anything to have been learnt."""
        return self.scale.margin if self.measure.unit == "score" else -math.inf

    @property
    def size(self) -> str:
        """How many values stand behind it."""
        few, many = (f(d.n for d in self.differences) for f in (min, max))
        n = f"{few}" if few == many else f"{few} to {many}"
        limit = "" if math.isnan(self.limit) else f" with at most {self.limit:,.0f} parameters"
        return f"{n} searches of {self.each} trials{limit} each" if self.each else f"{n} seeds{limit} each"


def shown(here: OnTask, parts: Sequence[Weight], reference: str) -> str:
    """`against peephole: shown for cifg (+0.001, p < 0.001); open for nfg (−0.060, −0.110 to −0.010, p = 0.088)`."""
    told = {
        found: [
            one(difference, weight, here)
            for difference, weight in zip(here.differences, parts, strict=True)
            if status(weight) == found
        ]
        for found in TITLES
    }
    text = [f"{title} {listing(told[found])}" for found, title in TITLES.items() if told[found]]
    return f"against {reference}: {'; '.join(text)}"


def one(difference: Difference, weight: Weight, here: OnTask) -> str:
    places = digits(here.scale.margin)
    numbers = [signed(difference.value, places)]
    if status(weight) == OPEN:
        numbers.append(between(difference.low, difference.high, places))
    learnt = not unlearnt(difference, here.floor)
    numbers.append(figures(weight) if learnt else "neither learnt anything")
    return f"{difference.cell} ({', '.join(numbers)})"
