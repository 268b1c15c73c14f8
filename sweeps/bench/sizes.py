"""What a loop over time as one function of machine code gains, by size of the network: see `experiments.compiler`.

Our training step as sweeps run it, beside the same step compiled as XLA would by itself: a second process whose
`XLA_FLAGS` say so, since the user's flags win over ours. Three cells, 8 to 128 units, one pinned core. From 64 units on
the rule of the engine leaves the loop alone, and the two sides are nearly one program.
"""

import statistics
from functools import partial
from typing import Any

from sweeps.bench import Options
from sweeps.bench.cases import ONE_CORE, step_case
from sweeps.bench.markdown import grid
from sweeps.bench.measure import Progress, Timer, alternate, ratio
from sweeps.bench.processes import Side
from sweeps.cores import cores

Row = dict[str, Any]
CELLS, UNITS, BATCHES, LENGTH = ("lstm", "peephole", "gru"), (8, 12, 16, 24, 32, 64, 128), (16, 32), 50
SIDES: dict[str, dict[str, str]] = {
    "ours": {},
    "XLA's choice": {
        "XLA_FLAGS": "--xla_disable_hlo_passes=small-while-loop-hoisting --xla_backend_optimization_level=3"
    },
}


def run(options: Options) -> list[Row]:
    """Measure: one row per round and side, as the table reads them."""
    planned = [
        step_case(cell, batch, hidden, LENGTH)
        for cell in options.cells or CELLS
        for batch in BATCHES
        for hidden in UNITS
    ]
    if options.quick:
        planned = [step_case("lstm", 4, 4, 8)]
    progress, rows = Progress("sizes", len(planned)), list[Row]()
    core = cores()[-1]
    with (
        Side("ours", core=core, environment=SIDES["ours"]) as ours,
        Side("ours", core=core, environment=SIDES["XLA's choice"]) as theirs,
    ):
        sides = dict(zip(SIDES, (ours, theirs), strict=True))
        for case in planned:
            made = {name: side.build(name, case)["seconds"] for name, side in sides.items()}
            for name, side in sides.items():
                side.time(name, 1)  # the first call pays what later ones do not
            timers: dict[str, Timer] = {name: partial(side.time, name) for name, side in sides.items()}
            for name, numbers in alternate(timers, quick=options.quick, rounds=options.rounds).items():
                rows.append({"section": "sizes", "setting": ONE_CORE, "side": name, **case})
                rows[-1] |= {"compile_seconds": made[name], **numbers}
                sides[name].drop(name)
            progress.done(f"{case['cell']} {case['batch']}×{case['hidden']}")
    return rows


def table(rows: list[Row]) -> str:
    """The rows of this section as Markdown."""
    units = list(dict.fromkeys(row["hidden"] for row in rows))
    ours = {place(row): row for row in rows if row["side"] == "ours"}
    theirs = {place(row): row for row in rows if row["side"] != "ours"}
    lines, pairs = [], list(dict.fromkeys((row["cell"], row["batch"]) for row in rows))
    for cell, batch in pairs:
        here = [(ours[cell, batch, h], theirs[cell, batch, h]) for h in units]
        numbers = [
            f"{ratio(b['seconds'], a['seconds']):.2f} ({1e3 * statistics.median(a['seconds']):.3g} ms)"
            for a, b in here
        ]
        compiling = statistics.median(b["compile_seconds"] / a["compile_seconds"] for a, b in here)
        lines.append((f"{cell}, batch {batch}", *numbers, f"{compiling:.2f}"))
    return "\n\n".join(
        [
            f"One update on adding, T={LENGTH}, by hidden units: time as XLA compiles by itself over ours, medians "
            "over the rounds, and ours in milliseconds; in the last column the time of compiling likewise, median "
            "over the sizes.",
            grid(("", *(f"{h} units" for h in units), "compiling"), lines),
        ]
    )


def place(row: Row) -> tuple[Any, ...]:
    """What tells two measured sizes apart."""
    return row["cell"], row["batch"], row["hidden"]
