"""`lstm-variants train --again TRIAL_ID`: is a stored row what its trial gives here?

The trial is read back from the row, trained in a store of its own that is thrown away, and compared number by number:
the row's measures, and the curve's at every evaluation. On a CPU of the same kind, with the same versions, they are
the same bit for bit.
"""

import argparse
import math
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc

from experiments.read_back import from_json
from experiments.specs import SpecError, canonical, trial_id
from experiments.tasks.contract import drawable
from sweeps.commands import looking
from sweeps.commands.catalogue import table
from sweeps.commands.train_arguments import arguments
from sweeps.commands.training import STUDY, show, train
from sweeps.errors import InputError
from sweeps.plan import Entry
from sweeps.rows import Row
from sweeps.same import differing, given
from sweeps.store.schema import STOPPED
from sweeps.store.store import Store
from sweeps.terminal.screen import console

LIBRARIES = ("version.jax", "version.flax", "version.optax")
KIND = ("device", *LIBRARIES, "version.project", "commit")
SHOWN = 10  # numbers that differ


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A number that is not the same. where: column, and the curve's step. then, now: the values."""

    where: str
    then: object
    now: object

    @property
    def size(self) -> float:
        """How far apart, infinity where either is no number."""
        numbers = isinstance(self.then, int | float) and isinstance(self.now, int | float)
        return abs(self.now - self.then) if numbers else math.inf  # type: ignore[operator]


def run(options: argparse.Namespace) -> int:
    """Train a stored trial again and say whether it gives the stored numbers.

    Exit code 1 where they differ though device and libraries are those of the row. Raises InputError for options of
    another trial, for a trial that is not in the results or not the only one, and for one that cannot be read back.
    """
    refuse_others(options)
    screen = console()
    store, row = stored(Path(options.results), options.again)
    try:
        trial = from_json(row["spec"])
        drawable(trial.task)
    except SpecError as error:
        raise InputError(f"Trial {row['trial_id']} of {store.path}: {error}") from None
    until = row["steps_done"] if row["status"] == STOPPED else None
    picture = looking.asked(options.attention, trial)
    entry = Entry(trial, row["stage"], row["cell"], row["task"], until=until, rung=row["rung"] or 0)
    if trial_id(trial) != row["trial_id"]:
        raise InputError(
            f"The row of {row['trial_id']} in {store.path} describes the trial {trial_id(trial)}: it was edited."
        )
    screen.print(canonical(trial), style="dim", soft_wrap=True)
    with tempfile.TemporaryDirectory() as folder:
        here = Store(folder, STUDY).prepare()
        now = train(screen, entry, here)
        curve = curve_of(here, entry.id)
    show(screen, now, curve)
    if picture is not None:
        screen.print(looking.drawn(screen, picture, entry, row, store), soft_wrap=True)
    before = curve_of(store, entry.id)
    compared, differences = compare(row, now, before, curve)
    if not differences:
        screen.print(
            f"Identical to {store.path}, bit for bit: {compared} numbers of the row and its curve.",
            soft_wrap=True,
        )
        return 0
    other = {name: (row.get(name), now[name]) for name in KIND if row.get(name) != now[name]}
    screen.print(
        f"Differs from {store.path}: {len(differences)} of {compared} numbers differ.", soft_wrap=True
    )
    columns = table("", "number", "stored", "here", "difference")
    for each in sorted(differences, key=lambda d: -d.size)[:SHOWN]:
        apart = f"{each.size:.3g}" if math.isfinite(each.size) else ""
        columns.add_row(each.where, str(each.then), str(each.now), apart)
    screen.print(columns)
    for name, (then, today) in other.items():
        screen.print(f"{name}: {then} in the row, {today} here", soft_wrap=True)
    excused = excuse(str(row["device"]), other)
    blame = "Device and libraries are the same, so the numbers should be too; CHANGELOG.md lists what changed results."
    screen.print(excused or blame, soft_wrap=True)
    return 0 if excused else 1


def refuse_others(options: argparse.Namespace) -> None:
    """Raise InputError for an option that describes a trial, beside `--again`, which names one."""
    parser = argparse.ArgumentParser()
    arguments(parser)
    given = {
        name: value for name, value in vars(options).items() if name not in ("again", "results", "attention")
    }
    odd = [
        "--" + name.replace("_", "-")
        for name, value in given.items()
        if name in vars(parser.parse_args([])) and value != parser.get_default(name)
    ]
    if odd:
        raise InputError(f"--again retrains a stored trial unchanged; leave out {', '.join(odd)}.")


def stored(results: Path, prefix: str, study: str = "*") -> tuple[Store, Row]:
    """The row of the trial whose id begins so, with its store; of several studies that have it, the first's.

    study: in which to look; all by default. Raises InputError where there is none or several, and where the trial has
    failed.
    """
    places: dict[str, list[Store]] = {}
    for folder in sorted(results.glob(f"{study}/trials")):
        store = Store(results, folder.parent.name)
        for name in store.trials(["trial_id"])["trial_id"].to_pylist():
            if name.startswith(prefix):
                places.setdefault(name, []).append(store)
    if not places:
        raise InputError(
            f"No trial below {results} has an id that begins with '{prefix}'. Ids are in the column trial_id of the "
            "results; --results names their directory."
        )
    if len(places) > 1:
        some = ", ".join(sorted(places)[:5])
        raise InputError(
            f"{len(places)} trials below {results} begin with '{prefix}': {some}. Give more characters."
        )
    ((name, stores),) = places.items()
    rows = [(store, row) for store in stores for row in rows_of(store, name)]
    for store, row in rows:
        if row["status"] != "failed":
            return store, row
    raise InputError(f"Trial {name} failed, so there is nothing to train again: {rows[0][1]['error']}")


def rows_of(store: Store, name: str) -> list[Row]:
    table = store.trials()
    return table.filter(pc.equal(table["trial_id"], name)).to_pylist()


def curve_of(store: Store, name: str) -> list[Row]:
    rows = [row for row in store.curves().to_pylist() if row["trial_id"] == name]
    return sorted(rows, key=lambda row: row["step"])


def compare(then: Row, now: Row, before: list[Row], curve: list[Row]) -> tuple[int, list[Difference]]:
    """How many numbers were compared, and those that are not the same, of the rows and of the curves by step."""
    pairs = [("", then, now)]
    steps = {row["step"]: row for row in before}, {row["step"]: row for row in curve}
    pairs += [
        (f" at step {step}", steps[0].get(step, {}), steps[1].get(step, {}))
        for step in sorted(steps[0].keys() | steps[1].keys())
    ]
    compared, differences = 0, []
    for where, a, b in pairs:
        names = given([*a, *b])
        compared += len(names)
        for name, (x, y) in differing(a, b, names).items():
            differences.append(Difference(where=name + where, then=x, now=y))
    return compared, differences


def excuse(device: str, other: Collection[str]) -> str | None:
    """Why the numbers may differ; None where they may not. device: of the row. other: columns of `KIND` that differ."""
    digits = "rounds differently, and training amplifies this: compare scores over several seeds"
    if "device" in other:
        return f"A different device {digits}."
    if any(name in LIBRARIES for name in other):
        return f"A different library version {digits}."
    if not device.startswith("cpu"):
        return "A GPU reproduces results bit for bit only in sweeps with --deterministic."
    return None
