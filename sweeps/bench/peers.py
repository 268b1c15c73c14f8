"""Many small networks at once: our cohort beside what else trains a stack of LSTMs on one core.

16 LSTMs of 16 units, batch 16, 50 steps, each with parameters and Adam of its own: ours one after the other in one
program; PyTorch's `torch.func.vmap` over stacked parameters, as it is and through `torch.compile`; plain JAX with
`jax.vmap`. All write the LSTM's equations out and train on the adding problem; the others are given their data.
"""

import statistics
from functools import partial
from typing import Any

from sweeps.bench import Options
from sweeps.bench.cases import ONE_CORE, step_case
from sweeps.bench.markdown import grid
from sweeps.bench.measure import Progress, Timer, alternate, ratio
from sweeps.bench.processes import SideError
from sweeps.bench.step import started

Row = dict[str, Any]
NEEDS_TORCH = True
MEMBERS = 16
PEERS = {
    "ours": ("ours", ""),
    "JAX, vmap": ("jax", "stacked"),
    "torch.func.vmap": ("torch", "stacked"),
    "torch.func.vmap, torch.compile": ("torch", "stacked, compiled"),
}


def run(options: Options) -> list[Row]:
    """Measure: one row per round and side, as the table reads them."""
    case = step_case("lstm", 4, 4, 8, 2) if options.quick else step_case("lstm", 16, 16, 50, MEMBERS)
    rows, timers, progress = dict[str, Row](), dict[str, Timer](), Progress("peers", len(PEERS) + 1)
    with started(ONE_CORE) as sides:
        for name, (process, form) in PEERS.items():
            rows[name] = {"section": "peers", "setting": ONE_CORE, "side": name, **case}
            try:
                rows[name]["compile_seconds"] = sides[process].build(name, {**case, "form": form})["seconds"]
                sides[process].time(name, 1)  # the first call pays what later ones do not
                timers[name] = partial(sides[process].time, name)
            except SideError as error:
                rows[name]["error"] = str(error)
            progress.done(name)
        for name, numbers in alternate(timers, quick=options.quick, rounds=options.rounds).items():
            rows[name] |= numbers
        progress.done("measured")
    return list(rows.values())


def table(rows: list[Row]) -> str:
    """The rows of this section as Markdown."""
    sound = [row for row in rows if "seconds" in row]
    ours = next(row for row in rows if row["side"] == "ours")
    lines = [
        (
            row["side"],
            f"{row['members'] / statistics.median(row['seconds']):,.0f}",
            f"{ratio(row['seconds'], ours['seconds']):.2f}",
            f"{row['compile_seconds']:.1f} s",
        )
        for row in sound
    ]
    lines += [(row["side"], row["error"], "", "") for row in rows if "error" in row]
    size = f"{ours['members']} LSTMs, {ours['batch']}×{ours['hidden']}, T={ours['length']}"
    return "\n\n".join(
        [
            f"{size}, one core: updates of members a second, medians over the rounds.",
            grid(("", "updates a second", "time by ours", "building"), lines),
        ]
    )
