"""Rows, curves and declarations of a small study, for tests of the mirror."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

from sweeps.store import schema
from sweeps.store.declaration import Declaration
from sweeps.store.store import Store

STEPS = 4
MEASURES = ("train_loss", "valid_loss", "valid_error", "valid_score")


def trial_row(seed: int, **changes: object) -> dict[str, object]:
    """A row with every column of the schema, as a finished trial has it."""
    spec = {
        "cell": {"type": "LSTM", "hidden": 32, "forget_bias": 1.0},
        "task": {"type": "Adding", "length": 50},
        "optimizer": {"type": "Adam", "learning_rate": 0.01, "clip": float("inf")},
        "seed": seed,
    }
    by_type = {"string": "text", "int32": 1, "int64": 7, "double": 0.5, "bool": True}
    row: dict[str, object] = {n: by_type.get(str(kind)) for n, (kind, *_) in schema.TRIAL_COLUMNS.items()}
    row |= {
        "schema_version": schema.VERSION,
        "trial_id": hashlib.sha256(f"{seed}".encode()).hexdigest()[:16],
        "study": "quick",
        "stage": "confirm",
        "cell": "lstm",
        "task": "adding",
        "seed": seed,
        "status": "finished",
        "error": None,
        "diverged_step": None,
        "test_score": seed / 1000,
        "finished_at": datetime(2026, 1, 2, 3, 4, tzinfo=UTC) + timedelta(seconds=seed),
        "spec": json.dumps(spec),
        "cell.hidden": 32,
    }
    return row | changes


def curve_rows(trial: dict[str, object], steps: int = STEPS) -> list[dict[str, object]]:
    labels = {name: trial[name] for name in ("study", "stage", "cell", "task", "seed", "trial_id")}
    labels |= {"schema_version": schema.VERSION, "gradient_norm": None, "code": trial["code"]}
    return [
        labels | {"step": 100 * i, "seconds": 0.5 * i} | {name: 1.0 / (i + 1) for name in MEASURES}
        for i in range(1, steps + 1)
    ]


def add(store: Store, seeds: range, **changes: object) -> list[dict[str, object]]:
    """Append one part."""
    rows = [trial_row(seed, **changes) for seed in seeds]
    store.append(rows, [point for row in rows for point in curve_rows(row)])
    return rows


def declaring(rows: list[dict[str, object]], cell: str, code: str = "text") -> Declaration:
    """That these trials are of this cell and count where they are of this code."""
    ids = [str(row["trial_id"]) for row in rows]
    plan, labels = {"confirm": ids}, {"confirm": [[cell, "adding", ids]]}
    names = {"study": "quick", "doc": "", "cells": [cell], "tasks": ["adding"]}
    return Declaration(**names, plan=plan, labels=labels, codes={code: ids})  # type: ignore[arg-type]
