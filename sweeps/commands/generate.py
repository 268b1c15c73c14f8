"""`lstm-variants generate`: trained networks left to themselves, and how lawful it is what they write.

Networks that predict symbols write texts, each hearing its own last symbol; networks that produce a signal go on
beyond the length that they were trained on. Beside it stands the same network taught: asked for the next symbol of
right texts; or within the length of its training. Several networks of a cell are told by their median.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.inside import signals
from experiments.inside.generate import completed, produced, steps_suffice, taught, write
from experiments.inside.languages import Language, language_of, shares
from experiments.inside.record import test_batch
from experiments.specs import structure, unknown
from experiments.tasks import EarlyMention
from experiments.trial import Trial
from sweeps import xla
from sweeps.commands.catalogue import table
from sweeps.commands.flow_figure import saved
from sweeps.commands.flow_tables import text
from sweeps.commands.generate_figure import STYLE, bars, waves
from sweeps.commands.generate_prompt import numbers_of, read_sentence, spelled
from sweeps.commands.generate_shares import (
    COLUMNS,
    SHOWN,
    Network,
    Written,
    about_intervals,
    of_answers,
    of_signal,
    of_texts,
    summary,
)
from sweeps.commands.stored_networks import (
    classes_of,
    grouped,
    networks,
    one,
    side_by_side,
    study_name,
    trial_of,
)
from sweeps.errors import InputError
from sweeps.remade import Remade
from sweeps.rows import Row
from sweeps.store.store import Store
from sweeps.terminal import outputs
from sweeps.terminal.screen import console

PRINTED = 100  # symbols of a text that are printed
CAN = "xml, dyck, continual_reber (texts), early_mention (the last word), periodic and waveform (signals)"


def run(options: argparse.Namespace) -> int:
    """Make the networks again, let them write, print and write down what they wrote and how lawful it is. Raises
    InputError before anything is trained."""
    check(options)
    screen = console()
    stored = chosen(options)
    for store, trial, row in stored:
        refuse(store, trial, row)
    task = stored[0][1].task
    if any(trial.task != task for _, trial, _ in stored):
        raise InputError(
            "The trials are of different tasks; give trials of one, so that their cells can be compared."
        )
    prompt = read_prompt(task, options.prompt)
    length = options.length if options.length is not None else 2 * task.steps
    folder = outputs.folder(options.out, "--out")
    xla.switch_on()
    made = networks(screen, stored)
    screen.print(remade_words(made), soft_wrap=True)
    found = all_written(screen, made, length, prompt, options)
    rows = summary(found)
    title = str(stored[0][2]["task"])
    if not isinstance(task, EarlyMention):
        title += f": {length} {'samples' if is_signal(task) else 'symbols'}"
    outputs.write(folder / "generated.csv", text(COLUMNS, rows))
    if is_signal(task):
        outputs.write(folder / "signals.csv", signal_table(found))
        pictures = saved(waves(found, task.steps, title), STYLE)
    else:
        outputs.write(folder / "texts.txt", "\n".join(written_down(found)).encode() + b"\n")
        pictures = saved(bars(rows, f"{title}\n{about_intervals(rows)}"), STYLE) if rows else {}
    for ending, content in pictures.items():
        outputs.write(folder / f"generated.{ending}", content)
    print_texts(screen, found)
    show(screen, rows, ("beyond training", "within") if is_signal(task) else ("left alone", "taught"))
    screen.print(f"{folder}: figure, numbers, {'signals' if is_signal(task) else 'texts'}", soft_wrap=True)
    return 0


def remade_words(made: Sequence[Remade]) -> str:
    """How the networks were made, and whether they are what their rows tell of."""
    other, kept = [m for m in made if m.differs], sum(m.kept for m in made)
    same = "all score what their rows say, bit for bit."
    first = f"such as {other[0].row['cell']} {other[0].row['trial_id']}: {other[0].words}" if other else ""
    return (
        f"{len(made)} network{'s' * (len(made) != 1)}: {kept} found, {len(made) - kept} trained again; "
        f"{f'{len(other)} of them not as their rows say, {first}' if other else same}"
    )


def all_written(
    screen: Any, made: Sequence[Remade], length: int, prompt: np.ndarray, options: argparse.Namespace
) -> list[Network]:
    """What every network writes; those of one structure share their programs."""
    written: dict[int, Network] = {}

    def let_write(places: list[int]) -> None:
        for i in places:
            status.update(f"writing, network {len(written) + 1} of {len(made)}")
            written[i] = network(made[i], length, prompt, options)

    with screen.status("writing") as status:
        side_by_side(let_write, grouped([structure(m.trial) for m in made]))
    return [written[i] for i in range(len(made))]


def print_texts(screen: Any, found: Sequence[Network]) -> None:
    """The beginning of one text of every cell, with marks below what is not legal."""
    for n in first_of_each(found):
        for line in n.texts[:1]:
            screen.print(f"{n.cell}: {line.text[:PRINTED]}", soft_wrap=True, highlight=False)
            marks = line.marks[:PRINTED].rstrip()
            if marks:
                screen.print(" " * (len(n.cell) + 2) + marks, style="red", soft_wrap=True)


def check(options: argparse.Namespace) -> None:
    """Raises InputError for numbers out of range, and for trials told in two ways or none."""
    for name, least in (("length", 1), ("texts", 1), ("seeds", 1)):
        value = getattr(options, name)
        if value is not None and value < least:
            raise InputError(f"--{name} must be at least {least}; got {value}.")
    if not 0 <= options.temperature < float("inf"):
        raise InputError(f"--temperature must be at least 0, and finite; got {options.temperature:g}.")
    if not options.trials and options.study is None:
        raise InputError("generate needs TRIAL_IDs, or --study STUDY --task TASK to compare a study's cells.")
    if options.trials and options.task is not None:
        raise InputError("--task chooses among a study's trials; leave it out where TRIAL_IDs are given.")


def chosen(options: argparse.Namespace) -> list[tuple[Store, Trial, Row]]:
    """The trials that are meant, by cell and seed. Raises InputError where there are none."""
    results = Path(options.results)
    if options.trials:
        return [one(results, name, options.study) for name in dict.fromkeys(options.trials)]
    store = Store(results, study_name(options.study))
    declaration = store.declaration()
    if options.task is None:
        raise InputError(f"--study needs --task, one of: {', '.join(declaration.tasks)}.")
    if options.task not in declaration.tasks:
        raise InputError(unknown(f"task of {declaration.study}", options.task, declaration.tasks))
    classes = classes_of(options.study)
    rows = [
        row
        for row in store.planned().rows.to_pylist()
        if row["task"] == options.task and row["stage"] == "confirm" and row["status"] == "finished"
    ]
    found = []
    for cell in declaration.cells:
        own = sorted((row for row in rows if row["cell"] == cell), key=lambda row: row["seed"])
        found += [(store, trial_of(row, store, classes), row) for row in own[: options.seeds]]
    if not found:
        raise InputError(
            f"{store.path} has no confirmed trial on {options.task} that finished. Run its sweep first."
        )
    return found


def refuse(store: Store, trial: Trial, row: Row) -> None:
    """Raises InputError for a trial of a task of which nothing can be written, and for a cell that can not go on from
    what it carries."""
    task = trial.task
    if language_of(task) is None and not is_signal(task) and not isinstance(task, EarlyMention):
        raise InputError(
            f"Nothing can be generated from {type(task).__name__} (trial {row['trial_id']} of {store.path}): its "
            f"networks do not predict their next input. Tasks that can: {CAN}."
        )
    if language_of(task) is not None and not steps_suffice(structure(trial)):
        raise InputError(
            f"The network of trial {row['trial_id']} ({row['cell']}) can not be run step by step: it looks at more "
            "than it carries, as one does that reads in both directions. Choose another trial."
        )


def is_signal(task: Any) -> bool:
    return signals.signal(task, 2) is not None


def read_prompt(task: Any, given: str | None) -> np.ndarray:
    """The symbols that every text begins with. Raises InputError for what is none of the task's."""
    language = language_of(task)
    if isinstance(task, EarlyMention):
        return read_sentence(task, given) if given is not None else np.array([], int)
    if language is None:
        if given is not None:
            raise InputError(
                f"{type(task).__name__} has no symbols, so nothing can be prompted; leave --prompt out."
            )
        return np.array([], int)
    return numbers_of(language, given)


def network(made: Remade, length: int, prompt: np.ndarray, options: argparse.Namespace) -> Network:
    """What one network writes."""
    trial, parameters = made.trial, made.parameters
    who = {"cell": str(made.row["cell"]), "trial": str(made.row["trial_id"]), "seed": trial.seed}
    draw = {"temperature": options.temperature, "seed": options.seed}
    language = language_of(trial.task)
    if language is not None:
        batch = test_batch(trial, options.texts)
        free = write(trial, parameters, language, prompt, length, texts=options.texts, **draw)
        own = [shares(language, line, line, len(prompt)) for line in free]
        begin = len(language.start)
        right = [shares(language, *pair, begin) for pair in taught(trial, parameters, batch, **draw)]
        return of_texts(who, language, own, right, [spell(language, line) for line in free[:SHOWN]])
    if isinstance(trial.task, EarlyMention):
        return of_answers(who, trial, parameters, prompt, options.texts, draw, completed)
    output = produced(trial, parameters, length)
    wanted = signals.signal(trial.task, length)
    assert wanted is not None
    return of_signal(who, output, wanted, trial.task.steps)


def spell(language: Language, line: np.ndarray) -> Written:
    """A text, with a mark below every symbol that is not legal."""
    words = [language.words[i] for i in line]
    wrong = ~language.allowed(line)[np.arange(len(line)), line]
    return spelled(words, wrong)


def first_of_each(found: Sequence[Network]) -> list[Network]:
    """One network of every cell."""
    return list({n.cell: n for n in reversed(found)}.values())[::-1]


def written_down(found: Sequence[Network]) -> list[str]:
    lines = []
    for n in found:
        lines.append(f"{n.cell}, trial {n.trial}, seed {n.seed}")
        for line in n.texts:
            lines += (
                [f"  {line.text}", f"  {line.marks}".rstrip()] if line.marks.strip() else [f"  {line.text}"]
            )
        lines.append("")
    return lines


def signal_table(found: Sequence[Network]) -> bytes:
    """Samples by step: what was to be learnt, and what every network gave."""
    lines = [
        {"cell": n.cell, "trial": n.trial, "step": t, "signal": float(want), "output": float(got)}
        for n in found
        for t, (want, got) in enumerate(zip(n.wanted, n.output, strict=True))
    ]
    return text(("cell", "trial", "step", "signal", "output"), lines)


def show(screen: Any, rows: Sequence[dict[str, Any]], heads: tuple[str, str]) -> None:
    """Print the shares. heads: of the two ways."""
    if not rows:
        return
    columns = table(
        about_intervals(rows), "cell", "networks", "measure", heads[0], "interval", heads[1], "interval"
    )
    for row in rows:
        cells = []
        for way in ("free", "taught"):
            value, low, high = (row[f"{way}{end}"] for end in ("", "_low", "_high"))
            cells += [
                "" if value is None else f"{value:.3f}",
                "" if low is None else f"{low:.3f} to {high:.3f}",
            ]
        columns.add_row(row["cell"], str(row["networks"]), row["measure"], *cells)
    screen.print(columns)
