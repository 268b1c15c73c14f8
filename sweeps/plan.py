"""A study's trials, under the names that the study has for them; the choice of the best; cohorts of what is to run.

Which trials there are, search strategies and confirm rules decide: see `sweeps.stages`.
"""

import functools
import math
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from flax import nnx

from experiments.specs import SpecError, flatten, has, replace, structure, trial_id
from experiments.trial import Trial, checked
from lstm_variants import parameter_count
from sweeps.code_of import code_of
from sweeps.confirm import Fixed
from sweeps.errors import InputError
from sweeps.rules.race import Race
from sweeps.seeds import seed_of
from sweeps.signals import within
from sweeps.store.declaration import Declaration
from sweeps.store.schema import STOPPED
from sweeps.strategy import Setting
from sweeps.study import Study
from sweeps.study_file import Loaded

Arm = tuple[str, str]  # labels of cell and task
Row = dict[str, object]
Key = tuple[str, int | None]  # trial id, and the updates after which it stops


@dataclass(frozen=True)
class Entry:
    """A trial with the names under which the study knows it, and which part of its training is meant.

    code: by which the trial is computed, see `sweeps.code_of`; fixed when it is planned. since: the updates after
    which it was stopped before, 0 where it begins. until: the updates after which it stops for its search to see how
    far it is; None: it trains to its end. rung: how many such stops that makes. bare: the trial's structure, where that
    is known.
    """

    trial: Trial
    stage: str
    cell: str
    task: str
    code: str | None = None
    since: int = 0
    until: int | None = None
    rung: int = 0
    bare: Trial | None = field(default=None, compare=False, repr=False)

    @cached_property
    def id(self) -> str:
        return trial_id(self.trial)

    @property
    def key(self) -> "Key":
        return self.id, self.until

    @property
    def share(self) -> float:
        """Fraction of the trial's updates that are meant."""
        steps = self.trial.steps
        return ((steps if self.until is None else self.until) - self.since) / steps

    def reached(self, row: "Row") -> bool:
        """Whether a row of the trial is of as many updates as are meant, or of its end."""
        if row["status"] != STOPPED:
            return True
        return self.until is not None and int(row["steps_done"]) >= self.until  # type: ignore[call-overload]

    @cached_property
    def structure(self) -> Trial:
        return self.bare or structure(self.trial)

    @property
    def arm(self) -> Arm:
        return self.cell, self.task


@dataclass(frozen=True, eq=False)
class Work:
    """One cohort's worth of entries, all of one structure and part of training, in cohorts of `size`. Equal to itself
    alone. suspect: part of a cohort that failed. again: its trials have rows, and are trained again for their networks
    alone."""

    entries: tuple[Entry, ...]
    size: int
    suspect: bool = False
    again: bool = False

    @property
    def structure(self) -> Trial:
        return self.entries[0].structure

    @property
    def name(self) -> str:
        first = self.entries[0]
        return f"{first.stage}/{first.task}/{first.cell}"


def settable(study: Study) -> Callable[[str], bool]:
    """Whether a search may name a field: one of every trial's, or of a cell or task of the study. (Where only some
    have it, it is searched for those.)"""
    arms = [{"cell": cell, "task": task} for _, cell, _, task in study.arms()]

    def known(path: str) -> bool:
        head, _, rest = path.partition(".")
        return head in ("cell", "task") and any(has(arm[head], rest) for arm in arms)

    return known


def search_entry(
    study: Study, arm: Arm, i: int, setting: Setting, known: Callable[[str], bool], base: Trial
) -> Entry:
    """The trial of setting i of an arm. known: `settable` of the study. base: the arm's trial without a setting.

    Raises InputError, with the nearest name, for a field that no cell or task has.
    """
    label, task_label = arm
    trial = base.reseeded(seed_of(study.seed, "search", i, alias=label == study.alias))
    kept = {path: value for path, value in setting.items() if has(trial, path) or not known(path)}
    trial = with_setting(trial, kept, f"cell '{label}', task '{task_label}'")
    return Entry(trial, "search", label, task_label, code_of(trial))


def fresh_entries(study: Study, stage: str, arm: Arm, seeds: Iterable[int], trial: Trial) -> list[Entry]:
    """A trial again with these seeds of a stage; never stopped early, so that scores stay scores."""
    trial = replace(trial, "stop_after", math.inf)
    code, bare, alias = code_of(trial), structure(trial), arm[0] == study.alias
    fresh = (trial.reseeded(seed_of(study.seed, stage, i, alias=alias)) for i in seeds)
    return [Entry(trial, stage, *arm, code, bare=bare) for trial in fresh]


def base_trial(study: Study, arm: Arm, stop_after: float = math.inf) -> Trial:
    """The trial of an arm before its setting. Raises InputError where the study's settings make none."""
    (cell, task), label = study.specs(arm), arm[1]
    values = study.settings(label) | {"optimizer": study.optimizer, "seed": 0, "stop_after": stop_after}
    try:
        return Trial(cell=cell, task=task, **values)
    except (TypeError, ValueError) as error:
        raise InputError(f"The study's settings for '{label}' make no valid trial: {error}") from None


def with_setting(trial: Trial, setting: dict[str, object], who: str) -> Trial:
    """The trial with the fields of a setting put in, checked. Raises InputError that says whose (`who`) trial it is."""
    try:
        for path, value in setting.items():
            trial = replace(trial, path, value)
        return checked(trial)
    except SpecError as error:
        raise InputError(f"{who}: {error}") from None


def base_choices(study: Study) -> dict[Arm, Trial]:
    """Arm to its trial for studies without a search: the specs as they are."""
    return {
        (c, t): with_setting(base_trial(study, (c, t)), {}, f"cell '{c}', task '{t}'")
        for c, _, t, _ in study.arms()
    }


def rank(row: dict[str, object]) -> tuple[bool, float, float, str]:
    """Sort key: finished first, then the higher validation score, the lower validation loss, the id."""

    def number(name: str, missing: float) -> float:
        value = row[name]
        return missing if value is None or value != value else float(value)  # type: ignore[arg-type]

    score, loss = number("valid_score", -math.inf), number("valid_loss", math.inf)
    return row["status"] != "finished", -score, loss, str(row["trial_id"])


RANK_COLUMNS = ["trial_id", "status", "valid_score", "valid_loss", "steps_done"]


def unique(entries: list[Entry], seen: dict[str, Entry] | None = None) -> list[Entry]:
    """The entries, provided that no trial stands under two labels. Raises InputError.

    seen: entries by trial id that count, too; the new ones are added to it, and take the place of those of the same
    trial that they go on from.
    """
    seen = {} if seen is None else seen
    for entry in entries:
        other = seen.get(entry.id)
        if other is not None and other is not entry and not goes_on(entry, other):
            raise InputError(
                f"'{other.cell}' and '{entry.cell}' on '{entry.task}' are the same trial (equal spec and seed), "
                "so it would be counted twice. Remove one; the study adds an alias with seeds of its own."
            )
        seen[entry.id] = entry
    return entries


def goes_on(entry: Entry, before: Entry) -> bool:
    """Whether an entry is the next part of the training of another."""
    return entry.arm == before.arm and entry.since > 0 and entry.since == before.until


BUILD_SECONDS = 10.0  # that a cell may take to be built here
FEW_PARAMETERS = 500  # of a cell, up to where their number matters little
SECONDS_PER_STEP = 1e-6  # of one sequence of a batch, with up to 32 hidden units, on one core


def trial_seconds(bare: Trial) -> float:
    """Seconds of a trial of this structure on one core, roughly, whatever its cell."""
    evaluations = bare.validation_batches * -(-bare.steps // bare.evaluate_every) + bare.test_batches
    passes = bare.steps + evaluations / 3  # there is no way back in an evaluation
    hidden = max((int(v) for name, v in flatten(bare.cell).items() if name.endswith("hidden")), default=32)
    return SECONDS_PER_STEP * passes * bare.task.steps * (4 + bare.batch) * max(1, hidden / 32) ** 2


def cohort_size(bare: Trial) -> int:
    """Trials a cohort on CPUs when nobody says, the same for all trials of a structure.

    What a cohort costs beside computing, some 20 ms, is shared by more trials where these are short; long ones are
    kept to few, since rows are written when a whole cohort is done.
    """
    each = trial_seconds(bare)
    return 64 if each < 0.02 else 16 if each < 0.1 else 4


@functools.cache
def parameters_of(bare: Trial) -> int:
    """Of a structure's cell; 0 for a user's cell that cannot be built, or not in time: its trials will fail, and say
    why."""
    try:
        with within(BUILD_SECONDS):
            return parameter_count(nnx.eval_shape(lambda: bare.cell.build(bare.task.inputs, nnx.Rngs(0))))
    except Exception:
        return 0


@functools.cache
def weight(bare: Trial) -> float:
    """How long a trial of this structure takes beside others: by its cell's parameters, too."""
    return trial_seconds(bare) * (FEW_PARAMETERS + parameters_of(bare))


def width(bare: Trial) -> float:
    """How much a step of time gives to do at once, beside others: what a GPU is the faster for."""
    return bare.batch * (FEW_PARAMETERS + parameters_of(bare))


def cut(entries: Iterable[Entry], size: int | None, *, again: bool = False) -> list[Work]:
    """Cohorts of at most `size` entries of one structure, stage and part of training, in the order of first
    appearance.

    size: None leaves it to `cohort_size`. again: as in `Work`.
    """
    groups: dict[tuple[Trial, str, int, int | None], list[Entry]] = {}
    for entry in entries:
        kind = entry.structure, entry.stage, entry.since, entry.until
        groups.setdefault(kind, []).append(entry)
    sizes = {bare: size or cohort_size(bare) for bare, *_ in groups}
    return [
        Work(tuple(group[i : i + sizes[bare]]), sizes[bare], again=again)
        for (bare, *_), group in groups.items()
        for i in range(0, len(group), sizes[bare])
    ]


def declaration(
    loaded: Loaded, stages: Mapping[str, list[Entry]], total: Mapping[str, int], codes: Mapping[str, str]
) -> Declaration:
    """What `study.json` says of the study and of its plan so far.

    stages: what is planned of each. total: numbers of trials by stage. codes: by trial id the code whose
    rows count.
    """
    study = loaded.study
    # The code of now stands there also where rows of other code are kept: that is how a reader knows that they are.
    by_code: dict[str, list[str]] = {e.code: [] for es in stages.values() for e in es if e.code is not None}
    for name, code in codes.items():
        by_code.setdefault(code, []).append(name)
    arms = [[cell, task] for cell, _, task, _ in study.arms()]
    cells = [*study.cells, study.alias]
    labels = sorted(dict.fromkeys(cell for cell, _ in arms), key=[*cells, study.controls.unable_label].index)
    return Declaration(
        study=loaded.name,
        doc=loaded.doc,
        measure=study.measure,
        margin=study.margin,
        margins={name: float(margin) for name, margin in study.margins.items()},
        alpha=study.alpha,
        confirm_rule="" if isinstance(study.rule, Fixed) else type(study.rule).__name__,
        race={"most": study.rule.most, "look": study.rule.look} if isinstance(study.rule, Race) else {},
        pairs=[]
        if isinstance(study.rule, Fixed)
        else [[task, *pair] for task in study.tasks for pair in study.compared(task)],
        sampler=study.search.sampler if study.search else "",
        searched=searched(study),
        cells=labels,
        tasks=list(study.tasks),
        same=[[study.same, study.alias]],
        different=[[study.controls.unable_label, study.same, study.control_task]],
        arms=arms,
        plan={stage: [e.id for e in entries] for stage, entries in stages.items()},
        total=dict(total),
        labels={stage: labels_of(entries) for stage, entries in stages.items()},
        codes=by_code,
        overrides=list(loaded.overrides),
    )


def searched(study: Study) -> list[str]:
    """The fields that the search sets, as its first setting has them."""
    setting = study.search.ask((), (study.seed, zlib.crc32(b"all"))) if study.search else None
    return list(setting) if isinstance(setting, dict) else []


def labels_of(entries: list[Entry]) -> list[object]:
    """`[cell, task, trial ids]` by arm."""
    arms: dict[tuple[str, str], list[str]] = {}
    for entry in entries:
        arms.setdefault(entry.arm, []).append(entry.id)
    return [[cell, task, ids] for (cell, task), ids in arms.items()]
