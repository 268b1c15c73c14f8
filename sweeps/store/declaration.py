"""What a study declared before it ran, as `study.json` keeps it."""

from dataclasses import dataclass, field
from typing import Any

from sweeps.store import schema

HALVING = "halving"  # sampler of random draws that are stopped on the way


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What a study said before it ran, as `study.json` keeps it.

    study: its name. doc: its docstring. measure: the column that verdicts compare. margin: smallest difference of
    interest in that measure's unit. margins: the same by further measures (`schema.MEASURES`), where it is not the
    measure's own. alpha: level of every test. sampler: how the search's settings are drawn: random (independent draws),
    halving (the same, but most are stopped on the way), grid, sobol, or another strategy's word; empty: there is no
    search, or the declaration is from before there was this. searched: dotted paths of the fields that the search sets.
    confirm_rule: which rule decided the numbers of fresh seeds by looking at scores; empty where they were fixed. race:
    most and look of the rule by which verdicts are reached (`sweeps.rules.race`); empty where tests on the fixed seeds
    reach them. pairs: triples `[task, cell, other]` that are compared; empty: every pair of cells. cells, tasks: labels
    in order. arms: pairs `[cell, task]` that run; empty: every cell on every task. same: pairs of labels `[cell,
    alias]` that must come out equivalent on every task on which both run. different: triples `[cell, reference, task]`
    that must come out different. plan: trial ids by stage, as far as they are known: they grow when choices are made
    and confirm rules ask for more. total: number of trials by stage when all is planned; while that is open, the
    largest that it can be. labels: what the trials of the plan are called, by stage: `[cell, task, trial ids]`; empty
    in declarations from before there was this: there a row's own labels hold. codes: by code (a row's column) the
    trials of which rows of that code count, `UNRECORDED` for rows that do not say; all rows of other trials do.
    overrides: what of the study was set on the command line (`sweeps.overrides`), as `PATH=VALUE`.
    """

    study: str
    doc: str
    measure: str = "test_score"
    margin: float = 0.05
    margins: dict[str, float] = field(default_factory=dict)
    alpha: float = 0.05
    sampler: str = ""
    searched: list[str] = field(default_factory=list)
    confirm_rule: str = ""
    race: dict[str, int] = field(default_factory=dict)
    pairs: list[list[str]] = field(default_factory=list)
    cells: list[str]
    tasks: list[str]
    arms: list[list[str]] = field(default_factory=list)
    same: list[list[str]] = field(default_factory=list)
    different: list[list[str]] = field(default_factory=list)
    plan: dict[str, list[str]] = field(default_factory=dict)
    total: dict[str, int] = field(default_factory=dict)
    labels: dict[str, list[Any]] = field(default_factory=dict)
    codes: dict[str, list[str]] = field(default_factory=dict)
    overrides: list[str] = field(default_factory=list)
    schema_version: int = schema.VERSION

    def runs(self, task: str, *cells: str) -> bool:
        """Whether all these cells run on the task."""
        return not self.arms or all([cell, task] in self.arms for cell in cells)

    @property
    def score(self) -> str:
        """The column of scores that a single trial is told by: the measure, or test_score where the measure is not a
        score of one trial."""
        return "test_score" if self.measure in schema.MEASURES else self.measure

    @property
    def random_draws(self) -> bool:
        """Whether the search's settings are independent random draws, as far as is known."""
        return self.sampler in ("", "random")

    @property
    def overridden(self) -> str:
        """One sentence on the overrides, nothing where there are none."""
        return f"Differs from its file: run with --set {', '.join(self.overrides)}." if self.overrides else ""

    @property
    def stages(self) -> dict[str, str]:
        """Trial id to stage, in the order of the plan."""
        return {name: stage for stage, ids in self.plan.items() for name in ids}

    def planned(self, stage: str) -> int:
        """Number of trials of a stage when all is planned."""
        return max(self.total.get(stage, 0), len(self.plan.get(stage, ())))

    @property
    def trials(self) -> int:
        """Number of trials of all stages when all is planned."""
        return sum(self.planned(stage) for stage in {**self.plan, **self.total})

    @property
    def called(self) -> dict[str, tuple[str, str, str]]:
        """Trial id to stage, cell and task."""
        arms = ((stage, *arm) for stage, arms in self.labels.items() for arm in arms)
        return {name: (stage, cell, task) for stage, cell, task, ids in arms for name in ids}

    @property
    def counted(self) -> dict[str, str]:
        """Trial id to the code whose rows count."""
        return {name: code for code, ids in self.codes.items() for name in ids}
