"""`lstm-variants verdicts TABLE`: the verdicts on anybody's results."""

import argparse
import json
import math
import os
import sys
from collections.abc import Iterator
from typing import Any

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.statistics.pairs.betting import most_unseen
from analysis.statistics.pairs.compare import BETS, BETTING, CAUTIOUS, WELCH
from analysis.statistics.pairs.reasons import e_value
from analysis.user_table.read import read
from analysis.user_table.table import SCALES, Asked, Bounds, taken
from analysis.user_table.verdicts import Judged, as_json, judged
from analysis.words import between, count, digits, further, hundredths, number, probability, signed
from sweeps.errors import InputError
from sweeps.terminal.outputs import output, write

STYLES = {"equivalent": "green", "different": "blue", "undecided": "dim"}
WIDTH = 130  # where it is not a terminal
ONE = "one seed"
WAYS = {
    CAUTIOUS: [
        "Interval, p differ, p equal: Welch's t and TOST, widened near the bounds for skewness; melded bounds for",
        "tied values.",
    ],
    WELCH: [
        "Interval, p differ, p equal: textbook Welch's t and TOST, overconfident for skewed and tied scores."
    ],
    BETTING: [
        "Interval, e differ, e equal: bets on paired seeds; decided by e-Holm over the pairs of a task."
    ],
}


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
        method=options.method,
    )
    out = None if options.csv is None else output(options.csv, "--csv", inputs=[options.table])
    external = taken(read(options.table), asked)
    result = judged(external)
    for note in external.notes:
        print(note, file=sys.stderr)
    told = json.dumps(as_json(result), indent=1, allow_nan=False) + "\n" if options.json else shown(result)
    at_once(told)
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


def at_once(text: str) -> None:
    """Print; a reader that has seen enough, such as `head`, may go."""
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def shown(result: Judged) -> str:
    """The tables and their key, with colours for a terminal."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    with console.capture() as captured:
        show(result, console)
    return captured.get()


def show(result: Judged, console: Console) -> None:
    external = result.external
    for task, rows in result.table.groupby("task", sort=False):
        console.print(grid(str(task), rows))
    remarks = [note for note in external.notes if note.startswith(SCALES)]
    if len(result.overall):
        console.print(
            grid(f"over all tasks{' (mean of raw differences)' if remarks else ''}", result.overall)
        )
    if result.table["welch_t"].notna().any():
        console.print(own(result))
    for line in [*remarks, *key(result)]:
        console.print(line, soft_wrap=True, markup=False)


def grid(title: str, rows: pd.DataFrame) -> Table:
    """One line per pair."""
    first = rows.iloc[0]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=Text(title, style="bold"), title_justify="left")
    over = "new_equal" in rows
    bets = not over and rows["method"].eq(BETS).all()
    for label in ("a", "b", "verdict", *(["grade"] if not over else []), "a − b"):
        table.add_column(label, overflow="fold")
    table.add_column(f"{1 - 2 * first['alpha']:.0%} interval", overflow="fold")
    evidence = ("e differ", "e equal") if bets else ("p differ", "p equal")
    columns = (*evidence, "P(a, =, b) in %", *(["for a new task"] if over else []), "n", "further")
    for label in columns:
        table.add_column(label, justify="right", overflow="fold")
    for row in rows.itertuples():
        table.add_row(*line(row, over))
    return table


def line(row, over: bool) -> list[str | Text]:
    """What stands in the line of one pair. over: it is over all tasks."""
    places = digits(row.margin)
    posterior = shares(row.posterior_a, row.posterior_equal, row.posterior_b)
    return [
        Text(row.a),
        Text(row.b),
        Text(verdict(row), style=STYLES[row.verdict]),
        *([] if over else [row.grade]),
        signed(row.value, places),
        between(row.low, row.high, places),
        *tests(row),
        posterior if row.agree else f"{posterior} *",
        *([shares(row.new_a, row.new_equal, row.new_b)] if over else []),
        f"{row.n_a}" if row.n_a == row.n_b else f"{row.n_a}, {row.n_b}",
        lacking(row) or further(row.seeds_to_decide),
    ]


def tests(row) -> tuple[str, str]:
    """The evidence of a difference and of equivalence: p-values after Holm, or e-values."""
    if row.method == BETS:
        logs = (max(row.log_e_better, row.log_e_worse), row.log_e_equal)
        return tuple("–" if math.isnan(log) else e_value(log) for log in logs)  # type: ignore[return-value]
    return probability(row.p_difference_holm), probability(row.p_equivalence_holm)


def lacking(row) -> str:
    """What stands in the place of further seeds where there are too few for a test; nothing where there are enough."""
    return ONE if min(row.n_a, row.n_b) < 2 or getattr(row, "single", False) else ""


def own(result: Judged) -> Table:
    """Welch's own numbers, one line per pair and task."""
    asked = result.external.asked
    places = digits(asked.margin)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left")
    table.title = Text("for comparison: Welch's own test, not widened, each pair alone", style="bold")
    for label in ("task", "a", "b"):
        table.add_column(label, overflow="fold")
    for label in ("t", "df", "p", f"{1 - 2 * asked.alpha:.0%} interval", "TOST p", "sd of a", "sd of b"):
        table.add_column(label, justify="right", overflow="fold")
    for row in result.table.itertuples():
        table.add_row(*own_line(row, places))
    return table


def own_line(row, places: int) -> list[str | Text]:
    return [
        *(Text(str(name)) for name in (row.task, row.a, row.b)),
        number(row.welch_t),
        number(row.welch_df, 1),
        probability(row.welch_p),
        between(row.welch_low, row.welch_high, places),
        probability(row.welch_tost_p),
        number(row.sd_a, places + 1),
        number(row.sd_b, places + 1),
    ]


def verdict(row) -> str:
    return f"{row.better} better" if row.verdict == "different" else str(row.verdict)


def shares(*probabilities: float) -> str:
    """Probabilities in per cent, side by side."""
    if any(map(math.isnan, probabilities)):
        return "–"
    return " ".join(map(hundredths, probabilities))


def key(result: Judged) -> list[str]:
    external = result.external
    asked = external.asked
    low, high = ("none" if math.isinf(b) else f"{b:g}" for b in external.bounds)
    shown = [*grid_rows(result)]
    few = any(lacking(row) for row in shown)
    open_ended = any(not lacking(row) and math.isnan(row.seeds_to_decide) for row in shown)
    told = [
        *(["one seed: no test is possible; add seeds"] if few else []),
        *(["? if no foreseeable number suffices"] if open_ended else []),
    ]
    adjusted, unseen = "e-Holm" if asked.method == BETTING else "Holm", f"{most_unseen(result.table):.0%}"
    return [
        f"{asked.measure}, {asked.better} is better, bounds {low} to {high}; margin ±{asked.margin:g}, level "
        f"{asked.alpha:g} after {adjusted} over the pairs of a task; {count(len(external.values), 'run')}.",
        *WAYS[asked.method],
        f"proven: e-values agree, for any distribution of {asked.measure}. likely: only the tests agree, which assume",
        f"that the seeds show every possible outcome; up to {unseen} of trainings may end in ways none of them did.",
        "P(a, =, b): posterior that a is better, both are practically equal, b is better; * if it and the tests",
        f"disagree. further: seeds per cell to decide the pair with power 0.8{''.join(f'; {t}' for t in told)}.",
    ]


def grid_rows(result: Judged) -> Iterator[Any]:
    yield from result.table.itertuples()
    yield from result.overall.itertuples()
