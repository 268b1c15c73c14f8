"""How a sweep grows: with cohorts and workers, in memory, with what is stored, and what `plan` says before.

- rate: trials an hour of a study of short trials, by cohort size and workers, start-up included and left out.
- memory: peak resident memory of a fresh process that trains one cohort, by cohort size, length and hidden units.
- report: `lstm-variants report` on a store of so many trials, made by repeating real rows under other ids.
- many: a sweep of very many trials that are not trained (`sweeps.bench.many`): the driver's time and memory, and what
  `status`, `watch` and `plan` then take.
- plan: what `lstm-variants plan` estimates of a study, against the sweep that follows.
"""

import dataclasses
import hashlib
import json
import re
import tempfile
from pathlib import Path
from typing import Any

from sweeps.bench import Options
from sweeps.bench.many_study import write_study as write_many
from sweeps.bench.markdown import grid
from sweeps.bench.measure import Progress
from sweeps.bench.orchestration import spent, write_study
from sweeps.bench.whole import command, verdict, whole
from sweeps.store.store import Store

Row = dict[str, Any]
ACCURACY = 1.3
MANY_TRIALS = 100_000
READERS = ("status", "watch", "plan")
FIXED = {"cohort": 4, "length": 50, "hidden": 32}

MEMORY = """
import sys
from experiments import Adam, Adding, Trial
from lstm_variants import LSTM
from sweeps.job import Job
from sweeps.plan import Entry, Work
from sweeps.worker import Worker

cohort, length, hidden = map(int, sys.argv[1:])
numbers = dict(steps=4, evaluate_every=2, batch=32, validation_batches=1, test_batches=1)
trial = dict(cell=LSTM(hidden=hidden), task=Adding(length=length), optimizer=Adam(learning_rate=0.01), **numbers)
entries = tuple(Entry(Trial(seed=k, **trial), "single", "lstm", "adding") for k in range(cohort))
for event in Worker().run(Work(entries, cohort), Job(study="memory")):
    pass
"""

PLANNED = '''"""A study of seconds, to compare its plan with."""

from experiments import Adam, Adding, TemporalOrder
from lstm_variants import GRU, LSTM, VanillaRNN
from sweeps.spaces import log_uniform, sampled
from sweeps.study import Controls, Study

STUDY = Study(
    cells={{"lstm": LSTM(hidden=16), "gru": GRU(hidden=16)}},
    tasks={{"adding": Adding(length=60), "temporal_order": TemporalOrder(length=50)}},
    optimizer=Adam(learning_rate=0.01),
    search=sampled({{"optimizer.learning_rate": log_uniform(4e-3, 9e-3)}}, trials=4),
    confirm=4,
    controls=Controls(unable=VanillaRNN(hidden=16)),
    steps={steps},
    evaluate_every={steps} // 10,
)
'''


def rate(options: Options, progress: Progress) -> list[Row]:
    """Trials per second of a row."""
    rows = []
    for cohort, workers in rate_cases(options):
        with tempfile.TemporaryDirectory() as folder:
            study = write_study(Path(folder), "short", 200 if options.quick else 2000, steps=50)
            sizes = ["--cohort", str(cohort), "--workers", str(workers)]
            done = command("sweep", str(study), *sizes, "--results", folder, "--wandb", "off")
            told = spent(Store(folder, "short"))
        start = told.pop("first") - done.began
        rows.append({"kind": "rate", "cohort": cohort, "workers": workers, "seconds": done.seconds, **told})
        rows[-1]["start_seconds"] = start
        progress.done(f"cohorts of {cohort}, workers {workers}: {done.seconds:.0f} s")
    return rows


def rate_cases(options: Options) -> list[tuple[int, int]]:
    """What is measured for the rate of trials."""
    return [(k, w) for w in (1, 2) for k in ((4,) if options.quick else (1, 4, 16, 64, 256))]


def memory_cases(options: Options) -> list[dict[str, int]]:
    """What is measured for memory."""
    axes = {"cohort": (1, 4, 16, 64, 256), "length": (50, 200, 800), "hidden": (32, 128, 512)}
    cases = [FIXED | {name: value} for name, values in axes.items() for value in values]
    return cases[:1] if options.quick else [case for i, case in enumerate(cases) if case not in cases[:i]]


def memory(options: Options, progress: Progress) -> list[Row]:
    """Peak memory of a sweep, as a row."""
    rows = list[Row]()
    for case in memory_cases(options):
        environment = {"NPROC": "1", "JAX_PLATFORMS": "cpu"}
        done = whole(["-c", MEMORY, *map(str, case.values())], environment=environment)
        rows.append({"kind": "memory", **case, "bytes": done.memory})
        progress.done(f"memory {case}")
    return rows


def repeated(source: Store, results: Path, trials: int) -> Store:
    """A store of at least `trials` trials: those of `source`, rows and curves, again and again under other ids."""
    store, declared = Store(results, source.study).prepare(), source.declaration()
    rows, curves = source.trials().to_pylist(), source.curves().to_pylist()
    plan: dict[str, list[str]] = {stage: [] for stage in declared.plan}
    for k in range(-(-trials // len(rows))):

        def renamed(row: Row, k: int = k) -> Row:
            name = hashlib.sha256(f"{k}/{row['trial_id']}".encode()).hexdigest()[:12]
            return {**row, "trial_id": name, "seed": row["seed"] + 10_000_000 * k}

        again = [renamed(row) for row in rows]
        for stage in plan:
            mine = [row for row in again if row["stage"] == stage]
            plan[stage] += [row["trial_id"] for row in mine]
            if mine:
                store.append(mine, [renamed(row) for row in curves if row["stage"] == stage])
    total = {stage: len(ids) for stage, ids in plan.items()}
    store.declare(dataclasses.replace(declared, plan=plan, total=total, labels={}, codes={}))
    return store


def reports(options: Options, source: Store, progress: Progress) -> list[Row]:
    """Time and memory of a report, as a row."""
    rows = list[Row]()
    for trials in report_cases(options):
        with tempfile.TemporaryDirectory() as folder:
            store = repeated(source, Path(folder), trials)
            count = store.trials(["trial_id"]).num_rows
            done = command("report", source.study, "--results", folder)
        rows.append({"kind": "report", "trials": count, "seconds": done.seconds, "bytes": done.memory})
        progress.done(f"report of {count} trials: {done.seconds:.0f} s")
    return rows


def report_cases(options: Options) -> list[int]:
    """What is measured for reports."""
    return [100] if options.quick else [100, 1000, 10_000]


def many(options: Options, progress: Progress) -> list[Row]:
    """A sweep without training, and the commands that read its store, as a row."""
    with tempfile.TemporaryDirectory() as folder:
        study = write_many(Path(folder), 400 if options.quick else MANY_TRIALS)
        done = whole(["-m", "sweeps.bench.many", str(study), folder, "2"])
        told = json.loads(done.output.splitlines()[-1])
        store = Store(folder, "many")
        row = {"kind": "many", **told, "bytes": done.memory, "parts": len(store.parts("trials"))}
        progress.done(f"{row['trials']} trials that are not trained: {row['seconds']:.0f} s")
        for name in READERS:
            row[f"{name}_seconds"] = command(name, str(study), "--results", folder).seconds
            progress.done(f"{name}: {row[f'{name}_seconds']:.1f} s")
    return [row]


def estimated(output: str) -> tuple[float, float]:
    """Seconds and bytes a worker that `lstm-variants plan` wrote. Raises ValueError where it wrote none."""
    found = re.findall(r"about ((?:\d+ (?:s|min|h) ?)+)\(.*\); memory about (\d+) MiB", output)
    if not found:
        raise ValueError(f"lstm-variants plan wrote no estimate: {output[-300:]}")
    took, size = found[-1]  # the first one is from before anything was timed
    units = {"s": 1, "min": 60, "h": 3600}
    parts = re.findall(r"(\d+) (s|min|h)", took)
    return sum(int(number) * units[unit] for number, unit in parts), float(size) * 2**20


def plan(options: Options, folder: Path, progress: Progress) -> tuple[list[Row], Store]:
    """The plan and the sweep of one study; the store of the sweep."""
    study = folder / "planned.py"
    study.write_text(PLANNED.format(steps=20 if options.quick else 1000))
    where = ["--results", str(folder), "--workers", "2"]
    seconds, size = estimated(command("plan", str(study), *where).output)
    progress.done(f"plan: {seconds:.0f} s")
    done = command("sweep", str(study), *where, "--wandb", "off")
    store = Store(folder, "planned")
    most = max(store.trials(["memory_bytes"])["memory_bytes"].to_pylist())
    progress.done(f"sweep: {done.seconds:.0f} s")
    row = {"kind": "plan", "seconds_planned": seconds, "seconds": done.seconds, "bytes_planned": size}
    return [{**row, "bytes": most}], store


def run(options: Options) -> list[Row]:
    """Measure: one row per round and side, as the table reads them."""
    total = len(rate_cases(options)) + len(memory_cases(options)) + len(report_cases(options)) + 2
    total += 1 + len(READERS)
    progress = Progress("scaling", total)
    with tempfile.TemporaryDirectory() as folder:
        planned, store = plan(options, Path(folder), progress)
        rows = [*planned, *reports(options, store, progress)]
    rows += [*many(options, progress), *memory(options, progress), *rate(options, progress)]
    return [{"section": "scaling", **row} for row in rows]


def off(row: Row, name: str) -> float:
    """Factor, at least 1, by which the plan was off, either way."""
    ratio = row[f"{name}_planned"] / row[name]
    return float(max(ratio, 1 / ratio))


def table(rows: list[Row]) -> str:
    """The rows of this section as Markdown."""
    kinds: dict[str, list[Row]] = {}
    for row in rows:
        kinds.setdefault(row["kind"], []).append(row)
    parts, lines = list[str](), list[tuple[str, ...]]()
    if "rate" in kinds:
        lines = [
            (
                f"{row['cohort']}",
                f"{row['workers']}",
                f"{row['trials']:,}",
                f"{row['seconds']:.1f} s",
                f"{3600 * row['trials'] / row['seconds']:,.0f}",
                f"{3600 * row['trials'] / (row['seconds'] - row['start_seconds']):,.0f}",
            )
            for row in kinds["rate"]
        ]
        header = ("cohort", "workers", "trials", "wall clock", "trials an hour", "start-up left out")
        parts.append(grid(header, lines))
    if "memory" in kinds:
        lines = [
            (*(str(row[name]) for name in FIXED), f"{row['bytes'] / 2**20:.0f} MiB")
            for row in kinds["memory"]
        ]
        parts.append(grid((*FIXED, "peak memory of the process"), lines))
    if "report" in kinds:
        lines = [
            (f"{row['trials']:,}", f"{row['seconds']:.1f} s", f"{row['bytes'] / 2**20:.0f} MiB")
            for row in kinds["report"]
        ]
        parts.append(grid(("trials in the store", "report", "peak memory"), lines))
    for row in kinds.get("many", []):
        each = 1000 * row["seconds"] / row["trials"]
        readers = ", ".join(f"{name} {row[f'{name}_seconds']:.1f} s" for name in READERS)
        slowest = max(row[f"{name}_seconds"] for name in READERS)
        parts.append(
            f"{row['trials']:,} trials that are not trained, on two workers: {each:.1f} ms each, of which the driver "
            f"computes {1000 * row['driver_seconds'] / row['trials']:.1f} ms; {row['bytes'] / 2**20:.0f} MiB at most; "
            f"{row['parts']} parts in the end; then {readers}. Targets: 2 ms each: {verdict(each, 2.0)}; 1 GiB: "
            f"{verdict(row['bytes'], 2.0**30)}; 3 s: {verdict(slowest, 3.0)}."
        )
    for row in kinds.get("plan", []):
        seconds, size = off(row, "seconds"), off(row, "bytes")
        parts.append(
            f"Plan: {row['seconds_planned']:.0f} s estimated, {row['seconds']:.0f} s taken; "
            f"{row['bytes_planned'] / 2**20:.0f} MiB a worker estimated, {row['bytes'] / 2**20:.0f} MiB taken. "
            f"Target: within a factor of {ACCURACY:g}: time {verdict(seconds, ACCURACY)}, "
            f"memory {verdict(size, ACCURACY)}."
        )
    return "\n\n".join(parts)


if __name__ == "__main__":
    found = run(Options())
    print(json.dumps(found))
    print(table(found))
