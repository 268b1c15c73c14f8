"""Whether cohorts on an accelerator give what they give on a CPU, and how much faster they are: `make gpu-check`.

It has not run on a GPU so far, only in small on a CPU.

    python -m sweeps.bench.gpu_check           checks and rates as Markdown; exit code 1 where a check fails
    python -m sweeps.bench.gpu_check --tiny    the same in small, which a CPU can do

Neither Ray nor W&B is needed. Every piece is a process of its own, which prints one line of JSON: an accelerator's
memory is one process's, and what one piece breaks stays broken there alone.

    rows           eight trials side by side on the device, one after another on the CPU: losses agree to `TOLERANCE`
    isolation      neighbours of members that diverge have the bits that they have beside sound ones
    gathering      members that end early are left out, and the others' losses agree to `TOLERANCE` all the same
    deterministic  with `--xla_gpu_deterministic_ops` two processes give the same bits
    memory         what `experiments.memory` foresees beside what the device says that it used at most
    rate           updates a second, all members together, by the size of the cohort
    cudnn          of `torch.nn.LSTM`, one training at a time, where there is PyTorch with CUDA
"""

import argparse
import hashlib
import importlib.util
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sweeps.bench.markdown import grid
from sweeps.xla import deterministic_flags

TOLERANCE = 0.01  # of a validation loss after UPDATES updates; products may be TF32, which has 10 bits
UPDATES = 20
MEMORY_FACTOR = 1.5  # by which the memory foreseen may be off
SIZES = (1, 4, 16, 64, 256, 1024, 4096)
Told = dict[str, Any]


def trial(tiny: bool, **changes: Any) -> Any:
    """The trial that everything is measured with."""
    from experiments import Adam, Adding, Trial
    from lstm_variants import LSTM

    values: Told = {
        "cell": LSTM(hidden=4 if tiny else 32),
        "task": Adding(length=6 if tiny else 50),
        "optimizer": Adam(learning_rate=0.01),
        "seed": 0,
        "steps": 2 * UPDATES,
        "batch": 4 if tiny else 32,
        "evaluate_every": UPDATES // 2,
        "validation_batches": 2,
        "test_batches": 2,
    }
    return Trial(**(values | changes))


def wild() -> Any:
    """An optimiser with which a trial diverges at once."""
    from experiments import Adam

    return Adam(learning_rate=1e38, clip=math.inf)


@cache
def engine_of(members: str) -> Any:
    """The process's engine with members side by side or one after another: what it has compiled is compiled once."""
    from experiments.engine import Engine
    from experiments.layout import Layout

    return Engine(Layout(members=members))


def trained(trials: list[Any], members: str) -> Told:
    """Validation losses at every evaluation and a hash of the parameters, of each member."""
    import jax
    import numpy as np

    from experiments.cohort import Cohort
    from sweeps.provenance import device_name

    run = engine_of(members).start(Cohort(tuple(trials), len(trials)))
    losses: list[list[float]] = [[] for _ in trials]
    smallest = len(trials)
    while run.running.any():
        report = run.advance()
        smallest = min(smallest, len(run.places))
        for i in np.flatnonzero(report.fresh):
            losses[i].append(float(report.validation.loss[i]))
    hashes = [hashlib.sha256(row.tobytes()).hexdigest() for row in np.asarray(run.state.params)]
    device = device_name(jax.devices()[0])
    return {"losses": losses, "hashes": hashes, "smallest": smallest, "device": device}


def rows(tiny: bool) -> Told:
    return trained([trial(tiny, seed=seed) for seed in range(8)], "vmap")


def reference(tiny: bool) -> Told:
    return trained([trial(tiny, seed=seed) for seed in range(8)], "loop")


def isolation(tiny: bool) -> Told:
    """Whether every second member keeps its bits where the others diverge."""
    calm = [trial(tiny, seed=seed) for seed in range(8)]
    beside = [trial(tiny, seed=t.seed, optimizer=wild()) if t.seed % 2 else t for t in calm]
    alone, mixed = trained(calm, "vmap"), trained(beside, "vmap")
    same = sum(alone["hashes"][i] == mixed["hashes"][i] for i in range(0, 8, 2))
    return {"same": same, "of": 4}


def gathering(tiny: bool) -> Told:
    """Two members that train to their end, beside others that diverge and are left out, and beside sound ones."""
    from experiments import engine

    engine.WORTH = 0  # short as they are
    whole = [trial(tiny, seed=seed) for seed in range(8)]
    early = [trial(tiny, seed=t.seed, optimizer=wild()) if t.seed > 1 else t for t in whole]
    gathered, full = trained(early, "vmap"), trained(whole, "vmap")
    difference = apart(gathered["losses"][:2], full["losses"][:2])
    return {"apart": difference, "smallest": gathered["smallest"], "of": len(whole)}


def memory(tiny: bool) -> Told:
    """Bytes of a cohort as foreseen, and the most that the device had in use (None where it does not say)."""
    import jax

    from experiments.cohort import Cohort
    from experiments.layout import Layout
    from experiments.memory import cohort_bytes
    from experiments.program import Program
    from experiments.specs import structure

    size, layout = 8 if tiny else 256, Layout(members="vmap", devices=1)
    bare = structure(trial(tiny))
    program = Program(bare, size, layout)
    jax.block_until_ready(program.advance(program.start(Cohort((trial(tiny),) * size, size))))
    stats = jax.local_devices()[0].memory_stats() or {}
    return {
        "foreseen": cohort_bytes(bare, size, layout),
        "used": stats.get("peak_bytes_in_use"),
        "members": size,
    }


def rate(tiny: bool) -> Told:
    """Updates a second of all members together, by size of the cohort; None where it does not fit."""
    import jax

    from experiments.cohort import Cohort
    from experiments.layout import Layout
    from experiments.program import Program
    from experiments.specs import structure
    from sweeps.worker import room

    found: dict[str, float | None] = {}
    layout, many = Layout(members="vmap"), 10_000 * UPDATES
    one = trial(tiny, steps=many, evaluate_every=UPDATES, validation_batches=1, test_batches=1)
    for size in SIZES[:3] if tiny else SIZES:
        if room(structure(one), size, layout) < size:
            found[str(size)] = None
            continue
        program = Program(structure(one), size, layout)
        state, _ = jax.block_until_ready(program.advance(program.start(Cohort((one,) * size, size))))
        start, rounds = time.perf_counter(), 0
        while rounds < 2 or (time.perf_counter() - start < (0.1 if tiny else 5.0)):
            state, _ = jax.block_until_ready(program.advance(state))
            rounds += 1
        found[str(size)] = rounds * UPDATES * size / (time.perf_counter() - start)
    return {"rates": found}


def cudnn(tiny: bool) -> Told:
    """Updates a second of PyTorch's LSTM on CUDA, which cuDNN computes; None where there is none."""
    if importlib.util.find_spec("torch") is None:
        return {"rate": None, "why": "PyTorch is not installed"}
    import torch

    if not torch.cuda.is_available():
        return {"rate": None, "why": "PyTorch has no CUDA here"}
    one = trial(tiny)
    steps, batch, hidden = one.task.steps, one.batch, one.cell.hidden
    cell = torch.nn.LSTM(one.task.inputs, hidden, device="cuda")
    out = torch.nn.Linear(hidden, 1, device="cuda")
    optimizer = torch.optim.Adam([*cell.parameters(), *out.parameters()], lr=0.01)
    x, y = torch.rand(steps, batch, one.task.inputs, device="cuda"), torch.rand(batch, 1, device="cuda")

    def update() -> None:
        optimizer.zero_grad()
        ((out(cell(x)[0][-1]) - y) ** 2).mean().backward()
        optimizer.step()

    for _ in range(UPDATES):
        update()
    torch.cuda.synchronize()
    start, rounds = time.perf_counter(), 0
    while time.perf_counter() - start < 5.0:
        update()
        rounds += 1
    torch.cuda.synchronize()
    return {"rate": rounds / (time.perf_counter() - start), "why": ""}


PIECES: Mapping[str, Callable[[bool], Told]] = {
    piece.__name__: piece for piece in (rows, reference, isolation, gathering, memory, rate, cudnn)
}


def apart(some: list[list[float]], others: list[list[float]]) -> float:
    """The largest relative difference of the losses of the first two evaluations, which are after `UPDATES` updates at
    most; infinite where one has none, or a loss is not finite."""
    pairs = [(a, b) for x, y in zip(some, others, strict=True) for a, b in zip(x[:2], y[:2], strict=False)]
    if len(pairs) < 2 * len(some) or not all(math.isfinite(a - b) for a, b in pairs):
        return math.inf
    return max((abs(a - b) / max(abs(b), 1e-12) for a, b in pairs), default=math.inf)


@dataclass(frozen=True, kw_only=True)
class Check:
    """passed: None where it could not be made."""

    name: str
    passed: bool | None
    told: str


def checks(here: Told, ask: Callable[..., Told]) -> list[Check]:
    """Make all of them. here: what the piece `rows` says. ask(piece, **environment): what others say."""
    there = ask("reference", JAX_PLATFORMS="cpu")
    difference = apart(here["losses"], there["losses"])
    alone, few, used = ask("isolation"), ask("gathering"), ask("memory")
    first, second = (ask("rows", **deterministic_flags())["hashes"] for _ in range(2))
    same = sum(a == b for a, b in zip(first, second, strict=True))
    foreseen, most = used["foreseen"], used["used"]
    memory_told = f"{foreseen / 2**20:,.1f} MiB foreseen for {used['members']} members, "
    memory_told += "the device does not say what it used" if most is None else f"{most / 2**20:,.1f} MiB used"
    return [
        Check(
            name="rows",
            passed=difference <= TOLERANCE,
            told=f"losses differ by at most {difference:.2g} of theirs after {UPDATES} updates",
        ),
        Check(
            name="isolation",
            passed=alone["same"] == alone["of"],
            told=f"{alone['same']} of {alone['of']} neighbours of diverging members keep their bits",
        ),
        Check(
            name="gathering",
            passed=few["apart"] <= TOLERANCE and few["smallest"] < few["of"],
            told=f"{few['of']} members became {few['smallest']}; losses differ by at most {few['apart']:.2g}",
        ),
        Check(
            name="deterministic",
            passed=first == second,
            told=f"{same} of {len(first)} have the same bits twice",
        ),
        Check(
            name="memory",
            passed=None if most is None else 1 / MEMORY_FACTOR <= most / foreseen <= MEMORY_FACTOR,
            told=memory_told,
        ),
    ]


def rate_table(found: Mapping[str, float | None], other: Told) -> str:
    """Updates a second as Markdown, beside one at a time."""
    one = found["1"] or math.nan
    lines = [
        (size, "does not fit", "") if value is None else (size, f"{value:,.0f}", f"{value / one:.1f}")
        for size, value in found.items()
    ]
    if other["rate"] is not None:
        lines.append(("cuDNN through PyTorch, 1", f"{other['rate']:,.0f}", f"{other['rate'] / one:.1f}"))
    return grid(("cohort", "updates a second", "times as many as one at a time"), lines)


def ask_process(tiny: bool) -> Callable[..., Told]:
    """Ask pieces as processes. Raises RuntimeError with the last words of one that fails."""

    def ask(piece: str, **environment: str) -> Told:
        command = [sys.executable, "-m", "sweeps.bench.gpu_check", *["--tiny"] * tiny, "--piece", piece]
        done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{piece} ended with code {done.returncode}: {done.stderr[-800:]}")
        return dict(json.loads(done.stdout.splitlines()[-1]))

    return ask


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tiny", action="store_true", help="small sizes, to see that it runs")
    parser.add_argument("--piece", choices=PIECES, help="one piece alone, as JSON")
    options = parser.parse_args(arguments)
    if options.piece:
        print(json.dumps(PIECES[options.piece](options.tiny)))
        return 0
    ask = ask_process(options.tiny)
    here = ask("rows")
    print(f"Device: {here['device']}\n", flush=True)
    made = checks(here, ask)
    words = {True: "passed", False: "FAILED", None: "not told"}
    print(grid(("check", "", ""), [(c.name, words[c.passed], c.told) for c in made]), flush=True)
    other = ask("cudnn")
    print(f"\n{rate_table(ask('rate')['rates'], other)}\n\n{other['why']}".rstrip())
    return int(any(check.passed is False for check in made))


if __name__ == "__main__":
    sys.exit(main())
