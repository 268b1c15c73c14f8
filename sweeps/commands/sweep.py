"""`lstm-variants sweep STUDY`: run what is missing. Starts the workers before this process imports JAX, as they do."""

import argparse
import contextlib

from sweeps.commands.common import pool_of, workers_of
from sweeps.workers import crew


def run(options: argparse.Namespace) -> int:
    """Run what is missing; returns the exit code. Raises InputError before any work."""
    if options.dry_run:
        from sweeps.commands import plan

        return plan.run(options)
    with crew.started(pool_of(options)) if workers_of(options) else contextlib.nullcontext() as workers:
        from sweeps.commands.sweeping import sweep

        return sweep(options, workers)
