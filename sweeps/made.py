"""What a store has of a plan before a sweep: which rows count for it, which other code made, what is called otherwise.

A row counts where the code of its cell and task (`sweeps.code_of`) is what it is now. Where a trial has rows of other
code alone, the user says what they are: `rerun` sets them aside, `keep` counts them, and without a word nothing runs.
What was set aside once is asked about no more, since the declaration says so.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from sweeps.code_of import names
from sweeps.confirm import COLUMNS
from sweeps.errors import InputError
from sweeps.plan import RANK_COLUMNS, Entry, Row
from sweeps.stages import Stages
from sweeps.store.declaration import Declaration
from sweeps.store.schema import STOPPED
from sweeps.store.store import UNRECORDED, Store
from sweeps.study_file import Loaded

KEEP, RERUN = "keep", "rerun"
# What planning, choosing and keeping networks read of a row; of very many trials no more is held in memory.
HELD = (*RANK_COLUMNS, *COLUMNS, "cell", "task", "code", "finished_at")
MANY = 6  # changes of labels that are named


@dataclass(frozen=True)
class Made:
    """rows: those that did not fail, by trial id and code, the newest code last; of one code those of the least
    training first. declared: the study's declaration so far, None where there is none. keep: rows of other code
    count."""

    rows: dict[str, dict[str, list[Row]]] = field(default_factory=dict)
    declared: Declaration | None = None
    keep: bool = False

    def counted(self, entry: Entry) -> tuple[Row | None, str | None]:
        """The trial's row, of as much training as is meant, None where it is to be run, and the code whose rows count
        for it (None: any). Where nothing is known of the code of now, the newest do."""
        found = self.rows.get(entry.id, {})
        newest = next(reversed(found), None)
        code = entry.code
        if newest is not None and (code is None or (self.keep and code not in found)):
            code = newest
        rows = found.get(code, []) if code is not None else []
        return next(filter(entry.reached, rows), None), code or None

    def by_id(self, entries: Iterable[Entry]) -> dict[str, Row]:
        """The rows that count, by trial id."""
        found = {entry.id: self.counted(entry)[0] for entry in entries}
        return {name: row for name, row in found.items() if row is not None}

    def other(self, entry: Entry) -> bool:
        """Whether all that the trial has is of other code, and nobody said yet what that is."""
        found = self.rows.get(entry.id, {})
        settled = self.declared is not None and entry.id in self.declared.codes.get(entry.code or "", ())
        return bool(found) and entry.code is not None and entry.code not in found and not settled


def made(store: Store, keep: bool = False) -> Made:
    """Reads the store; a study that never ran has nothing."""
    rows: dict[str, dict[str, list[Row]]] = {}
    for row in sorted(store.rows(list(HELD)), key=lambda row: str(row["finished_at"])):
        if row["status"] != "failed":
            codes = rows.setdefault(str(row["trial_id"]), {})
            code = str(row["code"] or UNRECORDED)
            codes[code] = [*codes.pop(code, []), row]
    for codes in rows.values():
        for several in codes.values():
            several.sort(key=lambda row: (row["status"] != STOPPED, row["steps_done"] or 0))
    return Made(rows, store.declared(), keep)  # a damaged declaration is written anew


def by_other_code(loaded: Loaded, planned: list[Entry], found: Made) -> list[Entry]:
    """Trials of the plan, as far as rows of whatever code tell what it is, about whose code somebody must decide.
    planned: as far as the rows that count tell."""
    if not any(map(found.other, planned)):
        return []
    strict, kept = Made(found.rows), Made(found.rows, keep=True)
    stages = Stages(loaded.study)
    stages.go_on(lambda entry: (kept if found.other(entry) else strict).counted(entry)[0])
    return [entry for entry in stages.entries if found.other(entry)]


def said(entries: list[Entry], found: Made) -> str:
    """Which trials of which classes other code made, in words."""
    classes = Counter[str]()
    for entry in entries:
        now, before = names(entry.code or ""), names(next(reversed(found.rows[entry.id])))
        classes.update(name for name in now if before.get(name) != now[name])
    told = [f"{n} trial{'s' * (n != 1)} of {name}" for name, n in classes.items()]
    unknown = any(UNRECORDED in found.rows[entry.id] for entry in entries)
    return (
        f"{', '.join(told)} {'was' if told[0][:2] == '1 ' and len(told) == 1 else 'were'} made by "
        "a different version of the code" + (", or before rows recorded it." if unknown else ".")
    )


def settle(loaded: Loaded, planned: list[Entry], found: Made, asked: str | None) -> str:
    """What is to be said of rows of other code before anything runs. planned: as in `by_other_code`. Raises InputError
    where nobody said what they are."""
    entries = by_other_code(loaded, planned, found)
    if not entries:
        return ""
    text = said(entries, found)
    if asked is None:
        raise InputError(
            f"{text} Nothing was run. Use --other-code rerun to run them again, or --other-code keep to count them as "
            "they are, which the report will state."
        )
    return f"{text} {'They count as they are.' if asked == KEEP else 'They run again; the old rows do not count.'}"


def called_otherwise(entries: Iterable[Entry], loaded: Loaded, found: Made) -> list[str]:
    """What changed in the names of trials that have rows since the last sweep, in words."""
    declared = found.declared
    called = declared.called if declared is not None else {}
    moves = Counter[str]()
    gone = set(declared.cells) if declared is not None else set[str]()
    for entry in entries:
        if entry.id not in found.rows:
            continue
        row = next(reversed(found.rows[entry.id].values()))[-1]
        _, cell, task = called.get(entry.id, ("", row["cell"], row["task"]))
        gone.discard(str(cell))
        if (cell, task) != entry.arm:
            before, now = (cell, entry.cell) if task == entry.task else (task, entry.task)
            if cell != entry.cell and task != entry.task:
                before, now = f"{cell} on {task}", f"{entry.cell} on {entry.task}"
            moves[f"{before} is now {now}"] += 1
    lines = []
    if moves:
        told = [f"{move} ({n} trial{'s' * (n != 1)})" for move, n in moves.most_common(MANY)]
        more = f" and {len(moves) - MANY} more" if len(moves) > MANY else ""
        lines.append(f"Renamed, and their results with them: {', '.join(told)}{more}.")
    gone -= {cell for cell, *_ in loaded.study.arms()}
    if gone:
        lines.append(f"No longer in the study: {', '.join(sorted(gone))}.")
    return lines
