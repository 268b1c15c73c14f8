"""How far back the confirmed networks of a study look, as tables: medians over the networks of each cell and task."""

from typing import Any

import pandas as pd

from analysis.study.results import Results
from sweeps.evidence.flow import CURVE, SUMMARY, WORDS, told

ARM = ["task", "cell", "moment", "step"]
CURVES = [*ARM, *CURVE]
SUMMARIES = [*ARM, *SUMMARY, "same", "diverged"]


def flow(results: Results) -> tuple[pd.DataFrame, pd.DataFrame]:
    """CURVES: a row a lag. SUMMARIES: a row a moment; same: of how many networks the training gave the numbers of their
    rows again; diverged: how many had diverged by then. In the order of the declaration and of the moments; no rows
    where nothing was measured."""
    curves: list[dict[str, object]] = []
    summaries: list[dict[str, object]] = []
    groups = results.flow.groupby(["task", "cell", "moment"], sort=False) if len(results.flow) else ()
    for (task, cell, moment), rows in groups:
        arm = {"task": task, "cell": cell, "moment": moment, "step": int(rows["step"].iloc[0])}
        of_networks: list[dict[str, Any]] = rows.to_dict("records")  # type: ignore[assignment]
        curve, summary = told(of_networks)
        curves += [arm | row for row in curve]
        counts = {name: int(rows[name].sum()) for name in ("same", "diverged")}
        summaries.append(arm | summary | counts)
    return in_order(results, curves, CURVES), in_order(results, summaries, SUMMARIES)


def in_order(results: Results, rows: list[dict[str, object]], columns: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=columns)
    moments = list(WORDS)
    frame = frame.assign(moment=pd.Categorical(frame["moment"], moments, ordered=True))
    then = ["moment", *(["lag"] if "lag" in columns else [])]
    return results.in_order(frame, *then).astype({"moment": object})
