"""From the command line to the table: Greff et al.'s eight ablations with three seeds each, sweep and report.

The study `ablation` (with its two controls: 30 trials of nine structures), cold: no results, nothing compiled. Then
once more with the compiled programs that the round before has kept. A NumPy program of the same
eight variants, seeds and sizes took 154.5 s on one quiet core.
"""

import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from sweeps.bench import Options
from sweeps.bench.markdown import grid
from sweeps.bench.measure import Progress
from sweeps.bench.orchestration import spent
from sweeps.bench.whole import command, verdict
from sweeps.store.store import Store

Row = dict[str, Any]
WORKERS, TARGET, NUMPY = 2, 25.0, 154.5  # the target: 20 s next
NAME = "ablation"
PARTS = ("sweep_seconds", "start_seconds", "compile_seconds", "run_seconds", "report_seconds")

QUICK = '''"""The ablation in miniature."""

import dataclasses

from experiments import Adding
from sweeps.studies.ablation import STUDY as WHOLE

STUDY = dataclasses.replace(WHOLE, tasks={"adding": Adding(length=4)}, steps=20, evaluate_every=10)
'''


def once(study: str, folder: str, cache: str) -> Row:
    """Seconds of one round; those of compiling and computing are sums over the workers."""
    environment = {"LSTM_VARIANTS_CACHE": cache}
    sweep = command(
        *("sweep", study, "--results", folder, "--workers", str(WORKERS), "--wandb", "off"),
        environment=environment,
    )
    report = command("report", study, "--results", folder)
    told: Row = {**spent(Store(folder, NAME))}
    return told | {
        "section": "ablation",
        "workers": WORKERS,
        "sweep_seconds": sweep.seconds,
        "report_seconds": report.seconds,
        "start_seconds": float(told.pop("first")) - sweep.began,
        "seconds": sweep.seconds + report.seconds,
    }


def run(options: Options) -> list[Row]:
    """Measure: one row per round and side, as the table reads them."""
    rounds = 1 if options.quick else options.rounds or 3
    rows, progress = list[Row](), Progress("ablation", 2 * rounds)
    with tempfile.TemporaryDirectory() as folder:
        study = NAME
        if options.quick:
            path = Path(folder) / f"{NAME}.py"
            path.write_text(QUICK)
            study = str(path)
        for n in range(rounds):
            for kind in ("cold", "warm"):
                row = once(study, f"{folder}/{n}-{kind}", f"{folder}/{n}-cache")
                rows.append({**row, "kind": kind, "round": n})
                progress.done(f"{kind} {float(row['seconds']):.0f} s")
    return rows


def table(rows: list[Row]) -> str:
    """The rows of this section as Markdown."""

    def middle(kind: str, name: str) -> float:
        return median(float(row[name]) for row in rows if row["kind"] == kind)

    kinds = list(dict.fromkeys(str(row["kind"]) for row in rows))
    header = (
        "",
        "in all",
        "sweep",
        "of it start-up",
        "compiling, both workers",
        "computing, both workers",
        "report",
    )
    lines = [
        (kind, f"{middle(kind, 'seconds'):.1f} s", *(f"{middle(kind, part):.1f} s" for part in PARTS))
        for kind in kinds
    ]
    cold = middle("cold", "seconds")
    return "\n\n".join(
        [
            grid(header, lines),
            f"Target: at most {TARGET:g} s cold, from the command line to the table: {verdict(cold, TARGET)}. "
            f"The NumPy program's {NUMPY:g} s are {NUMPY / cold:.1f} times that.",
        ]
    )


if __name__ == "__main__":
    print(table(run(Options())))
