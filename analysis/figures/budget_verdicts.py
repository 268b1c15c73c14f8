"""What comparisons with k search trials a cell and one seed would have concluded, for every budget k."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.figures import canvas, palette, squares
from analysis.statistics.search.budget_verdicts import SURE, UNKNOWN, budget_verdicts
from analysis.study.measures import MEASURES
from analysis.study.tables import Analysed

ASSUMES_RANDOM_SEARCH = True
title = "What a study with k search trials would conclude"

LEAST = 6  # columns of squares, or few would be very wide


def data(study: Analysed) -> pd.DataFrame:
    """One row per task, cell, k <= n/4 and outcome (below, within, above): value, low, high, n, conclusion, margin,
    method."""
    results, declaration = study.results, study.declaration
    table = budget_verdicts(
        results.random_search,
        study.reference,
        margin=MEASURES["test_score"].margin_in(declaration),
        measure=declaration.score,
        generator=np.random.default_rng(0),
        octave=2,
    )
    table = table[table["conclusion"] != UNKNOWN]
    return palette.paint(results.in_order(table, "k", "outcome"), declaration.cells)


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    tasks = list(dict.fromkeys(data["task"]))
    shown = data.drop_duplicates(["task", "cell", "k"])
    sizes = [shown.loc[shown["task"] == task, "cell"].nunique() for task in tasks]
    figure, axes = canvas.sheet([0.45 + 0.22 * size for size in sizes], foot=0.6)
    for panel, task in zip(axes, tasks, strict=True):
        rows = shown[shown["task"] == task]
        ks = sorted(rows["k"].unique())
        where = canvas.rows_of_cells(panel, list(dict.fromkeys(rows["cell"])))
        panel.set_title(task)
        panel.set_xlim(-0.5, max(len(ks), LEAST) - 0.5)
        panel.set_xticks(range(len(ks)), [str(k) for k in ks])
        panel.tick_params(axis="x", length=0)
        panel.grid(visible=False)
        panel.spines[:].set_visible(False)
        places = rows.assign(x=rows["k"].map(ks.index), y=rows["cell"].map(where))
        squares.draw(panel, places.assign(standing=rows["conclusion"], grade=""), size=5.5)
    axes[-1].set_xlabel("search trials k of each cell")
    reference = data["reference"].iloc[0]
    words = {"equivalent": "within the margin", "better": f"above {reference}", "worse": f"below {reference}"}
    words |= {"undecided": "depends on the draw"}
    figure.legend(
        handles=squares.key([], words), loc="outside lower center", ncols=2, frameon=False, fontsize=8
    )
    return figure


def caption(data: pd.DataFrame) -> str:
    row, sizes = data.iloc[0], data["n"]
    n = f"{sizes.min()}" if sizes.nunique() == 1 else f"{sizes.min()} to {sizes.max()}"
    return (
        f"A comparison keeps each cell's best of k trials by validation and reads the two test scores. Coloured: what "
        f"at least {SURE:.0%} of all draws of k from the {n} search trials say about a cell against {row.reference}, "
        f"with the margin ±{row.margin:g}, up to the largest k for which four searches fit; the shares and their "
        f"95% intervals are in the saved data. These are comparisons of one seed each, not verdicts."
    )
