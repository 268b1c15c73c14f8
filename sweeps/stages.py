"""The stages of a study under way: what its strategy and its confirm rule have asked for so far.

A function of the study and of the rows that are in, and of nothing else. A sweep that goes on after a kill begins with
an empty `Stages` and the rows of the store, and comes to where it was.

    stages = Stages(study)
    new = stages.go_on(row_of)      # again whenever rows came in
"""

import zlib
from collections.abc import Callable

from experiments.trial import Trial
from sweeps import confirm
from sweeps.confirm import VALUES, Fixed
from sweeps.errors import InputError
from sweeps.plan import Arm, Entry, Row, base_choices, choices, confirm_entry, search_entry, settable
from sweeps.strategy import Listed, Setting, Tried
from sweeps.study import Study

RowOf = Callable[[Entry], Row | None]  # the row of a trial, None while it is not in


def nothing(entry: Entry) -> None:
    """No row is in."""


class ArmSearch:
    """The search of one arm. The strategy sees the results of what it asked for when all of it is in."""

    def __init__(self, study: Study, arm: Arm, known: Callable[[str], bool]):
        assert study.search is not None
        self.study, self.arm, self.known = study, arm, known
        self.strategy = study.search
        who = "alias" if arm[0] == study.alias else "all"
        self.seed = study.seed, zlib.crc32(who.encode())
        self.entries: list[Entry] = []
        self.rows: list[Row] = []
        self.tried: list[Tried] = []
        self.seen = 0  # of those tried, with their results
        self.complete = False

    def go_on(self, row_of: RowOf) -> list[Entry]:
        """What the strategy asks for now. Raises InputError for a setting that makes no trial, and where the strategy
        asks for more than its `most`."""
        fresh = list[Entry]()
        while not self.complete and self.all_in(row_of):
            for i in range(self.seen, len(self.tried)):
                self.tried[i] = tried(self.tried[i].setting, self.rows[i])
            self.seen = len(self.tried)
            while (setting := self.strategy.ask(self.tried, self.seed)) is not None:
                fresh.append(self.entry(setting))
                self.entries.append(fresh[-1])
                self.tried.append(Tried(setting=setting))
            self.complete = len(self.tried) == self.seen
            if not self.tried:
                raise InputError(f"{type(self.strategy).__name__} asks for no settings at all.")
        return fresh

    def all_in(self, row_of: RowOf) -> bool:
        for entry in self.entries[len(self.rows) :]:
            row = row_of(entry)
            if row is None:
                return False
            self.rows.append(row)
        return True

    def entry(self, setting: Setting) -> Entry:
        if len(self.tried) >= self.strategy.most:
            raise InputError(
                f"{type(self.strategy).__name__} asks for more than its most={self.strategy.most} settings."
            )
        return search_entry(self.study, self.arm, len(self.tried), setting, self.known)

    def best(self) -> Trial:
        """The choice, once the search is complete."""
        rows = {entry.id: row for entry, row in zip(self.entries, self.rows, strict=True)}
        return choices(self.study, self.entries, rows)[self.arm]


def tried(setting: Setting, row: Row) -> Tried:
    def number(name: str) -> float | None:
        value = row[name]
        return float(value) if isinstance(value, float) and value == value else None

    return Tried(
        setting=setting, status=str(row["status"]), score=number("valid_score"), loss=number("valid_loss")
    )


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
        fresh = [confirm_entry(self.study, (cell, self.task), i, best) for i in range(len(have), number)]
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
    """Both stages of all arms. search, confirm: what is planned, in the order of the study's arms, then of the
    seeds, whatever came first. best: arm to its choice, where it is made."""

    def __init__(self, study: Study):
        self.study = study
        self.order: dict[Arm, int] = {(c, t): i for i, (c, _, t, _) in enumerate(study.arms())}
        known = settable(study)
        self.searches = {arm: ArmSearch(study, arm, known) for arm in self.order if study.search is not None}
        self.confirms = {task: TaskConfirm(study, task) for task in study.tasks}
        self.best: dict[Arm, Trial] = {} if study.search is not None else base_choices(study)
        self.search: list[Entry] = []
        self.confirm: list[Entry] = []

    def go_on(self, row_of: RowOf) -> list[Entry]:
        """The trials that are planned now and were not before.

        row_of: the row of a trial, None while it is not in. Raises InputError for a setting that makes no trial, and
        for an answer of a strategy or rule that breaks its contract.
        """
        search, fresh = list[Entry](), list[Entry]()
        for arm, searching in self.searches.items():
            if arm not in self.best:
                search += searching.go_on(row_of)
                if searching.complete:
                    self.best[arm] = searching.best()
        for confirming in self.confirms.values():
            fresh += confirming.go_on(self.best, row_of)
        if search:
            self.search = self.in_order([*self.search, *search])
        if fresh:
            fresh = self.in_order(fresh)
            self.confirm = self.in_order([*self.confirm, *fresh])
        return search + fresh

    @property
    def open(self) -> bool:
        """Whether the total may still become smaller: something that looks at results has not come to its end."""
        searching = not isinstance(self.study.search, Listed | None) and any(
            not search.complete for search in self.searches.values()
        )
        return searching or (
            not isinstance(self.study.rule, Fixed)
            and any(not task.complete for task in self.confirms.values())
        )

    def stand_ins(self) -> list[Entry]:
        """Trials in place of those that are not known yet, to estimate what they take."""
        entries = list[Entry]()
        for search in self.searches.values():
            if not search.complete and search.entries:
                first, left = search.entries[0], search.strategy.most - len(search.entries)
                entries += [first] * left
        for confirming in self.confirms.values():
            for cell, number in confirming.wanted.items():
                arm = cell, confirming.task
                trial = self.best[arm] if arm in self.best else self.searches[arm].entries[0].trial
                number = number if confirming.complete else max(number, self.study.rule.expected)
                have = len(confirming.entries[cell])
                entries += [confirm_entry(self.study, arm, i, trial) for i in range(have, number)]
        return entries

    def in_order(self, entries: list[Entry]) -> list[Entry]:
        """As the study has its arms; those of an arm stay as they are."""
        return sorted(entries, key=lambda entry: self.order[entry.arm])

    @property
    def total(self) -> dict[str, int]:
        """Trials by stage when all is planned; where that is open, the largest number that it can be."""
        most = self.study.trials
        return {
            "search": sum(len(s.entries) if s.complete else most["search"] for s in self.searches.values()),
            "confirm": sum(
                number if task.complete else most["confirm"]
                for task in self.confirms.values()
                for number in task.wanted.values()
            ),
        }


def search_entries(study: Study) -> list[Entry]:
    """What the search asks for before anything is in. Raises InputError as `Stages.go_on` does."""
    stages = Stages(study)
    stages.go_on(nothing)
    return stages.search


def confirm_entries(study: Study, best: dict[Arm, Trial]) -> list[Entry]:
    """What the confirm stage of these choices asks for before anything is in."""
    stages, fresh = Stages(study), list[Entry]()
    for confirming in stages.confirms.values():
        fresh += confirming.go_on(best, nothing)
    return stages.in_order(fresh)
