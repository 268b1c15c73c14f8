"""PED-ANOVA for large tables: which factors decide whether a trial is among the best tenth.

Watanabe, Bansal & Hutter (2023, "PED-ANOVA: efficiently quantifying hyperparameter importance in arbitrary
subspaces") compare, for one factor at a time, its density p among the best trials with its density q among all,

    V_j  ∝  mean over q of (p/q - 1)²

which takes seconds where a forest takes minutes. It answers another question than functional ANOVA: not which
factor moves scores, but which makes trials good. There are no interactions, shares are of the sum of all V_j,
and a factor may move bad scores a lot and count nothing. Computed by Optuna, whose densities are on a grid.
"""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.statistics.search.factors import CELL, LABELS, LOG, Factor
from analysis.statistics.search.importance import COLUMNS, MAIN, halved, interval, untold

BEST = 0.1


def pedanova(
    table: pd.DataFrame,
    factors: Sequence[Factor],
    *,
    generator: np.random.Generator,
    resamples: int = 20,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One task's main effects, in the columns of `search.importance.importance`; `explained` is missing.

    Intervals are by half-samples of settings, as there. Where so many trials share the best score that it is more
    than a tenth, all of them are the best. Raises ImportError without Optuna.
    """
    here = [f for f in factors if table[f.name].notna().all() and table[f.name].nunique() > 1]
    names = [f.name for f in here]
    why = untold(table, here)
    rows = pd.DataFrame({"kind": MAIN, "factor": names, "other": None})
    if why:
        rows = rows.assign(value=np.nan, low=np.nan, high=np.nan, method=why)
    else:
        rate = rates(table, here)
        setting = table["setting"].to_numpy()
        value = rate(np.ones(len(table), bool))
        parts = np.array([rate(halved(setting, generator)) for _ in range(resamples)])
        low, high = interval(value, parts, confidence)
        method = f"PED-ANOVA (best {BEST:.0%}); {confidence:.0%} by half-samples of settings"
        rows = rows.assign(value=value, low=low, high=high, method=method)
    return rows.assign(
        task=str(table["task"].iloc[0]),
        n=len(table),
        settings=table["setting"].nunique(),
        fewest=int(table[CELL].value_counts().min()),
        lost=int((table["status"] != "finished").sum()),
        explained=np.nan,
        meaningful=not why,
    )[COLUMNS]


def rates(table: pd.DataFrame, factors: Sequence[Factor]):
    """A function from rows to keep `(n,)` to the factors' shares. Optuna gets the trials once: those to leave out
    have no finite target."""
    import optuna
    from optuna.distributions import CategoricalDistribution, FloatDistribution
    from optuna.importance import PedAnovaImportanceEvaluator

    def distribution(f: Factor, values: pd.Series):
        if f.scale == LABELS:
            return CategoricalDistribution(tuple(str(p) for p in f.points))
        low, high = (f.low, f.high) if np.isfinite(f.low) else (f.points[0], f.points[-1])
        return FloatDistribution(float(low), float(high), log=f.scale == LOG)

    kinds = {f.name: distribution(f, table[f.name]) for f in factors}
    columns = {
        f.name: [str(v) for v in table[f.name]] if f.scale == LABELS else table[f.name].astype(float).tolist()
        for f in factors
    }
    score = table["score"].to_numpy(float)
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(direction="maximize")
    finally:
        optuna.logging.set_verbosity(before)
    study.add_trials(
        optuna.trial.create_trial(
            params={name: column[i] for name, column in columns.items()},
            distributions=kinds,
            value=float(score[i]),
        )
        for i in range(len(score))
    )
    evaluator = PedAnovaImportanceEvaluator(target_quantile=BEST)

    def rate(kept: np.ndarray) -> np.ndarray:
        cost = np.where(kept, -score, np.inf)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a target is minimised
            found = evaluator.evaluate(study, list(kinds), target=lambda trial: cost[trial.number])
        raw = np.array([found[f.name] for f in factors])
        return raw / raw.sum() if raw.sum() > 0 else np.full(len(raw), np.nan)

    return rate
