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
from sweeps.evidence.race import BETTER, WORSE, Decision, Pair, Rules, Standing, race
from sweeps.store.declaration import Declaration

NONE = ("p_difference", "p_equivalence", "p_difference_holm", "p_equivalence_holm")


def families(declaration: Declaration) -> dict[str, tuple[list[Pair], list[Pair]]]:
    """By task: the declared comparisons, and those with controls beside them."""
    found: dict[str, tuple[list[Pair], list[Pair]]] = {task: ([], []) for task in declaration.tasks}
    for task, a, b in declaration.pairs:
        found[task][0].append((a, b))
    beside = [(task, b, a) for a, b in declaration.same for task in declaration.tasks]
    beside += [(task, a, b) for a, b, task in declaration.different]
    for task, a, b in beside:
        pairs, controls = found[task]
        if declaration.runs(task, a, b) and (a, b) not in pairs and (b, a) not in pairs:
            controls.append((a, b))
    return found


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
    rules = Rules(
        margin=declaration.margin,
        alpha=declaration.alpha,
        look=declaration.race["look"],
        most=declaration.race["most"],
    )
    found = {}
    for task, (family, controls) in families(declaration).items():
        rows = values[values["task"] == task].sort_values("seed", kind="stable")
        cells = dict.fromkeys(cell for pair in (*family, *controls) for cell in pair)
        scores = {cell: rows.loc[rows["cell"] == cell, "score"].tolist() for cell in cells}
        found[task] = race(scores, family, rules, controls=controls)
    return found


def raced(table: pd.DataFrame, values: pd.DataFrame, declaration: Declaration) -> pd.DataFrame:
    """The table of `compare` with the race's words in the place of the tests'.

    Adds looked (seeds a side that the word rests on) and e_needed (the e-value that decides, given the others).
    values: one row a seed, of all cells.
    """
    played = races(values, declaration)
    found: dict[tuple[str, str, str], Decision] = {
        (task, a, b): decision
        for task, standing in played.items()
        for (a, b), decision in standing.decisions.items()
    }
    sizes = {task: len(family) for task, (family, _) in families(declaration).items()}
    if table.empty:
        return table.assign(looked=0, e_needed=np.nan)
    decisions = [found[key] for key in zip(table["task"], table["a"], table["b"], strict=True)]
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
        looked=[d.n for d in decisions],
        e_needed=[d.needed for d in decisions],
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
