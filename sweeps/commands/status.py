"""`lstm-variants status STUDY`: how far a study is, from its results alone."""

import argparse
import contextlib
import math
import textwrap
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sweeps.commands.common import store_of
from sweeps.commands.so_far import SoFar
from sweeps.evidence.race import UNDECIDED, Standing
from sweeps.store.failures import causes, traceback_file
from sweeps.store.store import Store, mixed
from sweeps.terminal.printed import printed
from sweeps.terminal.screen import console

TRACEBACK = 30  # of its last lines that are shown


def run(options: argparse.Namespace) -> int:
    """Print how many trials are stored, by cell, task and stage; returns 0. Raises InputError."""
    screen = console()
    store = store_of(options, options.study)
    so_far = SoFar(store)
    screen.print(so_far.line, soft_wrap=True)
    if so_far.incomplete:
        screen.print(so_far.incomplete, style="red", soft_wrap=True)
    if options.failed:
        for line in why_failed(so_far.rows, store):
            screen.print(line, soft_wrap=True)
        return 0
    if so_far.statuses["failed"]:
        how = printed("status", options.study, results=options.results)
        screen.print(f"Why they failed: {how} --failed", soft_wrap=True)
    if so_far.declaration.overridden:
        screen.print(so_far.declaration.overridden, soft_wrap=True)
    for line in told(so_far.declaration.codes, so_far.other):
        screen.print(line, style="yellow", soft_wrap=True)
    if so_far.devices:
        screen.print(so_far.devices, highlight=False, markup=False, soft_wrap=True)
    screen.print(so_far.table())
    for task, standing in so_far.standings.items():
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
            f"  {a} against {b}: {decision.n} seeds, e {number(decision.log_equal)} of {decision.needed_equal:.3g} "
            f"needed for equivalent, {differ} of {decision.needed_differ:.3g} needed for different{over}"
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
