"""What flows through networks, made up: influence that falls by a factor of its own for each cell and moment."""

import math

import numpy as np

from sweeps.store import schema
from sweeps.store.store import Store

LENGTH = 40
MOMENTS = {"start": 0, "halfway": 1000, "end": 2000}
FACTORS = {"lstm": (0.6, 0.9, 0.97), "gru": (0.7, 0.85, 0.93), "rnn": (0.3, 0.4, 0.5)}  # by moment


def factor(cell: str, moment: str, network: int) -> float:
    """The influence at one more lag, as a share."""
    base = FACTORS.get(cell, (0.5, 0.8, 0.9))[list(MOMENTS).index(moment)]
    return base - 0.01 * network


def horizon(share: float) -> int:
    """The largest lag k with share ** (k - 1) above 1 %, of LENGTH at most."""
    return min(LENGTH, math.ceil(math.log(0.01) / math.log(share)))


def flow_row(trial: dict[str, object], moment: str, network: int, **changes: object) -> dict[str, object]:
    """A row with every declared column; cells called lstm have a belt of twice the length."""
    cell = str(trial["cell"])
    share = factor(cell, moment, network)
    row: dict[str, object] = dict.fromkeys(schema.FLOW_COLUMNS)
    row |= {
        name: trial[name] for name in ("schema_version", "trial_id", "study", "cell", "task", "code", "seed")
    }
    row |= {"moment": moment, "step": MOMENTS[moment], "diverged": False, "same": True, "sequences": 32}
    row |= {"norms": (2.0 * share ** np.arange(LENGTH)).tolist(), "horizon": horizon(share)}
    row |= {"kept": (math.sqrt(share) ** np.arange(1, LENGTH + 1)).tolist() if cell == "lstm" else None}
    gates = {"shut": None, "open": None} if cell == "rnn" else {"shut": 0.1, "open": 0.3}
    return row | {"exponent": math.log(share), "score": 0.5, "seconds": 1.0} | gates | changes


def add_flow(store: Store, networks: int = 3, **changes: object) -> list[dict[str, object]]:
    """Of so many confirmed trials of every arm but the alias's, one part an arm."""
    arms: dict[tuple[object, object], list[dict[str, object]]] = {}
    aliases = {alias for _, alias in store.declaration().same}
    for row in store.planned().rows.to_pylist():
        if row["stage"] == "confirm" and row["cell"] not in aliases:
            arms.setdefault((row["cell"], row["task"]), []).append(row)
    made = []
    for trials in arms.values():
        rows = [flow_row(t, m, k, **changes) for k, t in enumerate(trials[:networks]) for m in MOMENTS]
        store.append_flow(rows)
        made += rows
    return made
