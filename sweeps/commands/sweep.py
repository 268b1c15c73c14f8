"""`lstm-variants sweep STUDY`: run what is missing. Starts the workers before this process imports JAX, as they do."""

import argparse
import contextlib
from pathlib import Path

from sweeps.commands.common import pool_of
from sweeps.errors import InputError
from sweeps.workers import crew


def run(options: argparse.Namespace) -> int:
    """Run what is missing; returns the exit code. Raises InputError before any work."""
    if options.dry_run:
        from sweeps.commands import plan

        return plan.run(options)
    limit = options.trial_timeout
    if limit is not None and not limit > 0:
        raise InputError(f"--trial-timeout must be a positive number of seconds; got {limit:g}.")
    pool = pool_of(options)
    if limit is not None and not pool.kinds:
        raise InputError(
            "--trial-timeout needs workers: in this process (--workers 0) a trial cannot be ended."
        )
    check_place(options.results)
    with crew.started(pool) if pool.kinds else contextlib.nullcontext() as workers:
        from sweeps.commands.sweeping import sweep

        return sweep(options, workers)


def check_place(results: str) -> None:
    """Raises InputError in a Ray job whose results would go with its copy of the working directory."""
    if "working_dir_files" in Path.cwd().parts and not Path(results).is_absolute() and "://" not in results:
        raise InputError(
            f"--results {results} is a folder in this Ray job's copy of its working directory, which Ray deletes. Give "
            "an absolute path that every node sees."
        )
