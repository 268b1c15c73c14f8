"""The influence of each step on the loss by its lag: one panel for each moment of training."""

import io
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.flow.run import MOMENTS
from sweeps.evidence.flow import SHARE, WORDS

COLOURS = (  # Okabe and Ito's first
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f8790", "#8a63d2", "#a6761d"),
    *("#1b9e9e", "#c2417c", "#4f9d3a"),
)
DASHES = ("-", "--", "-.", (0, (1, 1)))
LINES = "medians and middle halves; dot: memory horizon, 1 % of lag 1\nthin line: what is kept of c along the belt"
FLOOR = 1e-8
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.parse_math": False,
    "svg.hashsalt": "flow",
}


def figure(lines: list[dict[str, Any]], rows: list[dict[str, Any]], title: str) -> Figure:
    """Median over the networks, with the middle half as a band; a mark at the memory horizon. lines: of `curves`; rows:
    of `summary`."""
    cells = list(dict.fromkeys(line["cell"] for line in lines))
    with mpl.rc_context(STYLE):
        legend_rows = -(-len(cells) // 4)
        made = Figure(figsize=(5.0, 7.6 + 0.2 * legend_rows), layout="constrained")
        panels = made.subplots(len(MOMENTS), 1, sharex=True, sharey=True)
        for panel, moment in zip(panels, MOMENTS, strict=True):
            for place, cell in enumerate(cells):
                own = [line for line in lines if line["cell"] == cell and line["moment"] == moment]
                (row,) = [row for row in rows if row["cell"] == cell and row["moment"] == moment]
                colour, dash = COLOURS[place % len(COLOURS)], DASHES[place // len(COLOURS) % len(DASHES)]
                draw(panel, own, row, colour, dash, cell)
            panel.axhline(SHARE, color="0.45", linewidth=0.8, linestyle=":")
            panel.set_title(WORDS[moment], loc="left", fontsize=10, fontweight="bold")
            panel.set(yscale="log", ylabel="influence / lag 1")
            panel.grid(color="0.9", linewidth=0.6)
            panel.spines[["top", "right"]].set_visible(False)
        shares = [line[name] for line in lines for name in ("share_q25", "share_q75") if line[name] > 0]
        panels[0].set_ylim(max(FLOOR, min([SHARE, *shares]) / 2), 2 * max([1.0, *shares]))
        panels[0].yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
        panels[-1].set_xlabel("lag: steps before the last output")
        made.suptitle(f"{title}\n{LINES}", fontsize=8)
        handles, labels = panels[0].get_legend_handles_labels()
        made.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    return made


def draw(
    panel: Any, own: list[dict[str, Any]], row: dict[str, Any], colour: str, dash: Any, cell: str
) -> None:
    """One cell in one panel: influence, its band, the product of what is kept of c (thin), and the horizon."""
    lags = [line["lag"] for line in own]
    low, high = ([max(line[name], FLOOR / 10) for line in own] for name in ("share_q25", "share_q75"))
    panel.fill_between(lags, low, high, color=colour, alpha=0.14, linewidth=0)
    panel.plot(
        lags,
        [max(line["share"], FLOOR / 10) for line in own],
        color=colour,
        linestyle=dash,
        linewidth=1.5,
        label=cell,
    )
    if own[0]["kept"] is not None and min(line["kept"] for line in own) < 0.999:
        panel.plot(lags, [line["kept"] for line in own], color=colour, linewidth=0.7, alpha=0.8)
    if row["horizon"] >= 1:
        at = min(int(row["horizon"]), len(own)) - 1
        panel.plot(lags[at], max(own[at]["share"], FLOOR), marker="o", markersize=4.5, color=colour)


def saved(made: Figure, style: dict[Any, Any] = STYLE) -> dict[str, bytes]:
    """The figure by the ending of its file."""
    png, svg = io.BytesIO(), io.StringIO()
    with mpl.rc_context(style):
        made.dpi = 150
        FigureCanvasAgg(made).print_png(png)
        made.set_layout_engine("none")
        FigureCanvasSVG(made).print_svg(svg, metadata={"Date": None})
    return {"png": png.getvalue(), "svg": svg.getvalue().encode()}
