"""`lstm-variants import-wandb`: from W&B into results, or into a table of anybody's runs."""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sweeps.commands.common import store_of
from sweeps.errors import InputError
from sweeps.mirror.run import Run
from sweeps.terminal.printed import printed
from sweeps.terminal.screen import console
from sweeps.wandb_import.keys import column, split, where
from sweeps.wandb_import.runs import ReadError, opened
from sweeps.wandb_import.study import Imported, import_study, study_name
from sweeps.wandb_import.table import Keys, check_path, table, write

Tell = Callable[[int, int], None]
NEEDED = ("cell", "task", "seed", "measure")


def run(options: argparse.Namespace) -> int:
    """Exit code 1 where W&B did not answer, or runs are lost because their files are cut off."""
    screen = console()
    keys = keys_of(options)

    def say(line: str) -> None:
        screen.print(line, soft_wrap=True)

    try:
        with bars(screen) as bar, opened(options.source, bar("read")) as runs:
            if keys is not None:
                return to_table(runs, keys, options, say)
            return to_store(runs, options, bar("write"), say)
    except ReadError as error:
        say(f"W&B: {error}. What was written is intact; the same command reads the rest.")
        return 1


def keys_of(options: argparse.Namespace) -> Keys | None:
    """The keys of a table, None for an import into a store. Raises InputError where the options do not agree."""
    given = [name for name in NEEDED if getattr(options, name)]
    if options.table is None:
        if given or options.where:
            names = ", ".join(f"--{name}" for name in [*given, *(["where"] if options.where else [])])
            raise InputError(f"{names} need --table FILE, the file to write the runs of another program to.")
        return None
    if options.study is not None:
        raise InputError(
            "Give --study for a study mirrored by this program, or --table for other runs; not both."
        )
    missing = ", ".join(f"--{name} KEY" for name in NEEDED if name not in given)
    if missing:
        raise InputError(f"--table needs {missing} too: config.NAME, summary.NAME or a word such as group.")
    check_path(Path(options.table), options.source)
    for condition in options.where:
        split(condition)
    return Keys(cell=options.cell, task=options.task, seed=options.seed, measures=tuple(options.measure))


def to_store(runs: list[Run], options: argparse.Namespace, tell: Tell, say: Callable[[str], None]) -> int:
    store = store_of(options, study_name(runs, options.study))
    done = import_study(runs, store, tell)
    say(
        f"Study '{store.study}': {done.new + done.present} trials in {store.place}; written now: {done.new} of them "
        f"and {done.points} points of their curves."
    )
    for line in remarks(done):
        say(line)
    if done.new + done.present:
        say(f"Next: {printed('report', store.study, results=options.results)}")
    return 1 if done.lost else 0


def remarks(done: Imported) -> Iterator[str]:
    if done.foreign:
        yield f"{done.foreign} other runs were skipped: they were not made by `lstm-variants mirror`."
    if not done.declared:
        yield (
            "The study's declaration was not among the runs: cells, tasks and margin are taken from the rows, and "
            "there are no controls. `lstm-variants mirror STUDY` uploads it from where the study ran."
        )
    if done.torn:
        yield f"{done.torn} runs have truncated files; {done.lost} of them have no row and were left out."


def to_table(runs: list[Run], keys: Keys, options: argparse.Namespace, say: Callable[[str], None]) -> int:
    chosen = where(runs, options.where)
    rows = table(chosen, keys)
    path = Path(options.table)
    write(rows, path)
    counts = Counter(rows["status"].to_pylist())
    told = ", ".join(f"{n} {status}" for status, n in sorted(counts.items()))
    say(f"{rows.num_rows} of {len(runs)} runs written to {path}: {told}.")
    if counts["running"]:
        say(
            f"{counts['running']} runs have not ended, which `verdicts` rejects: wait, or add --where state!=running."
        )
    if resumed := sum(run.folders > 1 for run in chosen):
        say(
            f"{resumed} runs were resumed, in a folder each time: each is one run, and the newest folder counts."
        )
    if torn := sum(run.torn for run in chosen):
        say(f"{torn} runs have truncated files and count as failed unless they ended before.")
    labels = Counter(zip(*(rows[name].to_pylist() for name in ("cell", "task", "seed")), strict=True))
    if twice := sum(n - 1 for n in labels.values()):
        say(
            f"{twice} runs repeat the cell, task and seed of another; `verdicts` needs one of each (--where)."
        )
    say("X stands for the smallest difference that matters to you.")
    say(f"Next: {printed('verdicts', path, measure=column(keys.measures[0]), margin='X')}")
    return 0


@contextmanager
def bars(screen: Console) -> Iterator[Callable[[str], Tell]]:
    """Makes a bar for each stage of the work; they are gone afterwards."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True, console=screen) as progress:

        def bar(title: str) -> Tell:
            task = progress.add_task(title, total=None)
            return lambda done, total: progress.update(task, completed=done, total=total)

        yield bar
