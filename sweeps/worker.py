"""What a worker does with a cohort: compile once a structure, train, write the rows itself.

A generator of `Event`s, so that whoever drives it (in process, or through Ray) can show progress. The
rows are on disk before the last event is sent: a driver that dies loses nothing that finished.
"""

import datetime
import functools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import jax
import numpy as np

from experiments.cohort import Cohort
from experiments.engine import SHRINK, Engine
from experiments.flow import Flows
from experiments.layout import Layout
from experiments.memory import most_members
from experiments.trial import Trial
from sweeps import checkpoints, kept, rungs, signals, xla
from sweeps.checkpoints import Checkpoint, Evaluation
from sweeps.job import Job, Keep
from sweeps.plan import Entry, Work
from sweeps.provenance import device_name, provenance
from sweeps.rows import Row, curve_rows, flatten_spec, last_of, names, outcome, peak_memory, score_of, sizes


@dataclass(frozen=True)
class Event:
    """Progress of one work.

    kind: compiled, evaluated or done. seconds: since the last event of this work. scores: validation score
    by trial id so far. rows: of the finished trials, with kind done. files: what a worker that shares no folder with
    the driver has written since the last event, by name in the study's folder (`sweeps.handing`).
    """

    kind: str
    fraction: float
    seconds: float
    scores: dict[str, float] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    files: list[tuple[str, bytes]] = field(default_factory=list)


class Worker:
    """Holds compiled programs. One a process; not for two threads."""

    def __init__(self) -> None:
        xla.switch_on()
        self.engines: dict[Layout, Engine] = {}
        self.measures: dict[Layout, Flows] = {}

    def run(self, work: Work, job: Job) -> Iterator[Event]:
        """Train a work's trials and append their rows to the job's store.

        A cohort that is too large for the device is run in parts, one after the other; so is one of trials that go on
        from a rung, where of some of them there is nothing to go on from.
        """
        size = room(work.structure, work.size, job.layout)
        parts = [
            Work(kind[i : i + size], size)
            for kind in self.kinds(work, size, job)
            for i in range(0, len(kind), size)
        ]
        if len(parts) == 1:
            yield from self.train(parts[0], job)
            return
        rows, scores = list[Row](), dict[str, float]()
        for k, part in enumerate(parts):
            for event in self.train(part, job):
                rows, scores = rows + event.rows, scores | event.scores
                kind = "compiled" if event.kind == "compiled" else "evaluated"
                yield Event(kind, (k + event.fraction) / len(parts), event.seconds, scores)
        yield Event("done", 1.0, 0.0, scores, rows)

    def kinds(self, work: Work, size: int, job: Job) -> list[tuple[Entry, ...]]:
        """The trials of a work that go on from a rung, and those that begin."""
        if not work.entries[0].since:
            return [work.entries]
        kept, lost = list[Entry](), list[Entry]()
        program = self.engine(job).program(work.structure, size)
        for entry in work.entries:
            found = job.store is not None and rungs.load(job.store.checkpoints, entry, program) is not None
            (kept if found else lost).append(entry if found else replace(entry, since=0))
        return [tuple(entries) for entries in (kept, lost) if entries]

    def engine(self, job: Job) -> Engine:
        return self.engines.setdefault(job.layout, Engine(job.layout))

    def flows(self, job: Job) -> Flows:
        """What measures the flow of networks that this worker's engine trains."""
        return self.measures.setdefault(job.layout, Flows(self.engine(job)))

    def train(self, work: Work, job: Job) -> Iterator[Event]:
        """Train a cohort that has room.

        Goes on inside the trials where a worker was killed: there is a checkpoint every `checkpoints.EVERY` seconds.
        """
        entries, store = work.entries, job.store
        cohort = Cohort(tuple(entry.trial for entry in entries), work.size)
        engine = self.engine(job)
        waited = engine.seconds
        program, measured = engine.program(cohort.structure, work.size), sizes(cohort.structure)
        folder = None if store is None else store.checkpoints
        checkpoint = None if folder is None else Checkpoint(folder, [e.id for e in entries], program)
        ready = engine.seconds
        yield Event("compiled", 0.0, ready - waited)
        found = checkpoint and checkpoint.load()
        state, places, reports = found or (None, None, list[Evaluation]())
        until = entries[0].until
        if found is None and entries[0].since and folder is not None:
            members = [m for entry in entries if (m := rungs.load(folder, entry, program)) is not None]
            if len(members) == len(entries):  # else one went since `kinds` looked: all begin again
                state, reports = rungs.together(members, program.size)
        last = saved = time.perf_counter()
        start = last - (reports[-1][2] * len(entries) if reports else 0.0)
        run = engine.start(cohort, state, places)
        with signals.keeping():
            while run.running.any():
                report = run.advance()
                now = time.perf_counter()
                seconds = now - start - (engine.seconds - ready)  # without compiling for a smaller cohort
                reports.append((run.step, report, seconds / len(entries)))
                if not run.running.any() or (until is not None and run.step.max() >= until):
                    break
                leaving = signals.asked.to_leave
                if checkpoint and now - saved >= (checkpoints.WORTH if leaving else checkpoints.EVERY):
                    checkpoint.save(run.state, run.places, reports)
                    saved = time.perf_counter()
                if leaving:
                    signals.leave()
                scores = {e.id: float(s) for e, s in zip(entries, report.validation.score, strict=False)}
                yield Event("evaluated", float(run.step.max()) / cohort.structure.steps, now - last, scores)
                last = now
            share = 1 / len(entries)
            common = {
                **provenance(),
                **measured,
                "margin": job.margin,
                "compile_seconds": (engine.seconds - waited) * share,
                "run_seconds": (time.perf_counter() - start - (engine.seconds - ready)) * share,
                "memory_bytes": peak_memory(),
                "finished_at": datetime.datetime.now(datetime.UTC),
                "device": device_name(jax.devices()[0]),
            }
            state = run.state
            solved, diverged = state.solved_step, state.diverged_step
            trials, curves = list[Row](), list[Row]()
            for i, entry in enumerate(entries):
                steps, last_report = last_of(reports, i)
                stopped = bool(state.running[i])
                ended = outcome(
                    entry, steps, last_report, i, int(solved[i]), int(diverged[i]), stopped=stopped
                )
                trials.append({**names(entry, job), **ended, **common, **flatten_spec(entry.trial)})
                curves.extend(curve_rows(entry, job, reports, i))
                if stopped and folder is not None:
                    rungs.save(folder, entry, program, rungs.member(state, reports, i))
            if job.keep is not None:
                keep_networks(entries, trials, np.asarray(state.params), job.keep)
            if store is not None:
                store.append(trials, curves)
            if checkpoint:
                checkpoint.remove()
        yield Event(
            "done", 1.0, time.perf_counter() - last, {str(r["trial_id"]): score_of(r) for r in trials}, trials
        )


def keep_networks(entries: Sequence[Entry], rows: Sequence[Row], parameters: np.ndarray, keep: Keep) -> None:
    """Keep what is asked for of a cohort's networks (size, P): those of confirmed trials that finished."""
    places = [
        i
        for i, (entry, row) in enumerate(zip(entries, rows, strict=True))
        if entry.stage == "confirm" and row["status"] == "finished"
    ]
    if keep.best:
        chosen = {entry.id for entry, _ in kept.best((entries[i], rows[i]) for i in places)}
        groups = [[i] for i in places if entries[i].id in chosen]
    else:
        groups = [places] if places else []
    for group in groups:
        kept.save(keep.folder, [entries[i] for i in group], parameters[group])


@functools.cache
def room(bare: Trial, size: int, layout: Layout) -> int:
    """The size, or the largest of the few smaller ones that the device has memory for.

    One after the other members need no more than one does, so that only `vmap` asks. Raises MemoryError where not
    even one fits.
    """
    memory = None if layout.loop else device_memory()
    if memory is None:
        return size
    most = most_members(bare, memory, layout)
    if most < 1:
        raise MemoryError(
            f"One trial of {type(bare.cell).__name__} on {type(bare.task).__name__} needs more memory than the "
            f"device's {memory / 2**30:.1f} GiB. Use a smaller batch, a shorter sequence or fewer hidden units."
        )
    while size > most:
        size = max(1, size // SHRINK)
    return size


def device_memory() -> float | None:
    """Bytes that JAX may use on the first device; None where it does not say (CPUs)."""
    stats = jax.local_devices()[0].memory_stats()
    return None if stats is None else float(stats["bytes_limit"])
