"""A study: a research question as a value. Cells, tasks, a search, fresh seeds to confirm, and controls.

Stages. *Search* tries settings for every cell and task: the same for all, unless its strategy learns from results.
*Choose*, where it is asked for, trains the best few again, so that luck does not choose. *Confirm* runs the chosen
setting of every cell and task again with fresh seeds and is the only stage that verdicts use.
Controls are part of every study: an alias of one cell (its own settings and seeds) that must come out
equivalent, and a cell that cannot bridge the lag, which must come out different.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from experiments.optimizers import SGD, Adam
from experiments.specs import is_spec, unknown
from experiments.tasks.contract import TaskSpec
from lstm_variants import Layers, VanillaRNN
from lstm_variants.contract import CellSpec
from sweeps.choosing import Choose
from sweeps.confirm import VALUES, ConfirmRule, Fixed, Pair, Question
from sweeps.errors import InputError
from sweeps.rules.race import race
from sweeps.seeds import MOST, MOST_STUDIES
from sweeps.store.schema import MEASURES
from sweeps.strategy import Strategy

NETWORKS = 9  # whose flow is measured: the fewest at which the interval of a median leaves out the extremes
BY_TASK = ("steps", "batch", "evaluate_every", "validation_batches", "test_batches", "longer")

REFERENCE, ALL = "reference", "all"


@dataclass(frozen=True, kw_only=True)
class Controls:
    """same: label of the cell that gets an alias (default: the first). alias: the alias's label.

    on: labels of the tasks on which the alias runs (default: all that the cell runs on).

    unable: a cell that cannot bridge the lag of `task` (default: the first task); added to the study under
    `unable_label` on that task where the study does not have a cell of that label.
    """

    same: str = ""
    alias: str = ""
    on: tuple[str, ...] = ()
    unable: CellSpec | Layers = field(default_factory=VanillaRNN)
    unable_label: str = "rnn"
    task: str = ""


@dataclass(frozen=True, kw_only=True)
class Study:
    """What a study file defines as `STUDY`.

    cells, tasks: label to spec. only: task label to the labels of the cells that run on it; every cell runs
    on a task that is not listed there. optimizer: as in `Trial`. steps, batch, evaluate_every,
    validation_batches, test_batches, longer: as in `Trial`, or a dictionary of that by task label. search: a
    strategy that chooses the settings to try (`sweeps.strategy`), None to confirm the specs as they are. choose: how
    many of the best settings are trained again to choose one (`sweeps.choosing`), None to take the best. confirm: a
    rule that decides the number of fresh seeds (`sweeps.confirm`; unless said otherwise the race of `sweeps.rules`), or
    that number. pairs: which cells are compared where a rule decides: "reference" (each with the reference), "all", or
    a list of pairs of labels; the alias and other controls are added. measure: what verdicts compare cells by, one of
    `schema.MEASURES`. margin: smallest difference in it that matters, declared before anything runs. alpha: level of
    every test. margins: smallest differences in further measures, such as {"log_steps": 1.0}; without it the measure's
    own (scores: `margin`). stop_after: as in `Trial`, search stage only. flow: whether the first `NETWORKS` confirmed
    networks of every cell on every task are trained again to measure how far back they look (`sweeps.flow`), or how
    many of them. seed: which draws; at most 4000.
    """

    cells: Mapping[str, CellSpec | Layers]
    tasks: Mapping[str, TaskSpec]
    optimizer: Adam | SGD
    search: Strategy | None = None
    choose: Choose | None = None
    confirm: int | ConfirmRule = field(default_factory=race)
    pairs: str | Sequence[Pair] = REFERENCE
    measure: str = "test_score"
    margin: float = 0.05
    alpha: float = 0.05
    margins: Mapping[str, float] = field(default_factory=dict)
    controls: Controls = field(default_factory=Controls)
    steps: int | Mapping[str, int] = 2000
    batch: int | Mapping[str, int] = 32
    evaluate_every: int | Mapping[str, int] = 100
    validation_batches: int | Mapping[str, int] = 16
    test_batches: int | Mapping[str, int] = 64
    longer: tuple[int, ...] | Mapping[str, tuple[int, ...]] = ()
    stop_after: float = math.inf
    only: Mapping[str, Sequence[str]] = field(default_factory=dict)
    flow: bool | int = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name, kind in (("cells", "cell"), ("tasks", "task")):
            labels = getattr(self, name)
            if not isinstance(labels, Mapping) or not labels:
                raise InputError(
                    f"A study needs {name}: a dictionary from label to {kind} spec; got {labels!r}."
                )
            for label, spec in labels.items():
                if not is_spec(spec):
                    raise InputError(f"{name}['{label}'] must be a {kind} spec; got {spec!r}.")
        check_search(self.search)
        check_choose(self.choose, self.search)
        check_confirm(self.confirm)
        check_pairs(self.pairs, self.cells)
        if self.measure not in MEASURES:
            raise InputError(unknown("measure", self.measure, MEASURES))
        if not isinstance(self.rule, Fixed) and self.measure not in VALUES:
            raise InputError(
                f"A confirm rule reads the rows of trials, which do not hold {self.measure}; set confirm to a number, "
                f"or compare by one of: {', '.join(VALUES)}."
            )
        if not 0 < self.alpha < 1:
            raise InputError(f"The significance level must lie between 0 and 1; got alpha={self.alpha!r}.")
        if not 0 < self.margin < math.inf:
            raise InputError(
                f"The equivalence margin must be > 0 ({MEASURES[self.measure]}); got margin={self.margin!r}."
            )
        check_margins(self.margins, self.measure)
        if not isinstance(self.flow, int) or self.flow < 0:
            raise InputError(
                f"flow must be True, False or a number of networks, such as {NETWORKS}; got flow={self.flow!r}."
            )
        if not 0 <= self.seed <= MOST_STUDIES:
            raise InputError(
                f"A study's seed must be an integer from 0 to {MOST_STUDIES}; got seed={self.seed}."
            )
        for name in BY_TASK:
            value = getattr(self, name)
            if isinstance(value, Mapping) and set(value) != set(self.tasks):
                raise InputError(
                    f"{name} by task needs every task: {', '.join(self.tasks)}; got {dict(value)!r}."
                )
        for task, cells in self.only.items():
            if task not in self.tasks:
                raise InputError(unknown("task label in only", task, self.tasks))
            if isinstance(cells, str) or not cells:
                raise InputError(f"only['{task}'] needs a list of cell labels; got {cells!r}.")
            for cell in cells:
                if cell not in self.cells:
                    raise InputError(unknown(f"cell label in only['{task}']", cell, self.cells))
        for cell in self.cells:
            if not self.tasks_of(cell):
                raise InputError(
                    f"only leaves no task for the cell '{cell}'; list it there, or leave it out of cells."
                )
        c = self.controls
        if isinstance(c.on, str):
            raise InputError(f"controls.on needs a tuple of task labels; got {c.on!r}.")
        for task in c.on:
            if task not in self.tasks:
                raise InputError(unknown("task label in controls.on", task, self.tasks))
        if c.same and c.same not in self.cells:
            raise InputError(unknown("cell label in controls.same", c.same, self.cells))
        if c.task and c.task not in self.tasks:
            raise InputError(unknown("task label in controls.task", c.task, self.tasks))
        if not set(c.on) <= set(self.tasks_of(self.same)):
            raise InputError(f"controls.on may name only tasks on which '{self.same}' runs; got {c.on!r}.")
        if not self.runs(self.same, self.control_task):
            raise InputError(
                f"The control on '{self.control_task}' needs '{self.same}' there: name another task in "
                "controls.task, or add the cell in only."
            )
        if self.alias in self.cells:
            raise InputError(f"The alias '{self.alias}' is already a cell of the study; set controls.alias.")

    @property
    def same(self) -> str:
        """Label of the cell that the alias repeats; also the reference of the report."""
        return self.controls.same or next(iter(self.cells))

    @property
    def alias(self) -> str:
        return self.controls.alias or f"{self.same}_again"

    @property
    def rule(self) -> ConfirmRule:
        """Which decides the number of fresh seeds."""
        return Fixed(self.confirm) if isinstance(self.confirm, int) else self.confirm

    @property
    def networks(self) -> int:
        """Of each cell on each task, whose flow is measured."""
        return NETWORKS * self.flow if isinstance(self.flow, bool) else self.flow

    @property
    def trials(self) -> dict[str, int]:
        """The largest number of trials per cell and task, by stage."""
        choose = {} if self.choose is None else {"choose": self.choose.most}
        return {"search": self.search.most if self.search else 0, **choose, "confirm": self.rule.most}

    @property
    def control_task(self) -> str:
        return self.controls.task or next(iter(self.tasks))

    def compared(self, task: str) -> tuple[Pair, ...]:
        """The declared comparisons of cells that run on a task, in order."""
        cells = [cell for cell in self.cells if self.runs(cell, task)]
        if self.pairs == ALL:
            return tuple(combinations(cells, 2))
        if self.pairs == REFERENCE:
            return tuple((cell, self.same) for cell in cells if cell != self.same and self.same in cells)
        listed = () if isinstance(self.pairs, str) else self.pairs
        return tuple((a, b) for a, b in listed if a in cells and b in cells)

    def question(self, task: str) -> Question:
        """What is asked of the cells on a task."""
        there = {cell for cell, _, t, _ in self.arms() if t == task}
        named = {cell for pair in self.compared(task) for cell in pair}
        beside = [cell for cell in (self.alias, self.controls.unable_label) if cell in there - named]
        return Question(
            reference=self.same,
            margin=self.margin,
            alpha=self.alpha,
            pairs=self.compared(task),
            controls=tuple((cell, self.same) for cell in beside if self.same in there),
        )

    def settings(self, task: str) -> dict[str, Any]:
        """The fields of every trial on a task, beside cell, task, optimizer and seed."""
        values = {name: getattr(self, name) for name in BY_TASK}
        return {name: v[task] if isinstance(v, Mapping) else v for name, v in values.items()}

    def specs(self, arm: tuple[str, str]) -> tuple[CellSpec | Layers, TaskSpec]:
        """The cell and the task of these labels, controls included."""
        cell, task = arm
        return self.cells.get(self.same if cell == self.alias else cell, self.controls.unable), self.tasks[
            task
        ]

    def runs(self, cell: str, task: str) -> bool:
        """Whether a cell of the study runs on a task."""
        return cell in self.only.get(task, self.cells)

    def tasks_of(self, cell: str) -> list[str]:
        """Labels of the tasks on which a cell of the study runs."""
        return [task for task in self.tasks if self.runs(cell, task)]

    def arms(self) -> list[tuple[str, CellSpec | Layers, str, TaskSpec]]:
        """Every (cell label, cell, task label, task), controls included."""
        arms = []
        for t, task in self.tasks.items():
            arms += [(c, cell, t, task) for c, cell in self.cells.items() if self.runs(c, t)]
            if self.runs(self.same, t) and t in (self.controls.on or self.tasks):
                arms.append((self.alias, self.cells[self.same], t, task))
        unable, t = self.controls.unable_label, self.control_task
        if unable not in self.cells or not self.runs(unable, t):
            cell = self.cells.get(unable, self.controls.unable)
            arms.append((unable, cell, t, self.tasks[t]))
        return arms


def check_pairs(pairs: object, cells: Mapping[str, object]) -> None:
    """Raises InputError for what is no way to compare cells."""
    if pairs in (REFERENCE, ALL):
        return
    if isinstance(pairs, str) or not isinstance(pairs, Sequence) or not pairs:
        raise InputError(
            f"pairs must be '{REFERENCE}', '{ALL}' or a list of pairs of cell labels; got {pairs!r}."
        )
    for pair in pairs:
        if isinstance(pair, str) or len(pair) != 2 or len(set(pair)) != 2:
            raise InputError(f"A pair must name two cells, such as ('gru', 'lstm'); got {pair!r}.")
        for cell in pair:
            if cell not in cells:
                raise InputError(unknown("cell label in pairs", cell, cells))


def check_search(search: object) -> None:
    """Raises InputError for what is no search strategy, and for more settings than there are seeds."""
    if search is None:
        return
    if not isinstance(search, Strategy):
        raise InputError(
            f"search must be a strategy, such as sampled({{...}}, trials=8) of sweeps.spaces; got {search!r}."
        )
    if not 1 <= search.most <= MOST["search"]:
        raise InputError(
            f"A search must try 1 to {MOST['search']:,} settings per cell and task; got {search.most:,}."
        )


def check_choose(choose: object, search: object) -> None:
    """Raises InputError for what is no choice, for one without a search, and for more trials than there are seeds."""
    if choose is None:
        return
    if not isinstance(choose, Choose):
        raise InputError(f"choose must be Choose(best=3, seeds=8), or None; got {choose!r}.")
    if search is None:
        raise InputError(f"A choice among the best settings needs a search; got search=None and {choose}.")
    if choose.most > MOST["choose"]:
        raise InputError(
            f"A choice has at most {MOST['choose']:,} trials per cell and task; got {choose.most:,}."
        )


def check_confirm(confirm: object) -> None:
    """Raises InputError for what is neither a number of seeds nor a rule, and for too few seeds or too many."""
    if not isinstance(confirm, int | ConfirmRule) or isinstance(confirm, bool):
        raise InputError(
            f"confirm must be a number of seeds or a rule (see sweeps.confirm); got {confirm!r}."
        )
    most = confirm if isinstance(confirm, int) else confirm.most
    if most < 2:
        raise InputError(
            f"A verdict needs confirm >= 2 seeds to estimate the variance; got confirm={confirm!r}."
        )
    if most > MOST["confirm"]:
        raise InputError(
            f"A cell can be confirmed with at most {MOST['confirm']:,} seeds; got confirm={confirm!r}."
        )


def check_margins(margins: Mapping[str, float], own: str) -> None:
    """Raises InputError for a measure that there is not, and for a margin that is none. own: the study's measure."""
    if not isinstance(margins, Mapping):
        raise InputError(
            f"margins must be a dictionary from measure to margin, such as {{'log_steps': 1.0}}; got {margins!r}."
        )
    for measure, margin in margins.items():
        if measure == own:
            raise InputError(f"The margin of {own} is set by the study's `margin`; leave it out of margins.")
        if measure not in MEASURES:
            raise InputError(unknown("measure in margins", measure, [m for m in MEASURES if m != own]))
        if not 0 < margin < math.inf:
            raise InputError(f"The margin of {measure} must be > 0 ({MEASURES[measure]}); got {margin!r}.")
