"""What the rows of `step.py` say: ratios by cell and side, their means, the project's targets."""

import statistics
from collections.abc import Iterable
from typing import Any

from sweeps.bench.cases import LENGTH, LIBRARY, SIZES
from sweeps.bench.markdown import Target, grid, targets
from sweeps.bench.measure import ratio

Row = dict[str, Any]


def compared(rows: list[Row]) -> list[Row]:
    """A row for every case and side beside ours, with `ratio`, theirs / ours, and both medians in seconds."""
    sound = [row for row in rows if "seconds" in row]
    ours = {key(row): row for row in sound if row["side"] == "ours"}
    return [
        {
            **row,
            "ratio": ratio(row["seconds"], ours[key(row)]["seconds"]),
            "theirs": statistics.median(row["seconds"]),
            "ours": statistics.median(ours[key(row)]["seconds"]),
        }
        for row in sound
        if row["side"] != "ours" and key(row) in ours
    ]


def key(row: Row) -> tuple[Any, ...]:
    """What tells two measured steps apart."""
    return tuple(row[name] for name in ("setting", "cell", "batch", "hidden", "length", "members"))


def counts(row: Row) -> bool:
    """Whether it is one of the three sizes over which means are taken."""
    return (row["batch"], row["hidden"]) in SIZES and row["length"] == LENGTH


def mean(rows: Iterable[Row]) -> float:
    """Geometric mean of the ratios."""
    return statistics.geometric_mean(row["ratio"] for row in rows)


def table(rows: list[Row]) -> str:
    """The rows of this section as Markdown."""
    parts = [
        "One update on the adding problem: forward, backward, clipping to the global norm 1, Adam. Ratios are the "
        "median over rounds of their time by ours, above 1 where ours is faster; behind it the medians of both, theirs "
        "/ ours, in milliseconds. Means are geometric, over the three sizes at T=100. Ours is the engine of sweeps "
        "with one trial, which draws its data and validates inside the time; the others are given their data. "
        "Compiling is apart, ours in the last column. torch.nn.GRU resets after the recurrent product, as gru_after "
        "does and gru does not. transformer and grid_depth need no loop over time in PyTorch and are written without "
        "one; they do not count among the cells that PyTorch lacks."
    ]
    found = compared(rows)
    for setting in dict.fromkeys(row["setting"] for row in rows):
        here = [row for row in found if row["setting"] == setting]
        parts.append(f"### {setting.capitalize()}")
        parts.append(times(here, [row for row in rows if row["setting"] == setting]))
        parts.append(targets(aims(here)))
        parts.append(cohorts([row for row in rows if row["setting"] == setting and row["members"] > 1]))
    alone = dict.fromkeys(row["cell"] for row in rows)
    for row in rows:
        if row["side"] in ("PyTorch, eager", "PyTorch, batched"):
            alone.pop(row["cell"], None)
    if alone:
        parts.append(f"Without an eager loop in PyTorch to be compared with: {', '.join(alone)}.")
    errors = [row for row in rows if "error" in row]
    lines = [
        (f"{row['cell']}, {row['side']}, {label(row)}, {row['setting']}", row["error"]) for row in errors
    ]
    parts.append(grid(("failed", "why"), lines) if lines else "")
    return "\n\n".join(filter(None, parts))


def label(row: Row) -> str:
    """The name of a case in the table."""
    return f"{row['batch']}×{row['hidden']}, T={row['length']}"


def times(found: list[Row], rows: list[Row]) -> str:
    """Ratios of one setting, a line for each cell and side."""
    labels = list(dict.fromkeys(label(row) for row in found))
    compile_seconds = {
        cell: statistics.median(
            row["compile_seconds"]
            for row in rows
            if (row["cell"], row["side"]) == (cell, "ours") and "seconds" in row
        )
        for cell in dict.fromkeys(row["cell"] for row in found)
    }
    lines = []
    for cell, side in dict.fromkeys((row["cell"], row["side"]) for row in found):
        mine = {label(row): row for row in found if (row["cell"], row["side"]) == (cell, side)}
        cells = [
            f"{row['ratio']:.2f} ({row['theirs'] * 1e3:.3g} / {row['ours'] * 1e3:.3g})" if row else ""
            for row in map(mine.get, labels)
        ]
        main = [row for row in mine.values() if counts(row)]
        average = f"{mean(main):.2f}" if main else ""
        lines.append((f"{cell} beside {side}", *cells, average, f"{compile_seconds[cell]:.1f} s"))
    return grid(("", *labels, "mean", "compiling"), lines) if lines else ""


def aims(found: list[Row]) -> list[Target]:
    """The project's targets and what these ratios say of them; none for what was not measured at all sizes."""
    short = [row for row in found if counts(row)]

    def of(cell: str, library: str) -> list[Row]:
        return [row for row in short if row["cell"] == cell and row["side"].startswith(library)]

    lacking = [row for row in short if row["cell"] not in LIBRARY and row["side"] == "PyTorch, eager"]
    wanted = [
        # At 128 units the products of the libraries, which both sides call, are nearly all of the time of either.
        ("lstm beside torch.nn.LSTM", of("lstm", "torch.nn"), 1.0, 1.0),
        ("lstm beside flax.nnx.RNN", of("lstm", "flax"), 1.0, None),
        ("cells that PyTorch lacks beside an eager loop", lacking, 1.0, None),
        *(
            (f"{cell} beside torch.nn", of(cell, "torch.nn"), 1.0, None)
            for cell in ("gru", "gru_after", "rnn")
        ),
    ]
    return [
        Target(words, least, mean(rows), min(row["ratio"] for row in rows) if floor else None, floor)
        for words, rows, least, floor in wanted
        if rows and len(rows) % len(SIZES) == 0
    ]


def cohorts(rows: list[Row]) -> str:
    """Time of a step by size of the cohort, on an accelerator."""
    lines = [
        (str(row["members"]), f"{step * 1e3:.3g} ms", f"{step / row['members'] * 1e6:.3g} µs")
        for row in rows
        if "seconds" in row and (step := statistics.median(row["seconds"]))
    ]
    return grid(("trials in the cohort", "step", "a trial"), lines) if lines else ""
