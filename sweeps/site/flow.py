"""How far back every cell of the catalogue looks: measured by a command, shipped, and drawn on the cell's page.

    python -m sweeps.site.flow docs [CELL...]      measures these cells, or all; ten minutes on two cores

docs/flow/CELL.csv       influence by lag at each moment, at some lags, to three digits
docs/flow/summary.csv    horizons, exponents, gates: of every cell a row a moment

Each is what `lstm-variants flow CELL` with ASKED measures.
"""

import argparse
import csv
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from lstm_variants import CELLS
from sweeps.commands import flow, flow_tables
from sweeps.commands.flow_arguments import arguments
from sweeps.commands.flow_figure import STYLE
from sweeps.errors import InputError
from sweeps.evidence.flow import SHARE, WORDS
from sweeps.terminal.colours import colours

LENGTH = 100
ASKED = ("--task", "adding", "--length", str(LENGTH), "--steps", "1000", "--seeds", "16")
CURVE = ("moment", "lag", "share", "share_q25", "share_q75", "kept")
BESIDE = ("lstm", "rnn")  # in grey behind every other cell
FLOOR, TOP = 1e-5, 20.0  # of what is drawn
NEAR, STEP = 20, 5  # lags that are kept: all up to the first, then every so many

Row = dict[str, str]


def measure(docs: Path, cells: Sequence[str]) -> None:
    """Measure and write. Raises InputError for what is no cell."""
    parser = argparse.ArgumentParser()
    arguments(parser)
    options = parser.parse_args([*cells, *ASKED])
    cohorts = {name: flow.trials_of(name, options) for name in cells}
    folder = docs / "flow"
    folder.mkdir(exist_ok=True)
    for name, moments in flow.measured(cohorts, options.sequences).items():
        kept = [line for line in flow_tables.curves(name, moments) if shown(line["lag"])]
        write(folder / f"{name}.csv", CURVE, ({n: line[n] for n in CURVE} for line in kept))
        others = [row for row in read(folder / "summary.csv") if row["cell"] != name]
        rows = [*others, *flow_tables.summary(name, moments)]
        rows.sort(key=lambda row: list(CELLS).index(row["cell"]))
        write(folder / "summary.csv", flow_tables.SUMMARY, rows)


def shown(lag: int) -> bool:
    return lag <= NEAR or lag % STEP == 0


def write(path: Path, columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> None:
    """A CSV file, numbers to three digits."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        values = (row[name] for name in columns)
        writer.writerow([f"{v:.3g}" if isinstance(v, float) else "" if v is None else v for v in values])
    path.write_text(buffer.getvalue(), encoding="utf-8")


def read(path: Path) -> list[Row]:
    """The rows of a CSV file; none where it is not there."""
    if not path.is_file():
        return []
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# ---------------------------------------------------------------------- the page of a cell


def section(name: str, docs: Path) -> str:
    """What a cell's page says of it; empty where nothing is shipped."""
    rows = {row["moment"]: row for row in read(docs / "flow" / "summary.csv") if row["cell"] == name}
    if not rows:
        return ""
    start, end = rows["start"], rows["end"]
    gates = (
        f" Of its gate values {percent(end['shut'])} are below 0.1 and {percent(end['open'])} above 0.9."
        if end["shut"]
        else ""
    )
    belt = (
        f" Of its cell state the factors alone keep {percent(end['kept'])} up to the horizon."
        if end["kept"]
        else ""
    )
    return (
        f"![Influence of what was carried on the loss, by lag]({picture(name)})\n\n"
        f"How much the loss of the last output depends on what was carried so many steps before, relative to one "
        f"step: median of {end['networks']} networks, and their middle half. The memory horizon, the largest lag with "
        f"more than {SHARE:.0%} of that of one step, is {horizon(start)} before and **{horizon(end)}** after "
        f"{end['step']} updates on `adding` with {LENGTH} steps; the largest Lyapunov exponent is then "
        f"{float(end['exponent']):+.3f} per step.{gates}{belt} A cell may look far back and use it badly; "
        f"[more](../flow.md).\n\n"
        f"```sh\nlstm-variants flow {name} {' '.join(ASKED)}\n```"
    )


def horizon(row: Row) -> str:
    return f"{row['horizon']} ({row['horizon_low']} to {row['horizon_high']})"


def percent(share: str) -> str:
    value = 100 * float(share)
    return f"{value:.0f} %" if value >= 1 or value == 0 else f"{value:.1g} %"


def picture(name: str) -> str:
    """The file of a cell's figure, beside its page."""
    return f"{name}.flow.svg"


def pictures(docs: Path) -> dict[Path, str]:
    """The figure of every cell that has been measured, by its path."""
    found = {name: read(docs / "flow" / f"{name}.csv") for name in CELLS}
    return {docs / "cells" / picture(name): drawn(name, found) for name, rows in found.items() if rows}


def drawn(name: str, found: dict[str, list[Row]]) -> str:
    """A cell's influence by lag at each moment, that of `BESIDE` in grey behind it, as SVG."""
    style = STYLE | {"svg.hashsalt": name}
    with mpl.rc_context(style):
        made = Figure(figsize=(7.0, 2.5), layout="constrained")
        panels = made.subplots(1, len(WORDS), sharex=True, sharey=True)
        for panel, (moment, words) in zip(panels, WORDS.items(), strict=True):
            for other in (*(cell for cell in BESIDE if cell != name), name):
                rows = [row for row in found.get(other, []) if row["moment"] == moment]
                draw(panel, rows, other, own=other == name)
            panel.axhline(SHARE, color="0.45", linewidth=0.8, linestyle=":")
            panel.set_title(words, loc="left", fontsize=9, fontweight="bold")
            panel.set(yscale="log", ylim=(FLOOR, TOP), xlim=(0, LENGTH))
            panel.set_xlabel("lag in steps")
            panel.grid(color="0.9", linewidth=0.6)
            panel.spines[["top", "right"]].set_visible(False)
            panel.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        panels[0].set_ylabel("influence / lag 1")
        panels[0].yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        made.legend(
            *panels[-1].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False
        )
        text = io.StringIO()
        FigureCanvasSVG(made).print_svg(text, metadata={"Date": None})
    return text.getvalue()


def draw(panel: Any, rows: list[Row], cell: str, *, own: bool) -> None:
    """One cell in one panel."""
    lags = [int(row["lag"]) for row in rows]
    low, middle, high = (
        [max(float(row[n] or 0), FLOOR / 10) for row in rows] for n in ("share_q25", "share", "share_q75")
    )
    if not own:
        dash = "--" if cell == BESIDE[0] else ":"
        panel.plot(lags, middle, color="0.5", linewidth=1.0, linestyle=dash, label=cell)
        return
    ink = colours([cell])[cell]
    panel.fill_between(lags, low, high, color=ink, alpha=0.18, linewidth=0)
    panel.plot(lags, middle, color=ink, linewidth=1.8, label=cell)
    belt = [float(row["kept"]) for row in rows if row["kept"]]
    if belt and min(belt) < 0.999:
        panel.plot(lags, belt, color=ink, linewidth=0.8, linestyle=(0, (4, 2)), label="kept of c")


def main(arguments: Sequence[str]) -> int:
    """Measure cells of the catalogue: the folder `docs`, then their names, by default all that carry something."""
    docs, *cells = arguments
    try:
        measure(Path(docs), cells or [name for name in CELLS if name != "grid_depth"])
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
