"""The LSTM's training step as a share of what this core can do: its matrix-product rate, measured beside it.

Products in float32 of square matrices of several sizes, by JAX and, as a check, by `torch.mm`, in turns with our
training step (`step.py`), on one pinned core (or on the accelerator). The rate is that of the best size in JAX.
Only the model's own products are counted as the step's work. There is no target: what the share lacks is elementwise
work and memory traffic between products, which XLA does not overlap with them.
"""

import statistics
from functools import partial
from typing import Any

from sweeps.bench import Options
from sweeps.bench.cases import LENGTH, SIZES, settings, step_case
from sweeps.bench.markdown import grid
from sweeps.bench.measure import Progress, Timer, alternate
from sweeps.bench.step import ask, started

Row = dict[str, Any]
NEEDS_TORCH = True
PRODUCTS = (256, 512, 1024, 2048)
INPUTS = 2
FORMULA = "3 · (2 B (n + h) 4h T + 2 B h)"


def run(options: Options) -> list[Row]:
    """Measure: one row per round and side, as the table reads them."""
    (setting, *_) = settings(ask("ours")["backend"], 1)
    products = (16,) if options.quick else PRODUCTS
    sizes = [(4, 4, 8)] if options.quick else [(*size, LENGTH) for size in SIZES]
    rows, timers = dict[str, Row](), dict[str, Timer]()
    with started(setting, ("ours", "torch")) as sides:
        wanted: list[tuple[str, Row]] = [
            *((side, {"what": "product", "size": size}) for size in products for side in sides),
            *(("ours", step_case("lstm", *size)) for size in sizes),
        ]
        progress = Progress("rate", len(wanted) + 1)
        for side, case in wanted:
            name = "-".join(map(str, [side, *case.values()]))
            told = sides[side].build(name, case)
            sides[side].time(name, 1)  # the first call pays what later ones do not
            rows[name] = {"section": "rate", "setting": setting, "side": side, **case}
            rows[name] |= {"compile_seconds": told["seconds"], "operations": operations(case)}
            timers[name] = partial(sides[side].time, name)
            progress.done(f"compiled {name}")
        for name, numbers in alternate(timers, quick=options.quick, rounds=options.rounds).items():
            rows[name] |= numbers
        progress.done("measured")
    return list(rows.values())


def operations(case: Row, *, recurrent: bool = False) -> int:
    """Multiplications and additions of a product, or of the products of an LSTM's training step: forward, and
    twice that backward (for the states and for the weights). recurrent: without the inputs' part."""
    if case["what"] == "product":
        return 2 * case["size"] ** 3
    B, h, T = case["batch"], case["hidden"], case["length"]
    n = 0 if recurrent else INPUTS
    return 3 * (2 * B * (n + h) * 4 * h * T + 2 * B * h)


def table(rows: list[Row]) -> str:
    """The rows of this section as Markdown."""
    products = [row for row in rows if row["what"] == "product"]
    steps = [row for row in rows if row["what"] == "step"]
    best, theirs = (
        max((r for r in products if r["side"] == side), key=lambda r: statistics.median(speeds(r)))
        for side in ("ours", "torch")
    )
    sizes = list(dict.fromkeys(row["size"] for row in products))
    names = {"ours": "jax.numpy.matmul", "torch": "torch.mm"}
    lines = [
        (
            names[side],
            *(f"{statistics.median(speeds(row)) / 1e9:.1f}" for row in products if row["side"] == side),
        )
        for side in names
    ]
    shares = {
        (row["batch"], row["hidden"]): (
            share(row, best),
            share(row, best, recurrent=True),
            share(row, theirs),
        )
        for row in steps
    }
    parts = [
        f"GFLOP/s of square float32 products ({best['setting']}), medians over the rounds:",
        grid(("", *(f"{size}" for size in sizes)), lines),
        f"Our LSTM training step as a share of the best of JAX ({best['size']}), median over the rounds. Its work "
        f"is the model's products alone, {FORMULA} for B sequences, n = {INPUTS} inputs, h units and T steps: forward, "
        "and twice that backward; the second term is the read-out. The share of h alone leaves n out:",
        grid(
            ("", "GFLOP/s", "share", "share of h alone", "share of the best of torch.mm"),
            [
                (f"{r['batch']}×{r['hidden']}, T={r['length']}", f"{statistics.median(speeds(r)) / 1e9:.1f}",
                 *(f"{value:.2f}" for value in shares[r["batch"], r["hidden"]]))
                for r in steps
            ],
        ),
    ]  # fmt: skip
    return "\n\n".join(filter(None, parts))


def speeds(row: Row) -> list[float]:
    """Operations a second, round by round."""
    return [row["operations"] / seconds for seconds in row["seconds"]]


def share(row: Row, best: Row, *, recurrent: bool = False) -> float:
    """Median over the rounds of the step's rate by the product's."""
    part = operations(row, recurrent=recurrent) / row["operations"]
    pairs = zip(speeds(row), speeds(best), strict=True)
    return statistics.median(part * step / product for step, product in pairs)
