"""The views of a study.

    result      arms and study       verdicts, figures, a curve with its quartiles per task, scores and shares solved,
                                     memory horizons where they were measured
    seeds       confirm, by cell     mean and standard error of curves and scores; a view per task above 1,000 runs
    settings    search, per task     parallel coordinates, importance, score against learning rate; not grouped, since
                                     W&B shows no importance of groups
    progress    arms                 trials done, failed and diverged; compile against run seconds; runs side by side

Keys are those of the runs that the mirror writes (`sweeps.mirror.trial`, `arms`, `study_run`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sweeps.dashboard.panels import (
    CONFIG,
    SUMMARY,
    Bars,
    Comparer,
    Images,
    Importance,
    Lines,
    Panel,
    Parallel,
    Scatter,
    Section,
    Table,
    Text,
    View,
)
from sweeps.mirror.names import key
from sweeps.mirror.run import ARM, STUDY
from sweeps.store.declaration import Declaration

DRAWN = 1000  # runs that W&B draws at most
LEARNING_RATE = "optimizer.learning_rate"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What the report found. matrix: verdicts as a table in Markdown. figures: their names. verdicts: whether there is
    a table of them. trials: whether they have runs of their own. flow: tasks on which it was measured how far back
    cells look."""

    headline: str
    matrix: str
    figures: tuple[str, ...]
    verdicts: bool
    trials: bool = True
    flow: tuple[str, ...] = ()


def views(declared: Declaration, found: Finding) -> Iterator[View]:
    """All views of a study."""
    yield result(declared, found)
    if found.trials:
        yield from seeds(declared)
        yield from settings(declared)
    yield progress(declared)


def of(declared: Declaration, *stages: str) -> dict[str, tuple[str, ...]]:
    return {"study": (declared.study,), "stage": stages}


def result(declared: Declaration, found: Finding) -> View:
    top: list[Panel] = [Text(text=f"{found.headline}\n\n{found.matrix}".strip())]
    if found.verdicts:
        top.append(Table(title="Verdicts", name="verdicts"))
    if found.figures:
        top.append(Images(title="Figures", names=tuple(f"figures/{name}" for name in found.figures)))
    return View(
        name="result",
        title=f"{declared.study}: result",
        runs=of(declared, ARM, STUDY),
        sections=(
            Section(title="Verdicts", panels=tuple(top)),
            *outcome(declared.tasks, quartiles=True),
            *([looking_back(found.flow)] if found.flow else []),
        ),
    )


def looking_back(tasks: tuple[str, ...]) -> Section:
    """How far back networks look after training."""
    titles = {"horizon": "memory horizon (steps)", "exponent": "largest Lyapunov exponent"}
    panels = [
        Bars(title=f"{task}: {title}", measure=key(name, task))
        for task in tasks
        for name, title in titles.items()
    ]
    return Section(title="How far back cells look", panels=tuple(panels))


def seeds(declared: Declaration) -> Iterator[View]:
    grouped = {"group": "cell_label"}
    if declared.planned("confirm") <= DRAWN:
        yield View(
            name="seeds",
            title=f"{declared.study}: seeds",
            runs=of(declared, "confirm"),
            sections=outcome(declared.tasks),
            **grouped,
        )
        return
    for task in declared.tasks:
        yield View(
            name=f"seeds/{task}",
            title=f"{declared.study}: seeds on {task}",
            runs=of(declared, "confirm") | {"task_label": (task,)},
            sections=outcome([task]),
            **grouped,
        )


def outcome(tasks: list[str], *, quartiles: bool = False) -> tuple[Section, ...]:
    """Curves and bars of each task."""
    around = {task: tuple(key(name, task) for name in ("low", "high")) if quartiles else () for task in tasks}
    return (
        Section(
            title="Validation score while training",
            panels=tuple(Lines(title=task, middle=key("curve", task), around=around[task]) for task in tasks),
        ),
        Section(
            title="Test score", panels=tuple(Bars(title=task, measure=key("score", task)) for task in tasks)
        ),
        Section(
            title="Fraction of seeds that solved the task",
            panels=tuple(Bars(title=task, measure=key("solved", task)) for task in tasks),
        ),
    )


def settings(declared: Declaration) -> Iterator[View]:
    if not declared.searched:
        return
    score = f"{SUMMARY}:valid_score"
    columns = [f"{CONFIG}:setting.{path}" for path in declared.searched]
    rate = f"{CONFIG}:setting.{LEARNING_RATE}"
    for task in declared.tasks:
        panels: list[Panel] = [
            Parallel(title="Settings and validation score", columns=(*columns, score), log=(rate,)),
            Importance(title="What explains the validation score", measure="valid_score"),
        ]
        if LEARNING_RATE in declared.searched:
            panels.append(Scatter(title="Validation score by learning rate", x=rate, y=score, log_x=True))
        yield View(
            name=f"settings/{task}",
            title=f"{declared.study}: settings on {task}",
            runs=of(declared, "search") | {"task_label": (task,)},
            sections=(Section(title="Search", panels=tuple(panels)),),
        )


def progress(declared: Declaration) -> View:
    counts = tuple(Bars(title=f"Trials {name}", measure=name) for name in ("confirmed", "failed", "diverged"))
    seconds = Scatter(
        title="Seconds of compiling and of running",
        x=f"{SUMMARY}:compile_seconds",
        y=f"{SUMMARY}:run_seconds",
    )
    return View(
        name="progress",
        title=f"{declared.study}: progress",
        runs=of(declared, ARM),
        sections=(
            Section(title="Trials", panels=counts),
            Section(title="Cost", panels=(seconds, Comparer())),
        ),
    )
