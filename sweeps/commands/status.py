"""`lstm-variants status STUDY`: how far a study is, from its results alone."""

import argparse
import contextlib
import math
import textwrap
from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich.table import Table

from sweeps.commands.common import store_of
from sweeps.confirm import VALUES
from sweeps.evidence.race import UNDECIDED, Standing
from sweeps.store.declaration import Declaration
from sweeps.store.failures import causes, traceback_file
from sweeps.store.racing import standings
from sweeps.store.schema import STAGES, STOPPED
from sweeps.store.store import Store, mixed
from sweeps.terminal.printed import printed
from sweeps.terminal.screen import console

COLUMNS = [
    "trial_id",
    "stage",
    "cell",
    "task",
    "status",
    "error",
    "solved",
    "valid_score",
    "seed",
    "test_score",
]
TRACEBACK = 30  # of its last lines that are shown


def run(options: argparse.Namespace) -> int:
    """Print how many trials are stored, by cell, task and stage; returns 0. Raises InputError."""
    screen = console()
    store = store_of(options, options.study)
    declaration = store.declaration()
    planned = store.planned(COLUMNS)
    rows = planned.rows.to_pylist()
    statuses = Counter(row["status"] for row in rows)
    done, total = len(rows) - statuses["failed"], declaration.trials
    standings = raced(declaration, rows) if declaration.race else {}
    most = "at most " if any(standing.wanted for standing in standings.values()) else ""
    stopped = f", {statuses[STOPPED]} stopped by the search" if statuses[STOPPED] else ""
    screen.print(
        f"{done} of {most}{total} trials done ({sum(bool(r['solved']) for r in rows)} solved, "
        f"{statuses['diverged']} diverged{stopped}), {statuses['failed']} failed, {most}{total - done} to run",
        soft_wrap=True,
    )
    if store.incomplete:
        screen.print(store.incomplete, style="red", soft_wrap=True)
    if options.failed:
        for line in why_failed(rows, store):
            screen.print(line, soft_wrap=True)
        return 0
    if statuses["failed"]:
        how = printed("status", options.study, results=options.results)
        screen.print(f"Why they failed: {how} --failed", soft_wrap=True)
    if declaration.overridden:
        screen.print(declaration.overridden, soft_wrap=True)
    for line in told(declaration.codes, planned.other):
        screen.print(line, style="yellow", soft_wrap=True)
    table = Table(box=None, header_style="bold")
    table.add_column("cell", overflow="fold")
    names = [stage for stage in STAGES if stage in ("search", "confirm") or declaration.planned(stage)]
    for task in declaration.tasks:
        for i, stage in enumerate(names):
            table.add_column(f"{task}: {stage}" if i == 0 else stage, justify="right")
        table.add_column("best", justify="right")
    for cell in declaration.cells:
        columns = []
        for task in declaration.tasks:
            mine = [r for r in rows if r["cell"] == cell and r["task"] == task]
            stages = Counter(r["stage"] for r in mine if r["status"] != "failed")
            scores = [r["valid_score"] for r in mine if r["valid_score"] is not None]
            columns += [str(stages[stage]) for stage in names]
            columns.append(f"{max(scores):.3f}" if scores else "·")
        table.add_row(cell, *columns)
    screen.print(table)
    for task, standing in standings.items():
        for line in racing(task, standing):
            screen.print(line, highlight=False, soft_wrap=True)
    return 0


def why_failed(rows: list[dict[str, Any]], store: Store) -> Iterator[str]:
    """What trials failed of, the commonest cause first, each with the end of one traceback and where all of it is."""
    for cause in causes(rows):
        arms = Counter(f"{row['cell']} on {row['task']}" for row in cause.rows)
        told = ", ".join(f"{arm} ({n})" for arm, n in arms.items())
        yield f"\n{len(cause.rows)} trial{'s' * (len(cause.rows) != 1)} of {told}:"
        yield textwrap.indent(cause.error, "  ")
        for path in (traceback_file(store.path, str(row["trial_id"])) for row in cause.rows):
            with contextlib.suppress(OSError):  # of versions that kept none
                lines = path.read_text().rstrip().splitlines()
                yield textwrap.indent("\n".join(lines[-TRACEBACK:]), "    ")
                yield f"  {path}"
                break
    if not any(row["status"] == "failed" for row in rows):
        yield "No trial has failed."


def raced(declaration: Declaration, rows: list[dict[str, Any]]) -> dict[str, Standing]:
    """By task, how its race stands on the confirmed seeds."""
    scores: dict[tuple[str, str], list[float]] = {}
    for row in sorted(rows, key=lambda row: row["seed"]):
        if row["stage"] == "confirm":
            scores.setdefault((row["cell"], row["task"]), []).append(VALUES[declaration.measure](row))
    return standings(declaration, scores)


def racing(task: str, standing: Standing) -> Iterator[str]:
    """Who is decided on a task, and how far those are that are not."""
    decisions = standing.decisions
    if not any(decision.n for decision in decisions.values()):
        return
    left = {pair: decision for pair, decision in decisions.items() if decision.word == UNDECIDED}
    yield f"{task}: {len(decisions) - len(left)} of {len(decisions)} comparisons decided"
    for (a, b), decision in left.items():
        over = "" if a in standing.wanted or b in standing.wanted else ", out of seeds"
        differ = number(max(decision.log_better, decision.log_worse))
        yield (
            f"  {a} against {b}: {decision.n} seeds, e {number(decision.log_equal)} for equivalent and {differ} for "
            f"different, of {decision.needed:.3g} needed{over}"
        )


def number(log_e: float) -> str:
    """An e-value from its logarithm, three digits.

    >>> number(2.3025850929940457), number(2000.0)
    ('10', '4e+868')
    """
    if abs(log_e) < 600:
        return f"{math.exp(log_e):.3g}"
    exponent, digits = divmod(log_e / math.log(10), 1)
    return f"{10**digits:.0f}e{int(exponent):+d}"


def told(codes: dict[str, list[str]], other: int) -> list[str]:
    """What there is to say of the code that made the rows."""
    lines = [f"{other} trials have rows from other code only, which do not count."] if other else []
    return lines + [
        f"Rows of {name} come from several versions of its code, as requested: {text}."
        for name, text in mixed(codes).items()
    ]
