"""`lstm-variants mirror STUDY`: write results to W&B, whatever is not there yet."""

import argparse
import contextlib
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sweeps.errors import InputError
from sweeps.mirror.account import MirrorError, one_line, resolve_mode
from sweeps.mirror.follow import mirror
from sweeps.mirror.follower import repair
from sweeps.store.store import Store
from sweeps.terminal.printed import printed, word
from sweeps.terminal.screen import console


def run(arguments: argparse.Namespace) -> int:
    """`lstm-variants mirror STUDY [--results DIR] [--wandb online|offline] [--runs ...] [--project P] [--entity E]`.

    Exit code 1 where W&B did not take everything, or where online was asked for and it became offline.

    Raises InputError where there are no results that could be mirrored.
    """
    study = arguments.study
    store = Store(arguments.results, study)
    cure = repair(
        study,
        arguments.results,
        arguments.wandb,
        arguments.project,
        arguments.entity,
        runs=arguments.runs,
    )
    if store.results.is_file():
        raise InputError(f"The results directory must be a directory; {store.results} is a file.")
    if not store.parts("trials"):
        store.declaration()  # raises, and says what is there, where the study never ran
    mode, reason = resolve_mode(arguments.wandb)
    print(reason)
    if mode == "off":
        return 0
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("runs, time left"), TimeRemainingColumn())
    try:
        screen = console()
        with Progress(*columns, transient=True, console=screen, disable=not screen.is_terminal) as bar:
            task = bar.add_task("mirror", total=None)
            summary = mirror(
                store,
                mode=mode,
                runs=arguments.runs,
                patience=arguments.patience,
                verify=arguments.verify,
                project=arguments.project,
                entity=arguments.entity,
                report=lambda line: screen.print(line, soft_wrap=True),
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    except MirrorError as error:
        print(f"W&B: {one_line(error)}. The results are untouched; {cure}.")
        return 1
    print(summary)
    if summary.failed:
        print(f"The results are untouched; {cure}.")
    elif mode == "offline":
        print(how_to_look(store))
    return 1 if summary.failed or (arguments.wandb == "online" and mode == "offline") else 0


def how_to_look(store: Store) -> str:
    """How to look at offline runs, and how to send them. Not by `wandb sync`, which counts a run as sent also where the
    server refused it."""
    folder = store.path / "wandb"
    with contextlib.suppress(ValueError):
        folder = folder.relative_to(Path.cwd())
    place = word(folder)
    again = printed("mirror", store.study, results=store.results, wandb="online")
    return f"View it here:     wandb leet {place}\nSend it to W&B:   wandb login && {again}"
