"""What `lstm-variants flow` measured of a cell, as rows of its two tables (`sweeps.evidence.flow`), and as CSV."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from experiments.flow import Moment, horizon
from sweeps.evidence import flow

CURVES = ("cell", "moment", "step", *flow.CURVE)
SUMMARY = ("cell", "moment", "step", *flow.SUMMARY)


def curves(cell: str, moments: Iterable[Moment]) -> list[dict[str, Any]]:
    """One row a moment and lag."""
    return [
        {"cell": cell, "moment": moment.name, "step": moment.step, **row}
        for moment in moments
        for row in flow.curve(np.asarray(moment.measured.norms, np.float64), belt(moment))
    ]


def belt(moment: Moment) -> np.ndarray | None:
    """What is kept of c, `(networks, T)`; None for a cell that has none."""
    kept = np.asarray(moment.measured.kept, np.float64)
    return None if np.isnan(kept).all() else kept


def summary(cell: str, moments: Iterable[Moment]) -> list[dict[str, Any]]:
    """One row a moment."""
    rows = []
    for moment in moments:
        m = moment.measured
        reach = np.array([horizon(norms) for norms in np.asarray(m.norms, np.float64)])
        one = {name: np.asarray(getattr(m, name)) for name in ("exponent", "shut", "open", "score")}
        found = flow.summary(reach, belt(moment), **one)
        rows.append({"cell": cell, "moment": moment.name, "step": moment.step, **found})
    return rows


def text(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> bytes:
    """Rows as CSV, numbers to six digits."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(
            [f"{v:.6g}" if isinstance(v, float) else "" if v is None else v for v in row.values()]
        )
    return buffer.getvalue().encode()
