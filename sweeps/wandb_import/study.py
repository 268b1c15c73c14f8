"""A study out of W&B: the runs that the mirror made become a store again, part by part.

What comes is what is not there yet: an import that was cut off, or of a project that has grown, goes on. The
declaration comes from the run that holds it; without one it is made up from the rows, and lacks the controls.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sweeps.errors import InputError, did_you_mean
from sweeps.mirror.run import Row, Run, curve_rows, trial_row
from sweeps.store.declaration import Declaration
from sweeps.store.store import UNRECORDED, Store

OPEN = 8  # histories read at once; online that is waiting


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What one import did. `new`: trials written now. `present`: those that were there before. `points`: of the
    curves written now. `torn`: runs whose file is cut off, of which `lost` have no row. `foreign`: runs that the
    mirror did not make. `declared`: the study's declaration was among the runs."""

    new: int
    present: int
    points: int
    torn: int
    lost: int
    foreign: int
    declared: bool


def study_name(runs: Sequence[Run], given: str | None) -> str:
    """The study to import. Raises InputError where the runs hold none, not this one, or several and none is given."""
    studies = Counter(str(run.summary["study"]) for run in runs if run.is_trial)
    known = ", ".join(f"{name} ({n} runs)" for name, n in sorted(studies.items()))
    if not studies and any(run.is_ours for run in runs):
        raise InputError(
            f"The {len(runs)} runs are of arms and studies, and hold no trials. `lstm-variants mirror STUDY --runs "
            f"trials` uploads those, from where the study ran."
        )
    if not studies:
        raise InputError(
            f"None of the {len(runs)} runs was made by `lstm-variants mirror`. Runs of another program become a table "
            f"for `lstm-variants verdicts`: --table FILE --cell KEY --task KEY --seed KEY --measure KEY."
        )
    if given is None and len(studies) > 1:
        raise InputError(f"The runs belong to several studies; choose one with --study. There are: {known}.")
    if given is not None and given not in studies:
        raise InputError(f"No runs of study '{given}'.{did_you_mean(given, studies)} There are: {known}.")
    name = given or next(iter(studies))
    if Path(name).name != name:
        raise InputError(f"A study's name becomes a folder; '{name}' cannot be one.")
    return name


def import_study(
    runs: Sequence[Run], store: Store, progress: Callable[[int, int], None] = lambda done, total: None
) -> Imported:
    """Write the trials of `store.study` that the store lacks. progress: trials written, and of how many.

    Raises InputError, before anything is written, for a run that was tampered with and for a store that has
    trials of its own: what ran here is not mixed with what comes from elsewhere.
    """
    declared = declaration_of(runs, store.study)
    ours = (run for run in runs if run.is_trial and run.summary["study"] == store.study)
    chosen = best(ours, declared.counted if declared else {})
    rows = {name: trial_row(run) for name, run in chosen.items()}
    declaration = declared or made_up(store.study, rows)
    there = statuses(store, {name: str(row["code"] or UNRECORDED) for name, row in rows.items()})
    strangers = statuses(store).keys() - rows.keys()
    if strangers:
        raise InputError(
            f"{store.path} has {len(strangers)} trials that the runs do not have. Import into another directory with "
            f"--results DIR."
        )
    new = [name for name, row in rows.items() if there.get(name, "failed") == "failed" != row["status"]]
    new += [name for name, row in rows.items() if name not in there and row["status"] == "failed"]
    points = done = 0
    with store.prepare().lock():
        if keeps_all(store, declaration):
            store.declare(declaration)
        with ThreadPoolExecutor(OPEN) as pool:
            for part in parts([rows[name] for name in new], declaration):
                mine = [chosen[str(row["trial_id"])] for row in part]
                curves = [point for curve in pool.map(curve_rows, mine, part) for point in curve]
                store.append(part, curves)
                points, done = points + len(curves), done + len(part)
                progress(done, len(new))
    return Imported(
        new=len(new),
        present=len(rows) - len(new),
        points=points,
        torn=sum(run.torn for run in runs),
        lost=sum(run.torn and not run.is_ours for run in runs),
        foreign=sum(not (run.is_ours or run.torn) for run in runs),
        declared=declared is not None,
    )


def best(runs: Iterator[Run], counted: dict[str, str]) -> dict[str, Run]:
    """One run per trial: one of the code that counts, and of these one that did not fail, if there is one."""

    def order(run: Run) -> tuple[bool, bool]:
        name, code = str(run.summary["trial_id"]), str(run.summary.get("code") or UNRECORDED)
        return counted.get(name, code) == code, run.summary["status"] != "failed"

    found: dict[str, Run] = {}
    for run in runs:
        name = str(run.summary["trial_id"])
        if name not in found or order(found[name]) < order(run):
            found[name] = run
    return found


def statuses(store: Store, codes: dict[str, str] | None = None) -> dict[str, str]:
    """Status by trial id, of rows of these codes."""
    rows = (
        store.one_each(None, ["trial_id", "status"], codes or {}).to_pylist() if store.parts("trials") else []
    )
    return {row["trial_id"]: row["status"] for row in rows}


def parts(rows: list[Row], declaration: Declaration) -> Iterator[list[Row]]:
    """The rows as a sweep's cohorts have them: by stage, task and cell, each in the order of the plan."""
    place = {name: i for i, name in enumerate(name for ids in declaration.plan.values() for name in ids)}
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in sorted(
        rows, key=lambda row: (place.get(str(row["trial_id"]), len(place)), str(row["trial_id"]))
    ):
        groups.setdefault(tuple(str(row[name]) for name in ("stage", "task", "cell")), []).append(row)
    yield from groups.values()


def declaration_of(runs: Sequence[Run], study: str) -> Declaration | None:
    """What the study declared, as the mirror wrote it down last. Raises InputError for what is no declaration."""
    found = []
    for run in runs:
        if run.declares and run.config.get("study") == study:
            told = run.declaration()
            if told is None:  # only the run's beginning came here
                continue
            try:
                found.append(Declaration(**json.loads(told)))
            except (TypeError, ValueError) as error:
                raise InputError(
                    f"Run {run.id} is not a declaration that this lstm-variants understands ({error}). Use the "
                    f"version that mirrored the study."
                ) from None
    return max(found, key=lambda declaration: sum(map(len, declaration.plan.values())), default=None)


def made_up(study: str, rows: dict[str, Row]) -> Declaration:
    """What can be told from the rows alone: cells, tasks, margin, and that what ran was planned. No controls."""
    plan: dict[str, list[str]] = {}
    for name, row in rows.items():
        plan.setdefault(str(row["stage"]), []).append(name)
    arms = list(dict.fromkeys((str(row["cell"]), str(row["task"])) for row in rows.values()))
    margins = Counter(float(str(row["margin"])) for row in rows.values() if row["margin"] is not None)
    return Declaration(
        study=study,
        doc="A study from W&B.\n\nIts declaration was not among the runs: cells, tasks and margin come from the rows.",
        cells=list(dict.fromkeys(cell for cell, _ in arms)),
        tasks=list(dict.fromkeys(task for _, task in arms)),
        arms=[list(arm) for arm in arms],
        plan=plan,
        total={stage: len(ids) for stage, ids in plan.items()},
        margin=margins.most_common(1)[0][0] if margins else Declaration.margin,
    )


def keeps_all(store: Store, declaration: Declaration) -> bool:
    """Whether a declaration may replace the store's: it plans all that the store's does."""
    if not (store.path / "study.json").exists():
        return True
    old, new = ({name for ids in d.plan.values() for name in ids} for d in (store.declaration(), declaration))
    return old <= new
