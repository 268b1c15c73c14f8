"""What a panel shows of runs: one entry a run, or a group of runs with its mean and standard error."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sweeps.dashboard.panels import CONFIG, HISTORY, View
from sweeps.mirror.run import Row
from sweeps.mirror.sent import STEP, Sent

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Series:
    """A line with what lies about it. low, high: empty where nothing does."""

    label: str
    middle: list[Point]
    low: list[Point]
    high: list[Point]


@dataclass(frozen=True, kw_only=True)
class Bar:
    label: str
    value: float
    error: float = 0.0


def chosen(view: View, runs: Iterable[Sent]) -> list[Sent]:
    """The runs that a view shows."""
    return [run for run in runs if all(run.config.get(key) in values for key, values in view.runs.items())]


def label(run: Sent) -> str:
    return str(run.config.get("cell_label") or run.name)


def value(run: Sent, key: str) -> float | None:
    """A number of a run under a key; None where it has none, or none that can be drawn."""
    kind, _, path = key.partition(":")
    found: object = run.config if kind == CONFIG else run.summary.get(path)
    if kind == HISTORY:
        found = next((line[path] for line in reversed(run.history) if path in line), None)
    if kind == CONFIG:
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
    return float(found) if isinstance(found, int | float) and math.isfinite(found) else None


def groups(runs: Iterable[Sent], key: str) -> dict[str, list[Sent]]:
    found: dict[str, list[Sent]] = {}
    for run in runs:
        found.setdefault(str(run.config.get(key)), []).append(run)
    return found


def points(run: Sent, name: str) -> list[Point]:
    """A curve of one run."""
    lines = ((line[STEP], line[name]) for line in run.history if name in line and STEP in line)
    return [(float(x), float(y)) for x, y in lines if math.isfinite(float(y))]  # type: ignore[arg-type]


def series(runs: Sequence[Sent], middle: str, around: Sequence[str], group: str) -> list[Series]:
    """One a run that has the curve, or one a group."""
    if group:
        found = groups(runs, group).items()
        made = [mean_curve(name, [points(run, middle) for run in members]) for name, members in found]
        return [line for line in made if line.middle]
    low, high = around or ("", "")
    made = [
        Series(label=label(run), middle=points(run, middle), low=points(run, low), high=points(run, high))
        for run in runs
    ]
    return [line for line in made if line.middle]


def mean_curve(name: str, curves: Sequence[Sequence[Point]]) -> Series:
    """Mean and standard error at each step, over the runs that have it."""
    at: dict[float, list[float]] = {}
    for curve in curves:
        for x, y in curve:
            at.setdefault(x, []).append(y)
    told = [(x, *mean_and_error(ys)) for x, ys in sorted(at.items())]
    return Series(
        label=name,
        middle=[(x, mean) for x, mean, _ in told],
        low=[(x, mean - error) for x, mean, error in told],
        high=[(x, mean + error) for x, mean, error in told],
    )


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Mean, and its standard error: 0 for a single value."""
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return statistics.fmean(values), error


def bars(runs: Sequence[Sent], key: str, group: str) -> list[Bar]:
    """One a run that has the number, or one a group."""
    if not group:
        found = [(label(run), value(run, key)) for run in runs]
        return [Bar(label=name, value=number) for name, number in found if number is not None]
    made = []
    for name, members in groups(runs, group).items():
        numbers = [number for run in members if (number := value(run, key)) is not None]
        if numbers:
            mean, error = mean_and_error(numbers)
            made.append(Bar(label=name, value=mean, error=error))
    return made


def settings_of(run: Sent) -> Row:
    """The searched fields, by dotted path."""

    def flat(tree: object, prefix: str) -> Row:
        if not isinstance(tree, dict):
            return {prefix: tree}
        return {
            path: v
            for name, inner in tree.items()
            for path, v in flat(inner, f"{prefix}.{name}" if prefix else name).items()
        }

    return flat(run.config.get("setting") or {}, "")
