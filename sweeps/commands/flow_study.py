"""`lstm-variants flow --study STUDY`: how far back the confirmed networks of a study look, from its results alone.

It does what a sweep of the study with `flow=True` does in the end, for a study that has none: the first confirmed
networks of each cell on each task are read back from their rows, trained again and measured, and what is found is kept
beside them, where `report` and `mirror` find it.
"""

import argparse
import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from experiments.read_back import from_json
from experiments.specs import SpecError, type_name
from sweeps.code_of import code_of, kinds
from sweeps.commands.common import store_of, workers_of
from sweeps.commands.flow_arguments import arguments
from sweeps.errors import InputError
from sweeps.evidence.flow import WORDS, told
from sweeps.flow.run import measure
from sweeps.flow.wanted import wanted
from sweeps.plan import Entry
from sweeps.store.declaration import Declaration
from sweeps.store.store import Store
from sweeps.study import NETWORKS
from sweeps.study_file import Loaded, load_study
from sweeps.terminal.printed import printed
from sweeps.terminal.screen import console
from sweeps.workers import crew

OWN = ("study", "seeds", "workers", "results")


def of_study(options: argparse.Namespace) -> int:
    """Measure what is missing, print what there is; exit code 1 where a cell could not be measured. Raises InputError
    before anything runs."""
    refuse_others(options)
    screen = console()
    number = NETWORKS if options.seeds is None else options.seeds
    if number < 1:
        raise InputError(f"--seeds must be at least 1; got {number}.")
    loaded = load_study(options.study) if is_file(options.study) else None
    store = store_of(options, loaded.name if loaded else options.study)
    declaration = store.declaration()
    aliases = {alias for _, alias in declaration.same}
    entries = list(confirmed(store, declaration, number, aliases, types_of(loaded)))
    if not entries:
        raise InputError(f"No confirmed trial of '{store.study}' has a result yet; run its sweep first.")
    workers = workers_of(options)
    pool = crew.Pool(workers=workers, folder=loaded.folder if loaded else None)
    with store.lock():
        for line in store.repair():
            screen.print(line, style="yellow", soft_wrap=True)
        missing = wanted(entries, number, store, aliases)
        some = missing.entries and workers
        with crew.started(pool) if some else contextlib.nullcontext() as hands, screen.status("") as status:

            def progress(done: int, total: int) -> None:
                status.update(f"{done} of {total} networks measured")

            done = measure(missing, store, hands, say=screen.print, told=progress)
    show_all(store, declaration)
    how = printed("report", options.study, results=options.results)
    screen.print(
        f"{done.measured} networks measured now, {missing.measured} before. Next: {how}", soft_wrap=True
    )
    return 1 if done.errors else 0


def is_file(study: str) -> bool:
    return study.endswith((".py", ".yaml", ".yml")) or "/" in study


def refuse_others(options: argparse.Namespace) -> None:
    """Raise InputError for cells, and for options that describe trials, beside a study, which has its own."""
    parser = argparse.ArgumentParser()
    arguments(parser)
    odd = [
        "cells" if name == "cells" else "--" + name.replace("_", "-")
        for name, default in vars(parser.parse_args([])).items()
        if name not in OWN and getattr(options, name) != default
    ]
    if odd:
        raise InputError(f"--study measures a study's own networks; leave out {', '.join(odd)}.")


def types_of(loaded: Loaded | None) -> dict[str, type[Any]]:
    """Classes of a study's specs by the names that rows have for them."""
    if loaded is None:
        return {}
    specs = [spec for _, cell, _, task in loaded.study.arms() for spec in (cell, task)]
    return {type_name(kind): kind for spec in specs for kind in kinds(spec)}


def confirmed(
    store: Store,
    declaration: Declaration,
    number: int,
    aliases: set[str],
    types: Mapping[str, type[Any]],
) -> Iterator[Entry]:
    """The first confirmed trials of every arm, from their rows. Raises InputError for one that cannot be read back."""
    rows = store.planned(["trial_id", "stage", "cell", "task", "spec"]).rows.to_pylist()
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        arm = row["cell"], row["task"]
        if row["stage"] != "confirm" or row["cell"] in aliases:
            continue
        seen[arm] = seen.get(arm, 0) + 1
        if seen[arm] > number:
            continue
        try:
            trial = from_json(row["spec"], types)
        except SpecError as error:
            hint = "" if types else " For cells or tasks of your own give the study's file: --study STUDY.py."
            raise InputError(f"Trial {row['trial_id']} of {store.path}: {error}{hint}") from None
        yield Entry(trial, "confirm", *arm, code_of(trial))


def show_all(store: Store, declaration: Declaration) -> None:
    """Print what is known of every arm."""
    from sweeps.commands.flow import show

    rows = store.flow().to_pylist()
    lines = []
    for task in declaration.tasks:
        for cell in declaration.cells:
            for moment in WORDS:
                here = (cell, task, moment)
                some = [row for row in rows if (row["cell"], row["task"], row["moment"]) == here]
                if some:
                    lines.append({"cell": cell, "task": task, "moment": moment, **told(some)[1]})
    show(lines, f"{store.study}: confirmed networks", "task")
    same = [row["same"] for row in rows if row["moment"] == list(WORDS)[-1]]
    console().print(
        f"All {len(same)} gave the numbers of their rows again, bit for bit."
        if all(same)
        else f"{same.count(False)} of {len(same)} networks did not give all numbers of their rows again: another "
        "machine or version.",
        soft_wrap=True,
    )
