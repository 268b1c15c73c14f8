"""A run made by wandb itself: the study's run, with its table, images and artifact, and every run where the installed
wandb is of a version whose files ours were not compared with."""

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import wandb

from sweeps.mirror.account import MirrorError, Mode
from sweeps.mirror.folders import Folders
from sweeps.mirror.sent import HIDDEN, STEP, Sent

INIT_TIMEOUT = 15.0  # seconds until a server that does not answer counts as down
FINISH_TIMEOUT = 30.0
NOT_KEPT = ("logs", "tmp")  # of a run's folder: neither `wandb sync` nor `wandb leet` reads it

Fill = Callable[[Any], None]  # what is logged beside curve and summary


def write_run(
    run: Sent,
    *,
    mode: Mode,
    project: str,
    entity: str | None,
    folder: Path,
    scratch: Path,
    fill: Fill = lambda made: None,
) -> str:
    """Make the run, below `folder` where offline; returns the project's URL. Raises unless W&B has all of it."""
    settings = wandb.Settings(
        # Cheap: of 120 ms a run, 80 list the installed packages and 10 describe the machine.
        x_save_requirements=False,
        x_disable_stats=True,
        x_disable_meta=True,
        x_disable_machine_info=True,
        disable_git=True,
        disable_code=True,
        console="off",
        symlink=False,
        # Never a word, never for ever.
        silent=True,
        init_timeout=INIT_TIMEOUT,
        finish_timeout=FINISH_TIMEOUT,
        finish_timeout_raises=True,
    )
    made = wandb.init(
        mode=mode,
        project=project,
        entity=entity,
        dir=scratch,
        id=run.run_id,
        name=run.name,
        group=run.group,
        job_type=run.job_type,
        tags=run.tags,
        config=run.config,
        reinit="create_new",
        settings=settings,
    )
    define_metrics(made)
    if run.uses and mode == "online":  # offline wandb cannot
        made.use_artifact(run.uses.artifact)
    for point in run.history:
        made.log(point)
    fill(made)
    made.summary.update(run.summary)
    directory, url = Path(made.settings.sync_dir), made.project_url if mode == "online" else ""
    made.finish(exit_code=run.exit_code)
    complain(directory / "logs" / "debug-internal.log")
    if mode == "online":
        shutil.rmtree(directory, ignore_errors=True)
        return url or ""
    for name in NOT_KEPT:
        shutil.rmtree(directory / name, ignore_errors=True)
    with contextlib.suppress(OSError):  # it holds something
        (directory / "files").rmdir()
    Folders(folder).put(directory, run)
    return ""


def define_metrics(run: Any) -> None:
    """Every curve over the trial's steps, and no panels of their own for some."""
    run.define_metric("*", step_metric=STEP)
    for name in HIDDEN:
        run.define_metric(name, step_metric=STEP, hidden=True)


def complain(log: Path) -> None:
    """Raise if the upload was turned away. wandb tells nobody but its log: `finish` returns as if all
    were well when the server refuses the run's data (HTTP 4xx)."""
    with contextlib.suppress(FileNotFoundError):
        for line in log.read_text(errors="replace").splitlines():
            if '"level":"ERROR+4"' in line:
                raise MirrorError(json.loads(line).get("msg", line))
