"""Verdicts on anybody's table: every pair on every task, then over all tasks; as frames, and as one JSON object."""

import math
from collections.abc import Hashable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pandas as pd

from analysis.statistics.over_tasks.overall import overall
from analysis.statistics.pairs.compare import BETTING, compare
from analysis.statistics.pairs.groups import groups
from analysis.statistics.pairs.seeds import decided
from analysis.statistics.pairs.textbook import textbook
from analysis.user_table.table import External

VERSION = 1
PAIR = (
    *("task", "a", "b", "verdict", "better", "why", "value", "low", "high", "n_a", "n_b", "mean_a", "mean_b"),
    *("p_difference", "p_difference_holm", "p_equivalence", "p_equivalence_holm", "pairs", "margin", "alpha"),
    *("detectable", "posterior_equal", "posterior_a", "posterior_b", "bayes", "agree", "lumpy"),
    *("grade", "log_e_equal", "log_e_better", "log_e_worse", "unseen_a", "unseen_b"),
    *("seeds_to_decide", "method"),
)
PAIRWISE = ("lumpy", "grade", "log_e_equal", "log_e_better", "log_e_worse", "unseen_a", "unseen_b")
OVER = (
    *(name for name in PAIR if name not in PAIRWISE),
    *("tasks", "tested", "equivalent", "differing", "new_equal", "new_a", "new_b", "bayes_new", "spread"),
)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """table: one row per task and pair, as `pairs.compare` gives it, balanced (as many seeds of both) and Welch's
    own numbers (`pairs.textbook`). overall: one row per pair over its tasks, as `over_tasks.overall` gives it, and
    single (a side has one seed on some task)."""

    external: External
    table: pd.DataFrame
    overall: pd.DataFrame


def judged(external: External) -> Judged:
    """Compare all pairs of cells on each task that has rows of both."""
    asked = external.asked
    there = set(zip(external.values["task"], external.values["cell"], strict=True))
    pairs = pd.DataFrame(
        [
            (task, a, b)
            for task in external.tasks
            for a, b in combinations(external.cells, 2)
            if {(task, a), (task, b)} <= there
        ],
        columns=["task", "a", "b"],
    )
    table = compare(
        external.values,
        pairs,
        margin=asked.margin,
        alpha=asked.alpha,
        bounds=external.bounds,
        better=asked.better,
        method=asked.method,
    )
    own = textbook(groups(external.values), pairs, margin=asked.margin, alpha=asked.alpha)
    shown = table[[*PAIR]].assign(balanced=table["n_a"] == table["n_b"]).merge(own, on=["task", "a", "b"])
    few = table.drop(decided(table).index)
    pairs_of_one = set(zip(few["a"], few["b"], strict=True))
    # Bets on each task say nothing yet of their mean.
    over = overall(table.iloc[:0] if asked.method == BETTING else table)[[*OVER]]
    over["single"] = [pair in pairs_of_one for pair in zip(over["a"], over["b"], strict=True)]
    return Judged(external=external, table=shown, overall=over)


def as_json(result: Judged) -> dict[str, Any]:
    """The documented object (docs/verdicts.md): only JSON's own values, null for what is missing or infinite."""
    external = result.external
    asked = external.asked
    members = groups(external.values)
    counts = members[["task", "cell", "n", "mean", "diverged", "failed"]]
    found: dict[str, Any] = plain(
        {
            "schema_version": VERSION,
            "measure": asked.measure,
            "better": asked.better,
            "margin": asked.margin,
            "alpha": asked.alpha,
            "method": asked.method,
            "confidence": 1 - 2 * asked.alpha,
            "bounds": list(external.bounds),
            "bounds_assumed": asked.bounds is None,
            "cells": external.cells,
            "tasks": external.tasks,
            "balanced": external.balanced,
            "notes": external.notes,
            "groups": counts.to_dict("records"),
            "verdicts": rows(result.table),
            "overall": rows(result.overall),
        }
    )
    return found


def rows(table: pd.DataFrame) -> list[dict[Hashable, Any]]:
    return table.rename(columns={"value": "difference", "tasks": "shared"}).to_dict("records")


def plain(value: Any) -> Any:
    """Dictionaries, lists, text, whole numbers, fractions, true and false; None for NaN and infinity."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
