"""`lstm-variants train`: one trial, live, with its curve at the end and a row in the store."""

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import Any

from experiments.optimizers import SGD, Adam
from experiments.read_back import spec_of, value_of
from experiments.specs import SpecError, canonical, construct, has, replace, set_text, unknown
from experiments.tasks import TASKS
from experiments.tasks.contract import drawable
from experiments.trial import Trial, checked
from lstm_variants import CELLS, Layers, Stacked
from sweeps.commands import looking, train_again
from sweeps.commands.common import store_of
from sweeps.commands.training import STUDY, draw, show, train
from sweeps.errors import InputError
from sweeps.plan import Entry
from sweeps.study import BY_TASK
from sweeps.terminal.screen import console

LENGTHS = (
    "length",
    "delay",
    "distance",
    "lag",
    "longest",
    "largest",
    "intervals",
    "noise",
    "periods",
    "tags",
    "blank",
    "marks",
)


def run(options: argparse.Namespace) -> int:
    """Train the trial that the options describe, or show its row where the store has it; with `--again` a stored one.

    Exit code 1 where the trial diverged, or W&B did not take its run. Raises InputError before anything runs.
    """
    if options.again is not None:
        return train_again.run(options)
    options = with_params(options)
    screen = console()
    trial = trial_of(options)
    picture = looking.asked(options.attention, trial)
    entry = Entry(trial, "single", options.cell, options.task)
    store = store_of(options, STUDY).prepare()
    screen.print(canonical(trial), style="dim", soft_wrap=True)
    stored = [row for row in store.trials().to_pylist() if row["trial_id"] == entry.id]
    if stored and not options.anew:
        screen.print("This trial is stored already (--anew trains it again).")
        row = stored[0]
    else:
        row = train(screen, entry, store)
    curve = sorted(
        (c for c in store.curves().to_pylist() if c["trial_id"] == entry.id), key=lambda c: c["step"]
    )
    show(screen, row, curve)
    path = draw(entry, row, curve, store.path / "figures" / f"{options.cell}-{options.task}-{entry.id}.png")
    screen.print(f"row {entry.id} in {store.place}\ncurve {path}", soft_wrap=True)
    if picture is not None:
        screen.print(looking.drawn(screen, picture, entry, row, store), soft_wrap=True)
    if options.wandb:
        from sweeps.mirror.account import MirrorError
        from sweeps.mirror.agent_run import log_trial

        try:
            if address := log_trial(row, curve):  # offline wandb says where its files are
                screen.print(f"W&B run {address}", soft_wrap=True)
        except MirrorError as error:
            screen.print(f"W&B: {error}. The trial is stored; the same command logs it.", soft_wrap=True)
            return 1
    return 0 if row["status"] == "finished" else 1


def trial_of(options: argparse.Namespace) -> Trial:
    """The trial that the options describe. Raises InputError, with the nearest name, for what is unknown."""
    for name in ("cell", "task"):
        if getattr(options, name) is None:
            raise InputError(
                "train needs --cell NAME and --task NAME, or --again TRIAL_ID for a stored trial."
            )
    try:
        cell = named("cell", options.cell, CELLS, options.cells)
        task = named("task", options.task, TASKS, options.tasks)
        if options.hidden is not None:
            cell = replace(cell, "hidden", options.hidden)
        if options.attend:
            cell = construct(Layers, {"cell": cell, "layers": options.layers, "attend": True})
        elif options.layers != 1:
            cell = construct(Stacked, {"cell": cell, "layers": options.layers})
        if options.length is not None:
            task = replace(task, length_field(options.task, task), options.length)
        adam = options.optimizer == "adam"
        rate = options.learning_rate if options.learning_rate is not None else (0.01 if adam else 0.1)
        optimizer = Adam(learning_rate=rate) if adam else SGD(learning_rate=rate, clip=1.0)
        given = {"steps": options.steps, "batch": options.batch}
        values = {name: value for name, value in given.items() if value is not None}
        if "steps" in values:  # twenty points a curve
            values["evaluate_every"] = max(1, min(100, values["steps"] // 20))
        values |= {"cell": cell, "task": task, "optimizer": optimizer, "seed": options.seed}
        trial: Any = construct(Trial, values)
        for text in options.set:
            path, equals, value = text.partition("=")
            if not equals:
                raise InputError(f"--set takes PATH=VALUE, such as optimizer.clip=5; got '{text}'.")
            trial = set_text(trial, path, value)
        for path, value in options.params.items():
            if has(trial, path) or not anywhere(path, options):
                trial = replace(trial, path, value_of(value, float, path))
        drawable(checked(trial).task)
        return trial
    except SpecError as error:
        raise InputError(str(error)) from None


def with_params(options: argparse.Namespace) -> argparse.Namespace:
    """The options with `--params` read: what has an option of its own, and the other fields by dotted path.

    Raises InputError.
    """
    try:
        given = json.loads(options.params) if options.params else {}
    except ValueError:
        given = None
    if not isinstance(given, Mapping):
        raise InputError(
            f'--params takes one JSON object, such as \'{{"cell": "gru", "task": "adding", '
            f"\"optimizer.learning_rate\": 0.01}}'; got {options.params!r}. In a sweep's command: ${{args_json}}."
        )
    kinds = {"cell": str, "task": str, "steps": int, "batch": int, "seed": int}
    own = {kind: given.get(kind) for kind in ("cells", "tasks")}
    own = {kind: labels if isinstance(labels, Mapping) else {} for kind, labels in own.items()}
    task = given.get("task")
    given = {
        path: value[task] if path in BY_TASK and isinstance(value, Mapping) and task in value else value
        for path, value in given.items()
        if path not in own
    }
    names = {name: given[name] for name, kind in kinds.items() if isinstance(given.get(name), kind)}
    fields = {path: value for path, value in flat(given) if path not in names}
    return argparse.Namespace(**vars(options) | names | own | {"params": fields})


def named(kind: str, label: str, catalogue: Mapping[str, Any], own: Mapping[str, Any]) -> Any:
    """The cell or task of a label: as the parameters define it, else the catalogue's. Raises SpecError."""
    if label in own:
        return spec_of(own[label], f"{kind}s.{label}")
    if label not in catalogue:
        raise SpecError(unknown(kind, label, {**own, **catalogue}))
    return catalogue[label]()


def anywhere(path: str, options: argparse.Namespace) -> bool:
    """Whether another cell, or task, has a field: a sweep over several sets it for all."""
    kind, _, rest = path.partition(".")
    every = {"cell": (CELLS, options.cells), "task": (TASKS, options.tasks)}.get(kind, ({}, {}))
    return any(has(named(kind, label, *every), rest) for labels in every for label in labels)


def flat(given: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested parameters by dotted path."""
    for name, value in given.items():
        if isinstance(value, Mapping) and "type" not in value:
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def length_field(name: str, task: Any) -> str:
    """The field that `--length` sets: the first of the task's axes that is a length. Raises InputError."""
    found = [axis for axis in LENGTHS if axis in task.axes]
    if not found:
        raise InputError(
            f"{name} has no field for --length; use --set, such as --set task.{task.axes[0]}=..."
        )
    return found[0]
