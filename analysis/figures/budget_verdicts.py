"""What comparisons with k search trials a cell and one seed would have concluded, for every budget k."""

import numpy as np
import pandas as pd
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from analysis.figures import canvas, palette
from analysis.statistics.search.budget_verdicts import SURE, UNKNOWN, budget_verdicts
from analysis.study.measures import MEASURES
from analysis.study.tables import Analysed

ASSUMES_RANDOM_SEARCH = True
title = "What a study with k search trials would conclude"

LEAST = 6  # columns of squares, or few would be very wide
INK = "#20262d"  # on the pale squares, in light and dark alike


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
        for conclusion, some in rows.groupby("conclusion"):
            colour, symbol, _ = palette.VERDICTS[str(conclusion)]
            places = [(ks.index(k), where[cell]) for k, cell in zip(some["k"], some["cell"], strict=True)]
            squares = [Rectangle((x - 0.47, y - 0.45), 0.94, 0.9) for x, y in places]
            panel.add_collection(PatchCollection(squares, color=colour, lw=0))
            x, y = zip(*places, strict=True)
            style = {"marker": canvas.glyph(symbol), "ms": 5.5, "mew": 0.4, "label": conclusion}
            panel.plot(x, y, ls="", color=INK, **style)
    axes[-1].set_xlabel("search trials k of each cell")
    reference = data["reference"].iloc[0]
    words = {"equivalent": "within the margin", "better": f"above {reference}", "worse": f"below {reference}"}
    words |= {"undecided": "depends on the draw"}
    handles = [
        Patch(color=palette.VERDICTS[v][0], label=f"{palette.VERDICTS[v][1]}  {w}") for v, w in words.items()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize=8)
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
