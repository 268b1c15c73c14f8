"""The training step of every cell beside PyTorch's and Flax's.

One update on the adding problem (two inputs, squared error of a linear read-out of the last output): forward,
backward, clipping to the global norm 1, Adam. Ours is the engine of sweeps with a cohort of one trial: it draws its
data inside and validates now and then, both counted (`ours.py`); the others are given their data. Beside it, where
there is one, `torch.nn`'s network; an eager PyTorch loop of the same equations (`torch_cells.py`); for lstm
`flax.nnx.RNN(OptimizedLSTMCell)`. Compilation is apart. On a CPU everything is measured on one pinned core and on
all; on an accelerator once, with cuDNN's LSTM in JAX, and with cohorts of up to 4,096 trials of ours.
"""

import contextlib
import functools
from collections.abc import Iterable, Iterator
from typing import Any

from sweeps.bench import Options
from sweeps.bench.cases import ONE_CORE, QUICK_CELLS, Case, beside, cases, settings
from sweeps.bench.measure import Progress, Timer, alternate
from sweeps.bench.processes import MODULES, Side, SideError
from sweeps.bench.step_table import label, table
from sweeps.cores import cores

__all__ = ["NEEDS_TORCH", "run", "table"]

Row = dict[str, Any]
NEEDS_TORCH = True


def run(options: Options) -> list[Row]:
    """Measure: one row per round and side, as the table reads them."""
    from lstm_variants import CELLS

    backend = ask("ours")["backend"]
    cells = options.cells or (QUICK_CELLS if options.quick else tuple(CELLS))
    chosen = options.settings or settings(backend, 1 if options.quick else len(cores()))
    planned = list(cases(cells, quick=options.quick, backend=backend))
    progress, rows = Progress("step", len(chosen) * len(planned)), list[Row]()
    for setting in chosen:
        common = {"section": "step", "setting": setting}
        with started(setting) as sides:
            forms, eager = sides["jax"].describe()["forms"], sides["torch"].describe()["eager"]
            for case in planned:
                rows += measured(sides, case, beside(case, forms, eager), common, options)
                progress.done(f"{case['cell']} {label(case)}, {setting}")
    return rows


@functools.cache
def ask(name: str) -> dict[str, Any]:
    """What a process of that kind says of its device. It is asked once."""
    with Side(name) as side:
        return side.describe()


@contextlib.contextmanager
def started(setting: str, names: Iterable[str] = tuple(MODULES)) -> Iterator[dict[str, Side]]:
    """A process a framework, all on the last core where it is to be one."""
    core = cores()[-1] if setting == ONE_CORE else None
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(Side(name, core=core)) for name in names}


def measured(
    sides: dict[str, Side], case: Case, others: dict[str, tuple[str, str]], common: Row, options: Options
) -> list[Row]:
    """A row per side. One that fails has `error` in place of numbers and does not stop the others."""
    rows, timers = dict[str, Row](), dict[str, Timer]()
    places, shapes = {"ours": ("ours", ""), **others}, None
    for name, (process, form) in places.items():
        rows[name] = {**common, **{k: v for k, v in case.items() if k != "what"}, "side": name}
        try:
            told = sides[process].build(name, {**case, "form": form, "shapes": shapes})
            rows[name]["compile_seconds"] = told["seconds"]
            sides[process].time(name, 1)  # the first call pays what later ones do not
        except SideError as error:
            rows[name]["error"] = str(error)
            continue
        shapes = told.get("shapes", shapes)
        timers[name] = functools.partial(sides[process].time, name)
    try:
        for name, numbers in alternate(timers, quick=options.quick, rounds=options.rounds).items():
            rows[name] |= numbers
            sides[places[name][0]].drop(name)
    except SideError as error:
        for name in timers:
            rows[name].setdefault("error", str(error))
    return list(rows.values())
