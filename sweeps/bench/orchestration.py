"""What a sweep costs beside compiling and computing: 10,000 trials so short that little else is left.

The real command runs a real study on two workers. Rows say how long their cohorts compiled and computed; whatever
remains of the wall clock, times workers, is orchestration: planning, scheduling, sending, making and writing rows.
Start-up (Python, imports, Ray, workers) is paid once a sweep, and is told apart by the moment at which the first
cohort began.
"""

import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from sweeps.bench import Options
from sweeps.bench.markdown import grid
from sweeps.bench.measure import Progress
from sweeps.bench.whole import command, verdict
from sweeps.store.store import Store

Row = dict[str, Any]
WORKERS, TARGET = 2, 0.002  # seconds a trial

STUDY = '''"""Short trials: what a sweep costs beside them."""

from experiments import Adam, Adding
from lstm_variants import GRU, LSTM, VanillaRNN
from sweeps.spaces import log_uniform, sampled
from sweeps.study import Controls, Study

STUDY = Study(
    cells={{"lstm": LSTM(hidden=2), "gru": GRU(hidden=2)}},
    tasks={{"adding": Adding(length=4)}},
    optimizer=Adam(learning_rate=0.01),
    search=sampled({{"optimizer.learning_rate": log_uniform(1e-3, 1e-1)}}, trials={search}),
    confirm={confirm},
    controls=Controls(unable=VanillaRNN(hidden=2)),
    steps={steps},
    evaluate_every={steps},
    batch=1,
    validation_batches=1,
    test_batches=1,
)
'''


def write_study(folder: Path, name: str, trials: int, steps: int = 2) -> Path:
    """A study file of `trials` short trials, a multiple of 200, in four arms of three structures."""
    path = folder / f"{name}.py"
    confirm = max(2, trials // 200)
    path.write_text(STUDY.format(search=trials // 4 - confirm, confirm=confirm, steps=steps))
    return path


def spent(store: Store) -> Row:
    """Of all rows: trials, seconds of compiling and computing, and when the first cohort began (since 1970)."""
    rows = store.trials(["finished_at", "compile_seconds", "run_seconds"]).to_pylist()
    cohorts: dict[tuple[float, float], float] = {}
    for row in rows:
        work = row["finished_at"].timestamp(), row["run_seconds"]
        cohorts[work] = cohorts.get(work, 0.0) + row["compile_seconds"] + row["run_seconds"]
    return {
        "trials": len(rows),
        "compile_seconds": sum(row["compile_seconds"] for row in rows),
        "run_seconds": sum(row["run_seconds"] for row in rows),
        "first": min(when - took for (when, _), took in cohorts.items()),
    }


def orchestration(row: Row, *, start: bool) -> float:
    """Seconds a trial that are neither compiling nor computing, with or without start-up."""
    wall = row["wall_seconds"] - (0.0 if start else row["start_seconds"])
    return float(wall - (row["compile_seconds"] + row["run_seconds"]) / row["workers"]) / int(row["trials"])


def run(options: Options) -> list[Row]:
    """Measure: one row per round and side, as the table reads them."""
    trials = 200 if options.quick else 10_000
    times = 1 if options.quick else options.rounds or 3
    rounds = [*(("off", n) for n in range(times)), *([] if options.quick else [("offline", 0)])]
    rows, progress = list[Row](), Progress("orchestration", len(rounds))
    for mirror, n in rounds:
        with tempfile.TemporaryDirectory() as folder:
            study = write_study(Path(folder), "short", trials)
            where = ["--results", folder, "--workers", str(WORKERS), "--wandb", mirror, "--runs", "trials"]
            done = command("sweep", str(study), *where)
            told = spent(Store(folder, "short"))
        row = {"section": "orchestration", "mirror": mirror, "round": n, "workers": WORKERS, **told}
        row |= {"wall_seconds": done.seconds, "start_seconds": row.pop("first") - done.began}
        rows.append(row)
        progress.done(f"mirror {mirror}: {1000 * orchestration(row, start=True):.2f} ms a trial")
    return rows


def table(rows: list[Row]) -> str:
    """The rows of this section as Markdown."""
    header = [
        "W&B mirror",
        "trials",
        "wall clock",
        "start-up",
        "compiling, all workers",
        "computing, all workers",
    ]
    header += ["orchestration a trial", "start-up left out"]
    lines = []
    for mirror in dict.fromkeys(row["mirror"] for row in rows):
        mine = [row for row in rows if row["mirror"] == mirror]
        times = ("wall_seconds", "start_seconds", "compile_seconds", "run_seconds")
        lines.append(
            (
                mirror,
                f"{mine[0]['trials']:,}",
                *(f"{median(row[name] for row in mine):.1f} s" for name in times),
                *(
                    f"{1000 * median(orchestration(row, start=s) for row in mine):.2f} ms"
                    for s in (True, False)
                ),
            )
        )
    value = median(orchestration(row, start=True) for row in rows if row["mirror"] == "off")
    target = f"Target: at most {1000 * TARGET:g} ms a trial, start-up included: {verdict(value, TARGET)}."
    return f"{grid(header, lines)}\n\n{target}"


if __name__ == "__main__":
    print(table(run(Options())))
