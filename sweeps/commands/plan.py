"""`lstm-variants plan STUDY`: what is missing, how long it takes and how much memory, before anything runs.

What is to run is printed at once, and what it takes by what is known of this machine. Then structures are timed, those
first of which the whole depends most, until it is known well enough or `TIMING_SECONDS` are over.
"""

import argparse
import dataclasses
import functools
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from experiments.layout import Layout
from experiments.specs import SpecError
from experiments.tasks.contract import TaskSpec, drawable
from experiments.trial import Trial
from sweeps.commands.common import cohort_of, pool_of, store_of, study_of
from sweeps.confirm import Fixed
from sweeps.errors import InputError
from sweeps.estimate.kept import Known, from_stores, keep, kept, known
from sweeps.estimate.timing import Timing, measure
from sweeps.estimate.total import (
    RAY_START_SECONDS,
    WORKER_START_SECONDS,
    Demand,
    Estimate,
    demand,
    estimate,
)
from sweeps.flow.wanted import FLOW, planned
from sweeps.made import KEEP, Made, by_other_code, called_otherwise, made, said
from sweeps.plan import Entry, cut, unique
from sweeps.progress import seconds
from sweeps.stages import Stages
from sweeps.store.store import Store
from sweeps.study_file import Loaded
from sweeps.terminal.screen import console
from sweeps.workers import crew, serial
from sweeps.workers.pool import Pool

TIMING_SECONDS = 12.0  # from the first structure on, after which no further one is begun
WELL_ENOUGH = 0.1  # standard deviation of the logarithm


def run(options: argparse.Namespace) -> int:
    """Print trials, compilations, time and memory of what is missing; returns 0. Raises InputError."""
    screen = console()
    loaded = study_of(options)
    pool, size = pool_of(options), cohort_of(options)
    if pool.workers != 0 and pool.gpu_workers != 0:
        pool = dataclasses.replace(pool, gpu_workers=0)  # what those on GPUs would take is not known before
        screen.print("workers on GPUs are left out of what follows: with them it takes less time")
    store = store_of(options, loaded.name)
    todo, guessed, done, news = missing(loaded, store, keep=options.other_code == KEEP)
    study = loaded.study
    arms, largest = len(study.arms()), study.trials
    question = loaded.doc.splitlines()[0] if loaded.doc else ""
    screen.print(Text.assemble((loaded.name, "bold"), ": ", question))
    expected, at_most = study.rule.expected, "at most " * (study.rule.expected < largest["confirm"])
    about = f" (about {expected})" * bool(at_most)
    choose = f", {largest['choose']} choice" if "choose" in largest else ""
    screen.print(
        f"{arms} arms (cell and task): {largest['search']} search{choose} and {at_most}{largest['confirm']}{about} "
        f"confirmation trials each, {at_most}{arms * sum(largest.values())} in total; {done} already in {store.place}",
        soft_wrap=True,
    )
    if loaded.overrides:
        screen.print(f"overrides: {', '.join(loaded.overrides)}", soft_wrap=True)
    for line in news:
        screen.print(line, highlight=False, markup=False, soft_wrap=True)
    flow = networks(loaded, store, keep=options.other_code == KEEP) if study.networks else []
    every = todo + guessed + flow
    works = cut(every, size)
    if not works:
        screen.print("Nothing to run.")
        return 0
    found = Timings(options, pool, store, {entry.structure for entry in every})
    open_entries = [] if isinstance(study.rule, Fixed) else guessed
    wanted = demand(works, open_entries, found.compiled, {entry.structure for entry in flow})
    trials = demand([work for work in works if work.entries[0].stage != FLOW], open_entries)
    workers = crew.many(pool)
    screen.print(trials.line(workers) if todo or guessed else "All trials are stored.", soft_wrap=True)
    if flow:
        screen.print(
            f"flow: then {len(flow)} networks are trained again and measured, at most {study.networks} of each cell "
            "and task",
            soft_wrap=True,
        )
    count = max(1, workers)
    start = (WORKER_START_SECONDS + RAY_START_SECONDS * pool.by_ray) if workers else 0.0
    adding_up = functools.partial(estimate, wanted, workers=count, start=start)
    result = adding_up(found.all)
    lacking = {label: text for label, task in study.tasks.items() if (text := lacks(task))}
    for label, text in lacking.items():
        screen.print(f"Task '{label}' cannot run here yet, and its time is guessed: {text}", soft_wrap=True)
    samples = {e.structure: e.trial for e in reversed(every) if e.task not in lacking}
    if result.spread > WELL_ENOUGH and samples:
        screen.print(f"first estimate: {result.line}", style="dim", soft_wrap=True)
        sizes = {work.structure: work.size for work in works}
        calibrate(screen, options, pool, wanted, found, samples, sizes, adding_up)
        result = adding_up(found.all)
    screen.print(result.line, soft_wrap=True)
    if study.stop_after < math.inf:
        screen.print("less if trials stop early, which cannot be predicted")
    each = dict(zip(wanted.structures, result.by_structure, strict=True))
    compute: Counter[tuple[str, str]] = Counter()
    for entry in every:
        bare = entry.structure
        compute[entry.arm] += each[bare] / wanted.trials[bare] * entry.share  # type: ignore[assignment]
    ((cell, task), most), *_ = compute.most_common(1)
    screen.print(f"largest share: {cell} on {task}, {seconds(most)} of compute", soft_wrap=True)
    return 0


def lacks(task: TaskSpec) -> str:
    """What is to be installed before a task can be drawn here, in words; nothing where it can."""
    try:
        drawable(task)
    except SpecError as error:
        return str(error)
    return ""


def missing(
    loaded: Loaded, store: Store, keep: bool = False
) -> tuple[list[Entry], list[Entry], int, list[str]]:
    """Entries that a sweep would run, stand-ins for those that are not known yet, how many it would find done, and what
    it would have to say of its rows.

    Settings that a strategy has still to ask for, and the choice of an arm, are stood in for by the arm's settings; the
    seeds of a rule that has not decided by as many as it expects. Reads the store, writes nothing.
    """
    found = made(store, keep) if store.path.exists() else Made()
    stages = Stages(loaded.study)
    planned: dict[str, Entry] = {}
    unique(stages.go_on(lambda entry: found.counted(entry)[0]), planned)
    entries = list(planned.values())
    todo = [entry for entry in entries if found.counted(entry)[0] is None]
    news, others = called_otherwise(entries, loaded, found), by_other_code(loaded, entries, found)
    if others:
        told = "kept as they are" if keep else "listed here as to be rerun"
        news.insert(0, f"{said(others, found)} `sweep` needs --other-code rerun or keep; they are {told}.")
    return todo, stages.stand_ins(), len(entries) - len(todo), news


def networks(loaded: Loaded, store: Store, keep: bool = False) -> list[Entry]:
    """Networks that a sweep would train again to measure their flow, with stand-ins as in `missing`."""
    found = made(store, keep) if store.path.exists() else Made()
    stages = Stages(loaded.study)
    stages.go_on(lambda entry: found.counted(entry)[0])
    return planned(stages, store)


class Timings:
    """What is known of structures, and where it is kept. A cluster's machines are not this one: of these nothing is."""

    def __init__(self, options: argparse.Namespace, pool: Pool, store: Store, planned: set[Trial]):
        self.local = options.address in (None, "local")
        self.how = f"{options.members or ''}{' deterministic' * options.deterministic}".strip()
        gpu, self.compiled = pool.gpu_workers != 0, set[str]()
        found = dict[str, Known]()
        if self.local:
            rows = [] if self.how else from_stores(store.results, planned, gpu)
            self.compiled = {each.name.structure for each in rows}
            found = {each.name.structure: each for each in [*kept(self.how, gpu), *rows]}
        self.found = found

    @property
    def all(self) -> list[Known]:
        return list(self.found.values())

    def add(self, bare: Trial, timing: Timing) -> None:
        new = known(bare, timing, self.how)
        self.found[new.name.structure] = new
        if self.local:
            keep([new])


def calibrate(
    screen: Console,
    options: argparse.Namespace,
    pool: Pool,
    wanted: Demand,
    found: Timings,
    samples: dict[Trial, Trial],
    sizes: dict[Trial, int],
    adding_up: Callable[..., Estimate],
) -> None:
    """Time structures on as many workers as the sweep will have, so that they share the machine alike. samples: a trial
    of each that can be timed.

    Raises InputError for a structure that does not run.
    """
    begun = list[float]()
    places = {bare: i for i, bare in enumerate(wanted.structures)}
    timing, timed = set[int](), set[int]()
    unable = {i for bare, i in places.items() if bare not in samples}

    def pending() -> bool:
        return next_one() is not None

    def next_one() -> Trial | None:
        """Of those not timed the one that tells most; None where enough is known, or it is late."""
        taken = timing | timed | unable
        if (begun and time.monotonic() - begun[0] > TIMING_SECONDS) or len(taken) == len(places):
            return None
        now = adding_up(found.all, pending=timing)
        gain = now.gain.copy()
        gain[list(taken)] = -1.0
        return wanted.structures[int(gain.argmax())] if now.spread > WELL_ENOUGH else None

    def take(
        seen: set[Any], elsewhere: set[Any], wants: str | None
    ) -> tuple[Trial, Trial, Callable[[Any], Iterator[Any]]] | None:
        bare = next_one()
        if bare is None:
            return None
        begun.append(time.monotonic())
        timing.add(places[bare])
        layout = Layout(members=options.members)
        task = functools.partial(measure, bare=bare, trial=samples[bare], size=sizes[bare], layout=layout)
        return bare, bare, task

    def put(bare: Trial, measured: Timing) -> None:
        timing.discard(places[bare])
        timed.add(places[bare])
        found.add(bare, measured)
        status.update(f"Timing structures: {len(timed)} of {len(samples)}, {adding_up(found.all).line}")

    def failed(bare: Trial, error: BaseException) -> None:
        raise InputError(
            f"{type(bare.cell).__name__} on {type(bare.task).__name__} does not run: {type(error).__name__}: {error}"
        )

    with screen.status("Timing structures") as status:
        if not pool.kinds:
            serial.run(take, put, failed)
        else:
            with crew.started(pool) as hands:
                hands.run(take, pending, put, failed, screen.print)
