"""What ran, at what price and from which code: the chosen configurations, the cost, the provenance."""

import pandas as pd

from analysis.study.results import Results
from sweeps.store import schema


def configurations(results: Results) -> tuple[pd.DataFrame, dict[str, object]]:
    """The settings of the confirm stage: a row per task and cell with what varies, and what is common to all.

    A second row for the same task and cell means that its seeds did not all run with the same settings.
    """
    confirm = results.in_order(results.stage("confirm"))
    spec = [c for c in confirm if c not in schema.TRIAL_COLUMNS and confirm[c].notna().any()]
    varying = [c for c in spec if confirm[c].nunique(dropna=False) > 1]
    common = {str(c): confirm[c].iloc[0] for c in spec if c not in varying}
    shown = ["task", "cell", "parameters", "state_size", *varying]
    return confirm[shown].drop_duplicates(ignore_index=True), common


def cost(results: Results, by: str) -> pd.DataFrame:
    """Trials, finished, diverged, failed, updates, run and compile seconds by a column, and in all."""
    trials = results.trials
    table = trials.assign(**{status: trials["status"] == status for status in schema.STATUSES}, trials=1)
    sums = ["trials", *schema.STATUSES, "steps_done", "run_seconds", "compile_seconds"]
    parts = table.groupby(by, sort=False)[sums].sum().reset_index()
    whole = table[sums].sum().to_frame().T.assign(**{by: "all"})
    return pd.concat([parts, whole[parts.columns]], ignore_index=True)


def provenance(results: Results) -> dict[str, list[str]]:
    """Every commit, version and device behind a row; with its number of trials where there are several."""
    names = ["commit", "dirty", "device", *(c for c in schema.TRIAL_COLUMNS if c.startswith("version."))]
    if results.trials["code"].notna().any():  # cells or tasks from outside this package
        names.insert(0, "code")
    found = {}
    for name in names:
        counts = results.trials[name].astype(object).fillna("unknown").astype(str).value_counts(sort=False)
        found[name] = [
            f"{value} ({n} trials)" if len(counts) > 1 else str(value) for value, n in counts.items()
        ]
    finished = results.trials["finished_at"].dropna()
    if len(finished):
        found["finished"] = [f"{finished.min():%Y-%m-%d %H:%M} to {finished.max():%Y-%m-%d %H:%M} UTC"]
    return found
