"""`lstm-variants flow`: how far back cells look, measured before, halfway through and after training."""

import argparse
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import jax
from flax import nnx

from experiments.flow import Moment, flows
from experiments.flow.stepped import refusal
from experiments.optimizers import Adam
from experiments.specs import SpecError, construct, replace, set_text, unknown
from experiments.tasks import TASKS
from experiments.tasks.contract import drawable
from experiments.trial import SEED_LIMIT, Trial, checked
from lstm_variants import CELLS, Layers, state_size
from lstm_variants.contract import CellSpec
from sweeps.commands.catalogue import table
from sweeps.commands.conform import resolve
from sweeps.commands.flow_arguments import SEEDS
from sweeps.commands.flow_figure import figure, saved
from sweeps.commands.flow_tables import CURVES, SUMMARY, curves, summary, text
from sweeps.commands.train import length_field
from sweeps.cores import cores
from sweeps.errors import InputError
from sweeps.terminal import outputs
from sweeps.terminal.screen import console
from sweeps.workers import crew, serial


@dataclass(frozen=True)
class Plain:
    """The spec of a cell that has none: a class that is made as `Cell(inputs, hidden, rngs=rngs)`."""

    cell: Any
    hidden: int

    def build(self, inputs: int, rngs: nnx.Rngs) -> nnx.RNNCellBase:
        made: nnx.RNNCellBase = self.cell(inputs, self.hidden, rngs=rngs)
        return made


def run(options: argparse.Namespace) -> int:
    """Measure, print what was found, and say where the figure is. Raises InputError before anything runs."""
    if options.study is not None:
        from sweeps.commands.flow_study import of_study

        return of_study(options)
    if not options.cells:
        raise InputError("Name one or more cells, such as rnn lstm, or a study with --study.")
    if options.workers is not None:
        raise InputError("--workers is for --study; cells are measured on all cores.")
    options.seeds = SEEDS if options.seeds is None else options.seeds
    for name, least in (("seeds", 1), ("steps", 2), ("sequences", 1), ("hidden", 1)):
        if getattr(options, name) < least:
            raise InputError(f"--{name} must be at least {least}; got {getattr(options, name)}.")
    if options.steps % 2:
        raise InputError(f"--steps must be even, since flow is measured halfway too; got {options.steps}.")
    if not 0 <= options.seed <= SEED_LIMIT - options.seeds:
        raise InputError(f"--seed must be an integer in [0, 2**32 - seeds]; got {options.seed}.")
    cohorts = {name: trials_of(name, options) for name in dict.fromkeys(options.cells)}
    folder = outputs.folder(options.out, "--out")
    found = measured(cohorts, options.sequences)
    lines = [line for name, moments in found.items() for line in curves(name, moments)]
    rows = [row for name, moments in found.items() for row in summary(name, moments)]
    outputs.write(folder / "flow.csv", text(CURVES, lines))
    outputs.write(folder / "summary.csv", text(SUMMARY, rows))
    trial: Any = next(iter(cohorts.values()))[0]
    title = f"{options.task}, {trial.task.steps} steps, {trial.cell.hidden} units, {networks(options.seeds)} per cell"
    for ending, content in saved(figure(lines, rows, title)).items():
        outputs.write(folder / f"flow.{ending}", content)
    show(rows, title)
    console().print(f"figure {folder / 'flow.png'}, numbers beside it", soft_wrap=True)
    return 0


def networks(n: int) -> str:
    return f"{n} network{'s' * (n != 1)}"


def measured(cohorts: dict[str, list[Trial]], sequences: int) -> dict[str, list[Moment]]:
    """What flows through each cell's networks; a process for each core, since on a CPU JAX computes one thing at a
    time.

    Raises InputError for whatever a foreign cell raises.
    """
    found: dict[str, list[Moment]] = {}
    left = list(cohorts)

    def failed(name: str, error: BaseException) -> None:
        if name in CELLS:
            raise error
        line = (str(error).splitlines() or [""])[0]
        raise InputError(
            f"{name} could not be trained and measured: {type(error).__name__}: {line}"
        ) from error

    def take(
        seen: set[Any], elsewhere: set[Any], wants: str | None
    ) -> tuple[str, str, Callable[[Any], Iterator[Any]]] | None:
        if not left:
            return None
        name = left.pop(0)
        return name, name, functools.partial(of_cell, trials=cohorts[name], sequences=sequences)

    workers = min(len(cohorts), len(cores())) if jax.default_backend() == "cpu" else 1
    if workers < 2:
        serial.run(take, found.__setitem__, failed)
        return found
    files = [Path(name.rpartition(":")[0]) for name in cohorts if ".py:" in name]
    folder = files[0].resolve().parent if files else None
    with crew.started(crew.Pool(workers=workers, folder=folder)) as hands:
        hands.run(take, lambda: bool(left), found.__setitem__, failed, say=console().print)
    return {name: found[name] for name in cohorts}


def of_cell(worker: object, *, trials: list[Trial], sequences: int) -> Iterator[list[Moment]]:
    """For a worker: what flows through the networks of one cell."""
    yield flows(trials, sequences)


def trials_of(name: str, options: argparse.Namespace) -> list[Trial]:
    """One trial a seed. Raises InputError, with the nearest name, for what is unknown, and for a cell that carries
    nothing."""
    if options.task not in TASKS:
        raise InputError(unknown("task", options.task, TASKS))
    try:
        task = TASKS[options.task]()
        if options.length is not None:
            task = replace(task, length_field(options.task, task), options.length)
        trial: Any = construct(
            Trial,
            {
                "cell": cell_of(name, options.hidden),
                "task": task,
                "optimizer": Adam(learning_rate=options.learning_rate),
                "seed": options.seed,
                "steps": options.steps,
                "evaluate_every": options.steps // 2,
                "validation_batches": 1,
                "test_batches": 1,
            },
        )
        for setting in options.set:
            path, equals, value = setting.partition("=")
            if not equals:
                raise InputError(f"--set takes PATH=VALUE, such as task.countries=4; got '{setting}'.")
            trial = set_text(trial, path, value)
        if trial.steps != 2 * trial.evaluate_every:
            raise InputError("--set can not change steps or evaluate_every here; use --steps.")
        if not isinstance(trial.cell, Plain):
            checked(trial)
        drawable(trial.task)
        if carried(name, trial) == 0:
            raise InputError(f"{name} carries nothing from step to step: nothing flows through time in it.")
        return [replace(trial, "seed", trial.seed + k) for k in range(options.seeds)]
    except SpecError as error:
        raise InputError(str(error)) from None


def carried(name: str, trial: Trial) -> int:
    """How many numbers a trial's cell carries. Raises InputError for one that can not be made, or measured."""
    inputs, cell = trial.task.inputs, cast(Any, trial.cell)
    try:
        built = cell.build(inputs, nnx.Rngs(0))
        reason = refusal(built)
        size = 0 if reason else state_size(built, inputs)
    except Exception as error:  # whatever a foreign cell does when it is made
        raise InputError(
            f"{name} could not be made with {inputs} inputs and {cell.hidden} units: "
            f"{type(error).__name__}: {error}"
        ) from None
    if reason:
        raise InputError(f"{name}: {reason}")
    return size


def cell_of(name: str, hidden: int) -> CellSpec:
    """The spec of a cell with so many units. Raises InputError, also for what is no cell."""
    thing = CELLS[name] if name in CELLS else resolve(name)
    if thing is Layers:
        raise InputError(
            "Layers are of a cell: name the cell, or a spec of yours whose build makes Layers(cell=...)."
        )
    if isinstance(thing, type) and issubclass(thing, nnx.RNNCellBase):
        return Plain(thing, hidden)
    if isinstance(thing, type) and hasattr(thing, "build"):
        spec: CellSpec = construct(thing, {"hidden": hidden})
        return spec
    raise InputError(
        f"{name} is neither a cell of flax.nnx nor a spec that builds one (a frozen dataclass with a field hidden and "
        "a method build)."
    )


def show(rows: list[dict[str, Any]], title: str, where: str = "") -> None:
    """Print the horizons and what else is one number. where: a further column of the rows, after the cell."""
    further = [where] if where else []
    numbers = ("horizon", "95 %", "Lyapunov", "gates shut", "open", "kept at horizon", "score")
    columns = table(title, "cell", *further, "when", *numbers)
    for row in rows:
        columns.add_row(
            row["cell"],
            *(str(row[name]) for name in further),
            row["moment"],
            f"{row['horizon']:g}",
            f"{row['horizon_low']:g} to {row['horizon_high']:g}",
            f"{row['exponent']:+.3f}",
            share(row["shut"]),
            share(row["open"]),
            "" if row["kept"] is None else f"{row['kept']:.2g}",
            f"{row['score']:.2f}",
        )
    for column in columns.columns[2 + len(further) :]:
        column.justify = "right"
    console().print(columns)


def share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f} %"
