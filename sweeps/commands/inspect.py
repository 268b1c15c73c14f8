"""`lstm-variants inspect TRIAL_ID`: what goes on inside a trained network, from its row alone.

The trial is made again, its network reads test sequences, and a page tells what was seen: gates and states over time,
what a linear probe of the state tells of what there is to remember, what the network scores with a gate held, and where
it looks, if it attends.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.attending import attends, looked_on
from experiments.inside import bootstrap, hold
from experiments.inside.names import gates_of
from experiments.inside.probes import Probed, probe
from experiments.inside.quantities import quantities
from experiments.inside.record import Record, record, test_batch
from experiments.specs import unknown
from experiments.trial import Trial
from sweeps import xla
from sweeps.commands import attention_figure
from sweeps.commands.catalogue import table
from sweeps.commands.flow_figure import saved
from sweeps.commands.flow_tables import text
from sweeps.commands.inspect_figure import STYLE, memory_figure, run_figure
from sweeps.commands.inspect_page import Seen, page
from sweeps.commands.stored_networks import networks, one
from sweeps.errors import InputError
from sweeps.terminal import outputs
from sweeps.terminal.screen import console

MEAN = "mean"
LOOKING = 3  # sequences on which attention is drawn
VALUES: tuple[str, ...] = ("0", "1", MEAN)
MEMORY = (
    "quantity",
    "kind",
    "value",
    "low",
    "high",
    "chance",
    "input",
    "untrained",
    "best_unit",
    "best_unit_value",
)
GATES = ("gate", "held_at", "score", "low", "high", "change", "change_low", "change_high")


def run(options: argparse.Namespace) -> int:
    """Make the trial again, measure, write page, pictures and tables, and say where they are. Raises InputError before
    anything is trained."""
    if options.sequences < 2:
        raise InputError(
            f"--sequences must be at least 2, half of them to fit probes on; got {options.sequences}."
        )
    screen = console()
    store, trial, row = one(Path(options.results), options.trial, options.study)
    names = [gate.name for gate in gates_of(trial.cell)]
    wanted = settings(options.ablate, names, str(row["cell"]))
    number = 1 if getattr(trial.task, "single", False) else options.sequences
    if not 0 <= options.sequence < number:
        raise InputError(
            f"--sequence must be one of the {number} that are measured, from 0; got {options.sequence}."
        )
    folder = outputs.folder(options.out, "--out")
    xla.switch_on()
    (made,) = networks(screen, [(store, trial, row)])
    screen.print(made.words, soft_wrap=True)
    with screen.status("measuring"):
        batch = test_batch(trial, options.sequences)
        found = record(trial, made.parameters, batch)
        probes = probed(trial, found, record(trial, made.untrained, batch))
        scores = held_scores(trial, made.parameters, found, wanted)
    title = f"{row['cell']} on {row['task']}, seed {trial.seed}, trial {row['trial_id']}"
    pictures = {"run": saved(run_figure(found, trial.task, options.sequence, title), STYLE)}
    if probes:
        pictures["memory"] = saved(memory_figure(probes, [group for group, _ in found.units], title), STYLE)
    looked = None
    if attends(trial):
        others = [i for i in range(number) if i != options.sequence]
        looked = looked_on(trial, made.parameters, batch, [options.sequence, *others][:LOOKING])
        pictures["attention"] = saved(attention_figure.figure(looked, trial.task, title), STYLE)
    memory, gates = memory_rows(probes, found), gate_rows(wanted, scores)
    for name, picture in pictures.items():
        outputs.write(folder / f"{name}.png", picture["png"])
    outputs.write(folder / "memory.csv", text(MEMORY, memory))
    outputs.write(folder / "gates.csv", text(GATES, gates))
    if looked is not None:
        outputs.write(
            folder / "attention.csv", text(attention_figure.COLUMN_NAMES, attention_figure.lines(looked))
        )
    seen = Seen(
        title=title,
        row=row,
        how=made.words,
        spec=trial,
        sequences=number,
        drawn=options.sequence,
        pictures={name: picture["svg"] for name, picture in pictures.items()},
        memory=memory,
        gates=gates,
        gateless=not names,
        single=number == 1,
        looked=() if looked is None else looked.places or (),
    )
    outputs.write(folder / "index.html", page(seen).encode())
    show(screen, memory, gates)
    screen.print(f"page {folder / 'index.html'}, pictures and tables beside it", soft_wrap=True)
    return 0


def settings(asked: Sequence[str], names: list[str], cell: str) -> list[dict[str, str]]:
    """What is held at what, one dictionary a run, the first empty. Raises InputError for a gate that the cell does not
    have, and for a value that is none."""
    every = list(dict.fromkeys(names))
    if not asked:
        return [{}, *({name: value} for name in every for value in VALUES)]
    if not every:
        raise InputError(
            f"{cell} has no gate that could be held: nothing in it is multiplied with what a sigmoid gives. Leave "
            "--ablate out; the page shows its states and what they remember."
        )
    held: dict[str, str] = {}
    for given in asked:
        name, equals, value = given.partition("=")
        if not equals:
            raise InputError(
                f"--ablate takes GATE=VALUE, such as {every[0]}=0 or {every[0]}=mean; got '{given}'."
            )
        if name not in every:
            raise InputError(unknown(f"gate of {cell}", name, every))
        if value != MEAN:
            try:
                inside = 0 <= float(value) <= 1
            except ValueError:
                inside = False
            if not inside:
                raise InputError(f"A gate is held at a number from 0 to 1, or at {MEAN}; got '{given}'.")
        held[name] = value
    return [{}, held]


def held_scores(
    trial: Trial, parameters: np.ndarray, found: Record, wanted: list[dict[str, str]]
) -> np.ndarray:
    """Scores of every sequence, (settings, B)."""

    def value(name: str, text: str) -> float | list[np.ndarray]:
        return hold.mean_of(found, name) if text == MEAN else float(text)

    given = [{name: value(name, text) for name, text in setting.items()} for setting in wanted]
    return hold.scores(trial, parameters, found.batch, given)


def probed(trial: Trial, found: Record, untrained: Record) -> list[Probed]:
    """What the state tells of every quantity of the task; nothing of a task that has but one sequence."""
    inputs = np.asarray(found.batch.inputs)
    results = [
        probe(name, quantity, found.state, inputs, untrained.state)
        for name, quantity in quantities(trial.task, found.batch).items()
    ]
    return [result for result in results if result is not None]


def memory_rows(probes: list[Probed], found: Record) -> list[dict[str, Any]]:
    rows = []
    for p in probes:
        best = int(p.units.argmax())
        group, place = found.units[best]
        kind = f"accuracy, {p.classes} classes" if p.classes else "R²"
        values = (p.quantity, kind, p.value, p.low, p.high, p.chance, p.input, p.untrained)
        rows.append(dict(zip(MEMORY, (*values, f"{group}[{place}]", float(p.units[best])), strict=True)))
    return rows


def gate_rows(wanted: list[dict[str, str]], scores: np.ndarray) -> list[dict[str, Any]]:
    """Mean scores, and what they change, with bootstrap intervals over the sequences (of pairs, where it is a
    change)."""
    rows = []
    for setting, own in zip(wanted, scores, strict=True):
        name = " and ".join(setting) or "none"
        at = " and ".join(setting.values()) or ""
        numbers = (*interval(own), *interval(own - scores[0]))
        rows.append(dict(zip(GATES, (name, at, *numbers), strict=True)))
    return rows


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean of values (B,), and an interval for it."""
    return (float(values.mean()), *bootstrap.interval(values, np.ones(len(values))))


def show(screen: Any, memory: list[dict[str, Any]], gates: list[dict[str, Any]]) -> None:
    """Print both tables."""
    if memory:
        columns = table(
            "what the state remembers",
            "",
            "",
            "state",
            "95 %",
            "chance",
            "input alone",
            "untrained",
            "best unit",
        )
        for row in memory:
            columns.add_row(
                row["quantity"],
                row["kind"],
                f"{row['value']:.3f}",
                f"{row['low']:.3f} to {row['high']:.3f}",
                *(f"{row[name]:.3f}" for name in ("chance", "input", "untrained")),
                f"{row['best_unit']} {row['best_unit_value']:.3f}",
            )
        screen.print(columns)
    columns = table("score with a gate held", "gate", "at", "score", "95 %", "change")
    for row in gates:
        change = "" if row["gate"] == "none" else f"{row['change']:+.3f}"
        columns.add_row(
            row["gate"],
            row["held_at"],
            f"{row['score']:.3f}",
            f"{row['low']:.3f} to {row['high']:.3f}",
            change,
        )
    screen.print(columns)
