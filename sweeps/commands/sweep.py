"""`lstm-variants sweep STUDY`: run what is missing. Starts the workers before this process imports JAX, as they do."""

import argparse
import contextlib

from sweeps.commands.common import pool_of, workers_of
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
    if limit is not None and not workers_of(options):
        raise InputError(
            "--trial-timeout needs workers: in this process (--workers 0) a trial cannot be ended."
        )
    with crew.started(pool_of(options)) if workers_of(options) else contextlib.nullcontext() as workers:
        from sweeps.commands.sweeping import sweep

        return sweep(options, workers)
