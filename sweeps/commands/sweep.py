"""`lstm-variants sweep STUDY`: run what is missing."""

import argparse
import os
import time

from rich.console import Console

from experiments.layout import Layout
from sweeps.commands import plan
from sweeps.commands.common import cohort_of, deterministic_flags, store_of, study_of, workers_of
from sweeps.mirror_process import Follower
from sweeps.progress import Board, seconds
from sweeps.sweep import Scheduler
from sweeps.sweep import run as run_queue


def run(options: argparse.Namespace) -> int:
    if options.dry_run:
        return plan.run(options)
    console = Console()
    if options.deterministic and workers_of(options) == 0:
        os.environ.update(deterministic_flags())  # XLA reads them when it first computes
    loaded, workers, size = study_of(options), workers_of(options), cohort_of(options)
    store = store_of(options, loaded.name).prepare()
    pool = plan.pool_of(options, workers) if workers else None
    board = Board(console, max(1, workers))
    start, said = time.monotonic(), list[str]()

    def tell(line: str) -> None:
        if line not in said:
            said.append(line)
            console.print(line, style="dim", highlight=False, markup=False, soft_wrap=True)

    with store.lock(), board.running():
        layout = Layout(members=options.members)
        scheduler = Scheduler(loaded, store, size, board, layout, options.other_code)
        follower = None
        if options.wandb != "off":
            names = {"mode": options.wandb, "project": options.project, "entity": options.entity}
            follower = Follower.start(store.results, loaded.name, **names, report=tell)
        try:
            run_queue(scheduler, pool)
        except BaseException:
            if follower is not None:
                follower.kill()
            raise
    took = time.monotonic() - start
    if follower is not None:
        with console.status("W&B: writing the last runs"):
            outcome = follower.finish()
        tell(outcome)
    wanted = {entry.id for entry in scheduler.planned}
    bad = [row for i, row in scheduler.rows.items() if i in wanted and row["status"] == "failed"]
    counts = board.counts
    console.print(
        f"{board.done()} of {scheduler.total} trials of '{loaded.name}' are stored in {store.path}; this run made "
        f"{counts['here']} in {seconds(took)}: {counts['solved']} solved, {counts['diverged']} diverged, "
        f"{counts['failed']} failed.",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    if bad:
        console.print(
            f"{len(bad)} trials failed; the next sweep tries them again. First: {bad[0].get('error')}",
            style="red",
        )
        return 1
    console.print(
        f"Next: lstm-variants report {options.study} --results {options.results}",
        highlight=False,
        soft_wrap=True,
    )
    return 0
