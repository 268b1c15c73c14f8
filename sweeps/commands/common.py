"""Options that several commands share, turned into values. Imports nothing heavy before a function needs it."""

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.cores import cores
from sweeps.errors import InputError
from sweeps.workers.crew import Pool

if TYPE_CHECKING:
    from sweeps.store.store import Store
    from sweeps.study_file import Loaded

GPU_COHORT = 64


def study_of(options: argparse.Namespace) -> "Loaded":
    """The study, with what `--set` and `--seed` put in the place of its own. Raises InputError before anything runs."""
    from sweeps.overrides import overridden
    from sweeps.study_file import load_study

    loaded = load_study(options.study)
    settings = (*options.set, *([] if options.seed is None else [f"seed={options.seed}"]))
    return dataclasses.replace(loaded, study=overridden(loaded.study, settings), overrides=settings)


def store_of(options: argparse.Namespace, study: str) -> "Store":
    """The store of a study below `--results`."""
    from sweeps.store.store import Store

    copy = getattr(options, "copy", None)
    if copy is None:
        return Store(options.results, study)
    from sweeps.remote.store import RemoteStore

    return RemoteStore(copy, study, everything=bool(getattr(options, "keep", None)))


def workers_of(options: argparse.Namespace) -> int:
    """Workers asked for, one a usable core when nothing was said. Raises InputError below 0."""
    if options.workers is None:
        return len(cores())
    if options.workers < 0:
        raise InputError(f"--workers must be at least 0 (0: run in this process); got {options.workers}.")
    return int(options.workers)


def pool_of(options: argparse.Namespace) -> Pool:
    """The workers asked for. A study that is a file has its modules beside it."""
    name = options.study
    return Pool(
        workers=workers_of(options),
        address=options.address,
        gpus_per_worker=options.gpus_per_worker,
        deterministic=options.deterministic,
        folder=Path(name).absolute().parent if name.endswith(".py") or "/" in name else None,
    )


def cohort_of(options: argparse.Namespace) -> int | None:
    """Trials a cohort; None: by their length (`sweeps.plan.cohort_size`). Raises InputError below 1."""
    size = GPU_COHORT if options.cohort is None and options.gpus_per_worker else options.cohort
    if size is not None and size < 1:
        raise InputError(f"--cohort must be at least 1; got {size}.")
    return size
