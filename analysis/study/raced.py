"""Verdicts of a study whose seeds were raced (`sweeps.rules.race`): by the e-values that decided, not by tests.

A test for a fixed number of seeds is wrong where the scores decided how many there are. So the race is played again
from the stored scores (`sweeps.evidence.race`), and its words, e-values and intervals, which hold at every look, take
the place of p-values in the table of `pairs.compare`. The family of a task are the comparisons that were declared.
"""

import math

import numpy as np
import pandas as pd

from analysis.statistics.pairs.compare import PROVEN
from analysis.statistics.pairs.reasons import DIFFERENT, EQUIVALENT, RACE, UNDECIDED, why
from sweeps.evidence.race import BETTER, WORSE, Decision, Standing
from sweeps.store.declaration import Declaration
from sweeps.store.racing import families, standings

NUMBERS = ("e_needed_equal", "e_needed_differ", "smallest_margin")
NONE = ("p_difference", "p_equivalence", "p_difference_holm", "p_equivalence_holm")


def pairs(declaration: Declaration) -> pd.DataFrame:
    """task, a, b: all that the races compare."""
    rows = [
        (task, a, b)
        for task, (family, controls) in families(declaration).items()
        for a, b in (*family, *controls)
    ]
    return pd.DataFrame(rows, columns=["task", "a", "b"])


def races(values: pd.DataFrame, declaration: Declaration) -> dict[str, Standing]:
    """How the race of each task stands, played again from the scores. values: one row a seed, of all cells."""
    arms = values.sort_values("seed", kind="stable").groupby(["cell", "task"], observed=True)["score"]
    return standings(declaration, {(str(cell), str(task)): each.tolist() for (cell, task), each in arms})


def raced(table: pd.DataFrame, values: pd.DataFrame, declaration: Declaration) -> pd.DataFrame:
    """The table of `compare` with the race's words in the place of the tests'.

    Adds ahead (which of the two is so in more seeds), looked (seeds a side that the word rests on), spent (the race
    gives no more), e_needed_equal and e_needed_differ (e-values that it takes to call a pair equivalent, and different,
    given the others), smallest_margin (at which it would have been called equivalent; NaN: above twice the study's).
    values: one row a seed, of all cells.
    """
    found: dict[tuple[str, str, str], tuple[Decision, float]] = {
        (task, *pair): (decision, standing.smallest_margins[pair])
        for task, standing in races(values, declaration).items()
        for pair, decision in standing.decisions.items()
    }
    sizes = {task: len(family) for task, (family, _) in families(declaration).items()}
    if table.empty:
        return table.assign(ahead="", looked=0, spent=False, **dict.fromkeys(NUMBERS, np.nan))
    keys = list(zip(table["task"], table["a"], table["b"], strict=True))
    decisions = [found[key][0] for key in keys]
    table = table.assign(**{name: np.nan for name in NONE})
    table = table.assign(
        verdict=[VERDICT.get(d.word, UNDECIDED) for d in decisions],
        better=[winner(d, a, b) for d, a, b in zip(decisions, table["a"], table["b"], strict=True)],
        value=[d.value for d in decisions],
        low=[d.low for d in decisions],
        high=[d.high for d in decisions],
        log_e_equal=[d.log_equal for d in decisions],
        log_e_better=[d.log_better for d in decisions],
        log_e_worse=[d.log_worse for d in decisions],
        bet=[d.word for d in decisions],
        grade=[PROVEN if d.word in VERDICT else "" for d in decisions],
        detectable=[
            d.word == EQUIVALENT and d.log_detectable >= -math.log(declaration.alpha) for d in decisions
        ],
        seeds_to_decide=[d.further if math.isfinite(d.further) else np.nan for d in decisions],
        pairs=[sizes[task] for task in table["task"]],
        ahead=[a if d.ahead > 0 else b for d, a, b in zip(decisions, table["a"], table["b"], strict=True)],
        looked=[d.n for d in decisions],
        spent=[d.n >= declaration.race["most"] for d in decisions],
        e_needed_equal=[d.needed_equal for d in decisions],
        e_needed_differ=[d.needed_differ for d in decisions],
        smallest_margin=[m if math.isfinite(m := found[key][1]) else np.nan for key in keys],
        method=RACE,
    )
    likelier = table["a"].where(table["posterior_a"] > table["posterior_b"], table["b"])
    table["agree"] = (table["bayes"] == table["verdict"]) & (
        (table["verdict"] != DIFFERENT) | (likelier == table["better"])
    )
    return table.assign(why=[why(row) for row in table.itertuples(index=False)])


VERDICT = {EQUIVALENT: EQUIVALENT, BETTER: DIFFERENT, WORSE: DIFFERENT}


def winner(decision: Decision, a: str, b: str) -> str:
    return {BETTER: a, WORSE: b}.get(decision.word, "")
