"""Runs of arms: one cell on one task, all its trials in one W&B run, however many there are.

    history    curve/TASK, low/TASK, high/TASK     median and quartiles of the validation score over the confirm seeds
    summary    score/TASK, solved/TASK             mean test score and share solved, of the confirm seeds
               horizon/TASK, exponent/TASK, ...    how far back its networks look, where that was measured: medians
               verdict, difference, ...            against the reference, as the last report says
               trials, confirmed, failed, ...      and the seconds that they took

The policy is the verdicts': a failed or diverged trial scores 0, from its divergence on also in the curve, a trial that
stopped since it had solved its task keeps its last score, and below 0 is 0. W&B draws at most 1,000 runs and a study
may have more trials than that; of arms it has some dozens.
"""

import bisect
import hashlib
import json
import math
import statistics
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain

from sweeps.mirror import names
from sweeps.mirror.design import Design
from sweeps.mirror.reported import Verdict
from sweeps.mirror.run import ARM, Row
from sweeps.mirror.sent import STEP, Sent
from sweeps.mirror.trial import nested, number
from sweeps.store.declaration import Declaration
from sweeps.store.store import Store

Arm = tuple[str, str]  # labels of cell and task
Curve = list[tuple[int, float]]  # steps and scores
COLUMNS = (
    *("trial_id", "stage", "cell", "task", "status", "solved", "diverged_step"),
    *("compile_seconds", "run_seconds", "finished_at"),
)
FLOW = ("horizon", "exponent", "shut", "open")
SEARCH, CONFIRM = "search", "confirm"


def arms(
    store: Store, declared: Declaration, verdicts: Mapping[Arm, Verdict], design: Design | None = None
) -> Iterator[Sent]:
    """A run for every arm that has trials. design: what they use."""
    wanted = [*COLUMNS, declared.score, "test_score", *declared.searched]
    rows = store.planned(list(dict.fromkeys(wanted))).rows.to_pylist()
    by_arm: dict[Arm, list[Row]] = {}
    for row in rows:
        by_arm.setdefault((row["cell"], row["task"]), []).append(row)
    confirmed = {str(row["trial_id"]) for row in rows if row["stage"] == CONFIRM}
    curves, flow = curves_of(store, confirmed), flow_of(store)
    for arm, members in by_arm.items():
        run = arm_run(arm, members, curves, declared, verdicts.get(arm), flow.get(arm, {}))
        yield replace(run, uses=design, mark=f"{run.mark}{design.artifact.digest[:8]}") if design else run


def curves_of(store: Store, trials: set[str]) -> dict[str, Curve]:
    """Validation scores by trial, in the order of steps; those that are not numbers left out."""
    table = store.curves().select(["trial_id", STEP, "valid_score"]).sort_by(STEP)
    curves: dict[str, Curve] = {}
    for trial, step, score in zip(*(table[name].to_pylist() for name in table.column_names), strict=True):
        if trial in trials and score is not None and score == score:
            curves.setdefault(trial, []).append((step, score))
    return curves


def flow_of(store: Store) -> dict[Arm, Row]:
    """By arm what flows through its networks after training, as its summary has it; nothing where nothing was
    measured."""
    found: dict[Arm, dict[str, list[float]]] = {}
    for row in store.flow(["cell", "task", "moment", *FLOW]).to_pylist():
        numbers = found.setdefault((row["cell"], row["task"]), {})
        for name in FLOW if row["moment"] == "end" else ():
            value = math.inf if name == "exponent" and row[name] is None else row[name]
            if value is not None:
                numbers.setdefault(names.key(name, row["task"]), []).append(value)
    medians = {arm: {key: statistics.median(v) for key, v in told.items()} for arm, told in found.items()}
    return {arm: {key: v for key, v in told.items() if math.isfinite(v)} for arm, told in medians.items()}


def arm_run(
    arm: Arm,
    rows: list[Row],
    curves: Mapping[str, Curve],
    declared: Declaration,
    verdict: Verdict | None,
    flow: Row,
) -> Sent:
    cell, task = arm
    study = declared.study
    confirm = [row for row in rows if row["stage"] == CONFIRM]
    history: list[Row] = [
        {STEP: step} | {names.key(name, task): value for name, value in zip(QUARTILES, values, strict=True)}
        for step, values in quartiles([(row, curves.get(str(row["trial_id"]), [])) for row in confirm])
    ]
    flat = {"study": study, "stage": ARM, "cell_label": cell, "task_label": task, "status": "finished"}
    best = nested({path: confirm[0][path] for path in declared.searched if known(confirm, path)})
    summary = outcome(task, rows, confirm, declared.score) | flow | (verdict.summary if verdict else {})
    run_seconds = sum(number(row["run_seconds"]) for row in rows)
    ended = max(row["finished_at"].timestamp() for row in rows if row["finished_at"])  # type: ignore[attr-defined]
    told = [flat, best, history, summary]
    return Sent(
        id=f"{ARM}/{study}/{task}/{cell}",
        mark=hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()[:16],
        run_id=arm_id(study, cell, task),
        name=f"{cell}-{task}-{study}",
        group=names.group(study),
        job_type=ARM,
        tags=names.tags(study, ARM, cell, task),
        config=flat | ({"setting": best} if best else {}),
        history=history,
        summary=summary,
        started=ended - run_seconds,
        seconds=run_seconds,
    )


def arm_id(study: str, cell: str, task: str) -> str:
    """The id of an arm's run."""
    text = names.readable(f"{ARM}-{cell}-{task}-{study}", study)
    return f"{text}-{names.digits('/'.join([study, task, cell]))}"


def known(confirm: list[Row], path: str) -> bool:
    return bool(confirm) and confirm[0].get(path) is not None


def outcome(task: str, rows: list[Row], confirm: list[Row], score: str) -> Row:
    """The summary without the verdict."""
    counts = {status: sum(row["status"] == status for row in rows) for status in ("failed", "diverged")}
    told: Row = {"trials": len(rows), "searched": sum(row["stage"] == SEARCH for row in rows)}
    told |= {"confirmed": len(confirm)} | counts
    told |= {name: sum(number(row[name]) for row in rows) for name in ("compile_seconds", "run_seconds")}
    if confirm:
        scores = [max(0.0, number(row[score])) if row["status"] == "finished" else 0.0 for row in confirm]
        solved = [row["status"] == "finished" and bool(row["solved"]) for row in confirm]
        told[names.key("score", task)] = statistics.fmean(scores)
        told[names.key("solved", task)] = statistics.fmean(solved)
    return told


# ---------------------------------------------------------------------- the curve

QUARTILES = ("curve", "low", "high")


def quartiles(seeds: Iterable[tuple[Row, Curve]]) -> Iterator[tuple[int, tuple[float, float, float]]]:
    """Step, and median, lower and upper quartile of the score over the seeds, at every step that one of them has."""
    seeds = [(row, curve) for row, curve in seeds if curve or row["status"] != "finished"]
    for step in sorted({step for step, _ in chain.from_iterable(curve for _, curve in seeds)}):
        scores = sorted(score_at(row, curve, step) for row, curve in seeds)
        yield step, (quantile(scores, 0.5), quantile(scores, 0.25), quantile(scores, 0.75))


def score_at(row: Row, curve: Curve, step: int) -> float:
    """A seed's score at a step, by the policy above."""
    diverged = row["diverged_step"]
    if diverged is not None and step >= number(diverged):
        return 0.0
    place = bisect.bisect_right(curve, step, key=lambda point: point[0])
    went_on = place < len(curve) or (bool(curve) and curve[-1][0] == step)
    if place == 0 or (not went_on and row["status"] != "finished"):
        return 0.0
    return max(0.0, curve[place - 1][1])


def quantile(ordered: list[float], share: float) -> float:
    """Linear between neighbours, as NumPy has it.

    >>> quantile([0.0, 1.0, 2.0, 3.0], 0.25)
    0.75
    """
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
