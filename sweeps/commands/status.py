"""`lstm-variants status STUDY`: how far a study is, from its results alone."""

import argparse
import math
from collections.abc import Iterator

from sweeps.commands.common import store_of
from sweeps.commands.so_far import SoFar
from sweeps.evidence.race import UNDECIDED, Standing
from sweeps.store.store import mixed
from sweeps.terminal.screen import console


def run(options: argparse.Namespace) -> int:
    """Print how many trials are stored, by cell, task and stage; returns 0. Raises InputError."""
    screen = console()
    so_far = SoFar(store_of(options, options.study))
    screen.print(so_far.line, soft_wrap=True)
    if so_far.declaration.overridden:
        screen.print(so_far.declaration.overridden, soft_wrap=True)
    for line in told(so_far.declaration.codes, so_far.other):
        screen.print(line, style="yellow", soft_wrap=True)
    screen.print(so_far.table())
    for task, standing in so_far.standings.items():
        for line in racing(task, standing):
            screen.print(line, highlight=False, soft_wrap=True)
    return 0


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
