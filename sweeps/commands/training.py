"""One trial trained before one's eyes, and its curve: in a line, as a picture."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from sweeps.job import Job
from sweeps.plan import Entry, Work
from sweeps.rows import Row
from sweeps.store.schema import STOPPED
from sweeps.store.store import Store
from sweeps.worker import Worker

STUDY = "single"
BARS = "▁▂▃▄▅▆▇█"


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
    """Print how the trial ended, with its curve."""
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
    if row["status"] == STOPPED:
        screen.print(
            f"Stopped after {row['steps_done']} updates, as its search did: validation score {row['valid_score']:.4f} "
            "(0 naive baseline, 1 perfect)",
            soft_wrap=True,
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
    """One bar per value, empty at a score of 0 or below, full at 1, a blank for what is missing."""
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
