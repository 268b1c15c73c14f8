"""A study of 64 trainings: this project's command, a process a training, and Ray Tune. Start and compilation included.

LSTM of 32 units, adding over 50 steps, batch 32, 500 updates, learning rates log-uniform from 1e-3 to 3e-2; each
way evaluates one validation batch and 16 test batches. The others train `plain.py`. Processes run as many at once as
there are cores. Tune runs twice: as one would write it (what is compiled is compiled in every trial), and with a
function that keeps it for the next trial of its process. The fraction solved says that all of them train.
"""

import json
import math
import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from sweeps.bench import Options
from sweeps.bench.markdown import grid
from sweeps.bench.measure import Progress
from sweeps.bench.whole import command, verdict, whole
from sweeps.cores import cores
from sweeps.store.store import Store

Row = dict[str, Any]
ALONE = {"NPROC": "1", "JAX_PLATFORMS": "cpu"}
SOLVED = 0.01  # fraction wrong, as in our tasks
WAYS = {
    "ours": "`lstm-variants sweep`",
    "processes": "a process a training",
    "tune": "Ray Tune",
    "tune_kept": "Ray Tune, keeping what it compiled",
}
TARGETS = {"processes": 10.0, "tune": 12.0}

STUDY = '''"""Learning rates of the LSTM on adding."""

from experiments import Adam, Adding
from lstm_variants import LSTM
from sweeps.spaces import log_uniform, sampled
from sweeps.study import Controls, Study

# Four arms of one structure; a bias is a knob.
STUDY = Study(
    cells={{"lstm": LSTM(hidden={hidden}), "lower": LSTM(hidden={hidden}, forget_bias=0.9)}},
    tasks={{"adding": Adding(length={length})}},
    optimizer=Adam(learning_rate=0.01),
    search=sampled({{"optimizer.learning_rate": log_uniform(1e-3, 3e-2)}}, trials={search}),
    confirm=2,
    controls=Controls(unable=LSTM(hidden={hidden}, forget_bias=0.8), unable_label="lowest"),
    steps={steps},
    evaluate_every={steps},
    batch={batch},
    validation_batches=1,
    test_batches=16,
)
'''


def ours(folder: Path, sizes: dict[str, int], trials: int, workers: int) -> tuple[float, list[float]]:
    """Seconds and test errors of the study by `lstm-variants sweep`."""
    path = folder / "rates.py"
    path.write_text(STUDY.format(search=trials // 4 - 2, **sizes))
    options = ["--results", str(folder), "--workers", str(workers), "--wandb", "off"]
    done = command("sweep", str(path), *options, environment={"LSTM_VARIANTS_CACHE": "off"})
    rows = Store(folder, "rates").trials(["test_error"]).to_pylist()
    return done.seconds, [1.0 if row["test_error"] is None else row["test_error"] for row in rows]


def processes(sizes: dict[str, int], rates: list[float], workers: int) -> tuple[float, list[float]]:
    """The same by one process per training."""

    def one(seed: int) -> float:
        numbers = {"learning-rate": rates[seed], "seed": seed, **sizes}
        arguments = [f"--{name}={value}" for name, value in numbers.items()]
        done = whole(["-m", "sweeps.bench.plain", *arguments], environment=ALONE)
        found: float = json.loads(done.output.splitlines()[-1])["test_error"]
        return found

    start = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        errors = list(pool.map(one, range(len(rates))))
    return time.perf_counter() - start, errors


def tune(sizes: dict[str, int], rates: list[float], workers: int, *, keep: bool) -> tuple[float, list[float]]:
    """The same by Ray Tune."""
    request = {"rates": rates, "sizes": sizes, "keep": keep, "workers": workers}
    done = whole(["-m", "sweeps.bench.tune", json.dumps(request)])
    line = next(line for line in reversed(done.output.splitlines()) if line.startswith("["))
    return done.seconds, json.loads(line)


def run(options: Options) -> list[Row]:
    """Measure: one row per round and side, as the table reads them."""
    workers = len(cores())
    trials, rounds = (12, 1) if options.quick else (64, options.rounds or 3)
    sizes = {"hidden": 32, "length": 50, "batch": 32, "steps": 500}
    if options.quick:
        sizes |= {"hidden": 4, "length": 6, "batch": 4, "steps": 10}
    draw = random.Random(0)
    rates = [math.exp(draw.uniform(math.log(1e-3), math.log(3e-2))) for _ in range(trials)]
    rows, progress = list[Row](), Progress("study", rounds * len(WAYS))
    for n in range(rounds):
        for way in WAYS:
            if way == "ours":
                with tempfile.TemporaryDirectory() as folder:
                    seconds, errors = ours(Path(folder), sizes, trials, workers)
            elif way == "processes":
                seconds, errors = processes(sizes, rates, workers)
            else:
                seconds, errors = tune(sizes, rates, workers, keep=way == "tune_kept")
            solved = sum(error < SOLVED for error in errors) / len(errors)
            rows.append(
                {
                    "section": "study",
                    "way": way,
                    "round": n,
                    "workers": workers,
                    "trials": len(errors),
                    "seconds": seconds,
                    "solved": solved,
                    "median_error": median(errors),
                    **sizes,
                }
            )
            progress.done(f"{WAYS[way]} {seconds:.0f} s")
    return rows


def table(rows: list[Row]) -> str:
    """The rows of this section as Markdown."""

    def of(way: str, name: str) -> list[float]:
        return [float(row[name]) for row in rows if row["way"] == way]

    ways = [way for way in WAYS if of(way, "seconds")]
    ratios = {
        way: median(
            theirs / mine for theirs, mine in zip(of(way, "seconds"), of("ours", "seconds"), strict=False)
        )
        for way in ways
    }
    lines = [
        (
            WAYS[way],
            f"{median(of(way, 'trials')):.0f}",
            f"{median(of(way, 'seconds')):.1f} s",
            f"{ratios[way]:.2f}",
            f"{median(of(way, 'solved')):.2f}",
            f"{median(of(way, 'median_error')):.2f}",
        )
        for way in ways
    ]
    parts = [grid(("way", "trainings", "wall clock", "times ours", "solved", "median fraction wrong"), lines)]
    parts += [
        f"Target: {WAYS[way]} takes at least {target:g} times as long: {verdict(ratios[way], target, most=False)}."
        for way, target in TARGETS.items()
        if way in ratios
    ]
    return "\n\n".join(parts)


if __name__ == "__main__":
    print(table(run(Options())))
