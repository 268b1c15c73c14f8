"""`lstm-variants verdicts TABLE`: the verdicts on anybody's results."""

import argparse
import json
import math
import sys

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.external import Asked, Bounds, External, taken
from analysis.judged import Judged, as_json, judged
from analysis.tables_in import read
from analysis.words import between, count, probability, signed
from sweeps.errors import InputError
from sweeps.outputs import output, write

STYLES = {"equivalent": "green", "different": "blue", "undecided": "dim"}
WIDTH = 130  # where it is not a terminal


def run(options: argparse.Namespace) -> int:
    """Print the verdicts of `options.table`, notes on stderr. Raises InputError before anything is computed.

    options: table, measure, margin, alpha, bounds (None or two words), lower_is_better, json, csv (None or a path).
    """
    asked = Asked(
        measure=options.measure,
        margin=options.margin,
        alpha=options.alpha,
        bounds=None if options.bounds is None else bounds(*options.bounds),
        better="lower" if options.lower_is_better else "higher",
    )
    out = None if options.csv is None else output(options.csv, "--csv", inputs=[options.table])
    external = taken(read(options.table), asked)
    result = judged(external)
    for note in external.notes:
        print(note, file=sys.stderr)
    if options.json:
        print(json.dumps(as_json(result), indent=1, allow_nan=False))
    else:
        show(result)
    if out is not None:
        write(out, result.table.to_csv(index=False).encode())
    return 0


def bounds(low: str, high: str) -> Bounds:
    """Two words of the command line; none is no bound."""
    found = []
    for word, none in ((low, -math.inf), (high, math.inf)):
        try:
            found.append(none if word.lower() == "none" else float(word))
        except ValueError:
            raise InputError(f"--bounds takes two numbers, or none for no bound; got '{word}'.") from None
    return found[0], found[1]


def show(result: Judged) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    external = result.external
    for task, rows in result.table.groupby("task", sort=False):
        console.print(grid(str(task), rows))
    if len(result.overall):
        console.print(grid("over all tasks", result.overall))
    for line in key(external):
        console.print(line, soft_wrap=True, markup=False)


def grid(title: str, rows: pd.DataFrame) -> Table:
    """One line a pair."""
    first = rows.iloc[0]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=Text(title, style="bold"), title_justify="left")
    for label in ("a", "b", "verdict", "a less b"):
        table.add_column(label, overflow="fold")
    table.add_column(f"{1 - 2 * first['alpha']:.0%} interval", overflow="fold")
    over = "new_equal" in rows
    columns = ("p differ", "p equal", "P(a, =, b) in %", *(["of a new task"] if over else []), "n", "further")
    for label in columns:
        table.add_column(label, justify="right", overflow="fold")
    for row in rows.itertuples():
        table.add_row(*line(row, over))
    return table


def line(row, over: bool) -> list[str | Text]:
    """What stands in the line of one pair. over: it is over all tasks."""
    posterior = shares(row.posterior_a, row.posterior_equal, row.posterior_b)
    return [
        Text(row.a),
        Text(row.b),
        Text(verdict(row), style=STYLES[row.verdict]),
        signed(row.value),
        between(row.low, row.high),
        probability(row.p_difference_holm),
        probability(row.p_equivalence_holm),
        posterior if row.agree else f"{posterior} *",
        *([shares(row.new_a, row.new_equal, row.new_b)] if over else []),
        f"{row.n_a}" if row.n_a == row.n_b else f"{row.n_a}, {row.n_b}",
        further(row.seeds_to_decide),
    ]


def verdict(row) -> str:
    return f"{row.better} better" if row.verdict == "different" else str(row.verdict)


def shares(*probabilities: float) -> str:
    """Probabilities in per cent, side by side."""
    if any(map(math.isnan, probabilities)):
        return "–"
    return " ".join(f"{max(100 * p, 0):.0f}" for p in probabilities)


def further(seeds: float) -> str:
    return "?" if math.isnan(seeds) else f"{seeds:,.0f}" if seeds else ""


def key(external: External) -> list[str]:
    asked = external.asked
    low, high = ("none" if math.isinf(b) else f"{b:g}" for b in external.bounds)
    return [
        f"{asked.measure}, {asked.better} is better, bounds {low} to {high}; margin ±{asked.margin:g}, level "
        f"{asked.alpha:g} after Holm over the pairs of a task; {count(len(external.values), 'run')}.",
        "p differ: Welch's test; p equal: two one-sided tests against the margin; tied scores by melded bounds.",
        "P(a, =, b): posterior that a is better, both are practically equal, b is better; * where it and the tests",
        "disagree. further: seeds a side to decide the pair with a chance of 0.8; ? where nothing foreseeable does.",
    ]
