"""`lstm-variants plan STUDY`: what is missing, how long it takes and how much memory, before anything runs."""

import argparse
import functools
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from experiments.layout import Layout
from experiments.trial import Trial
from sweeps.commands.common import cohort_of, pool_of, store_of, study_of, workers_of
from sweeps.errors import InputError
from sweeps.estimate import RAY_START_SECONDS, WORKER_START_SECONDS, Cost, estimate, measure
from sweeps.made import KEEP, Made, by_other_code, called_otherwise, made, said
from sweeps.plan import Entry, cut, unique
from sweeps.progress import seconds
from sweeps.stages import Stages
from sweeps.store.store import Store
from sweeps.study_file import Loaded
from sweeps.terminal.screen import console
from sweeps.workers import crew, serial


def run(options: argparse.Namespace) -> int:
    """Print trials, compilations, time and memory of what is missing; returns 0. Raises InputError."""
    screen = console()
    loaded = study_of(options)
    workers, size = workers_of(options), cohort_of(options)
    store = store_of(options, loaded.name)
    todo, done, news = missing(loaded, store, keep=options.other_code == KEEP)
    study = loaded.study
    arms, largest = len(study.arms()), study.trials
    question = loaded.doc.splitlines()[0] if loaded.doc else ""
    screen.print(Text.assemble((loaded.name, "bold"), ": ", question))
    expected, at_most = study.rule.expected, "at most " * (study.rule.expected < largest["confirm"])
    about = f" (about {expected})" * bool(at_most)
    choose = f", {largest['choose']} choice" if "choose" in largest else ""
    screen.print(
        f"{arms} arms (cell and task): {largest['search']} search{choose} and {at_most}{largest['confirm']}{about} "
        f"confirmation trials each, {at_most}{arms * sum(largest.values())} in total; {done} already in {store.path}",
        soft_wrap=True,
    )
    if loaded.overrides:
        screen.print(f"overrides: {', '.join(loaded.overrides)}", soft_wrap=True)
    for line in news:
        screen.print(line, highlight=False, markup=False, soft_wrap=True)
    if not todo:
        screen.print("Nothing to run.")
        return 0
    works = cut(todo, size)
    samples = {entry.structure: entry.trial for entry in reversed(todo)}
    sizes = {work.structure: work.size for work in works}
    costs = calibrate(screen, samples, options, sizes, workers)
    start = (WORKER_START_SECONDS + RAY_START_SECONDS * pool_of(options).by_ray) if workers else 0.0
    result = estimate(works, costs, workers=max(1, workers), start=start)
    for line in result.lines():
        screen.print(line, soft_wrap=True)
    if study.stop_after < math.inf:
        screen.print("less if trials stop early, which cannot be predicted")
    compute: Counter[tuple[str, str]] = Counter()
    for entry in todo:
        compute[entry.arm] += costs[entry.structure].trial(entry.trial) * entry.share  # type: ignore[assignment]
    ((cell, task), most), *_ = compute.most_common(1)
    screen.print(f"largest share: {cell} on {task}, {seconds(most)} of compute", soft_wrap=True)
    return 0


def missing(loaded: Loaded, store: Store, keep: bool = False) -> tuple[list[Entry], int, list[str]]:
    """Entries that a sweep would run, how many it would find done, and what it would have to say of its rows.

    What is not known yet is stood in for: settings that a strategy has still to ask for, and the choice of an arm, by
    the arm's first; the seeds of a rule that has not decided by as many as it expects. Reads the store, writes nothing.
    """
    found = made(store, keep) if store.path.exists() else Made()
    stages = Stages(loaded.study)
    planned: dict[str, Entry] = {}
    unique(stages.go_on(lambda entry: found.counted(entry)[0]), planned)
    known = list(planned.values())
    todo = [entry for entry in known if found.counted(entry)[0] is None]
    news, others = called_otherwise(known, loaded, found), by_other_code(loaded, known, found)
    if others:
        told = "kept as they are" if keep else "listed here as to be rerun"
        news.insert(0, f"{said(others, found)} `sweep` needs --other-code rerun or keep; they are {told}.")
    return todo + stages.stand_ins(), len(known) - len(todo), news


def calibrate(
    screen: Console,
    samples: dict[Trial, Trial],
    options: argparse.Namespace,
    sizes: dict[Trial, int],
    workers: int,
) -> dict[Trial, Cost]:
    """Measure every structure on as many workers as the sweep will have, so that they share the machine alike.

    Raises InputError for a structure that does not run.
    """
    queue, costs, start = list(samples), dict[Trial, Cost](), time.monotonic()

    def take(
        seen: set[Any], elsewhere: set[Any]
    ) -> tuple[Trial, Trial, Callable[[Any], Iterator[Any]]] | None:
        if not queue:
            return None
        bare = queue.pop(0)
        return (
            bare,
            bare,
            functools.partial(
                measure,
                bare=bare,
                trial=samples[bare],
                size=sizes[bare],
                layout=Layout(members=options.members),
            ),
        )

    def put(bare: Trial, cost: Cost) -> None:
        costs[bare] = cost
        left = (time.monotonic() - start) / len(costs) * (len(samples) - len(costs))
        status.update(
            f"Timing a few real steps of each structure: {len(costs)} of {len(samples)}, about {seconds(left)} left"
        )

    def failed(bare: Trial, error: BaseException) -> None:
        raise InputError(
            f"{type(bare.cell).__name__} on {type(bare.task).__name__} does not run: {type(error).__name__}: {error}"
        )

    with screen.status(f"Timing a few real steps of each structure: 0 of {len(samples)}") as status:
        if workers == 0:
            serial.run(take, put, failed)
        else:
            with crew.started(pool_of(options)) as hands:
                hands.run(take, lambda: bool(queue), put, failed, screen.print)
    return costs
