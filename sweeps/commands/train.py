"""`lstm-variants train`: one trial, live, with its curve at the end and a row in the store."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from experiments.optimizers import SGD, Adam
from experiments.specs import SpecError, canonical, construct, replace, set_text, unknown
from experiments.tasks import TASKS
from experiments.trial import Trial, checked
from lstm_variants import CELLS, Stacked
from sweeps.errors import InputError
from sweeps.job import Job
from sweeps.plan import Entry, Work
from sweeps.rows import Row
from sweeps.store.store import Store
from sweeps.terminal.screen import console
from sweeps.worker import Worker

STUDY = "single"
LENGTHS = (
    "length",
    "delay",
    "distance",
    "lag",
    "longest",
    "largest",
    "intervals",
    "noise",
    "periods",
    "tags",
    "blank",
    "marks",
)
BARS = "▁▂▃▄▅▆▇█"


def run(options: argparse.Namespace) -> int:
    screen = console()
    trial = trial_of(options)
    entry = Entry(trial, "single", options.cell, options.task)
    store = Store(options.results, STUDY).prepare()
    screen.print(canonical(trial), style="dim", soft_wrap=True)
    stored = [row for row in store.trials().to_pylist() if row["trial_id"] == entry.id]
    if stored and not options.again:
        screen.print("The store has this trial already (--again trains it once more).")
        row = stored[0]
    else:
        row = train(screen, entry, store)
    curve = sorted(
        (c for c in store.curves().to_pylist() if c["trial_id"] == entry.id), key=lambda c: c["step"]
    )
    show(screen, row, curve)
    path = draw(entry, row, curve, store.path / "figures" / f"{options.cell}-{options.task}-{entry.id}.png")
    screen.print(f"row {entry.id} in {store.path}\ncurve {path}", soft_wrap=True)
    return 0 if row["status"] == "finished" else 1


def trial_of(options: argparse.Namespace) -> Trial:
    """The trial that the options describe. Raises InputError, with the nearest name, for what is unknown."""
    if options.cell not in CELLS:
        raise InputError(unknown("cell", options.cell, CELLS))
    if options.task not in TASKS:
        raise InputError(unknown("task", options.task, TASKS))
    try:
        cell, task = CELLS[options.cell](), TASKS[options.task]()
        if options.hidden is not None:
            cell = replace(cell, "hidden", options.hidden)
        if options.layers != 1:
            cell = construct(Stacked, {"cell": cell, "layers": options.layers})
        if options.length is not None:
            task = replace(task, length_field(options.task, task), options.length)
        adam = options.optimizer == "adam"
        rate = options.learning_rate if options.learning_rate is not None else (0.01 if adam else 0.1)
        optimizer = Adam(learning_rate=rate) if adam else SGD(learning_rate=rate, clip=1.0)
        given = {"steps": options.steps, "batch": options.batch}
        values = {name: value for name, value in given.items() if value is not None}
        if "steps" in values:  # twenty points a curve
            values["evaluate_every"] = max(1, min(100, values["steps"] // 20))
        values |= {"cell": cell, "task": task, "optimizer": optimizer, "seed": options.seed}
        trial: Any = construct(Trial, values)
        for text in options.set:
            path, equals, value = text.partition("=")
            if not equals:
                raise InputError(f"--set takes PATH=VALUE, such as optimizer.clip=5; got '{text}'.")
            trial = set_text(trial, path, value)
        return checked(trial)
    except SpecError as error:
        raise InputError(str(error)) from None


def length_field(name: str, task: Any) -> str:
    """The field that `--length` sets: the first of the task's axes that is a length. Raises InputError."""
    found = [axis for axis in LENGTHS if axis in task.axes]
    if not found:
        raise InputError(
            f"{name} has no field for --length; use --set, such as --set task.{task.axes[0]}=..."
        )
    return found[0]


def train(screen: Console, entry: Entry, store: Store) -> Row:
    """Train it here, showing the newest validation score; returns the row that was stored."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=screen, transient=True) as progress:
        bar = progress.add_task("compiling", total=1.0)
        for event in Worker().run(Work((entry,), 1), Job(study=STUDY, store=store)):
            score = event.scores.get(entry.id)
            text = f"validation score {score:.3f}" if score is not None else "training"
            progress.update(bar, completed=event.fraction, description=text)
    return event.rows[0]


def show(screen: Console, row: Row, curve: list[Row]) -> None:
    scores = [c["valid_score"] for c in curve]
    screen.print(
        f"validation score, steps {curve[0]['step']} to {curve[-1]['step']}: {sparkline(scores)}",
    )
    if row["status"] == "diverged":
        screen.print(
            f"Diverged at step {row['diverged_step']}: the loss or its gradient was not finite. "
            "Lower --learning-rate or --set optimizer.clip=1.",
            style="red",
        )
        return
    sample = f" of {row['test_sequences']}" if row["test_sequences"] else ""
    solved = f"solved at step {row['solved_step']}" if row["solved"] else "not solved"
    screen.print(
        f"test score {row['test_score']:.4f} (0 naive baseline, 1 perfect), loss {row['test_loss']:.4g} "
        f"(baseline {row['baseline_loss']:.4g}), wrong {row['test_error']:.2%}{sample}; {solved}; "
        f"{row['parameters']} parameters; compiled in {row['compile_seconds']:.1f} s, ran {row['run_seconds']:.1f} s",
        soft_wrap=True,
    )


def sparkline(values: list[Any]) -> str:
    """One bar a value, empty at a score of 0 or below, full at 1, a blank for what is missing."""
    top = len(BARS) - 1
    return "".join(" " if v is None else BARS[round(top * min(1.0, max(0.0, v)))] for v in values)


def draw(entry: Entry, row: Row, curve: list[Row], path: Path) -> Path:
    """The curve as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.2), layout="constrained")
    axes = figure.subplots()
    steps = [c["step"] for c in curve]
    axes.plot(steps, [c["valid_score"] for c in curve], marker=".", color="#0072B2")
    axes.axhline(0, color="0.6", linewidth=0.8)
    axes.axhline(1, color="0.6", linewidth=0.8, linestyle=":")
    if row["solved_step"] is not None:
        axes.axvline(row["solved_step"], color="#009E73", linewidth=1)
        axes.annotate(
            "solved", (row["solved_step"], 0.02), rotation=90, color="#009E73", va="bottom", ha="right"
        )
    axes.set(
        xlabel="step",
        ylabel="validation score",
        title=f"{entry.cell} on {entry.task}, seed {entry.trial.seed}",
    )
    axes.set_ylim(
        max(-1.0, axes.get_ylim()[0]), 1.05
    )  # what a network far below the baseline does is no detail
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    return path
