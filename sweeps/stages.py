"""The stages of a study under way: what its strategy and its confirm rule have asked for so far.

A function of the study and of the rows that are in, and of nothing else. A sweep that goes on after a kill begins with
an empty `Stages` and the rows of the store, and comes to where it was.

    stages = Stages(study)
    new = stages.go_on(row_of)      # again whenever rows came in
"""

import math
import zlib
from collections.abc import Callable
from dataclasses import replace

from experiments.trial import Trial
from sweeps import confirm
from sweeps.choosing import Choose, chosen
from sweeps.confirm import VALUES, Fixed
from sweeps.errors import InputError
from sweeps.plan import Arm, Entry, Row, base_choices, base_trial, fresh_entries, rank, search_entry, settable
from sweeps.store.schema import STOPPED
from sweeps.strategy import PENDING, GoOn, Listed, Setting, Tried
from sweeps.study import Study

RowOf = Callable[[Entry], Row | None]  # the row of a trial, None while it is not in
SETTINGS = 64  # of an arm that stand in for a choice which is not made


def nothing(entry: Entry) -> None:
    """No row is in."""


class ArmSearch:
    """The search of one arm. The strategy sees the results of what it asked for when all of it is in.

    entries, rows: by setting, of the part of its training that was asked for last.
    """

    def __init__(self, study: Study, arm: Arm, known: Callable[[str], bool]):
        assert study.search is not None
        self.study, self.arm, self.known = study, arm, known
        self.strategy = study.search
        self.base = base_trial(study, arm, study.stop_after)
        self.rungs = tuple(getattr(self.strategy, "rungs", ()))
        who = "alias" if arm[0] == study.alias else "all"
        self.seed = study.seed, zlib.crc32(who.encode())
        self.entries: list[Entry] = []
        self.rows: dict[int, Row] = {}
        self.tried: list[Tried] = []
        self.pending: list[int] = []
        self.complete = False

    def go_on(self, row_of: RowOf) -> list[Entry]:
        """What the strategy asks for now. Raises InputError for a setting that makes no trial, where the strategy
        asks for more than its `most`, and for what cannot go on."""
        fresh = list[Entry]()
        while not self.complete and self.all_in(row_of):
            for i in self.pending:
                self.tried[i] = tried(self.tried[i], self.rows[i])
            self.pending = []
            while (answer := self.strategy.ask(self.tried, self.seed)) is not None:
                i = self.going_on(answer.i) if isinstance(answer, GoOn) else self.begin(answer)
                self.pending.append(i)
                fresh.append(self.entries[i])
            self.complete = not self.pending
            if not self.tried:
                raise InputError(f"{type(self.strategy).__name__} asks for no settings at all.")
        return fresh

    def all_in(self, row_of: RowOf) -> bool:
        for i in self.pending:
            if i not in self.rows:
                row = row_of(self.entries[i])
                if row is None:
                    return False
                self.rows[i] = row
        return True

    def begin(self, setting: Setting) -> int:
        """Plan a new setting; returns its place."""
        i = len(self.tried)
        if i >= self.strategy.most:
            raise InputError(
                f"{type(self.strategy).__name__} asks for more than its most={self.strategy.most} settings."
            )
        entry = search_entry(self.study, self.arm, i, setting, self.known, self.base)
        until = stop(entry.trial, self.rungs, 0)
        self.entries.append(replace(entry, until=until, rung=1) if self.rungs else entry)
        self.tried.append(Tried(setting=setting))
        return i

    def going_on(self, i: int) -> int:
        """Plan the next part of a stopped setting's training; returns its place."""
        if not (0 <= i < len(self.tried) and self.tried[i].status == STOPPED):
            raise InputError(f"{type(self.strategy).__name__} lets setting {i} go on, which is not stopped.")
        entry = self.entries[i]
        assert entry.until is not None
        until = stop(entry.trial, self.rungs, len(self.tried[i].rungs))
        self.entries[i] = replace(entry, since=entry.until, until=until, rung=entry.rung + 1)
        self.tried[i] = replace(self.tried[i], status=PENDING)
        del self.rows[i]
        return i

    def best(self, number: int) -> list[Trial]:
        """The best on validation of those that trained to their end, each setting once, when the search is complete:
        at most so many, and at least one, whatever became of it."""
        rows = {entry.id: self.rows[i] for i, entry in enumerate(self.entries)}
        order = sorted(self.entries, key=lambda entry: rank(rows[entry.id]))
        settings = dict[Trial, Trial]()
        for entry in order:
            if len(settings) == number:
                break
            if not settings or rows[entry.id]["status"] == "finished":
                settings.setdefault(replace(entry.trial, seed=0), entry.trial)
        return list(settings.values())


def stop(trial: Trial, rungs: tuple[float, ...], i: int) -> int | None:
    """The updates after which a trial stops at the i-th rung: the first evaluation at or after its fraction. None: it
    trains to its end, since there is no such rung, or no evaluation before the end."""
    if i >= len(rungs):
        return None
    updates = trial.evaluate_every * math.ceil(rungs[i] * trial.steps / trial.evaluate_every)
    return updates if updates < trial.steps else None


def tried(asked: Tried, row: Row) -> Tried:
    """What was asked for, with its result."""

    def number(name: str) -> float | None:
        value = row[name]
        return float(value) if isinstance(value, float) and value == value else None

    status, score, loss = str(row["status"]), number("valid_score"), number("valid_loss")
    rungs = (*asked.rungs, (score, loss)) if status == STOPPED else asked.rungs
    return replace(asked, status=status, score=score, loss=loss, rungs=rungs)


class ArmChoose:
    """The choice among the best settings of an arm's search."""

    def __init__(self, study: Study, arm: Arm, finalists: list[Trial], choose: Choose):
        self.finalists = finalists
        self.entries = [
            fresh_entries(study, "choose", arm, range(k * choose.seeds, (k + 1) * choose.seeds), trial)
            for k, trial in enumerate(finalists)
        ]

    def best(self, row_of: RowOf) -> Trial | None:
        """The choice, None while a row is not in."""
        rows = list[list[Row]]()
        for entries in self.entries:
            found = [row for entry in entries if (row := row_of(entry)) is not None]
            if len(found) < len(entries):
                return None
            rows.append(found)
        return chosen(self.finalists, rows)


class TaskConfirm:
    """The confirm stage of one task. The rule sees scores when all the seeds that it asked for are in."""

    def __init__(self, study: Study, task: str):
        self.study, self.task = study, task
        self.entries: dict[str, list[Entry]] = {cell: [] for cell, _, t, _ in study.arms() if t == task}
        self.rows: dict[str, list[Row]] = {cell: [] for cell in self.entries}
        self.scores: dict[str, list[float]] = {cell: [] for cell in self.entries}
        self.look()

    def look(self) -> None:
        """Ask the rule. Raises InputError as `confirm.asked` does."""
        s = self.study
        self.wanted = confirm.asked(s.rule, self.scores, s.question(self.task))
        self.complete = all(number <= len(self.scores[cell]) for cell, number in self.wanted.items())

    def go_on(self, best: dict[Arm, Trial], row_of: RowOf) -> list[Entry]:
        """The seeds that the rule asks for now, of the cells whose best trial is known."""
        fresh = list[Entry]()
        while True:
            for cell, number in self.wanted.items():
                if (cell, self.task) in best:
                    fresh += self.up_to(cell, number, best[cell, self.task])
            if self.complete or not self.all_in(row_of):
                return fresh
            score = VALUES.get(self.study.measure, VALUES["test_score"])  # a fixed number needs no scores
            for cell, scores in self.scores.items():
                scores += map(score, self.rows[cell][len(scores) :])
            self.look()

    def up_to(self, cell: str, number: int, best: Trial) -> list[Entry]:
        have = self.entries[cell]
        if number <= len(have):
            return []
        fresh = fresh_entries(self.study, "confirm", (cell, self.task), range(len(have), number), best)
        have += fresh
        return fresh

    def all_in(self, row_of: RowOf) -> bool:
        for cell, number in self.wanted.items():
            rows = self.rows[cell]
            for entry in self.entries[cell][len(rows) :]:
                row = row_of(entry)
                if row is None:
                    return False
                rows.append(row)
            if len(rows) < number:
                return False
        return True


class Stages:
    """All stages of all arms. planned: by stage what is planned, in the order of the study's arms, then of settings
    and seeds, whatever came first; of a trial that went on after a rung, the part asked for last. best: arm to its
    choice, where it is made."""

    def __init__(self, study: Study):
        self.study = study
        self.order: dict[Arm, int] = {(c, t): i for i, (c, _, t, _) in enumerate(study.arms())}
        known = settable(study)
        self.searches = {arm: ArmSearch(study, arm, known) for arm in self.order if study.search is not None}
        self.chooses: dict[Arm, ArmChoose] = {}
        self.confirms = {task: TaskConfirm(study, task) for task in study.tasks}
        self.best: dict[Arm, Trial] = {} if study.search is not None else base_choices(study)
        self.planned: dict[str, list[Entry]] = {stage: [] for stage in study.trials}

    @property
    def entries(self) -> list[Entry]:
        """All that is planned."""
        return [entry for entries in self.planned.values() for entry in entries]

    def go_on(self, row_of: RowOf) -> list[Entry]:
        """The trials that are planned now and were not before, or not as much of them.

        row_of: the row of a trial, None while it is not in. Raises InputError for a setting that makes no trial, and
        for an answer of a strategy or rule that breaks its contract.
        """
        fresh: dict[str, list[Entry]] = {stage: [] for stage in self.planned}
        for arm, searching in self.searches.items():
            if arm not in self.best:
                fresh["search"] += searching.go_on(row_of)
                if searching.complete:
                    fresh.setdefault("choose", []).extend(self.choose(arm, row_of))
        for confirming in self.confirms.values():
            fresh["confirm"] += confirming.go_on(self.best, row_of)
        if fresh.get("search"):
            self.planned["search"] = [e for arm in self.order for e in self.searches[arm].entries]
        for stage in ("choose", "confirm"):
            if fresh.get(stage):
                fresh[stage] = self.in_order(fresh[stage])
                self.planned[stage] = self.in_order([*self.planned[stage], *fresh[stage]])
        return [entry for entries in fresh.values() for entry in entries]

    def choose(self, arm: Arm, row_of: RowOf) -> list[Entry]:
        """Choose an arm's setting where that can be done now; returns the trials that it needs for it and that were
        not planned before."""
        rule, fresh = self.study.choose, list[Entry]()
        if arm not in self.chooses:
            finalists = self.searches[arm].best(1 if rule is None else rule.best)
            if rule is None or len(finalists) == 1:
                self.best[arm] = finalists[0]
                return []
            self.chooses[arm] = ArmChoose(self.study, arm, finalists, rule)
            fresh = [entry for entries in self.chooses[arm].entries for entry in entries]
        best = self.chooses[arm].best(row_of)
        if best is not None:
            self.best[arm] = best
        return fresh

    @property
    def open(self) -> bool:
        """Whether the total may still become smaller: something that looks at results has not come to its end."""
        s = self.study
        searching = not isinstance(s.search, Listed | None) or s.choose is not None
        confirming = not isinstance(s.rule, Fixed)
        return (searching and not all(search.complete for search in self.searches.values())) or (
            confirming and not all(task.complete for task in self.confirms.values())
        )

    def stand_ins(self) -> list[Entry]:
        """Trials in place of those that are not known yet, to estimate what they take."""
        entries = list[Entry]()
        for arm, search in self.searches.items():
            if not search.complete and search.entries:
                first, left = search.entries[0], search.strategy.most - len(search.entries)
                entries += [first] * left + going_on(search)
            if self.study.choose is not None and arm not in self.chooses and arm not in self.best:
                entries += self.like("choose", arm, self.study.choose.most)
        for confirming in self.confirms.values():
            for cell, number in confirming.wanted.items():
                arm = cell, confirming.task
                number = number if confirming.complete else max(number, self.study.rule.expected)
                entries += self.like("confirm", arm, number - len(confirming.entries[cell]))
        return entries

    def like(self, stage: str, arm: Arm, number: int) -> list[Entry]:
        """So many stand-ins for trials of an arm: of its choice, or of its settings in turn while that is not made (of
        very many, `SETTINGS` spread over them). Those of one setting are one object."""
        settings = [self.best[arm]] if arm in self.best else [e.trial for e in self.searches[arm].entries]
        settings = settings[: max(0, number)]
        trials = settings[:: max(1, -(-len(settings) // SETTINGS))]
        once = [entry for trial in trials for entry in fresh_entries(self.study, stage, arm, [0], trial)]
        return [once[i % len(once)] for i in range(number)]

    def in_order(self, entries: list[Entry]) -> list[Entry]:
        """As the study has its arms; those of an arm stay as they are."""
        return sorted(entries, key=lambda entry: self.order[entry.arm])

    @property
    def total(self) -> dict[str, int]:
        """Trials by stage when all is planned; where that is open, the largest number that it can be."""
        most = self.study.trials
        total = {
            "search": sum(len(s.entries) if s.complete else most["search"] for s in self.searches.values()),
            "choose": sum(
                sum(map(len, self.chooses[arm].entries))
                if arm in self.chooses
                else 0
                if arm in self.best
                else most.get("choose", 0)
                for arm in self.order
            ),
            "confirm": sum(
                number if task.complete else most["confirm"]
                for task in self.confirms.values()
                for number in task.wanted.values()
            ),
        }
        return {stage: total[stage] for stage in most}

    @property
    def expected(self) -> int:
        """Trials of all stages when all is planned, about."""
        total, rule = self.total, self.study.rule
        saved = sum(
            rule.most - max(number, rule.expected)
            for task in self.confirms.values()
            if not task.complete
            for number in task.wanted.values()
        )
        return sum(total.values()) - saved


def going_on(search: ArmSearch) -> list[Entry]:
    """Stand-ins for what is still to train of the settings of a search under way that has rungs: one in `eta` of them
    goes on where the strategy says that there is an eta."""
    eta, entries = getattr(search.strategy, "eta", 0), list[Entry]()
    part, left = search.entries[0], len(search.entries)
    for i in range(len(search.tried[0].rungs), len(search.rungs)):
        if not eta or part.until is None:
            break
        left = -(-left // eta)
        part = replace(part, since=part.until, until=stop(part.trial, search.rungs, i + 1))
        entries += [part] * left
    return entries
