"""Scores on sequences longer than those of training, mean over the confirm seeds with intervals."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from analysis.figures import canvas, palette
from analysis.figures.budget import name_ends
from analysis.figures.differences import seeds
from analysis.statistics.bootstrap import bootstrap
from analysis.statistics.scores import scores
from analysis.study.tables import Analysed
from sweeps.store.schema import longer_column, longer_factors

title = "Scores on longer sequences"

HEIGHT = 1.9  # inches a task


def absent(study: Analysed) -> str:
    """Why there is no such figure."""
    tested = tried(study.results.trials)
    return "" if tested else "No trial of this study was tested on sequences longer than in training."


def tried(trials: pd.DataFrame) -> list[int]:
    """How many times as long as in training the sequences of some of these trials' tests were."""
    factors = longer_factors(map(str, trials))
    return [factor for factor in factors if trials[longer_column("score", factor)].notna().any()]


def data(study: Analysed) -> pd.DataFrame:
    """task, cell, factor (1: as in training), value, low, high, n, method, colour, look. Without tasks that were not
    tested on longer sequences."""
    results, generator = study.results, np.random.default_rng(0)
    parts = []
    for task, members in results.stage("confirm").sort_values("trial_id").groupby("task", sort=False):
        factors = tried(members)
        for cell, mine in members.groupby("cell", sort=False) if factors else ():
            measures = {1: "test_score"} | {f: longer_column("score", f) for f in factors}
            wide = pd.DataFrame({f: scores(mine, measure=name)["score"] for f, name in measures.items()})
            line = bootstrap(wide, generator=generator).rename_axis("factor").reset_index()
            parts.append(line.assign(task=task, cell=cell))
    columns = ["task", "cell", "factor", "value", "low", "high", "n", "method"]
    table = pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
    return palette.paint(results.in_order(table, "factor"), results.declaration.cells)


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    tasks = list(dict.fromkeys(data["task"]))
    height = max(HEIGHT, 0.6 + 0.17 * data["cell"].nunique())
    figure, axes = canvas.sheet([height] * len(tasks), foot=0.2)
    for panel, task in zip(axes, tasks, strict=True):
        rows = data[data["task"] == task]
        factors = sorted(set(rows["factor"]))
        panel.set_title(task)
        panel.set(ylim=(-0.03, 1.05), ylabel="test score", xscale="log", xlim=(1 / 1.03, factors[-1] * 1.03))
        panel.xaxis.set_major_locator(FixedLocator(canvas.apart(factors, 0.06 * np.log10(factors[-1]))))
        panel.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        panel.xaxis.set_minor_locator(NullLocator())
        ends = []
        for cell, line in rows.groupby("cell", sort=False):
            first = line.iloc[0]
            panel.fill_between(
                line["factor"], line["low"], line["high"], color=first.colour, alpha=0.16, lw=0
            )
            style = {"color": first.colour, "ls": palette.dash(first.look), "lw": 1.5, "label": cell}
            panel.plot(line["factor"], line["value"], marker=".", ms=5, clip_on=False, **style)
            ends.append((line["value"].iloc[-1], str(cell), first.colour))
        name_ends(panel, ends, height)
    axes[-1].set_xlabel("length of the test's sequences, times the longest of training")
    return figure


def caption(data: pd.DataFrame) -> str:
    return (
        f"Mean test score of {seeds(data)} per cell and task (confirm stage) on sequences as in training (1) and "
        f"longer ones; shaded: 95% interval at each length, {data['method'].iloc[0].split(',')[0]}. Diverged and "
        f"failed trials count 0."
    )
