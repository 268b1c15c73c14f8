"""A sweep as its command shows it: progress, the mirror beside it, the last words."""

import argparse
import contextlib
import os
import time
from collections.abc import Iterator

from experiments.layout import Layout
from sweeps import kept
from sweeps.commands.common import cohort_of, store_of, study_of
from sweeps.mirror.follower import Follower, to_be_checked
from sweeps.progress import Board, seconds
from sweeps.store.failures import brief
from sweeps.sweep import sweep as run_sweep
from sweeps.terminal.printed import printed
from sweeps.terminal.screen import console
from sweeps.workers.crew import Crew
from sweeps.xla import deterministic_flags


def sweep(options: argparse.Namespace, workers: Crew | None) -> int:
    """Run what is missing, on these workers or in this process; returns the exit code."""
    screen = console()
    if options.deterministic and workers is None:
        os.environ.update(deterministic_flags())  # XLA reads them when it first computes
    loaded, size = study_of(options), cohort_of(options)
    if options.wandb != "off" and to_be_checked(options.project):
        from sweeps.mirror.settings import check

        check(options.project)
    store = store_of(options, loaded.name)
    board = Board(screen, lambda: 1 if workers is None else workers.ready)
    start, said = time.monotonic(), list[str]()

    def tell(line: str) -> None:
        if line not in said:
            said.append(line)
            screen.print(line, style="dim", soft_wrap=True)

    follower: Follower | None = None

    @contextlib.contextmanager
    def mirrored() -> Iterator[None]:
        nonlocal follower
        if options.wandb != "off":
            names = {
                "mode": options.wandb,
                "runs": options.runs,
                "project": options.project,
                "entity": options.entity,
            }
            follower = Follower.start(store.results, loaded.name, **names, report=tell)
        try:
            yield
        except BaseException:
            if follower is not None:
                follower.kill()
            raise

    with board.running():
        scheduler = run_sweep(
            loaded,
            store,
            workers=workers,
            size=size,
            listener=board,
            layout=Layout(members=options.members),
            other_code=options.other_code,
            timeout=options.trial_timeout,
            break_lock=options.break_lock,
            keep=options.keep,
            hand_over=shares_no_folder(options),
            beside=mirrored,
        )
    took = time.monotonic() - start
    if follower is not None:
        with screen.status("W&B: writing the last runs"):
            outcome = follower.finish()
        tell(outcome)
    found = [scheduler.rows.get(entry.key) for entry in scheduler.planned]
    bad = [row for row in found if row is not None and row["status"] == "failed"]
    counts = board.counts
    screen.print(
        f"{board.done()} of {scheduler.total} trials of '{loaded.name}' are stored in {store.place}; this run made "
        f"{counts['here']} in {seconds(took)}: {counts['solved']} solved, {counts['diverged']} diverged, "
        f"{counts['failed']} failed.",
        soft_wrap=True,
    )
    if scheduler.job.keep is not None:
        names = kept.listed(scheduler.job.keep.folder)
        screen.print(
            f"Networks kept for inspect and generate: {len(names)}, in {scheduler.job.keep.folder}",
            soft_wrap=True,
        )
    flow = scheduler.flow
    if flow is not None:
        there = flow.wanted.measured + flow.measured
        screen.print(
            f"How far back they look was measured of {there} network{'s' * (there != 1)}, {flow.measured} of them in "
            "this run.",
            soft_wrap=True,
        )
    if bad:
        screen.print(
            f"{len(bad)} trials failed; the next sweep retries them. First error: {brief(str(bad[0]['error']))}",
            style="red",
            soft_wrap=True,
        )
        how = printed("status", options.study, results=options.results)
        screen.print(f"Why they failed: {how} --failed", soft_wrap=True)
        return 1
    if flow is not None and flow.errors:
        screen.print(
            f"The next sweep measures again what failed. First error: {flow.errors[0]}",
            style="red",
            soft_wrap=True,
        )
        return 1
    screen.print(
        f"Next: {printed('report', options.study, results=options.results)}",
        soft_wrap=True,
    )
    return 0


def shares_no_folder(options: argparse.Namespace) -> bool:
    """Whether workers may be on machines that have no folder in common with this one."""
    return getattr(options, "copy", None) is not None and options.address not in (None, "local")
