"""Made-up studies in which a claim is true, false, or left open, so that nobody writes one that cannot be seen.

    study = world(claim, TRUE)             many seeds, and everything as the claim says
    study = world(claim, FALSE, raced=True)

Scores lie a hundredth about their mean; of OPEN studies there are two seeds, far apart.
"""

import dataclasses
from functools import cache

import numpy as np
import pandas as pd
from searches import results_of, searched
from stores import declare, scored

from analysis.claims.ahead import Ahead, NotAhead, Sooner
from analysis.claims.claim import Claim
from analysis.claims.pairwise import Pairwise
from analysis.claims.protocol import Protocol
from analysis.claims.reach import ShorterReach
from analysis.claims.shares import Less, Share
from analysis.claims.solving import Can
from analysis.study.results import Results
from analysis.study.tables import Analysed

TRUE, FALSE, OPEN = "true", "false", "open"
KNOWN = ("Adding", "CopyMemory", "Dyck", "Parity")  # tasks for claims that name none
FIXED, RACED = 16, 128
LOW, EVEN, HIGH = 0.2, 0.6, 0.97
EXPECTED = {  # of a cell whose reference is at EVEN: where the statement is true, and where it is false
    "equivalent": (EVEN, LOW),
    "better": (HIGH, LOW),
    "worse": (LOW, HIGH),
    "far better": (HIGH, EVEN),
    "far worse": (LOW, EVEN),
    "not better": (EVEN, HIGH),
    "not worse": (EVEN, LOW),
}
# What explains the scores where the claim is true, and where it is false.
TERMS = {
    "learning rate": ({("learning rate",): 0.9, ("hidden size",): 0.1}, {("input noise",): 1.0}),
    "all interactions": (
        {("learning rate",): 0.7, ("input noise",): 0.3},
        {("input noise",): 0.25, ("momentum (b1)",): 0.25, ("input noise", "momentum (b1)"): 0.5},
    ),
    "momentum (b1)": (
        {("learning rate",): 0.9, ("hidden size",): 0.1},
        {("learning rate",): 0.3, ("momentum (b1)",): 0.7},
    ),
    "cell": ({("learning rate",): 0.9, ("cell",): 0.1}, {("learning rate",): 0.1, ("cell",): 0.9}),
}


def world(claim: Claim, truth: str, *, raced: bool = False) -> Analysed:
    """A study that has what all checks of the claim need, and nothing else."""
    first = claim.checks[0]
    if isinstance(first, Share | Less):
        terms = TERMS[first.factor][truth == FALSE]
        return explained(tuple(terms.items()), first.cells, settings=12 if truth == OPEN else 200)
    if isinstance(first, Protocol):
        return protocol(first, truth)
    arms: dict[tuple[str, str], dict[str, object]] = {}
    for check in claim.checks:
        for arm, values in of(check, truth).items():
            arms.setdefault(arm, values)
    return confirmed(arms, 2 if truth == OPEN else RACED if raced else FIXED, raced, apart=truth == OPEN)


def of(check, truth: str) -> dict[tuple[str, str], dict[str, object]]:
    """By (cell, task) the mean score and when it is solved, as this check needs it."""
    good = truth != FALSE
    if isinstance(check, Pairwise):
        types = [kind for kind in check.on or KNOWN if kind not in check.not_on][:3]
        mean = EXPECTED[check.expects][0 if good else 1]
        return {
            (cell, kind.lower()): {"mean": EVEN if cell == check.reference else mean, "task.type": kind}
            for kind in types
            for cell in (check.reference, *check.cells)
        }
    if isinstance(check, Ahead | NotAhead):
        mean = EXPECTED[check.expects][0 if good else 1]
        return {
            (check.cell, check.task): {"mean": mean, "task.type": check.task.capitalize()},
            (check.other, check.task): {"mean": EVEN, "task.type": check.task.capitalize()},
        }
    if isinstance(check, ShorterReach):
        reach = {check.cell: 10 if good else 160, check.other: 160}
        return {
            (cell, f"adding_{lag}"): {
                **{"mean": 0.99 if lag <= far else EVEN, "solved_step": 300 if lag <= far else None},
                **{"task.type": "Adding", "task.length": float(lag)},
            }
            for cell, far in reach.items()
            for lag in (10, 20, 40, 80, 160, 320)
        }
    if isinstance(check, Sooner):
        soon, late = {"mean": 0.99, "solved_step": 200}, {"mean": 0.99, "solved_step": 900}
        order = (check.cell, check.other) if good else (check.other, check.cell)
        return {(order[0], check.task): soon, (order[1], check.task): late}
    assert isinstance(check, Can), f"Say here how a world for {type(check).__name__} is made."
    able = truth != OPEN and good != check.never
    values = {"mean": 0.99 if able else EVEN, "solved_step": 300 if able else None}
    far = {} if check.factor == 1 else {check.column: 0.0 if able else 0.5, "tolerance": 0.01}
    return {(check.cell, check.task): values | far}


def confirmed(
    arms: dict[tuple[str, str], dict[str, object]], n: int, raced: bool, apart: bool = False
) -> Analysed:
    """Confirm seeds of these arms."""
    rows = []
    for i, ((cell, task), values) in enumerate(arms.items()):
        known = {name: value for name, value in values.items() if name != "mean"}
        mean = float(values["mean"])  # type: ignore[arg-type]
        around = [0.15, 0.95] if apart else mean + 0.01 * np.sin(np.arange(n) * (i + 2.0))
        rows += [
            scored(float(score), cell=cell, task=task, seed=1000 * i + k, **known)
            | {"steps": 2000, "batch": 32, "evaluate_every": 100}
            for k, score in enumerate(around)
        ]
        if apart and "solved_step" in known:
            for row in rows[-n:]:
                row |= {"solved": False, "solved_step": None}
    cells, tasks = (tuple(dict.fromkeys(arm[k] for arm in arms)) for k in (0, 1))
    declaration = declare(rows, cells=cells, tasks=tasks)
    ran = [list(arm) for arm in arms]
    race = {"look": 8, "most": RACED} if raced else {}
    declaration = dataclasses.replace(declaration, arms=ran, margin=0.1, race=race, different=[], same=[])
    trials = pd.DataFrame(rows)
    trials = trials.assign(solved=trials["solved"].astype(bool))
    return Analysed(Results(declaration=declaration, trials=trials, curves=pd.DataFrame(), left_out=0))


@cache
def explained(
    terms: tuple[tuple[tuple[str, ...], float], ...], cells: tuple[str, ...], settings: int
) -> Analysed:
    """A search over learning rates of four decades."""
    trials = searched(
        dict(terms), cells=cells, generator=np.random.default_rng(5), settings=settings, noise=0.1
    )
    rates = trials["optimizer.learning_rate"]
    return Analysed(results_of(trials.assign(**{"optimizer.learning_rate": rates ** (4 / 3)})))


def protocol(check: Protocol, truth: str) -> Analysed:
    """A search in which the losers lose, win, or are too few to tell."""
    generator = np.random.default_rng(3)
    n = 20 if truth == OPEN else 200
    shift = {TRUE: -0.2, FALSE: 0.08, OPEN: 0.0}[truth]
    means = {check.reference: 0.8, "cifg": 0.8, **dict.fromkeys(check.losers, 0.8 + shift)}
    rows = [
        {
            **{"trial_id": f"{cell}/{k}", "stage": "search", "task": "t", "cell": cell, "seed": k},
            **{"status": "finished", "solved": False, "valid_score": score, "valid_loss": 1 - score},
            **{"test_score": score, "test_sequences": 2048},
        }
        for cell, mean in means.items()
        for k, score in enumerate(mean + 0.02 * generator.standard_normal(n))
    ]
    return Analysed(results_of(pd.DataFrame(rows), margin=0.05))
