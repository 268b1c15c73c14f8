"""Synthetic studies with a known truth, written through the real store.

store = write_store(tmp_path, study())            a realistic study of ten cells and two tasks
frame = trials_frame({("lstm", "adding"): [0.9, 0.8], ...})      confirm trials with just these scores
"""

import dataclasses
import datetime
import hashlib
import json
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sweeps.store import schema
from sweeps.store.declaration import Declaration
from sweeps.store.store import Store

CELLS = (
    *("lstm", "lstm_again", "peephole", "coupled", "gru", "depth_gated", "clockwork"),
    *("nfg", "noaf", "rnn"),
)
TASKS = ("adding", "temporal_order")
STEPS = 2000
DOC = """Do the variants of the LSTM differ on short memory tasks?

Expectation: the gated cells are equivalent; the plain RNN is not.

Cost: synthetic."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What a cell really does on a task: mean and sd of its score, step of half way, rate of divergence."""

    mean: float
    sd: float = 0.006
    half: float = 500.0
    diverges: float = 0.0


def truth(cell: str, task: str) -> Truth:
    """Greff et al.'s pattern, more or less."""
    adding = task == "adding"
    return {
        "rnn": Truth(mean=0.08 if adding else 0.22, sd=0.05, half=900),
        "nfg": Truth(mean=0.985 if adding else 0.70, sd=0.006 if adding else 0.06, half=650),
        "noaf": Truth(mean=0.90 if adding else 0.93, sd=0.03, half=800),
        "clockwork": Truth(
            mean=0.74 if adding else 0.97, sd=0.10 if adding else 0.045, half=700, diverges=0.2
        ),
        "coupled": Truth(mean=0.987 if adding else 1.0, sd=0.005 if adding else 0.0, half=420),
        "gru": Truth(mean=0.993 if adding else 1.0, sd=0.002 if adding else 0.0, half=380),
        "depth_gated": Truth(mean=0.98, sd=0.014, half=560),
    }.get(cell, Truth(mean=0.986 if adding else 1.0, sd=0.006 if adding else 0.0))


@dataclass(frozen=True, kw_only=True)
class Study:
    declaration: Declaration
    trials: list[dict[str, object]] = field(default_factory=list)
    curves: list[dict[str, object]] = field(default_factory=list)


def trial_row(**values: object) -> dict[str, object]:
    """One row with every declared column: plausible where not given; the id follows from the rest."""
    row: dict[str, object] = dict.fromkeys(schema.TRIAL_COLUMNS)
    row |= {
        "schema_version": schema.VERSION,
        "study": "synthetic",
        "stage": "confirm",
        "cell": "lstm",
        "task": "adding",
        "seed": 0,
        "status": "finished",
        "steps_done": STEPS,
        "sequences": STEPS * 32,
        "baseline_loss": 1 / 6,
        "solved": False,
        "parameters": 4 * 32 * (2 + 32 + 1),
        "state_size": 64,
        "test_sequences": 2048,
        "margin": 0.05,
        "compile_seconds": 1.5,
        "run_seconds": 4.0,
        "memory_bytes": 400_000_000,
        "finished_at": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "dirty": False,
        "device": "cpu: synthetic",
        **{name: "1.0" for name in schema.TRIAL_COLUMNS if name.startswith("version.")},
        **values,
    }
    spec = {k: row[k] for k in ("stage", "cell", "task", "seed")} | {
        k: v for k, v in values.items() if "." in k
    }
    row["spec"] = json.dumps(spec, sort_keys=True, default=str)
    row["trial_id"] = values.get("trial_id") or hashlib.sha256(str(row["spec"]).encode()).hexdigest()[:16]
    return row


def scored(score: float, **values: object) -> dict[str, object]:
    """A finished row with this score on validation and test."""
    loss = (1 - score) / 6
    measures = {
        f"{split}_{kind}": v for split in ("valid", "test") for kind, v in (("score", score), ("loss", loss))
    }
    error = {"valid_error": 1 - score, "test_error": 1 - score, "train_loss": loss}
    return trial_row(**{**measures, **error, "solved": score > 0.95, **values})


def diverged(step: int = 900, **values: object) -> dict[str, object]:
    return trial_row(status="diverged", diverged_step=step, steps_done=step, **values)


def curve_rows(
    trial: dict[str, object], half: float, generator: np.random.Generator
) -> list[dict[str, object]]:
    """A sigmoid up to the trial's score; ends at a divergence."""
    final, rows = trial["valid_score"], []
    top = 0.5 if final is None else float(final)  # type: ignore[arg-type]
    for step in range(100, int(trial["steps_done"]) + 1, 100):  # type: ignore[call-overload]
        rise = 1 / (1 + np.exp(-(step - half) / 90))
        score = min(1.0, top * rise + 0.01 * (1 - rise) * generator.standard_normal())
        row: dict[str, object] = dict.fromkeys(schema.CURVE_COLUMNS)
        row |= {
            name: trial[name]
            for name in ("schema_version", "trial_id", "study", "stage", "cell", "task", "seed")
        }
        row |= {"step": step, "valid_score": score, "valid_loss": (1 - score) / 6, "valid_error": 1 - score}
        row |= {"train_loss": (1 - score) / 6, "gradient_norm": 0.3, "seconds": step / 500}
        rows.append(row)
    return rows


def study(
    *,
    cells: tuple[str, ...] = CELLS,
    tasks: tuple[str, ...] = TASKS,
    seeds: int = 8,
    search: int = 6,
    seed: int = 7,
) -> Study:
    """A whole study with `truth`; controls: lstm_again is lstm, rnn differs from lstm."""
    generator = np.random.default_rng(seed)
    trials: list[dict[str, object]] = []
    curves: list[dict[str, object]] = []
    for t, task in enumerate(tasks):
        for c, cell in enumerate(cells):
            real = truth(cell, task)
            spec = {"cell.hidden": 32, "cell.forget_bias": 1.0, "task.length": 50, "steps": STEPS}
            found = []
            for k in range(search):
                rate = float(10 ** generator.uniform(-4, -1))
                off = abs(np.log10(rate) + 2.3)
                drawn = {**spec, "optimizer.learning_rate": rate, "stage": "search", "seed": 1000 + k}
                names = {"cell": cell, "task": task, "margin": 0.05}
                if rate > 0.06:
                    found.append(diverged(step=300, **drawn, **names))
                else:
                    score = (
                        real.mean * max(0.0, 1 - 0.9 * max(0.0, off - 0.5))
                        + 0.01 * generator.standard_normal()
                    )
                    found.append(scored(min(score, 1.0), **drawn, **names))
            best = max(found, key=lambda row: -1.0 if row["valid_score"] is None else row["valid_score"])
            chosen = {**spec, "optimizer.learning_rate": best["optimizer.learning_rate"]}
            confirm = []
            for k in range(seeds):
                names = {"cell": cell, "task": task, "seed": 10_000 * (c + 1) + 100 * t + k}
                score = min(1.0, real.mean + real.sd * generator.standard_normal())
                if generator.random() < real.diverges:
                    confirm.append(diverged(**chosen, **names))
                else:
                    confirm.append(scored(round(score * 2048) / 2048, **chosen, **names, solved_step=1500))
            for row in [*found, *confirm]:
                curves += curve_rows(row, real.half, generator)
            trials += [*found, *confirm]
    return Study(declaration=declare(trials, cells=cells, tasks=tasks), trials=trials, curves=curves)


def declare(
    trials: list[dict[str, object]], *, cells: tuple[str, ...], tasks: tuple[str, ...]
) -> Declaration:
    """A declaration that plans exactly these trials, with the usual controls where their cells are there."""
    plan: dict[str, list[str]] = {}
    for row in trials:
        plan.setdefault(str(row["stage"]), []).append(str(row["trial_id"]))
    return Declaration(
        study="synthetic",
        doc=DOC,
        cells=list(cells),
        tasks=list(tasks),
        same=[["lstm", "lstm_again"]] if {"lstm", "lstm_again"} <= set(cells) else [],
        different=[["rnn", "lstm", task] for task in tasks] if {"lstm", "rnn"} <= set(cells) else [],
        plan=plan,
        total={stage: len(ids) for stage, ids in plan.items()},
    )


def in_a_race(declaration: Declaration, *, look: int, most: int) -> Declaration:
    """The same study as if its seeds had been raced: each cell against lstm, the alias beside them."""
    alias = {name for pair in declaration.same for name in pair} | {"lstm"}
    compared = [cell for cell in declaration.cells if cell not in alias]
    pairs = [
        [task, cell, "lstm"]
        for task in declaration.tasks
        for cell in compared
        if declaration.runs(task, cell)
    ]
    return dataclasses.replace(declaration, race={"look": look, "most": most}, pairs=pairs)


def write_store(results, made: Study) -> Store:
    """Write the study below `results`, one part per cell and task and stage, as cohorts do."""
    store = Store(results, made.declaration.study).prepare()
    store.declare(made.declaration)
    parts: dict[tuple[object, ...], list[dict[str, object]]] = {}
    for row in made.trials:
        parts.setdefault((row["stage"], row["task"], row["cell"]), []).append(row)
    of_trial: dict[object, list[dict[str, object]]] = {}
    for row in made.curves:
        of_trial.setdefault(row["trial_id"], []).append(row)
    for rows in parts.values():
        store.append(rows, [point for row in rows for point in of_trial.get(row["trial_id"], [])])
    return store


def trials_frame(scores: dict[tuple[str, str], list[float]], **values: object) -> pd.DataFrame:
    """Confirm trials with just these scores by (cell, task), as the loader would give them."""
    rows = [
        scored(score, cell=cell, task=task, seed=100 * i + k, **values)
        for i, ((cell, task), group) in enumerate(scores.items())
        for k, score in enumerate(group)
    ]
    return pd.DataFrame(rows).assign(solved=lambda frame: frame["solved"].astype(bool))
